//! `CreatePrivateLinkConnection` and `DeletePrivateLinkConnection`, and what becomes of them.

use serde::{Deserialize, Serialize};

use crate::model::Model;
use crate::model::agenda::Event;
use crate::model::tidb::serverless::Plan;
use crate::model::tidb::{Caller, TIDB_ACCOUNT, invalid, not_ready};
use crate::{Failure, Operation, Service};

use super::{AWS, Link, Phase, PrivateLinkConnection};

/// Creates a connection. Unlike the Dedicated API's, its body wraps what is created.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct CreatePrivateLinkConnection {
    /// Whose key it is.
    #[serde(skip)]
    pub caller: Caller,
    /// The cluster's id in the path.
    #[serde(skip_deserializing)]
    pub cluster_id: String,
    /// The connection.
    pub private_link_connection: Option<NewPrivateLinkConnection>,
}

/// The connection that is wanted.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct NewPrivateLinkConnection {
    /// The cluster's id.
    pub cluster_id: String,
    /// Its name for people.
    pub display_name: String,
    /// Its type.
    pub r#type: String,
    /// The endpoint service.
    pub aws_endpoint_service: Option<NewAwsEndpointService>,
}

/// The endpoint service that is wanted.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct NewAwsEndpointService {
    /// Its name.
    pub name: String,
    /// Its Region, if it is not the cluster's.
    pub region: Option<String>,
}

/// Deletes a connection.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct DeletePrivateLinkConnection {
    /// Whose key it is.
    #[serde(skip)]
    pub caller: Caller,
    /// The cluster's id.
    pub cluster_id: String,
    /// The connection's id.
    pub private_link_connection_id: String,
}

impl Operation for CreatePrivateLinkConnection {
    type Answer = PrivateLinkConnection;
    const SERVICE: Service = Service::TidbCloud;
    const ACTION: &'static str = "CreatePrivateLinkConnection";
    const WRITE: bool = true;

    /// Nothing makes a repeat harmless: it is a second connection.
    fn perform(self, model: &mut Model) -> Result<PrivateLinkConnection, Failure> {
        let service = self.check(model)?;
        let wanted = self.private_link_connection.unwrap_or_default();
        let link = Link {
            id: model.ids.short("plc"),
            cluster_id: self.cluster_id,
            display_name: wanted.display_name,
            service_name: service.name,
            region: service.region.filter(|region| !region.is_empty()),
            phase: Phase::Creating,
            endpoint_id: None,
            attached: Vec::new(),
            created_by: self.caller.key,
            created: model.now,
        };
        let answer = link.summary(model);
        let event = Event::Link {
            connection_id: link.id.clone(),
        };
        let due = model.later(model.timing.tidb.link_create);
        model.agenda.add(due, event);
        model.tidb.links.insert(link.id.clone(), link);
        Ok(answer)
    }
}

impl CreatePrivateLinkConnection {
    /// Swagger: what is required. The messages are not verified, nor that the cluster's id must
    /// be the path's.
    fn check(&self, model: &Model) -> Result<NewAwsEndpointService, Failure> {
        let cluster = model.serverless_cluster(self.caller, &self.cluster_id)?;
        let wanted = self.private_link_connection.as_ref();
        let wanted = wanted.ok_or_else(|| invalid("private_link_connection is required"))?;
        if wanted.cluster_id != self.cluster_id {
            return Err(invalid("cluster_id is required and must be the cluster's"));
        }
        if wanted.display_name.is_empty() {
            return Err(invalid("display_name is required"));
        }
        if wanted.r#type != AWS {
            return Err(invalid(format!("type must be {AWS} for a cluster on AWS")));
        }
        let service = wanted.aws_endpoint_service.as_ref();
        let service = service
            .filter(|service| !service.name.is_empty())
            .ok_or_else(|| invalid("aws_endpoint_service.name is required"))?;
        // Docs: private link connections are for Essential clusters. Not verified: the refusal.
        if cluster.plan != Plan::Essential {
            return Err(not_ready(
                "the plan of the cluster has no private link connections",
            ));
        }
        if cluster.state(model.now) != "ACTIVE" {
            return Err(not_ready(format!("cluster {} is not active", cluster.id)));
        }
        Ok(service.clone())
    }
}

