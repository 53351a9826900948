//! Private link accesses: the AWS accounts that may connect to a network.

mod shapes;

pub use shapes::{
    AwsPrivateLinkAccess, ListMetadata, NewAccess, NewAwsAccess, PrivateLinkAccess,
    PrivateLinkAccessList, PrivateLinkAccessSpec, PrivateLinkAccessStatus,
};

use serde::{Deserialize, Serialize};

use crate::clock::{self, Moment};
use crate::failure::refuse_as;
use crate::model::Model;
use crate::model::agenda::Event;
use crate::{Failure, Operation, Service};

use super::networks::Network;
use super::{
    API, Metadata, check_environment, cut, environment, forbidden, invalid, lets_through, network,
    network_name, not_found,
};

/// Spec, quota `private_link_accounts_per_network`. Not verified: the number.
const ACCOUNTS_PER_NETWORK: usize = 10;

/// An access.
#[derive(Debug, Clone)]
pub(crate) struct Access {
    id: String,
    display_name: String,
    account: String,
    network_id: String,
    phase: Phase,
    created: Moment,
    updated: Moment,
}

/// What is happening to an access; with the time, its phase follows.
#[derive(Debug, Clone)]
enum Phase {
    Provisioning { until: Moment, works: bool },
    Deprovisioning { until: Moment },
}

/// Lets an account connect to a network.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CreatePrivateLinkAccess {
    /// What is wanted.
    pub spec: NewAccess,
}

/// Asks for an access.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct GetPrivateLinkAccess {
    /// The environment's id; required.
    pub environment: Option<String>,
    /// The access's id.
    pub id: String,
}

/// Lists accesses. Each filter lets through what has any of its values.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ListPrivateLinkAccesses {
    /// The environment's id; required.
    pub environment: Option<String>,
    /// By name.
    #[serde(rename = "spec.display_name")]
    pub display_name: Vec<String>,
    /// By network.
    #[serde(rename = "spec.network")]
    pub network: Vec<String>,
    /// By phase.
    #[serde(rename = "status.phase")]
    pub phase: Vec<String>,
    /// How many at most.
    pub page_size: Option<i64>,
    /// Where the page begins.
    pub page_token: Option<String>,
}

/// Gives an access another name.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct UpdatePrivateLinkAccess {
    /// The access's id in the path.
    #[serde(skip_deserializing)]
    pub id: String,
    /// What is wanted. Only the name can change.
    pub spec: NewAccess,
}

/// Takes an account's access away.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DeletePrivateLinkAccess {
    /// The environment's id; required.
    pub environment: Option<String>,
    /// The access's id.
    pub id: String,
}

/// Nothing.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct DeletePrivateLinkAccessAnswer {}

impl Operation for CreatePrivateLinkAccess {
    type Answer = PrivateLinkAccess;
    const SERVICE: Service = Service::Confluent;
    const ACTION: &'static str = "CreatePrivateLinkAccess";
    const WRITE: bool = true;

    fn perform(self, model: &mut Model) -> Result<PrivateLinkAccess, Failure> {
        let (account, network_id) = self.check(model)?;
        let access = Access {
            id: model.ids.short("pla"),
            display_name: self.spec.display_name.unwrap_or_default(),
            account,
            network_id,
            phase: Phase::Provisioning {
                until: model.later(model.timing.confluent.access_create),
                works: !model.confluent.outlook.accesses_fail,
            },
            created: model.now,
            updated: model.now,
        };
        let answer = access.detail(model.now);
        model.confluent.accesses.insert(access.id.clone(), access);
        Ok(answer)
    }
}

