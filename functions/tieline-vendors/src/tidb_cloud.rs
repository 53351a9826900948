//! TiDB Cloud's calls, each named after its `operationId` in the vendor's description. What an answer repeats of the
//! request is not relied on.
//!
//! No call takes an idempotency key, so callers look before they create.

use async_trait::async_trait;
use serde_json::json;
use tieline::ids::{EndpointId, SecretArn, TidbId};
use tieline::outside::TidbCloud;
use tieline::outside::tidb_cloud::{
    Dataflow, DedicatedCluster, Link, LinkService, NodeGroupId, Registration, ServerlessCluster,
};
use tieline::outside::{CallError, Reply};

use crate::api::{DEDICATED, SERVERLESS};
use crate::call::Call;
use crate::pages::Pages;
use crate::{Vendors, dedicated, serverless};

/// The largest page that the API returns.
const PAGE_SIZE: &str = "100";
const LINKS: &str = "privateLinkConnections";
const REGISTRATIONS: &str = "privateEndpointConnections";

#[async_trait]
impl TidbCloud for Vendors {
    async fn dedicated_cluster(
        &self,
        key: &SecretArn,
        id: &TidbId,
    ) -> Reply<Option<DedicatedCluster>> {
        let path = ["clusters", id.as_str()];
        let call = Call::new(DEDICATED, "tidbcloud:GetCluster", "GET", &path)?;
        let cluster = self.call(key, call).await?.find::<dedicated::Cluster>()?;
        Ok(cluster.map(DedicatedCluster::from))
    }

    async fn link_service(
        &self,
        key: &SecretArn,
        group: &NodeGroupId,
    ) -> Reply<Option<LinkService>> {
        let action = "tidbcloud:GetPrivateLinkService";
        let path = in_group(group, &["privateLinkService"]);
        let call = Call::new(DEDICATED, action, "GET", &path)?;
        let service = self.call(key, call).await?.find::<dedicated::Service>()?;
        Ok(service.map(LinkService::from))
    }

    async fn registrations(
        &self,
        key: &SecretArn,
        group: &NodeGroupId,
    ) -> Reply<Vec<Registration>> {
        let action = "tidbcloud:ListPrivateEndpointConnections";
        let mut all = Vec::new();
        let mut pages = Pages::default();
        loop {
            let query = [("pageSize", PAGE_SIZE), ("pageToken", pages.token())];
            let path = in_group(group, &[REGISTRATIONS]);
            let call = Call::new(DEDICATED, action, "GET", &path)?.query(&query);
            let page: dedicated::Connections = self.call(key, call).await?.decode()?;
            let found = page.private_endpoint_connections.into_iter();
            all.extend(found.map(Registration::from));
            if !pages.turn(action, page.next_page_token)? {
                return Ok(all);
            }
        }
    }

    async fn register(
        &self,
        key: &SecretArn,
        group: &NodeGroupId,
        endpoint: &EndpointId,
    ) -> Reply<()> {
        let action = "tidbcloud:CreatePrivateEndpointConnection";
        let path = in_group(group, &[REGISTRATIONS]);
        let body = json!({ "endpointId": endpoint.as_str() });
        let call = Call::new(DEDICATED, action, "POST", &path)?.body(body);
        self.call(key, call).await?.done()
    }

    async fn unregister(&self, key: &SecretArn, group: &NodeGroupId, id: &str) -> Reply<()> {
        let action = "tidbcloud:DeletePrivateEndpointConnection";
        let path = in_group(group, &[REGISTRATIONS, id]);
        let call = Call::new(DEDICATED, action, "DELETE", &path)?;
        self.call(key, call).await?.gone()
    }

    async fn serverless_cluster(
        &self,
        key: &SecretArn,
        id: &TidbId,
    ) -> Reply<Option<ServerlessCluster>> {
        let path = ["clusters", id.as_str()];
        // The basic view leaves the endpoints out.
        let query = [("view", "FULL")];
        let call = Call::new(SERVERLESS, "tidbcloud:GetCluster", "GET", &path)?.query(&query);
        let cluster = self.call(key, call).await?.find::<serverless::Cluster>()?;
        Ok(cluster.map(ServerlessCluster::from))
    }

