//! A private link connection of TiDB Cloud's: from a Starter or Essential cluster's data flow into an endpoint service.
//!
//! TiDB Cloud knows no tags and no idempotency key, so its name says whose it is, and several of one name are possible:
//! the one with the smallest id counts, and whoever made another one takes it back.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::confluent_access::vendor_name;
use super::{At, Buildable, Condition, Hold, Look};
use crate::error::CallError;
use crate::ids::{SecretArn, TidbId};
use crate::outside::tidb_cloud::Link;
use crate::problem::{Code, Problem};

/// A private link connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TidbLink {
    /// The secret with the API key.
    pub key: SecretArn,
    /// The cluster.
    pub cluster: TidbId,
    /// The endpoint service that it leads to.
    pub service: String,
}

impl TidbLink {
    /// Every one of this request's, the one that counts first.
    pub(super) async fn all(&self, at: &At<'_>) -> Result<Vec<Link>, CallError> {
        let name = vendor_name(at.plan);
        let mut links = at.outside.tidb_cloud.links(&self.key, &self.cluster).await?;
        links.retain(|link| link.name == name && link.service == self.service);
        links.sort_by(|a, b| (a.state == "DELETING", &a.id).cmp(&(b.state == "DELETING", &b.id)));
        Ok(links)
    }
}

#[async_trait]
impl Buildable for TidbLink {
    fn name(&self) -> String {
        format!("TiDB Cloud's private link connection to {}", self.service)
    }

    async fn look(&self, at: &At<'_>) -> Result<Look, CallError> {
        let Some(link) = self.all(at).await?.into_iter().next() else {
            return Ok(Look::absent());
        };
        let condition = match link.state.as_str() {
            "ACTIVE" => Condition::Ready,
            "DELETING" => Condition::Going,
            "FAILED" => Condition::Broken(Problem::new(
                Code::ProviderFailed,
                format!("{} failed: {}", self.name(), link.message),
                "put right what TiDB Cloud names, and send the event again",
            )),
            state => Condition::Pending(format!("TiDB Cloud's private link connection is {state}")),
        };
        Ok(Look::of(condition, Hold::Ours)
            .with("id", link.id)
            .with("state", link.state))
    }

    async fn make(&self, at: &At<'_>) -> Result<(), CallError> {
        let name = vendor_name(at.plan);
        let tidb = at.outside.tidb_cloud;
        let made = tidb
            .create_link(&self.key, &self.cluster, &name, &self.service)
            .await?;
        let first = self.all(at).await?.into_iter().next();
        if first.is_some_and(|first| first.id != made) {
            tidb.delete_link(&self.key, &self.cluster, &made).await?;
        }
        Ok(())
    }

    async fn remove(&self, at: &At<'_>) -> Result<(), CallError> {
        for link in self.all(at).await? {
            if link.state != "DELETING" {
                at.outside
                    .tidb_cloud
                    .delete_link(&self.key, &self.cluster, &link.id)
                    .await?;
            }
        }
        Ok(())
    }
}
