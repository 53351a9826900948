//! TiDB Cloud: what it has, who may see it, and how long it takes.
//!
//! Sources: the swagger files of TiDB Cloud's APIs (tidbcloud/tidbcloud-cli, `pkg/tidbcloud`);
//! docs.pingcap.com, "TiDB Cloud API overview" and the pages on private endpoints.

pub mod connections;
pub mod dedicated;
pub mod links;
pub mod serverless;

use std::collections::BTreeMap;
use std::time::Duration;

use crate::failure::refuse_as;
use crate::model::credentials::{Credentials, TIDB_CLOUD, TIDB_CLOUD_OTHER};
use crate::model::pages::{self, Cut};
use crate::{Failure, World};

use connections::Registration;
use dedicated::DedicatedCluster;
use links::Link;
use serverless::ServerlessCluster;

/// The project that owns the clusters here.
pub const PROJECT: &str = "1372813089454525346";
/// Another project of the same organization.
pub const OTHER_PROJECT: &str = "1372813089454537219";
/// TiDB Cloud's AWS account: its private link connections come from it.
pub const TIDB_ACCOUNT: &str = "380838443567";
/// The Region of everything here, as TiDB Cloud writes it.
pub const REGION_ID: &str = "aws-us-east-1";
/// Its name for people.
pub(crate) const REGION_NAME: &str = "N. Virginia (us-east-1)";
/// The zones of the Region in which TiDB Cloud has its side of private link connections.
pub(crate) const LINK_ZONES: [&str; 3] = ["use1-az1", "use1-az4", "use1-az6"];

/// Everything of TiDB Cloud.
#[derive(Debug, Clone)]
pub(crate) struct TidbCloud {
    /// The API keys that are valid, with their projects.
    pub(crate) keys: Vec<(Credentials, &'static str)>,
    pub(crate) clusters: BTreeMap<String, DedicatedCluster>,
    pub(crate) instances: BTreeMap<String, ServerlessCluster>,
    pub(crate) registrations: BTreeMap<String, Registration>,
    pub(crate) links: BTreeMap<String, Link>,
    pub(crate) outlook: Outlook,
}

impl Default for TidbCloud {
    fn default() -> Self {
        Self {
            keys: vec![(TIDB_CLOUD, PROJECT), (TIDB_CLOUD_OTHER, OTHER_PROJECT)],
            clusters: BTreeMap::new(),
            instances: BTreeMap::new(),
            registrations: BTreeMap::new(),
            links: BTreeMap::new(),
            outlook: Outlook::default(),
        }
    }
}

/// What becomes of what is asked for from now on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outlook {
    /// Registrations fail.
    pub registrations_fail: bool,
    /// Somebody else registers an endpoint a moment before the request to do so.
    pub rival_registers_first: bool,
    /// What the registration of an endpoint that has one is answered with.
    pub duplicate: Duplicate,
    /// Private link connections fail.
    pub links_fail: bool,
    /// Domains that are attached fail.
    pub domains_fail: bool,
}

/// What the registration of an endpoint that has one is answered with. Not verified: which of them
/// it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Duplicate {
    /// 409 and `ALREADY_EXISTS`.
    #[default]
    Conflict,
    /// 400 and `INVALID_ARGUMENT`.
    BadRequest,
}

/// How long TiDB Cloud's steps take in virtual time.
#[derive(Debug, Clone, PartialEq)]
pub struct Timing {
    /// Until TiDB Cloud accepts a registered endpoint on the EC2 side. Not verified.
    pub accept: Duration,
    /// From an available endpoint to an active connection; the docs' "System Checking" takes
    /// approximately 5 minutes.
    pub system_check: Duration,
    /// Until a deleted registration is gone. Not verified.
    pub unregister: Duration,
    /// How long a registration outlives its endpoint. Absent means that it stays, because
    /// both are to be removed; not verified.
    pub outlives_endpoint: Option<Duration>,
    /// How much later than its cluster a new link service is active: 3 to 5 minutes, by the docs.
    pub link_service: Duration,
    /// Until a private link connection has its endpoint.
    pub link_create: Duration,
    /// Until the provider has accepted it, where it does so by itself.
    pub link_accept: Duration,
    /// Until a deleted private link connection is gone.
    pub link_delete: Duration,
    /// Until an attached domain is active.
    pub domain_attach: Duration,
    /// Until a detached domain is gone.
    pub domain_detach: Duration,
    /// How long a nonce of HTTP Digest lives. Not verified.
    pub nonce: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            accept: Duration::from_secs(20),
            system_check: Duration::from_secs(180),
            unregister: Duration::from_secs(60),
            outlives_endpoint: None,
            link_service: Duration::from_secs(240),
            link_create: Duration::from_secs(60),
            link_accept: Duration::from_secs(60),
            link_delete: Duration::from_secs(60),
            domain_attach: Duration::from_secs(30),
            domain_detach: Duration::from_secs(30),
            nonce: Duration::from_secs(300),
        }
    }
}

