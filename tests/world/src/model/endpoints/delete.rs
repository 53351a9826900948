//! `DeleteVpcEndpoints`.

use serde::{Deserialize, Serialize};

use crate::clock;
use crate::failure::missing;
use crate::model::network::check_id;
use crate::model::services::Kind;
use crate::model::shapes::flag;
use crate::model::{Model, dns};
use crate::{Failure, Operation, Service};

use super::{Endpoint, Phase, State, does_not_exist};

/// Deletes endpoints.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct DeleteVpcEndpoints {
    /// Only check the permission.
    #[serde(deserialize_with = "flag")]
    pub dry_run: bool,
    /// Their ids.
    #[serde(rename = "VpcEndpointId")]
    pub vpc_endpoint_ids: Vec<String>,
}

/// Those that were not deleted; the call succeeds even if that is all of them.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct DeleteVpcEndpointsAnswer {
    /// What was not deleted, and why.
    pub unsuccessful: Vec<UnsuccessfulItem>,
}

/// An endpoint that was not deleted.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UnsuccessfulItem {
    /// The endpoint's id.
    pub resource_id: String,
    /// Why not.
    pub error: UnsuccessfulItemError,
}

/// Why an endpoint was not deleted.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct UnsuccessfulItemError {
    /// The error code.
    pub code: String,
    /// The message.
    pub message: String,
}

impl Operation for DeleteVpcEndpoints {
    type Answer = DeleteVpcEndpointsAnswer;
    const SERVICE: Service = Service::Ec2;
    const ACTION: &'static str = "DeleteVpcEndpoints";
    const WRITE: bool = true;

    fn dry_run(&self) -> bool {
        self.dry_run
    }

    /// EC2 API reference, `DeleteVpcEndpoints`: what cannot be deleted is listed in `Unsuccessful`.
    /// No state is documented to forbid deletion.
    fn perform(self, model: &mut Model) -> Result<DeleteVpcEndpointsAnswer, Failure> {
        if self.vpc_endpoint_ids.is_empty() {
            return Err(missing("VpcEndpointId"));
        }
        let mut ids = self.vpc_endpoint_ids.iter();
        ids.try_for_each(|id| check_id(id, "vpce", "InvalidVpcEndpointId.Malformed"))?;
        let deletions = self.vpc_endpoint_ids.into_iter().filter_map(|resource_id| {
            let error = model.delete_endpoint(&resource_id).err()?;
            Some(UnsuccessfulItem { resource_id, error })
        });
        Ok(DeleteVpcEndpointsAnswer {
            unsuccessful: deletions.collect(),
        })
    }
}

impl Model {
    fn delete_endpoint(&mut self, id: &str) -> Result<(), UnsuccessfulItemError> {
        let seen = self
            .endpoints
            .seen(id, self.now)
            .and_then(|_| self.endpoints.latest(id))
            .cloned();
        // Observed (terraform-provider-aws): the code differs from that of the other calls.
        let not_found = || error("InvalidVpcEndpoint.NotFound", does_not_exist(id));
        let endpoint = seen
            .filter(|endpoint| !endpoint.is_gone(self.now))
            .ok_or_else(not_found)?;
        if endpoint.requester_managed {
            // Observed, code and message: people who clean up after ElastiCache Serverless.
            let message = format!(
                "Operation is not allowed for requester-managed VPC endpoints for the service {}.",
                endpoint.service_name
            );
            return Err(error("InvalidParameter", message));
        }
        if dns::is_leaned_on(self, &endpoint) {
            // Amazon S3 user guide, "AWS PrivateLink for Amazon S3". Code and message not verified.
            let message = format!(
                "The VPC endpoint {id} is needed by an interface endpoint for inbound Resolver traffic only."
            );
            return Err(error("DependencyViolation", message));
        }
        self.begin_deletion(endpoint);
        Ok(())
    }

    fn begin_deletion(&mut self, mut endpoint: Endpoint) {
        if endpoint.state(self.now) == State::Deleting {
            return;
        }
        let until = match endpoint.kind {
            Kind::Interface => clock::after(self.now, self.timing.delete),
            Kind::Gateway => self.now,
        };
        endpoint.phase = Phase::Deleting { until };
        // Observed (terraform-provider-aws): the interfaces outlive the endpoint for a while.
        let gone = clock::after(until, self.timing.interface_lag);
        endpoint
            .interfaces
            .iter()
            .for_each(|interface| self.release_interface(interface, gone));
        self.endpoints
            .put(&endpoint.id.clone(), endpoint, self.visible());
    }
}

fn error(code: &str, message: String) -> UnsuccessfulItemError {
    UnsuccessfulItemError {
        code: code.to_owned(),
        message,
    }
}