    async fn dataflow(&self, key: &SecretArn, cluster: &TidbId) -> Reply<Dataflow> {
        let action = "tidbcloud:GetAvailabilityZones";
        let path = ["clusters", cluster.as_str(), LINKS];
        let call = Call::new(SERVERLESS, action, "GET", &path)?.verb("getAvailabilityZones");
        let zones: serverless::Zones = self.call(key, call).await?.decode()?;
        Ok(Dataflow {
            account: required(action, "accountId", zones.account_id)?,
            zone_ids: zones.az_ids,
        })
    }

    async fn links(&self, key: &SecretArn, cluster: &TidbId) -> Reply<Vec<Link>> {
        let action = "tidbcloud:ListPrivateLinkConnections";
        let mut all = Vec::new();
        let mut pages = Pages::default();
        loop {
            let query = [("pageSize", PAGE_SIZE), ("pageToken", pages.token())];
            let path = ["clusters", cluster.as_str(), LINKS];
            let call = Call::new(SERVERLESS, action, "GET", &path)?.query(&query);
            let page: serverless::Connections = self.call(key, call).await?.decode()?;
            all.extend(page.private_link_connections.into_iter().map(Link::from));
            if !pages.turn(action, page.next_page_token)? {
                return Ok(all);
            }
        }
    }

    async fn link(&self, key: &SecretArn, cluster: &TidbId, id: &str) -> Reply<Option<Link>> {
        let action = "tidbcloud:GetPrivateLinkConnection";
        let path = ["clusters", cluster.as_str(), LINKS, id];
        let call = Call::new(SERVERLESS, action, "GET", &path)?;
        let link = self
            .call(key, call)
            .await?
            .find::<serverless::Connection>()?;
        Ok(link.map(Link::from))
    }

    async fn create_link(
        &self,
        key: &SecretArn,
        cluster: &TidbId,
        name: &str,
        service: &str,
    ) -> Reply<String> {
        let action = "tidbcloud:CreatePrivateLinkConnection";
        let path = ["clusters", cluster.as_str(), LINKS];
        let body = json!({ "privateLinkConnection": {
            "clusterId": cluster.as_str(),
            "displayName": name,
            "type": "AWS_ENDPOINT_SERVICE",
            "awsEndpointService": { "name": service }, // the Region defaults to the cluster's
        }});
        let call = Call::new(SERVERLESS, action, "POST", &path)?.body(body);
        let made: serverless::Connection = self.call(key, call).await?.decode()?;
        required(
            action,
            "privateLinkConnectionId",
            made.private_link_connection_id,
        )
    }

    async fn delete_link(&self, key: &SecretArn, cluster: &TidbId, id: &str) -> Reply<()> {
        let action = "tidbcloud:DeletePrivateLinkConnection";
        let path = ["clusters", cluster.as_str(), LINKS, id];
        let call = Call::new(SERVERLESS, action, "DELETE", &path)?;
        self.call(key, call).await?.gone()
    }

    async fn attach_confluent(
        &self,
        key: &SecretArn,
        cluster: &TidbId,
        link: &str,
        unique_name: &str,
    ) -> Reply<()> {
        let action = "tidbcloud:AttachDomains";
        let path = ["clusters", cluster.as_str(), LINKS, link];
        let body = json!({
            "attachDomain": { "type": "CONFLUENT", "uniqueName": unique_name },
            "validateOnly": false,
        });
        let call = Call::new(SERVERLESS, action, "POST", &path)?
            .verb("attachDomains")
            .body(body);
        self.call(key, call).await?.done()
    }

    async fn detach(
        &self,
        key: &SecretArn,
        cluster: &TidbId,
        link: &str,
        attachment: &str,
    ) -> Reply<()> {
        let action = "tidbcloud:DetachDomains";
        let path = ["clusters", cluster.as_str(), LINKS, link];
        let call = Call::new(SERVERLESS, action, "POST", &path)?
            .verb("detachDomains")
            .body(json!({ "attachDomainId": attachment }));
        self.call(key, call).await?.gone()
    }
}

fn in_group<'a>(group: &'a NodeGroupId, rest: &[&'a str]) -> Vec<&'a str> {
    let NodeGroupId { cluster, group } = group;
    let path = [
        "clusters",
        cluster.as_str(),
        "tidbNodeGroups",
        group.as_str(),
    ];
    [&path, rest].concat()
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
