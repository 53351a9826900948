//! TiDB Cloud in Tieline's words; a `state` is in TiDB Cloud's own.
//!
//! Every call says where to and with which secret's API key; the key itself never comes here. Each method fails with
//! [`super::CallError::Refused`] when TiDB Cloud or Secrets Manager says no, in the words of
//! [`super::CallError::answered_by_vendor`], and with [`super::CallError::Unavailable`] when there is no usable answer.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::ids::{EndpointId, SecretArn, TidbId};
use crate::outside::Reply;

/// A cluster, and the secret with the API key of its project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")] // payloads under way have these names
pub struct TidbCluster {
    pub key: SecretArn,
    pub cluster: TidbId,
}

/// A node group of a Dedicated cluster, and the secret with the API key of its project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")] // payloads under way have these names
pub struct TidbNodeGroup {
    pub key: SecretArn,
    pub group: NodeGroupId,
}

/// A node group by its cluster's id and its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeGroupId {
    pub cluster: TidbId,
    pub group: TidbId,
}

/// The parts of the Dedicated API (v1beta1) and of the Starter and Essential API (v1beta1) that connections need.
#[async_trait]
pub trait TidbCloud: Send + Sync {
    /// A Dedicated cluster with its node groups, or `None` if there is none of that id.
    async fn dedicated_cluster(&self, of: &TidbCluster) -> Reply<Option<DedicatedCluster>>;
    /// The endpoint service of a node group, or `None` if it is not there (yet).
    async fn link_service(&self, of: &TidbNodeGroup) -> Reply<Option<LinkService>>;
    /// Every endpoint that a node group knows of, registered or only discovered; all pages.
    async fn registrations(&self, of: &TidbNodeGroup) -> Reply<Vec<Registration>>;
    /// Registers an endpoint, which makes TiDB Cloud accept it. One that is registered already is refused as
    /// [`super::CallError::is_duplicate`] or [`super::CallError::is_invalid`]: TiDB Cloud does not document which.
    async fn register(&self, at: &TidbNodeGroup, endpoint: &EndpointId) -> Reply<()>;
    /// Removes a registration by its own id. One that is gone already counts as removed.
    async fn unregister(&self, at: &TidbNodeGroup, id: &str) -> Reply<()>;

    /// A Starter or Essential cluster with its private endpoint, or `None` if there is none of that id.
    async fn serverless_cluster(&self, of: &TidbCluster) -> Reply<Option<ServerlessCluster>>;
    /// Where the private link connections of a cluster come from.
    async fn dataflow(&self, of: &TidbCluster) -> Reply<Dataflow>;
    /// Every private link connection of a cluster, without its domains; all pages.
    async fn links(&self, of: &TidbCluster) -> Reply<Vec<Link>>;
    /// One private link connection with its domains, or `None`.
    async fn link(&self, of: &TidbCluster, id: &str) -> Reply<Option<Link>>;
    /// Makes a private link connection to an AWS endpoint service in the cluster's Region, and answers its id.
    async fn create_link(&self, of: &TidbCluster, name: &str, service: &str) -> Reply<String>;
    /// Deletes a private link connection. One that is gone already counts as deleted.
    async fn delete_link(&self, of: &TidbCluster, id: &str) -> Reply<()>;
    /// Attaches the domains of a Confluent network (type `CONFLUENT`) under its unique name.
    async fn attach_confluent(&self, of: &TidbCluster, link: &str, unique_name: &str) -> Reply<()>;
    /// Detaches domains by the id of their attachment. Those that are gone already count as detached.
    async fn detach(&self, of: &TidbCluster, link: &str, attachment: &str) -> Reply<()>;
}

/// Whether a cluster or a node group in this state is not there to stay.
pub fn is_going(state: &str) -> bool {
    matches!(state, "DELETED" | "DELETING" | "INACTIVE")
}

#[derive(Debug, Clone)]
pub struct DedicatedCluster {
    pub state: String,
    /// Its Region with the cloud in front: `aws-us-east-1`.
    pub region_id: String,
    pub groups: Vec<NodeGroup>,
}

#[derive(Debug, Clone)]
pub struct NodeGroup {
    pub id: String,
    pub is_default: bool,
    pub state: String,
    /// Host and port of its private endpoint, once TiDB Cloud says them.
    pub private: Option<(String, u16)>,
}

/// The endpoint service of a node group.
#[derive(Debug, Clone)]
pub struct LinkService {
    /// The endpoint service's full name; empty while it is being made.
    pub service: String,
    /// The name under which clients reach it with private DNS.
    pub dns_name: String,
    pub state: String,
}

/// An endpoint that a node group knows of (`privateEndpointConnection`).
#[derive(Debug, Clone)]
pub struct Registration {
    pub id: String,
    pub endpoint_id: String,
    /// `endpointState` in TiDB Cloud's own word.
    pub state: String,
    /// What TiDB Cloud says about it, empty if nothing.
    pub message: String,
    /// The host to connect to, empty while it is not known.
    pub host: String,
    /// The port to connect to; 0 while it is not known.
    pub port: u16,
}

#[derive(Debug, Clone)]
pub struct ServerlessCluster {
    pub state: String,
    /// `STARTER`, `ESSENTIAL` or another plan.
    pub plan: String,
    /// Its Region as the API names it, such as `aws-us-east-1` or `regions/aws-us-east-1`.
    pub region: String,
    /// What precedes every SQL user's name: `<prefix>.<user>`.
    pub user_prefix: String,
    pub private: Option<ServerlessEndpoint>,
}

#[derive(Debug, Clone)]
pub struct ServerlessEndpoint {
    pub host: String,
    pub port: u16,
    pub service: String,
}

/// Where TiDB Cloud's private link connections come from: allow this account, be in one of these zones.
#[derive(Debug, Clone)]
pub struct Dataflow {
    pub account: String,
    /// The zones, by id.
    pub zone_ids: Vec<String>,
}

/// A private link connection of TiDB Cloud's (`plc-…`).
#[derive(Debug, Clone)]
pub struct Link {
    pub id: String,
    /// Its name; not unique.
    pub name: String,
    /// When it was created, in RFC 3339 as TiDB Cloud writes it.
    pub created: String,
    pub service: String,
    pub state: String,
    /// Why it failed, empty if it did not.
    pub message: String,
    /// What is attached to it. Only a look at the single connection knows.
    pub domains: Vec<Attachment>,
}

/// Domains that are attached to a private link connection.
#[derive(Debug, Clone)]
pub struct Attachment {
    pub id: String,
    pub unique_name: String,
    /// Each domain: its name, its state in TiDB Cloud's own word and why it failed.
    pub domains: Vec<Domain>,
}

#[derive(Debug, Clone)]
pub struct Domain {
    pub name: String,
    /// The state in TiDB Cloud's own word, which is not documented.
    pub state: String,
    /// Why it failed, empty if it did not.
    pub message: String,
}