impl CreatePrivateLinkAccess {
    /// Spec: what is required, and that an account is 12 digits. The other refusals are not
    /// verified.
    fn check(&self, model: &Model) -> Result<(String, String), Failure> {
        check_spec_environment(&self.spec)?;
        let required = |property| move || invalid(property, "is required");
        let cloud = self.spec.cloud.as_ref();
        let cloud = cloud.ok_or_else(required("/spec/cloud"))?;
        // Live payloads have a prefix before the kind, the spec has not.
        if cloud.kind.rsplit('.').next() != Some("AwsPrivateLinkAccess") {
            return Err(invalid("/spec/cloud/kind", "must be AwsPrivateLinkAccess"));
        }
        let is_account =
            cloud.account.len() == 12 && cloud.account.bytes().all(|byte| byte.is_ascii_digit());
        if !is_account {
            return Err(invalid("/spec/cloud/account", "must match ^\\d{12}$"));
        }
        let wanted = self.spec.network.as_ref();
        let wanted = wanted.ok_or_else(required("/spec/network"))?;
        // Spec: a POST declares no 404.
        let network = model
            .confluent_network(&wanted.id)
            .map_err(|_| invalid("/spec/network", "does not name a network"))?;
        check_network(model, network, &cloud.account)?;
        Ok((cloud.account.clone(), wanted.id.clone()))
    }
}

fn check_spec_environment(spec: &NewAccess) -> Result<(), Failure> {
    match spec.environment.as_ref() {
        None => Err(invalid("/spec/environment", "is required")),
        Some(given) => check_environment(Some(&given.id)),
    }
}

fn check_network(model: &Model, network: &Network, account: &str) -> Result<(), Failure> {
    if !network.has_private_link() {
        return Err(invalid("/spec/network", "is not a PRIVATELINK network"));
    }
    if network.phase(model.now) != "READY" {
        return Err(invalid("/spec/network", "is not READY"));
    }
    let accesses = model.confluent.accesses.values();
    let of_network: Vec<_> = accesses
        .filter(|access| access.network_id == network.id && access.exists(model.now))
        .collect();
    if of_network.iter().any(|access| access.account == account) {
        return Err(refuse_as(
            409,
            "resource_already_exists",
            format!(
                "The account '{account}' has access to '{}' already.",
                network.id
            ),
        ));
    }
    if of_network.len() >= ACCOUNTS_PER_NETWORK {
        return Err(refuse_as(
            402,
            "quota_exceeded",
            "The request would exceed the quota: private_link_accounts_per_network",
        ));
    }
    Ok(())
}

impl Operation for GetPrivateLinkAccess {
    type Answer = PrivateLinkAccess;
    const SERVICE: Service = Service::Confluent;
    const ACTION: &'static str = "GetPrivateLinkAccess";
    const WRITE: bool = false;

    fn perform(self, model: &mut Model) -> Result<PrivateLinkAccess, Failure> {
        check_environment(self.environment.as_deref())?;
        Ok(model.access(&self.id)?.detail(model.now))
    }
}

impl Operation for ListPrivateLinkAccesses {
    type Answer = PrivateLinkAccessList;
    const SERVICE: Service = Service::Confluent;
    const ACTION: &'static str = "ListPrivateLinkAccesses";
    const WRITE: bool = false;

    fn perform(self, model: &mut Model) -> Result<PrivateLinkAccessList, Failure> {
        check_environment(self.environment.as_deref())?;
        let mut found = model.all_accesses();
        found.retain(|access| {
            lets_through(&self.display_name, &access.spec.display_name)
                && lets_through(&self.network, &access.spec.network.id)
                && lets_through(&self.phase, access.status.phase)
        });
        let page = cut(self.page_size, self.page_token.as_deref())?.of(found);
        Ok(PrivateLinkAccessList {
            api_version: "networking/v1",
            kind: "PrivateLinkAccessList",
            metadata: ListMetadata {
                next: page.next,
                total_size: page.total,
            },
            data: page.items,
        })
    }
}

impl Operation for UpdatePrivateLinkAccess {
    type Answer = PrivateLinkAccess;
    const SERVICE: Service = Service::Confluent;
    const ACTION: &'static str = "UpdatePrivateLinkAccess";
    const WRITE: bool = true;

