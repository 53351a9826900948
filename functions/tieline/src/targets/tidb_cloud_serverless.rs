//! `tidb-cloud-serverless`: a TiDB Cloud Starter or Essential cluster (MySQL).
//!
//! TiDB Cloud accepts by itself, and one endpoint service serves every such cluster of a Region: so one endpoint of ours
//! serves them all. Source: TiDB Cloud docs, "Connect to TiDB Cloud Starter or Essential via Private Endpoint".

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::{Map, json};

use super::tidb::{
    API_KEY, CLUSTER, KEY_PATH, by_tidb, check_region, cluster, mysql, no_cluster, readiness,
    speech,
};
use super::{
    Connection, ConnectionContext, EndpointSpec, FindContext, KindFacts, Resolved, TargetKind,
    Unresolved,
};
use crate::ids::{SecretArn, TidbId};
use crate::json::Fields;
use crate::ownership::AtVendor;
use crate::parts::Part;
use crate::refusals::unsuitable;
use crate::trial::Speech;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TidbCloudServerless {
    pub(super) cluster_id: TidbId,
    pub(super) api_key_secret_arn: SecretArn,
}

impl TidbCloudServerless {
    pub(super) fn read<F: Fields>(fields: &mut F) -> Option<Self> {
        let cluster_id = fields.required("clusterId", CLUSTER);
        let api_key_secret_arn = fields.required("apiKeySecretArn", API_KEY);
        Some(Self {
            cluster_id: cluster_id?,
            api_key_secret_arn: api_key_secret_arn?,
        })
    }
}

pub(super) const FACTS: KindFacts = KindFacts {
    about: "A TiDB Cloud Starter or Essential cluster (MySQL)",
    ..KindFacts::ENDPOINT
};

#[async_trait]
impl TargetKind for TidbCloudServerless {
    fn secrets(&self) -> Vec<(&'static str, &SecretArn)> {
        vec![(KEY_PATH, &self.api_key_secret_arn)]
    }

    fn name(&self) -> String {
        format!("TiDB Cloud cluster {}", self.cluster_id)
    }

    fn at_vendor(&self, _: &[Part]) -> Option<AtVendor> {
        let of = cluster(&self.api_key_secret_arn, &self.cluster_id);
        Some(AtVendor::Serverless(of))
    }

    async fn find(&self, context: &FindContext<'_>) -> Result<Resolved, Unresolved> {
        let id = &self.cluster_id;
        let of = cluster(&self.api_key_secret_arn, id);
        let asked_for = context.outside.tidb_cloud.serverless_cluster(&of).await;
        let cluster = asked_for.map_err(by_tidb)?.ok_or_else(|| no_cluster(id))?;
        check_region(id, &cluster.region, context.region)?;
        readiness(&self.name(), &cluster.state)?;
        let Some(private) = cluster.private else {
            let message = format!("{} has no private endpoint on AWS", self.name());
            let fix = "name a Starter or Essential cluster that runs on AWS";
            return Err(unsuitable(message, fix).about("$.target.clusterId").into());
        };
        let mut about = Map::new();
        about.insert("clusterPlan".to_owned(), json!(cluster.plan));
        about.insert("userPrefix".to_owned(), json!(cluster.user_prefix));
        Ok(Resolved {
            endpoint: Some(EndpointSpec {
                service: private.service,
                port: private.port,
                host: Some(private.host),
                ..EndpointSpec::default()
            }),
            parts: Vec::new(),
            about,
            ..Resolved::default()
        })
    }

    fn speech(&self, context: &ConnectionContext<'_>) -> Speech {
        speech(context)
    }

    fn connection(&self, context: &ConnectionContext<'_>) -> Connection {
        let host = context.host();
        let prefix = context
            .about
            .get("userPrefix")
            .and_then(|prefix| prefix.as_str());
        let user = format!("{}.root", prefix.unwrap_or("<prefix>"));
        Connection {
            host: host.to_owned(),
            port: context.port,
            command: mysql(context, &user, "/etc/ssl/certs/ca-certificates.crt"),
            note: Some(
                "every SQL user's name begins with the cluster's prefix; the server's certificate chains to ISRG Root X1"
                    .to_owned(),
            ),
        }
    }
}
