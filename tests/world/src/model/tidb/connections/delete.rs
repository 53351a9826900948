//! `DeletePrivateEndpointConnection`.

use serde::{Deserialize, Serialize};

use crate::model::Model;
use crate::model::agenda::Event;
use crate::model::endpoints::Decision;
use crate::model::tidb::Caller;
use crate::{Failure, Operation, Service};

use super::Phase;

/// Takes an endpoint's registration back.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct DeletePrivateEndpointConnection {
    /// Whose key it is.
    #[serde(skip)]
    pub caller: Caller,
    /// The cluster's id.
    pub cluster_id: String,
    /// The group's id.
    pub tidb_node_group_id: String,
    /// The connection's id.
    pub private_endpoint_connection_id: String,
}

/// Nothing. Swagger: the answer is an empty object.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct DeletePrivateEndpointConnectionAnswer {}

impl Operation for DeletePrivateEndpointConnection {
    type Answer = DeletePrivateEndpointConnectionAnswer;
    const SERVICE: Service = Service::TidbCloud;
    const ACTION: &'static str = "DeletePrivateEndpointConnection";
    const WRITE: bool = true;

    /// A repeat while it is `DELETING` is harmless, and 404 follows later (neither is verified).
    fn perform(self, model: &mut Model) -> Result<DeletePrivateEndpointConnectionAnswer, Failure> {
        let (registration, ..) = model.registration(
            self.caller,
            &self.cluster_id,
            &self.tidb_node_group_id,
            &self.private_endpoint_connection_id,
        )?;
        if !matches!(registration.phase, Phase::Deleting { .. }) {
            let endpoint_id = registration.endpoint_id.clone();
            model.unregister(&self.private_endpoint_connection_id, endpoint_id);
        }
        Ok(DeletePrivateEndpointConnectionAnswer {})
    }
}

impl Model {
    /// Not verified: that TiDB Cloud rejects the endpoint, which is how the owner of a service cuts
    /// a connection (AWS `PrivateLink` guide, "Accept or reject connection requests").
    fn unregister(&mut self, id: &str, endpoint_id: String) {
        let until = self.later(self.timing.tidb.unregister);
        if let Some(registration) = self.tidb.registrations.get_mut(id) {
            registration.phase = Phase::Deleting { until };
        }
        let leads_here = self.tidb.registrations.get(id).is_some_and(|registration| {
            let service = self.service_of(registration);
            let endpoint = self.endpoints.latest(&endpoint_id);
            endpoint.is_some_and(|endpoint| Some(&endpoint.service_name) == service.as_ref())
        });
        if leads_here {
            let event = Event::Decide {
                endpoint_id,
                decision: Decision::Reject,
            };
            self.agenda.add(until, event);
        }
    }
}