/// Whose API key a call is made with; by default one of the project that owns the clusters. It is
/// part of no request's body, so the log of calls does not have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caller {
    /// The key's project.
    pub project: &'static str,
    /// The public key.
    pub key: &'static str,
}

impl Default for Caller {
    fn default() -> Self {
        Self {
            project: PROJECT,
            key: TIDB_CLOUD.id,
        }
    }
}

impl Caller {
    /// The owner of a public key of this world, valid or not.
    pub(crate) fn named(key: &str) -> Option<Self> {
        let known = [(TIDB_CLOUD, PROJECT), (TIDB_CLOUD_OTHER, OTHER_PROJECT)];
        known
            .into_iter()
            .find(|(credentials, _)| credentials.id == key)
            .map(|(credentials, project)| Self {
                project,
                key: credentials.id,
            })
    }

    /// Docs, "TiDB Cloud API overview": a key sees what its project has, and 403 means that it may
    /// not see this. The message is not verified.
    fn check(self, project: &str) -> Result<(), Failure> {
        if self.project == project {
            return Ok(());
        }
        Err(refuse_as(
            403,
            "7", // google.rpc.Code PERMISSION_DENIED
            "the API key does not have permission to access the resource",
        ))
    }
}

impl World {
    /// Somebody revokes all API keys of TiDB Cloud, or thinks better of it.
    pub fn revoke_tidb_keys(&mut self, revoked: bool) {
        self.model.tidb.keys = match revoked {
            true => Vec::new(),
            false => TidbCloud::default().keys,
        };
    }

    /// A Starter or Essential cluster is in this state from now on, or, without one, not there any more.
    pub fn tidb_cluster_is(&mut self, id: &str, state: Option<&'static str>) {
        let clusters = &mut self.model.tidb.instances;
        match state {
            None => drop(clusters.remove(id)),
            Some(state) => {
                if let Some(cluster) = clusters.get_mut(id) {
                    cluster.phase = dedicated::Phase::Stays(state);
                }
            }
        }
    }

    /// TiDB Cloud forgets every registration, and rejects no endpoint for that. Not verified: that this happens.
    pub fn lose_tidb_registrations(&mut self) {
        self.model.tidb.registrations.clear();
    }

    /// What becomes of what TiDB Cloud is asked for from now on.
    pub fn tidb_outlook(&mut self) -> &mut Outlook {
        &mut self.model.tidb.outlook
    }
}

/// A refusal with `INVALID_ARGUMENT` of google.rpc.Code.
pub(crate) fn invalid(message: impl Into<String>) -> Failure {
    refuse_as(400, "3", message)
}

/// A refusal with `NOT_FOUND`.
pub(crate) fn not_found(message: impl Into<String>) -> Failure {
    refuse_as(404, "5", message)
}

/// A refusal with `ALREADY_EXISTS`.
fn already_exists(message: impl Into<String>) -> Failure {
    refuse_as(409, "6", message)
}

/// A refusal with `FAILED_PRECONDITION`, which grpc-gateway writes as 400.
fn not_ready(message: impl Into<String>) -> Failure {
    refuse_as(400, "9", message)
}

/// Swagger, `pageSize`: 10 unless said, values above 100 count as 100. Not verified: what a
/// negative one gives.
fn cut(size: Option<i64>, token: Option<&str>, skip: Option<i64>) -> Result<Cut, Failure> {
    let size = match size.unwrap_or_default() {
        0 => 10,
        size @ 1.. => size.min(100),
        _ => return Err(invalid("page_size must not be negative")),
    };
    let offset = match token.filter(|token| !token.is_empty()) {
        Some(token) => pages::offset(token).ok_or_else(|| invalid("page_token is not valid"))?,
        None => 0,
    };
    let skip = usize::try_from(skip.unwrap_or_default());
    let skip = skip.map_err(|_| invalid("skip must not be negative"))?;
    Ok(Cut {
        offset: offset + skip,
        size: usize::try_from(size).unwrap_or(10),
    })
}
