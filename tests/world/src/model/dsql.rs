//! Aurora DSQL: clusters, and the endpoint service that each is reached through.
//!
//! Sources: the DSQL service model of botocore; Aurora DSQL user guide, "Managing and connecting to
//! clusters using `PrivateLink`".

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::clock::{self, Moment};
use crate::failure::{refuse, refuse_as};
use crate::{Failure, Operation, Service, World};

use super::listing::{self, Listed};
use super::{ACCOUNT, Model, REGION};

/// What a protected cluster says to its deletion. The wire's `reason` depends on it.
pub(crate) const PROTECTED: &str = "Cluster has deletion protection enabled and cannot be deleted.";

/// The service that new clusters are reached through: all clusters of a cell share one.
const CELL: &str = "com.amazonaws.us-east-1.dsql-fnh4";

/// A cluster.
#[derive(Debug, Clone)]
pub struct Cluster {
    pub(crate) id: String,
    pub(crate) service_name: String,
    pub(crate) phase: Phase,
    pub(crate) protected: bool,
    pub(crate) tags: BTreeMap<String, String>,
    pub(crate) created: Moment,
    pub(crate) token: Option<String>,
}

/// What is happening to a cluster; with the time, its status follows.
#[derive(Debug, Clone)]
pub(crate) enum Phase {
    Creating {
        until: Moment,
    },
    /// One of the other statuses of the API reference, for good.
    Stays(&'static str),
    Deleting {
        until: Moment,
    },
}

impl Cluster {
    fn status(&self, now: Moment) -> &'static str {
        match self.phase {
            Phase::Creating { until } if now < until => "CREATING",
            Phase::Creating { .. } => "ACTIVE",
            Phase::Stays(status) => status,
            Phase::Deleting { .. } => "DELETING",
        }
    }

    fn exists(&self, now: Moment) -> bool {
        match self.phase {
            Phase::Deleting { until } => now < until,
            Phase::Creating { .. } | Phase::Stays(_) => true,
        }
    }

    fn arn(&self) -> String {
        format!("arn:aws:dsql:{REGION}:{ACCOUNT}:cluster/{}", self.id)
    }
}

/// Creates a cluster.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct CreateCluster {
    /// Whether it is protected from deletion; absent means yes.
    pub deletion_protection_enabled: Option<bool>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// The token that makes a repeat harmless.
    pub client_token: Option<String>,
}

/// Asks for a cluster.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct GetCluster {
    /// The cluster's id.
    pub identifier: String,
}

/// A cluster, as `CreateCluster` and `GetCluster` describe it.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ClusterAnswer {
    /// Its id.
    pub identifier: String,
    /// Its ARN.
    pub arn: String,
    /// Its status, as `ACTIVE`.
    pub status: String,
    /// When it was created, in seconds since the epoch.
    pub creation_time: f64,
    /// Whether it is protected from deletion.
    pub deletion_protection_enabled: bool,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// How it is encrypted.
    pub encryption_details: EncryptionDetails,
    /// Its public host.
    pub endpoint: String,
}

/// How a cluster is encrypted.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EncryptionDetails {
    /// Whose key it is.
    pub encryption_type: String,
    /// Whether it is in use.
    pub encryption_status: String,
}

/// Asks for the endpoint service that a cluster is reached through.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct GetVpcEndpointServiceName {
    /// The cluster's id.
    pub identifier: String,
}

/// The endpoint service that a cluster is reached through.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GetVpcEndpointServiceNameAnswer {
    /// Its name.
    pub service_name: String,
    /// The cluster's host there.
    pub cluster_vpc_endpoint: Option<String>,
}

/// Lists clusters.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ListClusters {
    /// How many at most: 1 to 100.
    pub max_results: Option<u32>,
    /// Where the page begins.
    pub next_token: Option<String>,
}

/// A page of clusters.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListClustersAnswer {
    /// The clusters.
    pub clusters: Vec<ClusterSummary>,
    /// Where the next page begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

/// A cluster in a list.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ClusterSummary {
    /// Its id.
    pub identifier: String,
    /// Its ARN.
    pub arn: String,
}

/// Deletes a cluster.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct DeleteCluster {
    /// The cluster's id.
    pub identifier: String,
    /// The token that makes a repeat harmless.
    pub client_token: Option<String>,
}

/// A cluster that is going.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeleteClusterAnswer {
    /// Its id.
    pub identifier: String,
    /// Its ARN.
    pub arn: String,
    /// Its status, as `DELETING`.
    pub status: String,
    /// When it was created, in seconds since the epoch.
    pub creation_time: f64,
}

impl World {
    /// Somebody deletes a cluster, having taken its protection away; it is gone at once.
    pub fn lose_cluster(&mut self, id: &str) {
        self.model.clusters.remove(id);
    }
}

impl Operation for CreateCluster {
    type Answer = ClusterAnswer;
    const SERVICE: Service = Service::Dsql;
    const ACTION: &'static str = "CreateCluster";
    const WRITE: bool = true;

