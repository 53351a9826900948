//! The domains of a Confluent network, attached to TiDB Cloud's private link connection so that its data flow finds the
//! brokers.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::tidb_link::TidbLink;
use super::{Condition, Observation, PartContext, PartKind};
use crate::outside::tidb_cloud::{Attachment, Domain};
use crate::outside::{Reply, made};
use crate::ownership::Ownership;
use crate::problem::{Code, Problem};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TidbDomains {
    pub link: TidbLink,
    /// Confluent's unique name: the network's DNS domain without Confluent's own ending.
    pub unique_name: String,
}

impl TidbDomains {
    /// The connection's id, and the attachment if there is one.
    async fn find(&self, context: &PartContext<'_>) -> Reply<Option<(String, Option<Attachment>)>> {
        let Some(first) = self.link.all(context).await?.into_iter().next() else {
            return Ok(None);
        };
        let tidb = context.outside.tidb_cloud;
        let Some(link) = tidb.link(&self.link.of, &first.id).await? else {
            return Ok(None);
        };
        let attached = link
            .domains
            .into_iter()
            .find(|one| one.unique_name == self.unique_name);
        Ok(Some((link.id, attached)))
    }
}

#[async_trait]
impl PartKind for TidbDomains {
    fn name(&self) -> String {
        format!("Confluent's domain {} at TiDB Cloud", self.unique_name)
    }

    async fn look(&self, context: &PartContext<'_>) -> Reply<Observation> {
        let Some((_, Some(attached))) = self.find(context).await? else {
            return Ok(Observation::absent());
        };
        let is = |domain: &&Domain, state: &str| domain.state.eq_ignore_ascii_case(state);
        let failed = attached.domains.iter().find(|domain| is(domain, "FAILED"));
        let waiting = attached.domains.iter().find(|domain| !is(domain, "ACTIVE"));
        let condition = match (failed, waiting) {
            (Some(domain), _) => Condition::Broken(Problem::new(
                Code::ProviderFailed,
                format!(
                    "TiDB Cloud could not attach {}: {}",
                    domain.name, domain.message
                ),
                "put right what TiDB Cloud names, and send the event again",
            )),
            (None, Some(domain)) => Condition::Pending(format!(
                "TiDB Cloud's domain {} is {}",
                domain.name, domain.state
            )),
            (None, None) if attached.domains.is_empty() => {
                Condition::Pending("TiDB Cloud names no domain yet".to_owned())
            }
            (None, None) => Condition::Ready,
        };
        let names: Vec<String> = attached
            .domains
            .into_iter()
            .map(|domain| domain.name)
            .collect();
        Ok(Observation::of(condition, Ownership::Ours)
            .with("id", attached.id)
            .with("domains", names))
    }

    async fn make(&self, context: &PartContext<'_>) -> Reply<()> {
        let Some((id, None)) = self.find(context).await? else {
            return Ok(());
        };
        let tidb = context.outside.tidb_cloud;
        let attached = tidb.attach_confluent(&self.link.of, &id, &self.unique_name);
        made(attached.await)
    }

    async fn remove(&self, context: &PartContext<'_>) -> Reply<()> {
        let Some((id, Some(attached))) = self.find(context).await? else {
            return Ok(());
        };
        let tidb = context.outside.tidb_cloud;
        tidb.detach(&self.link.of, &id, &attached.id).await
    }
}