    fn perform(self, model: &mut Model) -> Result<PrivateLinkAccess, Failure> {
        check_spec_environment(&self.spec)?;
        let mut access = model.access(&self.id)?.clone();
        if let Some(name) = self.spec.display_name {
            access.display_name = name;
            access.updated = model.now;
        }
        let answer = access.detail(model.now);
        model.confluent.accesses.insert(self.id, access);
        Ok(answer)
    }
}

impl Operation for DeletePrivateLinkAccess {
    type Answer = DeletePrivateLinkAccessAnswer;
    const SERVICE: Service = Service::Confluent;
    const ACTION: &'static str = "DeletePrivateLinkAccess";
    const WRITE: bool = true;

    /// Not verified: that a repeat while it is going is harmless.
    fn perform(self, model: &mut Model) -> Result<DeletePrivateLinkAccessAnswer, Failure> {
        check_environment(self.environment.as_deref())?;
        let mut access = model.access(&self.id)?.clone();
        if !matches!(access.phase, Phase::Deprovisioning { .. }) {
            let until = model.later(model.timing.confluent.access_delete);
            access.phase = Phase::Deprovisioning { until };
            let network = model.confluent_network(&access.network_id)?;
            let event = Event::CutOff {
                service_name: network.service_name.clone(),
                account: access.account.clone(),
            };
            model.agenda.add(until, event);
            model.confluent.accesses.insert(self.id, access);
        }
        Ok(DeletePrivateLinkAccessAnswer {})
    }
}

impl Access {
    pub(super) fn admits(&self, network_id: &str, account: &str, now: Moment) -> bool {
        self.network_id == network_id && self.account == account && self.phase(now) == "READY"
    }

    fn phase(&self, now: Moment) -> &'static str {
        match self.phase {
            Phase::Provisioning { until, .. } if now < until => "PROVISIONING",
            Phase::Provisioning { works: true, .. } => "READY",
            Phase::Provisioning { works: false, .. } => "FAILED",
            Phase::Deprovisioning { .. } => "DEPROVISIONING",
        }
    }

    fn exists(&self, now: Moment) -> bool {
        match self.phase {
            Phase::Provisioning { .. } => true,
            Phase::Deprovisioning { until } => now < until,
        }
    }

    fn detail(&self, now: Moment) -> PrivateLinkAccess {
        let (id, phase) = (&self.id, self.phase(now));
        let failed = phase == "FAILED";
        PrivateLinkAccess {
            api_version: "networking/v1",
            kind: "PrivateLinkAccess",
            id: id.clone(),
            metadata: Metadata {
                url: format!("{API}/networking/v1/private-link-accesses/{id}"),
                resource_name: format!(
                    "{}/private-link-access={id}",
                    network_name(&self.network_id)
                ),
                created_at: clock::iso8601(self.created),
                updated_at: clock::iso8601(self.updated),
            },
            spec: PrivateLinkAccessSpec {
                display_name: self.display_name.clone(),
                cloud: AwsPrivateLinkAccess {
                    kind: "networking.v1.AwsPrivateLinkAccess",
                    account: self.account.clone(),
                },
                environment: environment(),
                network: network(&self.network_id),
            },
            status: PrivateLinkAccessStatus {
                phase,
                // Not verified: the code and the message.
                error_code: failed.then_some("provisioning_failed"),
                error_message: failed.then_some("Could not provision cloud resources"),
            },
        }
    }
}

impl Model {
    /// Observed (terraform-provider-confluent): one that has been deleted gives 403, not only 404.
    fn access(&self, id: &str) -> Result<&Access, Failure> {
        let found = self.confluent.accesses.get(id);
        let access = found.ok_or_else(|| not_found(&format!("Private link access {id}")))?;
        if access.exists(self.now) {
            return Ok(access);
        }
        Err(forbidden())
    }

    /// All accesses that still exist.
    pub(crate) fn all_accesses(&self) -> Vec<PrivateLinkAccess> {
        let accesses = self.confluent.accesses.values();
        accesses
            .filter(|access| access.exists(self.now))
            .map(|access| access.detail(self.now))
            .collect()
    }
}
