//! Amazon Route 53 in Tieline's words: private hosted zones.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::ids::VpcId;
use crate::outside::{Reply, Tags};

/// Amazon Route 53, as far as a private zone needs it. Names carry no trailing dot, and an asterisk is an asterisk.
#[async_trait]
pub trait Route53: Send + Sync {
    /// Every private zone that a VPC of this Region is associated with, also those of other accounts.
    async fn zones(&self, vpc: &VpcId) -> Reply<Vec<VpcZone>>;
    /// Every zone of this account, whatever page it is on.
    async fn all_zones(&self) -> Reply<Vec<ListedZone>>;
    /// Those of this name, whoever sees them.
    async fn zones_of(&self, name: &str) -> Reply<Vec<ListedZone>>;
    /// A zone of this account, or `None`.
    async fn zone(&self, id: &str) -> Reply<Option<HostedZone>>;
    /// Creates a private zone for a VPC and answers its id. The same token again, or a name that the VPC has already, is
    /// refused as [`super::CallError::is_duplicate`].
    async fn create_zone(
        &self,
        name: &str,
        vpc: &VpcId,
        token: &str,
        comment: &str,
    ) -> Reply<String>;
    /// Lets another VPC of this Region use a zone. One that does already counts as done.
    async fn associate(&self, id: &str, vpc: &VpcId) -> Reply<()>;
    /// Has a VPC of this Region use a zone no more; Route 53 refuses it for the last one. One that does not already counts as done.
    async fn disassociate(&self, id: &str, vpc: &VpcId) -> Reply<()>;
    /// Adds tags to a zone, replacing values.
    async fn tag_zone(&self, id: &str, tags: &Tags) -> Reply<()>;
    async fn untag_zone(&self, id: &str, keys: &[String]) -> Reply<()>;
    /// Creates or replaces CNAME and alias records, all or none.
    async fn put_names(&self, id: &str, names: &[ZoneName]) -> Reply<()>;
    /// Deletes CNAME and alias records, all or none.
    async fn delete_names(&self, id: &str, names: &[ZoneName]) -> Reply<()>;
    /// Deletes a zone without records of its own. One that is gone already counts as deleted.
    async fn delete_zone(&self, id: &str) -> Reply<()>;
}

/// A private zone as a VPC sees it.
#[derive(Debug, Clone)]
pub struct VpcZone {
    pub id: String,
    pub name: String,
    /// The account that owns it, empty if an AWS service does.
    pub owner: String,
}

/// A zone of this account in a list of all.
#[derive(Debug, Clone)]
pub struct ListedZone {
    pub id: String,
    pub name: String,
    /// Whether VPCs see it, and nobody else.
    pub private: bool,
}

#[derive(Debug, Clone)]
pub struct HostedZone {
    pub id: String,
    pub name: String,
    /// What its maker wrote on it.
    pub comment: String,
    pub vpcs: Vec<String>,
    pub tags: Tags,
    pub names: Vec<ZoneName>,
    /// Names that have addresses in it which are not of our making.
    pub taken: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ZoneName {
    /// The whole name, perhaps with an asterisk in front.
    pub name: String,
    pub leads_to: String,
    /// How long resolvers may keep it, in seconds; 0 of an alias, which has no time of its own.
    pub ttl: u32,
    /// Where it is an alias: the zone's own name is one, as it can be no CNAME (Route 53 Developer Guide, "Choosing between
    /// alias and non-alias records").
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alias: Option<Alias>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alias {
    /// The hosted zone of the name that it leads to.
    pub zone: String,
    /// Whether it answers for IPv6 addresses, and not for IPv4 ones.
    pub ipv6: bool,
}
