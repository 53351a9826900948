//! What a service's owner decides about a connection.

use serde::{Deserialize, Serialize};

use crate::World;
use crate::model::Model;

use super::{Phase, State};

/// What becomes of a connection request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Decision {
    /// The owner accepts: the endpoint is then built.
    Accept,
    /// The owner refuses; also possible for a live endpoint (AWS `PrivateLink` guide, "Accept or
    /// reject connection requests").
    Reject,
    /// Nobody accepted in time.
    Expire,
}

impl World {
    /// Plays the service's owner. The decision is visible at once.
    ///
    /// # Errors
    ///
    /// A sentence about why the endpoint's state does not allow it.
    pub fn decide(&mut self, endpoint_id: &str, decision: Decision) -> Result<(), String> {
        self.model.decide(endpoint_id, decision)
    }
}

impl Model {
    fn decide(&mut self, id: &str, decision: Decision) -> Result<(), String> {
        let endpoint = self.endpoints.latest(id).cloned();
        let mut endpoint = endpoint.ok_or_else(|| format!("there is no endpoint {id}"))?;
        let state = endpoint.state(self.now);
        endpoint.phase = match (decision, state) {
            (Decision::Accept, State::PendingAcceptance) => self.building(),
            (Decision::Reject, State::PendingAcceptance | State::Pending | State::Available) => {
                Phase::Rejected
            }
            (Decision::Expire, State::PendingAcceptance) => Phase::Expired,
            (Decision::Accept | Decision::Reject | Decision::Expire, _) => {
                return Err(format!("{id} is {}", state.as_str()));
            }
        };
        self.endpoints.put(id, endpoint, self.now);
        Ok(())
    }
}