impl Model {
    /// TiDB Cloud has its endpoint made, or learns that it cannot be. The messages are not
    /// verified.
    pub(crate) fn make_link(&mut self, id: &str) {
        let Some(mut link) = self.tidb.links.get(id).cloned() else {
            return;
        };
        if !matches!(link.phase, Phase::Creating) {
            return;
        }
        link.phase = match self.obstacle(&link) {
            Some(message) => Phase::Failed { message },
            None => {
                link.endpoint_id = Some(self.ids.resource("vpce"));
                Phase::Accepting {
                    until: self.link_accepted(&link.service_name),
                }
            }
        };
        self.tidb.links.insert(id.to_owned(), link);
    }

    /// What keeps TiDB Cloud from having an endpoint.
    fn obstacle(&self, link: &Link) -> Option<String> {
        let name = &link.service_name;
        if self.tidb.outlook.links_fail {
            return Some(format!("failed to create an endpoint of {name}"));
        }
        let exists = self.services.iter().any(|service| &service.name == name);
        let elsewhere = link
            .region
            .as_deref()
            .is_some_and(|region| region != crate::model::REGION);
        if !exists || elsewhere || !self.admits(name, TIDB_ACCOUNT) {
            // EC2 says the same of a service that does not exist and of one that is not for you.
            return Some(format!(
                "the endpoint service {name} does not exist or does not allow the account {TIDB_ACCOUNT}"
            ));
        }
        // Docs, "Prerequisites": the zones must overlap.
        self.link_zones(name)
            .is_empty()
            .then(|| format!("{name} lies in none of the cluster's availability zones"))
    }

    /// When the provider accepts. Docs: Confluent does it by itself; somebody whose service wants
    /// acceptance has to do it by hand, which nobody does here.
    fn link_accepted(&self, service_name: &str) -> Option<crate::clock::Moment> {
        let mut services = self.services.iter();
        let manual =
            services.any(|service| service.name == service_name && service.acceptance_required);
        (!manual).then(|| self.later(self.timing.tidb.link_accept))
    }

    /// The provider no longer allows TiDB Cloud's account. Not verified: that connections fail then.
    pub(crate) fn fail_links(&mut self, service_name: &str) {
        let message = format!("the endpoint has been rejected by the owner of {service_name}");
        for link in self.tidb.links.values_mut() {
            let uses = matches!(link.phase, Phase::Accepting { .. });
            if uses && link.service_name == service_name {
                link.phase = Phase::Failed {
                    message: message.clone(),
                };
            }
        }
    }
}

impl Operation for DeletePrivateLinkConnection {
    type Answer = PrivateLinkConnection;
    const SERVICE: Service = Service::TidbCloud;
    const ACTION: &'static str = "DeletePrivateLinkConnection";
    const WRITE: bool = true;

    /// Not verified: that domains must be detached first, and that a repeat is harmless.
    fn perform(self, model: &mut Model) -> Result<PrivateLinkConnection, Failure> {
        let id = &self.private_link_connection_id;
        let mut link = model.link(self.caller, &self.cluster_id, id)?.clone();
        if !link.domains(model.now).is_empty() {
            return Err(not_ready(format!("{id} still has domains attached")));
        }
        if !matches!(link.phase, Phase::Deleting { .. }) {
            link.phase = Phase::Deleting {
                until: model.later(model.timing.tidb.link_delete),
            };
        }
        let answer = link.summary(model);
        model.tidb.links.insert(id.clone(), link);
        Ok(answer)
    }
}
