//! What a service's owner decides about a connection.

use serde::{Deserialize, Serialize};

use std::time::Duration;

use crate::World;
use crate::model::Model;
use crate::model::agenda::Event;

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

impl World {
    /// Has a service's owner decide by himself about each connection request that comes from now
    /// on, this long after it.
    pub fn script_owner(&mut self, service_name: &str, decision: Decision, after: Duration) {
        self.model
            .owners
            .insert(service_name.to_owned(), (decision, after));
    }
}

impl Model {
    /// An endpoint has asked for a connection; its service's owner may have made up his mind.
    pub(super) fn ask_owner(&mut self, endpoint_id: &str, service_name: &str) {
        if let Some((decision, after)) = self.owners.get(service_name).copied() {
            let due = self.later(after);
            let endpoint_id = endpoint_id.to_owned();
            self.agenda.add(
                due,
                Event::Decide {
                    endpoint_id,
                    decision,
                },
            );
        }
    }

    /// A decision takes effect now.
    pub(crate) fn decide(&mut self, id: &str, decision: Decision) -> Result<(), String> {
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
