//! Confluent Cloud: networks, and which accounts may connect to them.
//!
//! Sources: `networking.openapi.yaml` (confluentinc/ccloud-sdk-go-v2); recorded answers in
//! confluentinc/terraform-provider-confluent, `internal/testdata`.

pub mod accesses;
pub mod networks;

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::failure::refuse_as;
use crate::model::credentials::{CONFLUENT, Credentials};
use crate::model::endpoints::Decision;
use crate::model::pages::{self, Cut};
use crate::model::tidb::TIDB_ACCOUNT;
use crate::{Failure, World};

use super::{ACCOUNT, Model};
use accesses::Access;
use networks::Network;

/// The environment of everything here.
pub const ENVIRONMENT: &str = "env-xk27rp";
/// Confluent's AWS account: it owns the networks' endpoint services.
pub const CONFLUENT_ACCOUNT: &str = "518412957304";
/// Where the API lies for everybody but this world's own clients.
pub(crate) const API: &str = "https://api.confluent.cloud";
/// What names of resources begin with.
const ORGANIZATION: &str =
    "crn://confluent.cloud/organization=9bb441c4-edef-46ac-8a41-c49e44a3fd9a";

/// Everything of Confluent Cloud.
#[derive(Debug, Clone)]
pub(crate) struct ConfluentCloud {
    /// The API keys that are valid.
    pub(crate) keys: Vec<Credentials>,
    pub(crate) networks: BTreeMap<String, Network>,
    pub(crate) accesses: BTreeMap<String, Access>,
    pub(crate) outlook: Outlook,
}

impl Default for ConfluentCloud {
    fn default() -> Self {
        Self {
            keys: vec![CONFLUENT],
            networks: BTreeMap::new(),
            accesses: BTreeMap::new(),
            outlook: Outlook::default(),
        }
    }
}

/// What becomes of what is asked for from now on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Outlook {
    /// Accesses fail.
    pub accesses_fail: bool,
}

/// How long Confluent's steps take in virtual time.
#[derive(Debug, Clone, PartialEq)]
pub struct Timing {
    /// Until a new access is ready.
    pub access_create: Duration,
    /// Until a deleted access is gone.
    pub access_delete: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            access_create: Duration::from_secs(60),
            access_delete: Duration::from_secs(60),
        }
    }
}

/// What a resource is called, and since when.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Metadata {
    /// Its URL.
    #[serde(rename = "self")]
    pub url: String,
    /// Its name.
    pub resource_name: String,
    /// When it was created.
    pub created_at: String,
    /// When it was last changed.
    pub updated_at: String,
}

/// Another resource.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Reference {
    /// Its id.
    pub id: String,
    /// Its URL.
    pub related: String,
    /// Its name.
    pub resource_name: String,
}

/// Another resource in a request.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Id {
    /// Its id.
    pub id: String,
}

fn environment() -> Reference {
    Reference {
        id: ENVIRONMENT.to_owned(),
        related: format!("{API}/org/v2/environments/{ENVIRONMENT}"),
        resource_name: format!("{ORGANIZATION}/environment={ENVIRONMENT}"),
    }
}

fn network(id: &str) -> Reference {
    Reference {
        id: id.to_owned(),
        related: format!("{API}/networking/v1/networks/{id}"),
        resource_name: network_name(id),
    }
}

fn network_name(id: &str) -> String {
    format!("{ORGANIZATION}/environment={ENVIRONMENT}/network={id}")
}

/// The spec's example of a 422: the property in quotes is its `source` too.
fn invalid(property: &str, problem: &str) -> Failure {
    let message = format!("The property '{property}' {problem}");
    refuse_as(422, "invalid_configuration", message)
}

/// A 400 about a parameter, in quotes.
pub(crate) fn bad_parameter(parameter: &str, problem: &str) -> Failure {
    let message = format!("The parameter '{parameter}' {problem}");
    refuse_as(400, "invalid_filter", message)
}

fn not_found(what: &str) -> Failure {
    refuse_as(404, "not_found", format!("{what} was not found"))
}

/// The spec's code. Not verified: the message.
fn forbidden() -> Failure {
    refuse_as(403, "user_unauthorized", "Forbidden Access")
}

/// Spec: `environment` is required. Not verified: that one that the key may not see gives 403.
fn check_environment(environment: Option<&str>) -> Result<(), Failure> {
    match environment {
        None | Some("") => Err(bad_parameter("environment", "is required")),
        Some(ENVIRONMENT) => Ok(()),
        Some(_) => Err(forbidden()),
    }
}

/// Spec, `page_size`: 10 unless said, at most 1000.
fn cut(size: Option<i64>, token: Option<&str>) -> Result<Cut, Failure> {
    let size = size.unwrap_or(10);
    if !(1..=1000).contains(&size) {
        return Err(bad_parameter("page_size", "must be between 1 and 1000"));
    }
    let offset = match token {
        Some(token) => {
            pages::offset(token).ok_or_else(|| bad_parameter("page_token", "is not valid"))?
        }
        None => 0,
    };
    Ok(Cut {
        offset,
        size: usize::try_from(size).unwrap_or(10),
    })
}

/// Spec, `MultipleSearchFilter`: any of the values will do.
fn lets_through(filter: &[String], value: &str) -> bool {
    filter.is_empty() || filter.iter().any(|wanted| wanted == value)
}

impl Model {
    /// Whether an account may connect to an endpoint service. Only Confluent's are closed to some:
    /// a network's is for the accounts that a ready access names.
    pub(crate) fn admits(&self, service_name: &str, account: &str) -> bool {
        let mut networks = self.confluent.networks.values();
        let Some(network) = networks.find(|network| network.service_name == service_name) else {
            return true;
        };
        let mut accesses = self.confluent.accesses.values();
        accesses.any(|access| access.admits(&network.id, account, self.now))
    }

    /// An account's access to a network is gone. Docs: that cuts the account off. Not verified: that
    /// its endpoints are rejected, which is how the owner of a service does that.
    pub(crate) fn cut_off(&mut self, service_name: &str, account: &str) {
        if self.admits(service_name, account) {
            return;
        }
        if account == TIDB_ACCOUNT {
            self.fail_links(service_name);
        }
        if account == ACCOUNT {
            let endpoints = self.endpoints.all_latest();
            let affected: Vec<_> = endpoints
                .filter(|endpoint| endpoint.service_name == service_name)
                .map(|endpoint| endpoint.id.clone())
                .collect();
            for id in affected {
                // One that is not connected cannot be cut off.
                drop(self.decide(&id, Decision::Reject));
            }
        }
    }
}

impl World {
    /// What becomes of what Confluent is asked for from now on.
    pub fn confluent_outlook(&mut self) -> &mut Outlook {
        &mut self.model.confluent.outlook
    }
}
