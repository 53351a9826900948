//! A `PrivateLink` access of a Confluent Cloud network: it allows another account, here TiDB Cloud's, to connect.
//!
//! Confluent knows no tags, so its name says whose it is: `tieline <request id> <fingerprint>`, with `.ready` behind it
//! once the connection is confirmed. One account has one access to a network; one that is somebody else's serves only
//! with `"adopt": true` and stays as it is.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{Condition, Observation, PartContext, PartKind};
use crate::ids::ConfluentId;
use crate::outside::confluent::{Access, ConfluentEnvironment};
use crate::outside::{Reply, made};
use crate::ownership::{Ownership, not_ours};
use crate::problem::{Code, Problem};
use crate::refusals::conflict;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ConfluentAccess {
    #[serde(flatten)]
    pub within: ConfluentEnvironment,
    pub network: ConfluentId,
    pub account: String,
}

const GOING: &str = "DEPROVISIONING";

/// What an environment has of an access.
enum Found {
    /// It, or something in its place.
    Here(Access),
    /// Only one of the same request to another network.
    Elsewhere(Access),
    Nothing,
}

impl ConfluentAccess {
    async fn find(&self, context: &PartContext<'_>) -> Reply<Found> {
        let confluent = context.outside.confluent;
        let all = confluent.accesses(&self.within).await?;
        let (here, elsewhere): (Vec<_>, Vec<_>) = all
            .into_iter()
            .partition(|access| access.network == self.network.as_str());
        // One that is going makes way for the next.
        let of_account = here
            .into_iter()
            .filter(|access| access.account == self.account)
            .min_by_key(|access| access.phase == GOING);
        let of_request = elsewhere
            .into_iter()
            .find(|access| context.owner.is_named_in(&access.name) && access.phase != GOING);
        Ok(match (of_account, of_request) {
            (Some(access), _) => Found::Here(access),
            (None, Some(access)) => Found::Elsewhere(access),
            (None, None) => Found::Nothing,
        })
    }
}

#[async_trait]
impl PartKind for ConfluentAccess {
    fn name(&self) -> String {
        format!(
            "the PrivateLink Access of account {} to Confluent network {}",
            self.account, self.network
        )
    }

    async fn look(&self, context: &PartContext<'_>) -> Reply<Observation> {
        let access = match self.find(context).await? {
            Found::Here(access) => access,
            Found::Elsewhere(access) => {
                let name = format!("the PrivateLink Access {} ({:?})", access.id, access.name);
                return Ok(Observation::of(
                    Condition::Broken(conflict(&name)),
                    Ownership::Others,
                ));
            }
            Found::Nothing => return Ok(Observation::absent()),
        };
        let ownership = context.owner.of_vendor_name(&access.name);
        let condition = match access.phase.as_str() {
            GOING => Condition::Going,
            "FAILED" => Condition::Broken(Problem::new(
                Code::ProviderFailed,
                format!("{} failed: {}", self.name(), access.message),
                "put right what Confluent names, and send the event again",
            )),
            _ if ownership == Ownership::Others && context.owner.is_named_in(&access.name) => {
                Condition::Broken(conflict(&self.name()))
            }
            _ if ownership == Ownership::Others && !context.owner.adopt => {
                Condition::Broken(Problem::new(
                    Code::NotOurs,
                    format!(
                        "{} is there already as {} ({:?}), and this request did not make it",
                        self.name(),
                        access.id,
                        access.name
                    ),
                    "use it as it is with \"adopt\": true; then it also stays when this connection is removed",
                ))
            }
            "READY" => Condition::Ready,
            phase => Condition::Pending(format!("Confluent's PrivateLink Access is {phase}")),
        };
        // A removal leaves what was adopted as it is.
        let is_adopted = ownership == Ownership::Others
            && context.owner.adopt
            && !context.owner.is_named_in(&access.name);
        let stays = is_adopted.then(|| not_ours(&self.name()));
        Ok(Observation::of(condition, ownership)
            .staying(stays)
            .with("id", access.id)
            .with("state", access.phase)
            .with("account", self.account.clone()))
    }

    async fn make(&self, context: &PartContext<'_>) -> Reply<()> {
        let name = context.owner.vendor_name();
        let confluent = context.outside.confluent;
        let access = confluent.create_access(&self.within, &self.network, &name, &self.account);
        // If another run made it a moment ago, the next look says whose it is.
        made(access.await)
    }

    async fn remove(&self, context: &PartContext<'_>) -> Reply<()> {
        let Found::Here(access) = self.find(context).await? else {
            return Ok(());
        };
        if context.owner.of_vendor_name(&access.name) == Ownership::Others {
            return Ok(());
        }
        let confluent = context.outside.confluent;
        confluent.delete_access(&self.within, &access.id).await
    }

    fn carries_mark(&self) -> bool {
        true
    }

    async fn mark(&self, context: &PartContext<'_>) -> Reply<()> {
        let Found::Here(access) = self.find(context).await? else {
            return Ok(());
        };
        if context.owner.of_vendor_name(&access.name) != Ownership::Ours {
            return Ok(());
        }
        let (id, name) = (access.id, context.owner.confirmed_vendor_name());
        let confluent = context.outside.confluent;
        confluent.rename_access(&self.within, &id, &name).await
    }
}
