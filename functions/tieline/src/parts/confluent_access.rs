//! A `PrivateLink` access of a Confluent Cloud network: it allows another account, here TiDB Cloud's, to connect.
//!
//! Confluent knows no tags, so its name says whose it is: `tieline <request id> <fingerprint>`, with `.ready` behind it
//! once the connection is announced. One account has one access to a network; one that is somebody else's serves only
//! with `"adopt": true` and stays as it is.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{Condition, Observation, Ownership, PartContext, PartKind, conflict};
use crate::error::CallError;
use crate::ids::{ConfluentId, SecretArn};
use crate::outside::confluent::Access;
use crate::plan::{Plan, is_ready};
use crate::problem::{Code, Problem};

/// An account's access to a network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ConfluentAccess {
    /// The secret with the API key.
    pub key: SecretArn,
    /// The environment.
    pub environment: ConfluentId,
    /// The network.
    pub network: ConfluentId,
    /// The account that is allowed.
    pub account: String,
}

/// What a request calls what it makes at a vendor that knows no tags.
pub(super) fn vendor_name(plan: &Plan) -> String {
    format!("tieline {} {}", plan.request_id, plan.fingerprint)
}

/// Whether a name says that something is of this request, for whatever parameters.
pub(super) fn is_of_request(plan: &Plan, name: &str) -> bool {
    let rest = name.strip_prefix("tieline ");
    rest.is_some_and(|rest| rest.split(' ').next() == Some(plan.request_id.as_str()))
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
    async fn find(&self, at: &PartContext<'_>) -> Result<Found, CallError> {
        let all = at
            .outside
            .confluent
            .accesses(&self.key, &self.environment)
            .await?;
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
            .find(|access| is_of_request(at.plan, &access.name) && access.phase != GOING);
        Ok(match (of_account, of_request) {
            (Some(access), _) => Found::Here(access),
            (None, Some(access)) => Found::Elsewhere(access),
            (None, None) => Found::Nothing,
        })
    }

    fn hold(&self, at: &PartContext<'_>, access: &Access) -> Ownership {
        if !access.name.starts_with(&vendor_name(at.plan)) {
            Ownership::Others
        } else if is_ready(&access.name) {
            Ownership::Confirmed
        } else {
            Ownership::Ours
        }
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

    async fn look(&self, at: &PartContext<'_>) -> Result<Observation, CallError> {
        let access = match self.find(at).await? {
            Found::Here(access) => access,
            Found::Elsewhere(access) => {
                let name = format!("the PrivateLink Access {} ({:?})", access.id, access.name);
                return Ok(Observation::of(conflict(&name), Ownership::Others));
            }
            Found::Nothing => return Ok(Observation::absent()),
        };
        let hold = self.hold(at, &access);
        let condition = match access.phase.as_str() {
            GOING => Condition::Going,
            "FAILED" => Condition::Broken(Problem::new(
                Code::ProviderFailed,
                format!("{} failed: {}", self.name(), access.message),
                "put right what Confluent names, and send the event again",
            )),
            _ if hold == Ownership::Others && is_of_request(at.plan, &access.name) => {
                conflict(&self.name())
            }
            _ if hold == Ownership::Others && !at.plan.adopt => Condition::Broken(Problem::new(
                Code::NotOurs,
                format!(
                    "{} is there already as {} ({:?}), and this request did not make it",
                    self.name(),
                    access.id,
                    access.name
                ),
                "use it as it is with \"adopt\": true; then it also stays when this connection is removed",
            )),
            "READY" => Condition::Ready,
            phase => Condition::Pending(format!("Confluent's PrivateLink Access is {phase}")),
        };
        Ok(Observation::of(condition, hold)
            .with("id", access.id)
            .with("state", access.phase)
            .with("account", self.account.clone()))
    }

    async fn make(&self, at: &PartContext<'_>) -> Result<(), CallError> {
        let name = vendor_name(at.plan);
        let made = at
            .outside
            .confluent
            .create_access(
                &self.key,
                &self.environment,
                &self.network,
                &name,
                &self.account,
            )
            .await;
        match made {
            // Another run made it a moment ago: the next look says whose it is.
            Err(error) if error.is_duplicate() => Ok(()),
            other => other,
        }
    }

    async fn remove(&self, at: &PartContext<'_>) -> Result<(), CallError> {
        match self.find(at).await? {
            Found::Here(access) if self.hold(at, &access) != Ownership::Others => {
                at.outside
                    .confluent
                    .delete_access(&self.key, &self.environment, &access.id)
                    .await
            }
            Found::Here(_) | Found::Elsewhere(_) | Found::Nothing => Ok(()),
        }
    }

    fn carries_mark(&self) -> bool {
        true
    }

    async fn mark(&self, at: &PartContext<'_>) -> Result<(), CallError> {
        match self.find(at).await? {
            Found::Here(access) if self.hold(at, &access) == Ownership::Ours => {
                let name = format!("{}{}", vendor_name(at.plan), crate::plan::READY);
                at.outside
                    .confluent
                    .rename_access(&self.key, &self.environment, &access.id, &name)
                    .await
            }
            Found::Here(_) | Found::Elsewhere(_) | Found::Nothing => Ok(()),
        }
    }
}
