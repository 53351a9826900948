//! The model: what exists, how it changes, and when.

pub mod addresses;
mod agenda;
pub mod confluent;
pub mod credentials;
pub mod dms;
pub mod dns;
pub mod dsql;
pub mod endpoints;
pub mod groups;
pub mod iam;
pub mod ids;
pub mod interfaces;
pub mod listing;
pub mod network;
mod pages;
pub mod quotas;
pub mod route53;
pub mod secrets;
pub mod services;
pub mod shapes;
pub mod states;
pub mod tags;
pub mod tidb;
mod tokens;

use std::collections::BTreeMap;
use std::time::Duration;

use crate::clock::{self, Moment};
use crate::plane::Trouble;
use crate::store::Table;

use agenda::Agenda;
use confluent::ConfluentCloud;
use dms::Dms;
use dsql::Cluster;
use endpoints::{Decision, Endpoint, Outlook};
use groups::Group;
use iam::Role;
use ids::Ids;
use interfaces::Interface;
use network::{AclEntry, DhcpOptions, ManagedList, Route, Subnet, Vpc};
use route53::Dns;
use secrets::Secret;
use services::Service;
use states::Execution;
use tidb::TidbCloud;
use tokens::Tokens;

/// The account that the calls are made from.
pub const ACCOUNT: &str = "123456789012";
/// The account of somebody else in the same organization.
pub const OTHER_ACCOUNT: &str = "210987654321";
/// The Region of everything here.
pub const REGION: &str = "us-east-1";

/// Everything that exists.
#[derive(Debug, Clone)]
pub struct Model {
    pub(crate) now: Moment,
    pub(crate) timing: Timing,
    pub(crate) outlook: Outlook,
    pub(crate) endpoints_per_vpc: usize,
    pub(crate) ids: Ids,
    pub(crate) tokens: Tokens,
    pub(crate) vpcs: Table<Vpc>,
    pub(crate) subnets: Table<Subnet>,
    /// The rules of the network ACLs that are not as VPCs begin with, by VPC.
    pub(crate) acls: BTreeMap<String, Vec<AclEntry>>,
    /// The routes that were added to VPCs' tables, by VPC.
    pub(crate) routes: BTreeMap<String, Vec<Route>>,
    /// Sets of DHCP options beside the usual one.
    pub(crate) dhcp: Vec<DhcpOptions>,
    pub(crate) prefix_lists: Vec<ManagedList>,
    pub(crate) groups: Table<Group>,
    pub(crate) services: Vec<Service>,
    /// Whether services say their zones by name only: not AWS, but what other implementations of EC2 do (seen with moto).
    pub(crate) zone_names_only: bool,
    pub(crate) endpoints: Table<Endpoint>,
    pub(crate) interfaces: Table<Interface>,
    pub(crate) tags: Table<BTreeMap<String, String>>,
    pub(crate) clusters: BTreeMap<String, Cluster>,
    pub(crate) dms: Dms,
    pub(crate) dns: Dns,
    pub(crate) roles: BTreeMap<String, Role>,
    pub(crate) secrets: BTreeMap<String, Secret>,
    pub(crate) agenda: Agenda,
    /// What services' owners do by themselves about connection requests, and after how long.
    pub(crate) owners: BTreeMap<String, (Decision, Duration)>,
    pub(crate) tidb: TidbCloud,
    pub(crate) confluent: ConfluentCloud,
    /// The oldest first.
    pub(crate) executions: Vec<Execution>,
    pub(crate) trouble: Trouble,
}

