//! The registration of an endpoint at a TiDB Cloud Dedicated cluster, which makes TiDB Cloud accept it.
//!
//! It lives and dies with the endpoint: whoever shares the endpoint shares it. TiDB Cloud gives it no name and no tag.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{Condition, Observation, PartContext, PartKind};
use crate::outside::Reply;
use crate::outside::tidb_cloud::{Registration, TidbNodeGroup};
use crate::ownership::{Ownership, not_ours};
use crate::problem::{Code, Problem};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TidbRegistration {
    #[serde(flatten)]
    pub at: TidbNodeGroup,
}

impl TidbRegistration {
    async fn find(&self, context: &PartContext<'_>) -> Reply<Option<Registration>> {
        let Some(id) = context.endpoint_id else {
            return Ok(None);
        };
        let tidb = context.outside.tidb_cloud;
        let all = tidb.registrations(&self.at).await?;
        Ok(all.into_iter().find(|one| one.endpoint_id == id.as_str()))
    }

    /// What is not ours is not changed, and registering it would be a change.
    fn unregistered(&self) -> Problem {
        Problem::new(
            Code::NotOurs,
            format!(
                "the endpoint to adopt is not registered at TiDB Cloud cluster {}",
                self.at.group.cluster
            ),
            "register it in TiDB Cloud (Networking, Create Private Endpoint Connection), or leave adopt out",
        )
    }

    fn failed(&self, found: &Registration) -> Problem {
        let why = match found.message.as_str() {
            "" => "TiDB Cloud gives no reason",
            message => message,
        };
        Problem::new(
            Code::ProviderFailed,
            format!(
                "TiDB Cloud could not connect {} to cluster {}: {why}",
                found.endpoint_id, self.at.group.cluster
            ),
            "put right what TiDB Cloud names, and send the event again",
        )
    }
}

#[async_trait]
impl PartKind for TidbRegistration {
    fn name(&self) -> String {
        format!(
            "the private endpoint connection of TiDB Cloud cluster {}",
            self.at.group.cluster
        )
    }

    fn is_of_endpoint(&self) -> bool {
        true
    }

    async fn look(&self, context: &PartContext<'_>) -> Reply<Observation> {
        let found = self.find(context).await?;
        let Some(found) =
            found.filter(|found| !(context.is_adopted() && found.state == "DISCOVERED"))
        else {
            return Ok(if context.is_adopted() && context.endpoint.is_some() {
                Observation::of(Condition::Broken(self.unregistered()), Ownership::Others)
            } else {
                Observation::absent()
            });
        };
        // The console's words are not the API's (TiDB Cloud docs, "Private endpoint status reference").
        let (condition, console) = match found.state.as_str() {
            "ACTIVE" => (Condition::Ready, "Active"),
            "PENDING" => (
                Condition::Pending(
                    "TiDB Cloud is accepting the endpoint (System Checking)".to_owned(),
                ),
                "Pending",
            ),
            // TiDB Cloud sees the endpoint in the VPC, and nobody registered it.
            "DISCOVERED" => (Condition::Absent, "Not Configured"),
            "DELETING" => (Condition::Going, "Deleting"),
            "FAILED" => (Condition::Broken(self.failed(&found)), "Failed"),
            other => (
                Condition::Pending(format!(
                    "TiDB Cloud's connection is in the state {other:?}, which is not documented"
                )),
                other,
            ),
        };
        let ownership = match context.endpoint {
            // The endpoint's last request takes it away, and only with an endpoint of ours.
            Some(endpoint)
                if context.owner.is_ours(&endpoint.tags)
                    && !context.owner.shares(&endpoint.tags) =>
            {
                Ownership::Ours
            }
            Some(_) => Ownership::Others,
            // EC2 has forgotten the endpoint: nobody needs its registration.
            None => Ownership::Ours,
        };
        let owner = context.owner;
        let others = context.endpoint.filter(|_| ownership == Ownership::Others);
        let stays = others.map(|endpoint| match owner.is_ours(&endpoint.tags) {
            true => owner.with_others(&self.name(), &endpoint.tags),
            false => not_ours(&self.name()),
        });
        Ok(Observation::of(condition, ownership)
            .staying(stays)
            .with("id", found.id)
            .with("state", found.state.clone())
            .with("console", console)
            .with("host", found.host)
            .with("port", found.port))
    }

    async fn make(&self, context: &PartContext<'_>) -> Reply<()> {
        let Some(endpoint) = context.endpoint else {
            return Ok(());
        };
        let tidb = context.outside.tidb_cloud;
        match tidb.register(&self.at, &endpoint.id).await {
            // TiDB Cloud does not say how it refuses what is registered already: the list does.
            Err(error) if error.is_duplicate() || error.is_invalid() => {
                let there = self.find(context).await?;
                let known = there.is_some_and(|found| found.state != "DISCOVERED");
                if known { Ok(()) } else { Err(error) }
            }
            other => other,
        }
    }

    async fn remove(&self, context: &PartContext<'_>) -> Reply<()> {
        let tidb = context.outside.tidb_cloud;
        match self.find(context).await? {
            Some(found) => tidb.unregister(&self.at, &found.id).await,
            None => Ok(()),
        }
    }
}
