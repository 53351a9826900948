//! TiDB Cloud's calls, each named after its `operationId` in the vendor's description. What an answer repeats of the
//! request is not relied on.
//!
//! No call takes an idempotency key, so callers look before they create.

use async_trait::async_trait;
use serde_json::json;
use tieline::ids::EndpointId;
use tieline::outside::tidb_cloud::{
    Dataflow, DedicatedCluster, Link, LinkService, Registration, ServerlessCluster, TidbCluster,
    TidbNodeGroup,
};
use tieline::outside::{CallError, Reply, TidbCloud};

use crate::api::{DEDICATED, SERVERLESS};
use crate::call::Call;
use crate::pages::List;
use crate::{Vendors, dedicated, serverless};

const LINKS: &str = "privateLinkConnections";
const REGISTRATIONS: &str = "privateEndpointConnections";

#[async_trait]
impl TidbCloud for Vendors {
    async fn dedicated_cluster(&self, of: &TidbCluster) -> Reply<Option<DedicatedCluster>> {
        let path = in_cluster(of, &[]);
        let call = Call::new(DEDICATED, "tidbcloud:GetCluster", "GET", &path)?;
        let found = self.call(&of.key, call).await?.find::<dedicated::Cluster>();
        Ok(found?.map(DedicatedCluster::from))
    }

    async fn link_service(&self, of: &TidbNodeGroup) -> Reply<Option<LinkService>> {
        let action = "tidbcloud:GetPrivateLinkService";
        let path = in_group(of, &["privateLinkService"]);
        let call = Call::new(DEDICATED, action, "GET", &path)?;
        let found = self.call(&of.key, call).await?.find::<dedicated::Service>();
        Ok(found?.map(LinkService::from))
    }

    async fn registrations(&self, of: &TidbNodeGroup) -> Reply<Vec<Registration>> {
        let list = List {
            api: DEDICATED,
            action: "tidbcloud:ListPrivateEndpointConnections",
            path: &in_group(of, &[REGISTRATIONS]),
            query: &[],
        };
        let read = |page: dedicated::Connections| {
            let found = page.private_endpoint_connections.into_iter();
            Ok((
                found.map(Registration::from).collect(),
                page.next_page_token,
            ))
        };
        self.list(&of.key, list, read).await
    }

    async fn register(&self, at: &TidbNodeGroup, endpoint: &EndpointId) -> Reply<()> {
        let action = "tidbcloud:CreatePrivateEndpointConnection";
        let path = in_group(at, &[REGISTRATIONS]);
        let body = json!({ "endpointId": endpoint.as_str() });
        let call = Call::new(DEDICATED, action, "POST", &path)?.body(body);
        self.call(&at.key, call).await?.done()
    }

    async fn unregister(&self, at: &TidbNodeGroup, id: &str) -> Reply<()> {
        let action = "tidbcloud:DeletePrivateEndpointConnection";
        let path = in_group(at, &[REGISTRATIONS, id]);
        let call = Call::new(DEDICATED, action, "DELETE", &path)?;
        self.call(&at.key, call).await?.gone()
    }

    async fn serverless_cluster(&self, of: &TidbCluster) -> Reply<Option<ServerlessCluster>> {
        let path = in_cluster(of, &[]);
        // The basic view leaves the endpoints out.
        let query = [("view", "FULL")];
        let call = Call::new(SERVERLESS, "tidbcloud:GetCluster", "GET", &path)?.query(&query);
        let found = self
            .call(&of.key, call)
            .await?
            .find::<serverless::Cluster>();
        Ok(found?.map(ServerlessCluster::from))
    }

    async fn dataflow(&self, of: &TidbCluster) -> Reply<Dataflow> {
        let action = "tidbcloud:GetAvailabilityZones";
        let path = in_cluster(of, &[LINKS]);
        let call = Call::new(SERVERLESS, action, "GET", &path)?.verb("getAvailabilityZones");
        let zones: serverless::Zones = self.call(&of.key, call).await?.decode()?;
        Ok(Dataflow {
            account: required(action, "accountId", zones.account_id)?,
            zone_ids: zones.az_ids,
        })
    }