/// How long things take in virtual time.
#[derive(Debug, Clone, PartialEq)]
pub struct Timing {
    /// Until a write is visible to reads.
    pub visible_after: Duration,
    /// Until a new interface endpoint is available. AWS promises nothing; minutes are usual
    /// (terraform-provider-aws waits ten).
    pub create: Duration,
    /// Until a modified endpoint is available again.
    pub modify: Duration,
    /// Until a deleted endpoint is `deleted`.
    pub delete: Duration,
    /// How much longer than the endpoint its network interfaces stay (terraform-provider-aws
    /// retries `DependencyViolation`).
    pub interface_lag: Duration,
    /// How long a deleted endpoint can still be described.
    pub deleted_stays: Duration,
    /// Until a connection request that nobody accepts expires. Not verified: AWS documents the
    /// state, not the time.
    pub acceptance_expires: Duration,
    /// Until a new DSQL cluster is active.
    pub cluster_create: Duration,
    /// Until a deleted DSQL cluster is gone.
    pub cluster_delete: Duration,
    /// Until a new replication instance is available (turbot/steampipe-plugin-aws #357 saw four
    /// minutes; the waiter of botocore allows an hour).
    pub dms_instance_create: Duration,
    /// Until a deleted replication instance is gone.
    pub dms_instance_delete: Duration,
    /// How long a replication instance is modified.
    pub dms_instance_modify: Duration,
    /// Until the test of a connection has an outcome. Not verified; the waiter allows five minutes.
    pub dms_test: Duration,
    /// Until a deleted DMS endpoint or connection is gone.
    pub dms_delete: Duration,
    /// Until a new role, or a policy attached to it, counts everywhere (IAM user guide, "Changes that
    /// I make are not always immediately visible").
    pub role_spreads: Duration,
    /// Until a change of records is in sync (Route 53 API reference, `GetChange`: generally within
    /// 60 seconds).
    pub dns_change: Duration,
    /// How long the steps of TiDB Cloud take.
    pub tidb: tidb::Timing,
    /// How long the steps of Confluent Cloud take.
    pub confluent: confluent::Timing,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            visible_after: Duration::from_secs(2),
            create: Duration::from_secs(60),
            modify: Duration::from_secs(30),
            delete: Duration::from_secs(60),
            interface_lag: Duration::from_secs(20),
            deleted_stays: Duration::from_secs(300),
            acceptance_expires: Duration::from_secs(7 * 24 * 3600),
            cluster_create: Duration::from_secs(60),
            cluster_delete: Duration::from_secs(60),
            dms_instance_create: Duration::from_secs(480),
            dms_instance_delete: Duration::from_secs(240),
            dms_instance_modify: Duration::from_secs(360),
            dms_test: Duration::from_secs(30),
            dms_delete: Duration::from_secs(10),
            role_spreads: Duration::from_secs(10),
            dns_change: Duration::from_secs(40),
            tidb: tidb::Timing::default(),
            confluent: confluent::Timing::default(),
        }
    }
}

impl Model {
    pub(crate) fn new(now: Moment) -> Self {
        Self {
            now,
            timing: Timing::default(),
            outlook: Outlook::Available,
            endpoints_per_vpc: quotas::ENDPOINTS_PER_VPC,
            ids: Ids::default(),
            tokens: Tokens::default(),
            vpcs: Table::default(),
            subnets: Table::default(),
            groups: Table::default(),
            services: Vec::new(),
            zone_names_only: false,
            endpoints: Table::default(),
            interfaces: Table::default(),
            tags: Table::default(),
            clusters: BTreeMap::new(),
            dms: Dms::default(),
            dns: Dns::default(),
            roles: BTreeMap::new(),
            secrets: BTreeMap::new(),
            agenda: Agenda::default(),
            owners: BTreeMap::new(),
            tidb: TidbCloud::default(),
            confluent: ConfluentCloud::default(),
            acls: BTreeMap::new(),
            routes: BTreeMap::new(),
            dhcp: Vec::new(),
            prefix_lists: Vec::new(),
            executions: Vec::new(),
            trouble: Trouble::default(),
        }
    }

    /// When a write made now is visible to reads.
    pub(crate) fn visible(&self) -> Moment {
        clock::after(self.now, self.timing.visible_after)
    }
}
