//! The interface endpoint: what is planned, and how a live one differs from that.

mod built;
mod change;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::{Addressing, EndpointId, GroupId, Ports, SubnetId, VpcId};
use crate::json::{canonical, policy};
use crate::options::Policy;
use crate::outside::route53::VpcZone;
use crate::outside::{Endpoint, Group, Interface, NewEndpoint, NewGroup};
use crate::ownership::{MANAGED, Owner};

pub use built::{GROUPS, drift};
pub use change::{Change, Difference, Form};

/// An interface endpoint, resolved.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EndpointPlan {
    pub vpc_id: VpcId,
    pub service: String,
    /// The account that owns the service, or `amazon`.
    pub service_owner: String,
    /// The TCP port that clients connect to.
    pub port: u16,
    /// Further TCP ports that they need.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub further_ports: Vec<Ports>,
    /// Whether the service's owner pays for the endpoint's hours.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub owner_pays: bool,
    /// Which endpoint serves the request.
    pub serving: Serving,
    /// Where the endpoint has a network interface, one a zone.
    pub zones: Vec<AvailabilityZone>,
    /// Which addresses they have, and for which of them there are names.
    #[serde(default, skip_serializing_if = "Addressing::is_usual")]
    pub addressing: Addressing,
    /// Which security groups it has.
    pub groups: Groups,
    /// Whether the target's own names lead to it, and how.
    pub private_dns: Option<PrivateDns>,
    /// The target's own host name, if anything leads it to the endpoint; with a star where only the client knows all of it.
    pub host: Option<String>,
    /// What may be done through it.
    pub policy: Policy,
    /// How long a person may take to accept it, in hours; none if nobody has to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acceptance_hours: Option<u32>,
    /// How an adopted endpoint differs from what was asked for, in what the request can do without.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub differs: Vec<String>,
}

/// Which endpoint serves a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "is", rename_all = "kebab-case")]
pub enum Serving {
    /// One that is to be created.
    New,
    /// One of Tieline's that is there already.
    Ours {
        /// The one that is there already.
        id: EndpointId,
    },
    /// One that is not Tieline's and stays as it is.
    Adopted {
        /// The one that is there already.
        id: EndpointId,
    },
}

impl Serving {
    /// Whether an endpoint has to be created.
    pub fn is_new(&self) -> bool {
        *self == Self::New
    }

    /// Whether the endpoint is not ours and stays as it is.
    pub fn is_adopted(&self) -> bool {
        matches!(self, Self::Adopted { .. })
    }
}

/// A zone and the subnet in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AvailabilityZone {
    /// The zone's id, the same in every account.
    pub zone_id: String,
    /// The zone's name in this account.
    pub zone_name: String,
    /// The subnet.
    pub subnet_id: SubnetId,
}

/// The security groups of the endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "are", rename_all = "kebab-case")]
pub enum Groups {
    /// Groups that the request names.
    Named {
        /// Their ids.
        ids: Vec<GroupId>,
    },
    /// A group of Tieline's own that lets clients in on the target's ports.
    Own {
        /// Its name, unique in the VPC.
        name: String,
        /// The blocks of addresses that it lets in.
        cidrs: Vec<String>,
    },
    /// Those that the adopted endpoint has.
    #[serde(rename = "kept")]
    Unchanged,
}

/// The names that will resolve to the endpoint; null if none will.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PrivateDns {
    /// The one to connect to; none where all of them are wildcards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub host: Option<String>,
    /// All of them.
    pub names: Vec<String>,
    /// Whether they serve inbound Resolver endpoints only; said of services that have gateway endpoints too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "bool")]
    pub inbound_only: Option<bool>,
}

impl EndpointPlan {
    /// The subnets.
    pub fn subnets(&self) -> Vec<SubnetId> {
        self.zones
            .iter()
            .map(|zone| zone.subnet_id.clone())
            .collect()
    }

    /// Every port that clients need, the first one first.
    pub fn ports(&self) -> impl Iterator<Item = Ports> {
        std::iter::once(self.port.into()).chain(self.further_ports.iter().copied())
    }

