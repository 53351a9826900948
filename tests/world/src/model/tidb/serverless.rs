//! TiDB Cloud Starter and Essential: clusters, all reached through the one endpoint service of
//! their Region.
//!
//! Sources: `cluster.swagger.json`; docs.pingcap.com, "Connect to TiDB Cloud Starter or Essential
//! via AWS `PrivateLink`".

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::clock::{self, Moment};
use crate::model::Model;
use crate::{Failure, Operation, Service};

use super::dedicated::{PROJECT_LABEL, Phase};
use super::{Caller, REGION_ID, REGION_NAME, invalid, not_found};

/// A cluster.
#[derive(Debug, Clone)]
pub(crate) struct ServerlessCluster {
    pub(crate) id: String,
    pub(crate) project: &'static str,
    pub(crate) display_name: String,
    pub(crate) phase: Phase,
    pub(crate) plan: Plan,
    pub(crate) user_prefix: String,
    pub(crate) host: String,
    pub(crate) service_name: String,
    pub(crate) created: Moment,
}

/// A cluster's plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Plan {
    Starter,
    Essential,
}

impl Plan {
    /// Swagger, `clusterPlan`.
    fn as_str(self) -> &'static str {
        match self {
            Plan::Starter => "STARTER",
            Plan::Essential => "ESSENTIAL",
        }
    }
}

/// Asks for a cluster.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct GetServerlessCluster {
    /// Whose key it is.
    #[serde(skip)]
    pub caller: Caller,
    /// The cluster's id.
    pub cluster_id: String,
    /// `BASIC` or `FULL`.
    pub view: Option<String>,
}

/// A cluster.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ServerlessClusterAnswer {
    /// Its name, as `clusters/1`.
    pub name: String,
    /// Its id.
    pub cluster_id: String,
    /// Its name for people.
    pub display_name: String,
    /// Its Region.
    pub region: Region,
    /// Where it can be reached.
    pub endpoints: Endpoints,
    /// Its version.
    pub version: String,
    /// Who created it.
    pub created_by: String,
    /// What the names of its SQL users begin with, before a full stop.
    pub user_prefix: String,
    /// Its state, as `ACTIVE`.
    pub state: String,
    /// Its labels; one names the project.
    pub labels: BTreeMap<String, String>,
    /// When it was created.
    pub create_time: String,
    /// When it was last changed.
    pub update_time: String,
    /// `STARTER` or `ESSENTIAL`.
    pub cluster_plan: String,
    /// Its size, if it is an Essential one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auto_scaling: Option<AutoScaling>,
}

/// Where a cluster can be reached.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Endpoints {
    /// From the internet.
    pub public: PublicEndpoint,
    /// From a VPC; only in the full view.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub private: Option<PrivateEndpoint>,
}

/// Where a cluster can be reached from the internet.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct PublicEndpoint {
    /// The host.
    pub host: String,
    /// The port.
    pub port: u16,
    /// Whether nobody can.
    pub disabled: bool,
}

/// Where a cluster can be reached from a VPC.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct PrivateEndpoint {
    /// The host.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The endpoint service.
    pub aws: PrivateAws,
}

/// The endpoint service of a Region.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PrivateAws {
    /// Its name.
    pub service_name: String,
    /// Its zones. Not verified: that these are the zones' ids.
    pub availability_zone: Vec<String>,
}

/// The size of an Essential cluster. An int64 is a string in JSON (protobuf's JSON mapping).
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AutoScaling {
    /// The least number of request capacity units.
    pub min_rcu: String,
    /// The largest.
    pub max_rcu: String,
}

/// A Region.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Region {
    /// Its name, as `regions/aws-us-east-1`.
    pub name: String,
    /// Its id.
    pub region_id: String,
    /// Its provider.
    pub cloud_provider: String,
    /// Its name for people.
    pub display_name: String,
}

impl Operation for GetServerlessCluster {
    type Answer = ServerlessClusterAnswer;
    const SERVICE: Service = Service::TidbCloud;
    const ACTION: &'static str = "GetServerlessCluster";
    const WRITE: bool = false;

    /// Not verified: that the basic view is the default, and that it lacks the private endpoint.
    fn perform(self, model: &mut Model) -> Result<ServerlessClusterAnswer, Failure> {
        let full = match self.view.as_deref() {
            None | Some("BASIC") => false,
            Some("FULL") => true,
            Some(other) => return Err(invalid(format!("{other} is not a view"))),
        };
        let cluster = model.serverless_cluster(self.caller, &self.cluster_id)?;
        let private = full.then(|| cluster.private_endpoint(model));
        Ok(cluster.detail(model.now, self.caller, private))
    }
}

impl ServerlessCluster {
    pub(super) fn state(&self, now: Moment) -> &'static str {
        match self.phase {
            Phase::Creating { until } if now < until => "CREATING",
            Phase::Creating { .. } => "ACTIVE",
            Phase::Stays(state) => state,
        }
    }

    fn private_endpoint(&self, model: &Model) -> PrivateEndpoint {
        PrivateEndpoint {
            host: self.host.clone(),
            port: 4000,
            aws: PrivateAws {
                service_name: self.service_name.clone(),
                availability_zone: model.zones_of(&self.service_name),
            },
        }
    }

    fn detail(
        &self,
        now: Moment,
        caller: Caller,
        private: Option<PrivateEndpoint>,
    ) -> ServerlessClusterAnswer {
        ServerlessClusterAnswer {
            name: format!("clusters/{}", self.id),
            cluster_id: self.id.clone(),
            display_name: self.display_name.clone(),
            region: Region {
                name: format!("regions/{REGION_ID}"),
                region_id: REGION_ID.to_owned(),
                cloud_provider: "aws".to_owned(),
                display_name: REGION_NAME.to_owned(),
            },
            endpoints: Endpoints {
                public: PublicEndpoint {
                    host: self.host.replacen("-privatelink", "", 1),
                    port: 4000,
                    disabled: false,
                },
                private,
            },
            version: "v8.5.2".to_owned(),
            created_by: caller.key.to_owned(),
            user_prefix: self.user_prefix.clone(),
            state: self.state(now).to_owned(),
            labels: BTreeMap::from([(PROJECT_LABEL.to_owned(), self.project.to_owned())]),
            create_time: clock::iso8601(self.created),
            update_time: clock::iso8601(self.created),
            cluster_plan: self.plan.as_str().to_owned(),
            auto_scaling: (self.plan == Plan::Essential).then(|| AutoScaling {
                min_rcu: "2000".to_owned(),
                max_rcu: "4000".to_owned(),
            }),
        }
    }
}

impl Model {
    /// The cluster, if the caller may see it.
    pub(super) fn serverless_cluster(
        &self,
        caller: Caller,
        id: &str,
    ) -> Result<&ServerlessCluster, Failure> {
        let found = self.tidb.instances.get(id);
        let cluster = found.ok_or_else(|| not_found(format!("cluster {id} not found")))?;
        caller.check(cluster.project)?;
        Ok(cluster)
    }
}
