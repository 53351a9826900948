//! AWS Database Migration Service in Tieline's words; a `status` is in DMS's own.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::ids::{GroupId, RoleArn, SecretArn, SubnetId};
use crate::outside::{Reply, Tags};

/// AWS DMS, as far as a tested endpoint to a MySQL server needs it.
///
/// What is asked for by identifier is answered with `None` if DMS has nothing of that name. Deleting what is gone
/// already counts as deleted.
#[async_trait]
pub trait Dms: Send + Sync {
    /// Whether the account has the IAM role `dms-vpc-role` with DMS in its trust policy.
    async fn has_vpc_role(&self) -> Reply<bool>;

    /// Which server a secret for DMS names, in `host` and `port`. Its other fields are not looked at.
    async fn secret_address(&self, secret: &SecretArn) -> Reply<SecretAddress>;

    /// A subnet group by its identifier, and by its ARN, which DMS wants for the tags and does not tell.
    async fn subnet_group(&self, id: &str, arn: &str) -> Reply<Option<SubnetGroup>>;
    /// Creates a subnet group of subnets in at least two zones.
    async fn create_subnet_group(
        &self,
        id: &str,
        description: &str,
        subnets: &[SubnetId],
        tags: &Tags,
    ) -> Reply<()>;
    /// Deletes a subnet group; refused as [`super::CallError::is_busy`] while something uses it.
    async fn delete_subnet_group(&self, id: &str) -> Reply<()>;

    /// A replication instance by its identifier or its ARN.
    async fn instance(&self, id: &str) -> Reply<Option<Instance>>;
    /// Every replication instance whose identifier begins so, whatever page it is on.
    async fn instances(&self, beginning: &str) -> Reply<Vec<DmsThing>>;
    /// Creates a replication instance that is not public.
    async fn create_instance(&self, new: &NewInstance, tags: &Tags) -> Reply<()>;
    /// Gives an instance another class and more storage, at once: it is `modifying` for some minutes, and does nothing meanwhile.
    /// What is as it was is not named. Refused as [`super::CallError::is_busy`] unless it is available.
    async fn modify_instance(
        &self,
        arn: &str,
        class: Option<&str>,
        storage: Option<u32>,
    ) -> Reply<()>;
    async fn delete_instance(&self, arn: &str) -> Reply<()>;

    /// The ARN of a certificate by its identifier.
    async fn certificate(&self, id: &str) -> Reply<Option<DmsCertificate>>;
    async fn import_certificate(&self, id: &str, pem: &str, tags: &Tags) -> Reply<()>;
    async fn delete_certificate(&self, arn: &str) -> Reply<()>;

    /// An endpoint (a database, in DMS's word) by its identifier.
    async fn endpoint(&self, id: &str) -> Reply<Option<DmsEndpoint>>;
    /// Every endpoint whose identifier begins so, whatever page it is on.
    async fn endpoints(&self, beginning: &str) -> Reply<Vec<DmsThing>>;
    /// Creates an endpoint, with the ARN of the certificate that it names.
    async fn create_endpoint(
        &self,
        new: &NewDmsEndpoint,
        certificate_arn: Option<&str>,
        tags: &Tags,
    ) -> Reply<()>;
    async fn delete_endpoint(&self, arn: &str) -> Reply<()>;

    async fn test(&self, instance: &str, endpoint: &str) -> Reply<Option<Test>>;
    async fn start_test(&self, instance: &str, endpoint: &str) -> Reply<()>;
    async fn delete_test(&self, instance: &str, endpoint: &str) -> Reply<()>;

    /// Adds tags to anything of DMS's by its ARN.
    async fn tag(&self, arn: &str, tags: &Tags) -> Reply<()>;
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretAddress {
    /// The host, empty if the secret names none.
    pub host: String,
    /// The port, 0 if the secret names none.
    pub port: u16,
}

#[derive(Debug, Clone)]
pub struct SubnetGroup {
    pub vpc: String,
    pub subnet_ids: Vec<String>,
    pub tags: Tags,
}

#[derive(Debug, Clone)]
pub struct Instance {
    pub arn: String,
    pub status: String,
    pub vpc: String,
    pub size: Size,
    pub private_ips: Vec<String>,
    pub tags: Tags,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")] // payloads under way have these names
pub struct NewInstance {
    pub id: String,
    /// Its class, such as `dms.t3.medium`.
    pub class: String,
    /// Its engine version; none leaves the choice to DMS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engine_version: Option<String>,
    pub multi_az: bool,
    /// Its storage in GiB.
    pub storage: u32,
    pub subnet_group: String,
    /// Its security groups; none means the VPC's default group.
    pub groups: Vec<GroupId>,
}

/// A certificate that DMS checks servers against.
#[derive(Debug, Clone)]
pub struct DmsCertificate {
    pub arn: String,
    pub tags: Tags,
}

#[derive(Debug, Clone)]
pub struct DmsEndpoint {
    pub arn: String,
    pub status: String,
    pub tags: Tags,
}

/// What of an instance changes in place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Size {
    /// Its class, such as `dms.t3.medium`.
    pub class: String,
    /// Its storage in GiB, 0 if DMS does not say.
    pub storage: u32,
}

/// How something of DMS's is, by its status (DMS User Guide, "Replication instance status").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DmsState {
    Works,
    Going,
    Broken,
    /// DMS is at work on it; or it is in a state that is new since this was written.
    Passing,
}

impl DmsState {
    pub fn of(status: &str) -> Self {
        match status {
            // The first of an instance, the second of an endpoint.
            "available" | "active" => Self::Works,
            "deleting" | "deleted" => Self::Going,
            "failed"
            | "incompatible-network"
            | "incompatible-credentials"
            | "storage-full"
            | "inaccessible-encryption-credentials" => Self::Broken,
            _ => Self::Passing,
        }
    }
}

/// A replication instance or an endpoint, as far as both are the same.
#[derive(Debug, Clone)]
pub struct DmsThing {
    pub id: String,
    pub arn: String,
    pub status: String,
    /// How large an instance is.
    pub size: Option<Size>,
    pub tags: Tags,
}

/// An endpoint to a MySQL server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")] // payloads under way have these names
pub struct NewDmsEndpoint {
    pub id: String,
    /// Whether data is read from it or written to it.
    pub is_source: bool,
    /// The secret with user name, password, host and port, which DMS reads by itself.
    pub secret: SecretArn,
    pub secret_role: RoleArn,
    /// `none`, `verify-ca` or `verify-full`.
    pub ssl_mode: String,
    /// The identifier of the certificate to check the server against.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<String>,
    /// Extra connection attributes, `key=value;key=value`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attributes: Option<String>,
}

#[derive(Debug, Clone)]
pub struct Test {
    pub status: String,
    /// Why it failed, empty if it did not.
    pub message: String,
}