    /// Whether every network interface shows that the endpoint is to have.
    pub fn shows_in(&self, interfaces: Option<&[Interface]>) -> bool {
        let interfaces = interfaces.unwrap_or_default();
        let wanted = self.addressing.ip_address_type;
        // Where nothing was said, an interface that shows is enough, as it always was.
        let has_addresses = |one: &Interface| {
            self.addressing.is_usual()
                || ((!wanted.has_ipv4() || one.private_ip.is_some())
                    && (!wanted.has_ipv6() || one.ipv6.is_some()))
        };
        self.zones.iter().all(|zone| {
            let mut there = interfaces.iter();
            there.any(|one| one.subnet_id == zone.subnet_id.as_str() && has_addresses(one))
        })
    }

    /// What to create for a plan, in a generation of client tokens.
    pub fn new_endpoint(
        &self,
        owner: &Owner,
        groups: Vec<GroupId>,
        generation: &str,
    ) -> NewEndpoint {
        // Whoever asks for this service in this VPC uses the same token, until an endpoint dies.
        let parts = [
            &owner.deployment,
            &owner.account,
            owner.region.as_str(),
            self.vpc_id.as_str(),
            &self.service,
            generation,
        ];
        NewEndpoint {
            token: canonical::digest(&parts[usize::from(owner.unnamed)..]),
            vpc: self.vpc_id.clone(),
            service: self.service.clone(),
            subnets: self.subnets(),
            addressing: self.addressing,
            groups,
            policy: self.policy.document().map(str::to_owned),
            tags: owner.all_tags(),
        }
    }

    /// The group of our own, to be created under the planned name.
    pub fn new_group(&self, owner: &Owner, name: &str) -> NewGroup {
        NewGroup {
            vpc: self.vpc_id.clone(),
            name: name.to_owned(),
            description: format!(
                "Lets {} into the endpoint of {} (Tieline)",
                self.vpc_id, self.service
            ),
            // The caller's: an organization may refuse what is made without them. The mark says whose the group is.
            tags: owner
                .default_tags
                .iter()
                .chain(&owner.tags)
                .map(|(key, value)| (key.clone(), value.clone()))
                .chain([
                    (MANAGED.to_owned(), owner.deployment.clone()),
                    ("Name".to_owned(), name.to_owned()),
                ])
                .collect(),
        }
    }
}

/// The name of the group of a deployment's own for a service in a VPC. There is one for the one endpoint, whatever ports its
/// requests need.
pub fn own_group_name(deployment: &str, vpc: &VpcId, service: &str) -> String {
    group_name(&[deployment, vpc.as_str(), service], service)
}

fn group_name(digested: &[&str], service: &str) -> String {
    let digest = canonical::digest(digested);
    let short = service.rsplit('.').next().unwrap_or(service);
    format!("tieline-{short}-{}", &digest[..8])
}

/// Whether a group in the VPC is the one of our own that is planned under this name, or the same from before deployments had
/// names.
pub(crate) fn is_own_group(
    owner: &Owner,
    group: &Group,
    name: &str,
    vpc: &VpcId,
    service: &str,
) -> bool {
    let before = || group_name(&[vpc.as_str(), service], service);
    owner.is_ours(&group.tags) && (group.name == name || group.name == before())
}