    fn perform(self, model: &mut Model) -> Result<ClusterAnswer, Failure> {
        let has_token =
            |cluster: &&Cluster| self.client_token.is_some() && cluster.token == self.client_token;
        if let Some(known) = model.clusters.values().find(has_token) {
            return Ok(known.detail(model.now));
        }
        let cluster = Cluster {
            id: model.ids.cluster(),
            service_name: CELL.to_owned(),
            phase: Phase::Creating {
                until: clock::after(model.now, model.timing.cluster_create),
            },
            protected: self.deletion_protection_enabled.unwrap_or(true),
            tags: self.tags,
            created: model.now,
            token: self.client_token,
        };
        let answer = cluster.detail(model.now);
        model.clusters.insert(cluster.id.clone(), cluster);
        Ok(answer)
    }
}

impl Operation for GetCluster {
    type Answer = ClusterAnswer;
    const SERVICE: Service = Service::Dsql;
    const ACTION: &'static str = "GetCluster";
    const WRITE: bool = false;

    fn perform(self, model: &mut Model) -> Result<ClusterAnswer, Failure> {
        Ok(model.cluster(&self.identifier)?.detail(model.now))
    }
}

impl Operation for GetVpcEndpointServiceName {
    type Answer = GetVpcEndpointServiceNameAnswer;
    const SERVICE: Service = Service::Dsql;
    const ACTION: &'static str = "GetVpcEndpointServiceName";
    const WRITE: bool = false;

    /// Not verified: whether a cluster that is not active yet, or failed, has a service name. Here
    /// it does.
    fn perform(self, model: &mut Model) -> Result<GetVpcEndpointServiceNameAnswer, Failure> {
        let cluster = model.cluster(&self.identifier)?;
        let service = cluster.service_name.rsplit('.').next().unwrap_or_default();
        Ok(GetVpcEndpointServiceNameAnswer {
            service_name: cluster.service_name.clone(),
            cluster_vpc_endpoint: Some(format!("{}.{service}.{REGION}.on.aws", cluster.id)),
        })
    }
}

impl Operation for ListClusters {
    type Answer = ListClustersAnswer;
    const SERVICE: Service = Service::Dsql;
    const ACTION: &'static str = "ListClusters";
    const WRITE: bool = false;

    fn perform(self, model: &mut Model) -> Result<ListClustersAnswer, Failure> {
        let limit = self.max_results.unwrap_or(100);
        if !(1..=100).contains(&limit) {
            return Err(invalid("maxResults must be between 1 and 100."));
        }
        let clusters = model.clusters.values();
        let existing = clusters.filter(|cluster| cluster.exists(model.now));
        let summaries = existing.map(|cluster| ClusterSummary {
            identifier: cluster.id.clone(),
            arn: cluster.arn(),
        });
        let token = self.next_token.as_deref();
        let (clusters, next_token) = listing::cut(summaries.collect(), limit as usize, token)
            .ok_or_else(|| invalid("nextToken is not valid."))?;
        Ok(ListClustersAnswer {
            clusters,
            next_token,
        })
    }
}

impl Listed for ClusterSummary {
    fn id(&self) -> String {
        self.identifier.clone()
    }
}

impl Operation for DeleteCluster {
    type Answer = DeleteClusterAnswer;
    const SERVICE: Service = Service::Dsql;
    const ACTION: &'static str = "DeleteCluster";
    const WRITE: bool = true;

    fn perform(self, model: &mut Model) -> Result<DeleteClusterAnswer, Failure> {
        let mut cluster = model.cluster(&self.identifier)?.clone();
        if cluster.protected {
            return Err(invalid(PROTECTED));
        }
        if cluster.status(model.now) == "CREATING" {
            let message = format!("Cluster {} is being created.", cluster.id);
            return Err(refuse_as(409, "ConflictException", message));
        }
        cluster.phase = Phase::Deleting {
            until: clock::after(model.now, model.timing.cluster_delete),
        };
        let detail = cluster.detail(model.now);
        model.clusters.insert(self.identifier, cluster);
        let ClusterAnswer {
            identifier,
            arn,
            status,
            creation_time,
            ..
        } = detail;
        Ok(DeleteClusterAnswer {
            identifier,
            arn,
            status,
            creation_time,
        })
    }
}

impl Cluster {
    fn detail(&self, now: Moment) -> ClusterAnswer {
        ClusterAnswer {
            identifier: self.id.clone(),
            arn: self.arn(),
            status: self.status(now).to_owned(),
            creation_time: std::time::Duration::from_millis(self.created).as_secs_f64(),
            deletion_protection_enabled: self.protected,
            tags: self.tags.clone(),
            encryption_details: EncryptionDetails {
                encryption_type: "AWS_OWNED_KMS_KEY".to_owned(),
                encryption_status: "ENABLED".to_owned(),
            },
            endpoint: format!("{}.dsql.{REGION}.on.aws", self.id),
        }
    }
}

impl Model {
    fn cluster(&self, id: &str) -> Result<&Cluster, Failure> {
        let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        if id.len() != 26 || !id.chars().all(is_plain) {
            return Err(invalid(
                "identifier must be 26 lower-case letters and digits.",
            ));
        }
        let cluster = self
            .clusters
            .get(id)
            .filter(|cluster| cluster.exists(self.now));
        let not_found = || {
            refuse_as(
                404,
                "ResourceNotFoundException",
                format!("Cluster {id} not found."),
            )
        };
        cluster.ok_or_else(not_found)
    }
}

fn invalid(message: &str) -> Failure {
    refuse("ValidationException", message)
}