    async fn links(&self, of: &TidbCluster) -> Reply<Vec<Link>> {
        let list = List {
            api: SERVERLESS,
            action: "tidbcloud:ListPrivateLinkConnections",
            path: &in_cluster(of, &[LINKS]),
            query: &[],
        };
        let read = |page: serverless::Connections| {
            let found = page.private_link_connections.into_iter();
            Ok((found.map(Link::from).collect(), page.next_page_token))
        };
        self.list(&of.key, list, read).await
    }

    async fn link(&self, of: &TidbCluster, id: &str) -> Reply<Option<Link>> {
        let action = "tidbcloud:GetPrivateLinkConnection";
        let path = in_cluster(of, &[LINKS, id]);
        let call = Call::new(SERVERLESS, action, "GET", &path)?;
        let found = self
            .call(&of.key, call)
            .await?
            .find::<serverless::Connection>();
        Ok(found?.map(Link::from))
    }

    async fn create_link(&self, of: &TidbCluster, name: &str, service: &str) -> Reply<String> {
        let action = "tidbcloud:CreatePrivateLinkConnection";
        let path = in_cluster(of, &[LINKS]);
        let body = json!({ "privateLinkConnection": {
            "clusterId": of.cluster.as_str(),
            "displayName": name,
            "type": "AWS_ENDPOINT_SERVICE",
            "awsEndpointService": { "name": service }, // the Region defaults to the cluster's
        }});
        let call = Call::new(SERVERLESS, action, "POST", &path)?.body(body);
        let made: serverless::Connection = self.call(&of.key, call).await?.decode()?;
        let id = made.private_link_connection_id;
        required(action, "privateLinkConnectionId", id)
    }

    async fn delete_link(&self, of: &TidbCluster, id: &str) -> Reply<()> {
        let action = "tidbcloud:DeletePrivateLinkConnection";
        let path = in_cluster(of, &[LINKS, id]);
        let call = Call::new(SERVERLESS, action, "DELETE", &path)?;
        self.call(&of.key, call).await?.gone()
    }

    async fn attach_confluent(&self, of: &TidbCluster, link: &str, unique_name: &str) -> Reply<()> {
        let action = "tidbcloud:AttachDomains";
        let path = in_cluster(of, &[LINKS, link]);
        let body = json!({
            "attachDomain": { "type": "CONFLUENT", "uniqueName": unique_name },
            "validateOnly": false,
        });
        let call = Call::new(SERVERLESS, action, "POST", &path)?.verb("attachDomains");
        self.call(&of.key, call.body(body)).await?.done()
    }

    async fn detach(&self, of: &TidbCluster, link: &str, attachment: &str) -> Reply<()> {
        let action = "tidbcloud:DetachDomains";
        let path = in_cluster(of, &[LINKS, link]);
        let body = json!({ "attachDomainId": attachment });
        let call = Call::new(SERVERLESS, action, "POST", &path)?.verb("detachDomains");
        self.call(&of.key, call.body(body)).await?.gone()
    }
}

fn in_cluster<'a>(of: &'a TidbCluster, rest: &[&'a str]) -> Vec<&'a str> {
    [&["clusters", of.cluster.as_str()], rest].concat()
}

fn in_group<'a>(of: &'a TidbNodeGroup, rest: &[&'a str]) -> Vec<&'a str> {
    let (cluster, group) = (of.group.cluster.as_str(), of.group.group.as_str());
    [&["clusters", cluster, "tidbNodeGroups", group], rest].concat()
}

/// Checks a field that every genuine answer has: callers would act on an empty value.
fn required(action: &'static str, field: &str, value: String) -> Reply<String> {
    if value.is_empty() {
        let reason = format!("the answer has no {field}");
        return Err(CallError::unavailable(action, reason));
    }
    Ok(value)
}

#[cfg(test)]
mod tests;
