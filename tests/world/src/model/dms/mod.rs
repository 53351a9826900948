//! AWS Database Migration Service: replication instances, endpoints for MySQL, and tests of the
//! connections between them.
//!
//! Sources: the service model and waiters of botocore, version 2016-01-01; AWS DMS user guide; what
//! Terraform's users report. Messages are not verified unless a source stands beside them. That
//! every write is visible at once is not verified either.

mod certificates;
mod connections;
mod credentials;
mod endpoints;
mod groups;
mod instances;
mod listing;
mod probe;
mod tags;

pub use certificates::{
    Certificate, CertificateAnswer, DeleteCertificate, DescribeCertificates,
    DescribeCertificatesAnswer, ImportCertificate,
};
pub use connections::{
    Connection, ConnectionAnswer, DeleteConnection, DescribeConnections, DescribeConnectionsAnswer,
    TestConnection,
};
pub use endpoints::{
    CreateEndpoint, DeleteEndpoint, DescribeEndpoints, DescribeEndpointsAnswer, Endpoint,
    EndpointAnswer, MySqlSettings, MySqlSettingsDetail,
};
pub use groups::{
    AvailabilityZone, CreateReplicationSubnetGroup, DeleteReplicationSubnetGroup,
    DescribeReplicationSubnetGroups, DescribeReplicationSubnetGroupsAnswer, ReplicationSubnetGroup,
    ReplicationSubnetGroupAnswer, Subnet,
};
pub use instances::{
    CreateReplicationInstance, DeleteReplicationInstance, DescribeReplicationInstances,
    DescribeReplicationInstancesAnswer, ModifyReplicationInstance, PendingModifiedValues,
    ReplicationInstance, ReplicationInstanceAnswer, VpcSecurityGroup,
};
pub use listing::Filter;
pub use tags::{
    AddTagsToResource, ListTagsForResource, ListTagsForResourceAnswer, RemoveTagsFromResource, Tag,
};

use std::collections::BTreeMap;

use serde::Serialize;

use crate::failure::refuse;
use crate::{Failure, World};

use super::{ACCOUNT, Model, REGION};

/// Everything that DMS has, each thing under its ARN.
#[derive(Debug, Clone, Default)]
pub(crate) struct Dms {
    groups: BTreeMap<String, groups::Group>,
    instances: BTreeMap<String, instances::Instance>,
    endpoints: BTreeMap<String, endpoints::Stored>,
    certificates: BTreeMap<String, certificates::Stored>,
    /// Under the ARNs of the instance and of the endpoint.
    connections: BTreeMap<(String, String), connections::Stored>,
    tags: BTreeMap<String, BTreeMap<String, String>>,
    pub(crate) instance_outlook: InstanceOutlook,
    pub(crate) test_outlook: TestOutlook,
}

/// What becomes of a replication instance that is being created.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum InstanceOutlook {
    /// It becomes available.
    #[default]
    Available,
    /// It ends as `incompatible-network`.
    IncompatibleNetwork,
    /// It ends as `failed`.
    Fails,
    /// It stays `creating`.
    NeverAvailable,
}

/// What becomes of the tests of connections.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum TestOutlook {
    /// It follows from the names, the security groups and the credentials of this world.
    #[default]
    AsTheWorldIs,
    /// They fail with this message.
    Fails(String),
    /// They never end.
    NeverEnds,
}

/// Everything that DMS has, as it is.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Inventory {
    /// The subnet groups.
    pub subnet_groups: Vec<ReplicationSubnetGroup>,
    /// The replication instances.
    pub instances: Vec<ReplicationInstance>,
    /// The endpoints.
    pub endpoints: Vec<Endpoint>,
    /// The certificates, without their text.
    pub certificates: Vec<Certificate>,
    /// The connections.
    pub connections: Vec<Connection>,
    /// All tags, by ARN.
    pub tags: BTreeMap<String, BTreeMap<String, String>>,
}

impl World {
    /// What becomes of the replication instances that are created from now on.
    pub fn foresee_instances(&mut self, outlook: InstanceOutlook) {
        self.model.dms.instance_outlook = outlook;
    }

    /// What becomes of the tests of connections that begin from now on.
    pub fn foresee_tests(&mut self, outlook: TestOutlook) {
        self.model.dms.test_outlook = outlook;
    }
}

impl Model {
    pub(crate) fn dms_inventory(&self) -> Inventory {
        let certificate = |stored: &certificates::Stored| Certificate {
            certificate_pem: None,
            ..stored.detail()
        };
        let exists = |arn: &&String| self.dms_resource_exists(arn);
        let tags = self.dms.tags.iter().filter(|(arn, _)| exists(arn));
        Inventory {
            subnet_groups: self.dms_groups(),
            instances: self.dms_instances(),
            endpoints: self.dms_endpoints(),
            certificates: self.dms.certificates.values().map(certificate).collect(),
            connections: self.dms_connections(),
            tags: tags
                .map(|(arn, tags)| (arn.clone(), tags.clone()))
                .collect(),
        }
    }
}

fn arn(kind: &str, id: &str) -> String {
    format!("arn:aws:dms:{REGION}:{ACCOUNT}:{kind}:{id}")
}

fn not_found(message: impl Into<String>) -> Failure {
    refuse("ResourceNotFoundFault", message)
}

fn invalid_state(message: impl Into<String>) -> Failure {
    refuse("InvalidResourceStateFault", message)
}

/// Observed: terraform-provider-aws #31821 has this code and the next one, though the service model
/// names neither.
fn invalid_combination(message: impl Into<String>) -> Failure {
    refuse("InvalidParameterCombinationException", message)
}

fn invalid_value(message: impl Into<String>) -> Failure {
    refuse("InvalidParameterValueException", message)
}

/// Refuses what the service model requires and the request does not have.
fn required(name: &str, value: &str) -> Result<(), Failure> {
    if value.is_empty() {
        return Err(invalid_value(format!(
            "The parameter {name} must be provided and must not be blank."
        )));
    }
    Ok(())
}

/// DMS API reference, `CreateEndpoint` and others: a letter first, then letters, digits and single
/// hyphens, none of them last.
fn check_identifier(name: &str, value: &str, longest: usize) -> Result<(), Failure> {
    required(name, value)?;
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let begins = value.starts_with(|c: char| c.is_ascii_alphabetic());
    let hyphens = !value.ends_with('-') && !value.contains("--");
    if begins && hyphens && value.len() <= longest && value.chars().all(is_allowed) {
        return Ok(());
    }
    Err(invalid_value(format!(
        "The parameter {name} is not a valid identifier. Identifiers must begin with a letter; must contain only ASCII \
         letters, digits, and hyphens; and must not end with a hyphen or contain two consecutive hyphens."
    )))
}

fn check_friendly_name(name: Option<&String>) -> Result<(), Failure> {
    name.map_or(Ok(()), |name| {
        check_identifier("ResourceIdentifier", name, 31)
    })
}

/// DMS user guide, "Creating the IAM roles to use with DMS": the role must have exactly this name.
/// The message as Terraform's users report it, also for some seconds after the role was made.
fn check_role(model: &Model) -> Result<(), Failure> {
    let is_right = |role: &&super::iam::Role| {
        role.counts_from <= model.now
            && role.trusts("dms.amazonaws.com")
            && role.has("service-role/AmazonDMSVPCManagementRole")
    };
    if model.roles.get("dms-vpc-role").filter(is_right).is_some() {
        return Ok(());
    }
    let message = format!(
        "The IAM Role arn:aws:iam::{ACCOUNT}:role/dms-vpc-role is not configured properly."
    );
    Err(refuse("AccessDeniedFault", message))
}
