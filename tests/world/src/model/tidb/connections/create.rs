//! `CreatePrivateEndpointConnection`, and what TiDB Cloud then does.

use serde::{Deserialize, Serialize};

use crate::clock;
use crate::model::Model;
use crate::model::agenda::Event;
use crate::model::endpoints::{Decision, Outlook, Phase as EndpointPhase, State};
use crate::model::tidb::{Caller, Duplicate, already_exists, invalid, not_ready};
use crate::{Failure, Operation, Service};

use super::{Phase, PrivateEndpointConnection, Registration};

/// Registers an endpoint with a node group.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct CreatePrivateEndpointConnection {
    /// Whose key it is.
    #[serde(skip)]
    pub caller: Caller,
    /// The cluster's id.
    pub cluster_id: String,
    /// The group's id.
    pub tidb_node_group_id: String,
    /// The EC2 endpoint's id.
    pub endpoint_id: String,
}

impl Operation for CreatePrivateEndpointConnection {
    type Answer = PrivateEndpointConnection;
    const SERVICE: Service = Service::TidbCloud;
    const ACTION: &'static str = "CreatePrivateEndpointConnection";
    const WRITE: bool = true;

    fn perform(self, model: &mut Model) -> Result<PrivateEndpointConnection, Failure> {
        self.check(model)?;
        let is_free = model.registration_of(&self.endpoint_id).is_none();
        if is_free && model.tidb.outlook.rival_registers_first {
            model.register(&self);
        }
        if model.registration_of(&self.endpoint_id).is_some() {
            return Err(duplicate(model, &self.endpoint_id));
        }
        let registration = model.register(&self);

        let cluster = model.dedicated_cluster(self.caller, &self.cluster_id)?;
        let group = cluster.group(&self.tidb_node_group_id)?;
        Ok(model.detail(&registration, cluster, group))
    }
}

impl CreatePrivateEndpointConnection {
    fn check(&self, model: &Model) -> Result<(), Failure> {
        let cluster = model.dedicated_cluster(self.caller, &self.cluster_id)?;
        let group = cluster.group(&self.tidb_node_group_id)?;
        // Not verified: that the form of the id is looked at before anything else happens.
        if !self.endpoint_id.starts_with("vpce-") {
            return Err(invalid("endpoint_id must be the id of a VPC endpoint"));
        }
        // Not verified: what is refused at once, and how.
        if cluster.state(model.now) != "ACTIVE" {
            return Err(not_ready(format!("cluster {} is not active", cluster.id)));
        }
        if !group.service_is_ready(model.now) {
            return Err(not_ready("the private link service is not active"));
        }
        Ok(())
    }
}

fn duplicate(model: &Model, endpoint_id: &str) -> Failure {
    let message = format!("a private endpoint connection of {endpoint_id} already exists");
    match model.tidb.outlook.duplicate {
        Duplicate::Conflict => already_exists(message),
        Duplicate::BadRequest => invalid(message),
    }
}

impl Model {
    fn register(&mut self, request: &CreatePrivateEndpointConnection) -> Registration {
        let registration = Registration {
            id: self.ids.digits(),
            cluster_id: request.cluster_id.clone(),
            group_id: request.tidb_node_group_id.clone(),
            endpoint_id: request.endpoint_id.clone(),
            phase: Phase::Pending,
        };
        let event = Event::Register {
            connection_id: registration.id.clone(),
        };
        self.agenda.add(self.later(self.timing.tidb.accept), event);
        let registrations = &mut self.tidb.registrations;
        registrations.insert(registration.id.clone(), registration.clone());
        registration
    }

    /// TiDB Cloud looks at the endpoint and accepts it. Swagger, `PENDING`: it accepts
    /// asynchronously.
    pub(crate) fn look_at_registration(&mut self, id: &str) {
        let Some(registration) = self.tidb.registrations.get(id).cloned() else {
            return;
        };
        if matches!(registration.phase, Phase::Deleting { .. }) {
            return;
        }
        let phase = self.accept_registration(&registration);
        if let Some(registration) = self.tidb.registrations.get_mut(id) {
            registration.phase = phase;
        }
    }

    /// What becomes of the registration. The messages are not verified.
    fn accept_registration(&mut self, registration: &Registration) -> Phase {
        let failing = |at, message: String| Phase::Failing { at, message };
        let endpoint_id = &registration.endpoint_id;
        if self.tidb.outlook.registrations_fail {
            let message = format!("failed to accept the endpoint {endpoint_id}");
            return failing(self.now, message);
        }
        let service = self.service_of(registration);
        let leads_here = self
            .endpoints
            .latest(endpoint_id)
            .is_some_and(|endpoint| Some(&endpoint.service_name) == service.as_ref());
        if !leads_here {
            let message = format!(
                "the endpoint {endpoint_id} does not exist or is not connected to {}",
                service.unwrap_or_default()
            );
            return failing(self.now, message);
        }
        // Only one that waits can be accepted; another is as far as it is.
        drop(self.decide(endpoint_id, Decision::Accept));
        self.after_acceptance(endpoint_id)
    }

    fn after_acceptance(&self, endpoint_id: &str) -> Phase {
        let failing = |at, state: &str| Phase::Failing {
            at,
            message: format!("the endpoint {endpoint_id} is {state}"),
        };
        let Some(endpoint) = self.endpoints.latest(endpoint_id) else {
            return failing(self.now, State::Deleted.as_str());
        };
        match &endpoint.phase {
            EndpointPhase::Pending { until, then } => match then {
                Outlook::Available => Phase::Checking {
                    until: clock::after(self.now.max(*until), self.timing.tidb.system_check),
                },
                Outlook::NeverAvailable => Phase::Pending,
                Outlook::Fails { .. } | Outlook::Rejected | Outlook::Expired | Outlook::Partial => {
                    failing(*until, endpoint.state(*until).as_str())
                }
            },
            EndpointPhase::AwaitingAcceptance { .. }
            | EndpointPhase::Rejected
            | EndpointPhase::Expired
            | EndpointPhase::Deleting { .. } => {
                failing(self.now, endpoint.state(self.now).as_str())
            }
        }
    }

    /// The endpoint service of the group that a registration is with.
    pub(super) fn service_of(&self, registration: &Registration) -> Option<String> {
        let cluster = self.tidb.clusters.get(&registration.cluster_id)?;
        let group = cluster.group(&registration.group_id).ok()?;
        Some(group.service_name.clone())
    }
}