/// How a live endpoint differs from the plan, apart from DNS and the request's own tag.
pub fn differences(owner: &Owner, wanted: &EndpointPlan, endpoint: &Endpoint) -> Vec<String> {
    let mut found = Vec::new();
    let subnets = wanted.zones.iter().map(|zone| zone.subnet_id.as_str());
    found.extend(missing(subnets, &endpoint.subnet_ids).map(|list| format!("it is not in {list}")));
    if let Groups::Named { ids } = &wanted.groups {
        let groups = missing(ids.iter().map(GroupId::as_str), &endpoint.group_ids);
        found.extend(groups.map(|list| format!("it does not have {list}")));
    }
    if let Some(there) = endpoint
        .addressing
        .filter(|one| !one.serves(wanted.addressing))
    {
        found.push(format!(
            "its addresses are {} and its records {}",
            there.ip_address_type.as_str(),
            there.dns_record_ip_type.as_str()
        ));
    }
    let inbound_only = wanted.private_dns.as_ref().and_then(|dns| dns.inbound_only);
    if endpoint.private_dns && inbound_only.is_some_and(|wanted| wanted != endpoint.inbound_only) {
        found.push(format!(
            "its names are {}for inbound resolvers only",
            if endpoint.inbound_only { "" } else { "not " }
        ));
    }
    // The one that this request made has the policy that was sent, whatever words EC2 shows it in.
    if !wanted.serving.is_new() && has_other_policy(wanted, endpoint) {
        found.push("it has another policy".to_owned());
    }
    // Who shares it has no tags on it but the mark.
    let own = !owner.shares(&endpoint.tags);
    for (key, value) in owner.tags.iter().filter(|_| own) {
        if key != "Name" && endpoint.tags.get(key).is_some_and(|there| there != value) {
            found.push(format!("its tag {key} has another value"));
        }
    }
    found
}

/// Whether an endpoint holds one of a service's private names.
pub(crate) fn holds_name(endpoint: &Endpoint, service: &str, names: &[String]) -> bool {
    let listed = endpoint.dns_names.iter().any(|name| names.contains(name));
    endpoint.private_dns && (listed || endpoint.service == service)
}

/// The zone of somebody that holds one of a service's private names.
pub(crate) fn holding_zone<'z>(zones: &'z [VpcZone], names: &[String]) -> Option<&'z VpcZone> {
    let domains: Vec<&str> = names
        .iter()
        .map(|name| name.trim_start_matches("*."))
        .collect();
    // Not verified: that zones behind endpoints' names are those of a service, without an account. They were looked at.
    zones
        .iter()
        .find(|zone| !zone.owner.is_empty() && domains.contains(&zone.name.as_str()))
}

/// The label of an endpoint's own name that begins with its id. Those of S3 have a star before it.
pub(crate) fn own_label(name: &str) -> Option<&str> {
    name.strip_prefix("*.").unwrap_or(name).split('.').next()
}

/// Whether an endpoint's own name is that of a zone.
pub(crate) fn is_of_zone(name: &str, zone: &AvailabilityZone) -> bool {
    let ending = format!("-{}", zone.zone_name);
    own_label(name).is_some_and(|label| label.ends_with(&ending))
}

/// One of an endpoint's own names.
#[derive(Debug, Clone, Copy)]
pub(crate) enum OwnName<'z> {
    Regional,
    Of(&'z AvailabilityZone),
    /// Of a zone that is not in the plan: who shares an endpoint may name some of its zones.
    OfAnother,
}

/// Which of an endpoint's own names a name is; nothing for other names.
pub(crate) fn own_zone<'z>(
    name: &str,
    endpoint: &Endpoint,
    zones: &'z [AvailabilityZone],
) -> Option<OwnName<'z>> {
    let rest = own_label(name)?.strip_prefix(endpoint.id.as_str())?;
    let zone = zones.iter().find(|zone| is_of_zone(name, zone));
    // vpce-<id>-<hash>, and behind it the zone's name.
    Some(match zone {
        Some(zone) => OwnName::Of(zone),
        None if rest.matches('-').count() == 1 => OwnName::Regional,
        None => OwnName::OfAnother,
    })
}

/// Whether EC2 shows another policy than the planned one: one that does not mean the same.
pub(crate) fn has_other_policy(wanted: &EndpointPlan, endpoint: &Endpoint) -> bool {
    !policy::same(wanted.policy.document(), endpoint.policy.as_deref())
}

/// Which of these are not there, for a person to read; none if all are.
pub(crate) fn missing<'a>(
    wanted: impl Iterator<Item = &'a str>,
    there: &[String],
) -> Option<String> {
    let is_there = |id: &&str| there.iter().any(|there| there == id);
    let missing: Vec<&str> = wanted.filter(|id| !is_there(id)).collect();
    (!missing.is_empty()).then(|| missing.join(", "))
}
