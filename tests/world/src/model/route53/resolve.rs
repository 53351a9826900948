//! The data plane: what a name means inside a VPC.
//!
//! Source: Route 53 developer guide, "Considerations when working with a private hosted zone": the
//! most specific private zone of the VPC answers, and if it has no such name nobody else is asked;
//! the VPC needs both DNS attributes.

use std::net::{IpAddr, Ipv4Addr};

use serde::Serialize;

use crate::World;
use crate::model::Model;
use crate::model::addresses::Family;
use crate::model::dns;
use crate::model::endpoints::Endpoint;
use crate::model::interfaces::Interface;

use super::names;
use super::zones::Zone;

/// How many names lead from one to the next before the resolver gives up.
const LONGEST_CHAIN: usize = 8;

/// An address that a name leads to: an IPv4 one, or else one of either family.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Destination<A = Ipv4Addr> {
    /// The address.
    pub address: A,
    /// The endpoint whose network interface has that address.
    pub endpoint_id: Option<String>,
}

/// The domain that an endpoint's private name gives to its VPC.
#[derive(Debug)]
pub(crate) struct EndpointDomain<'m> {
    endpoint: &'m Endpoint,
    /// The domain, without the wildcard before it.
    pub(crate) domain: String,
    is_wildcard: bool,
    pub(crate) zone_id: String,
}

impl World {
    /// Where a name leads to inside a VPC over IPv4, private names only; nowhere if nothing private has
    /// it.
    #[must_use]
    pub fn resolve(&self, vpc_id: &str, name: &str) -> Vec<Destination> {
        resolve_ipv4(&self.model, vpc_id, name)
    }

    /// The same over IPv4 and IPv6.
    #[must_use]
    pub fn resolve_all(&self, vpc_id: &str, name: &str) -> Vec<Destination<IpAddr>> {
        let families = Family::BOTH.iter();
        families
            .filter_map(|family| resolve(&self.model, vpc_id, name, *family))
            .flatten()
            .collect()
    }
}

/// Where a name leads to inside a VPC over IPv4, private names only.
pub(crate) fn resolve_ipv4(model: &Model, vpc_id: &str, name: &str) -> Vec<Destination> {
    let found = resolve(model, vpc_id, name, Family::Ipv4);
    let ipv4 = |destination: Destination<IpAddr>| match destination.address {
        IpAddr::V4(address) => Some(Destination {
            address,
            endpoint_id: destination.endpoint_id,
        }),
        IpAddr::V6(_) => None,
    };
    found.into_iter().flatten().filter_map(ipv4).collect()
}

/// Where a name leads to inside a VPC over one family, private names only; `None` if there is no such
/// name, and nothing if it has no such addresses.
pub(crate) fn resolve(
    model: &Model,
    vpc_id: &str,
    name: &str,
    family: Family,
) -> Option<Vec<Destination<IpAddr>>> {
    let mut name = names::stored(name);
    for _ in 0..LONGEST_CHAIN {
        match step(model, vpc_id, &name, family) {
            Step::There(destinations) => return Some(destinations),
            Step::On(next) => name = names::stored(&next),
            Step::Nowhere => return None,
        }
    }
    None
}

/// What one name says.
enum Step {
    There(Vec<Destination<IpAddr>>),
    On(String),
    Nowhere,
}

fn step(model: &Model, vpc_id: &str, name: &str, family: Family) -> Step {
    let vpc = model.vpcs.latest(vpc_id);
    if !vpc.is_some_and(|vpc| vpc.dns_support) {
        return Step::Nowhere;
    }
    // Everybody may ask for the names that an endpoint has of its own; they lead to its private
    // addresses.
    if let Some(destinations) = of_endpoint(model, name, family) {
        return Step::There(destinations);
    }
    if !vpc.is_some_and(|vpc| vpc.dns_hostnames) {
        return Step::Nowhere;
    }
    let zones = model.dns.zones.values().filter(|zone| {
        zone.vpcs.iter().any(|id| id == vpc_id) && names::is_within(name, &zone.name)
    });
    let zone = zones.max_by_key(|zone| zone.name.len());
    let domains = endpoint_domains(model, vpc_id).into_iter();
    let mut domains: Vec<EndpointDomain<'_>> = domains
        .filter(|domain| names::is_within(name, &domain.domain))
        .collect();
    // One domain may have a name of its own and a wildcard.
    domains.sort_by_key(|domain| {
        (
            domain.domain.len(),
            (name == domain.domain) != domain.is_wildcard,
        )
    });
    let domain = domains.pop();
    match (zone, domain) {
        (Some(zone), Some(domain)) if zone.name.len() < domain.domain.len() => {
            domain.step(model, name, family)
        }
        (Some(zone), _) => in_zone(zone, name, model, family),
        (None, Some(domain)) => domain.step(model, name, family),
        (None, None) => Step::Nowhere,
    }
}

impl EndpointDomain<'_> {
    fn step(&self, model: &Model, name: &str, family: Family) -> Step {
        // An S3 endpoint for inbound Resolver endpoints only says nothing inside the VPC.
        // A wildcard has no record for the name below which it is (RFC 4592, section 2.2).
        let answers = (name == self.domain) != self.is_wildcard;
        let speaks =
            self.endpoint.takes_connections(model.now) && self.endpoint.inbound_only != Some(true);
        if answers && speaks {
            Step::There(addresses(model, self.endpoint, Wanted::Private, family))
        } else {
            Step::Nowhere
        }
    }
}

/// The private names of the VPC's endpoints.
pub(crate) fn endpoint_domains<'m>(model: &'m Model, vpc_id: &str) -> Vec<EndpointDomain<'m>> {
    let endpoints = model.endpoints.all_latest();
    let named = endpoints.filter(|endpoint| {
        endpoint.vpc_id == vpc_id && endpoint.private_dns && !endpoint.is_gone(model.now)
    });
    let domains = |endpoint: &'m Endpoint| {
        // Behind its own names, the Regional one and one for each subnet.
        let own = 1 + endpoint.subnets.len();
        let private = dns::entries(model, endpoint).into_iter().skip(own);
        private.map(move |entry| EndpointDomain {
            endpoint,
            is_wildcard: entry.dns_name.starts_with("*."),
            domain: names::stored(entry.dns_name.trim_start_matches("*.")),
            zone_id: entry.hosted_zone_id,
        })
    };
    named.flat_map(domains).collect()
}

/// Where an endpoint's own Regional or zonal name leads to.
fn of_endpoint(model: &Model, name: &str, family: Family) -> Option<Vec<Destination<IpAddr>>> {
    if !name.ends_with(".vpce.amazonaws.com.") {
        return None;
    }
    let serves = |endpoint: &&Endpoint| endpoint.takes_connections(model.now);
    let mut endpoints = model.endpoints.all_latest().filter(serves);
    endpoints.find_map(|endpoint| {
        let entries = dns::entries(model, endpoint);
        let at = entries
            .iter()
            .position(|entry| is_called(&names::stored(&entry.dns_name), name))?;
        // First the Regional name, then one for each subnet.
        let subnet = at.checked_sub(1).and_then(|at| endpoint.subnets.get(at));
        let name = subnet.map_or(Wanted::Regional, |subnet| Wanted::Zonal(subnet));
        Some(addresses(model, endpoint, name, family))
    })
}

/// Whether a name is a record's, or one that its star stands for.
fn is_called(record: &str, name: &str) -> bool {
    let below = |domain: &str| {
        let rest = name.strip_suffix(domain);
        rest.is_some_and(|rest| rest.ends_with('.') && rest.len() > 1)
    };
    record == name || record.strip_prefix(r"\052.").is_some_and(below)
}

/// Which of an endpoint's names is asked for.
#[derive(Clone, Copy)]
enum Wanted<'a> {
    Regional,
    /// That of a subnet's zone.
    Zonal(&'a str),
    Private,
}

fn addresses(
    model: &Model,
    endpoint: &Endpoint,
    name: Wanted<'_>,
    family: Family,
) -> Vec<Destination<IpAddr>> {
    let is_private = matches!(name, Wanted::Private);
    if !endpoint.dns_record_ip_type.has(family, is_private) {
        return Vec::new();
    }
    let is_new = |interface: &Interface| {
        endpoint.takes_connections(model.now) && !endpoint.serves(&interface.id, model.now)
    };
    let lies_there = |interface: &&Interface| match name {
        _ if is_new(interface) => false,
        Wanted::Zonal(subnet) => interface.subnet_id == subnet,
        Wanted::Regional | Wanted::Private => true,
    };
    let interfaces = endpoint
        .interfaces
        .iter()
        .filter_map(|id| model.interfaces.latest(id));
    interfaces
        .filter(|interface| interface.exists(model.now))
        .filter(lies_there)
        .filter_map(|interface| interface.addresses.of(family))
        .map(|address| Destination {
            address,
            endpoint_id: Some(endpoint.id.clone()),
        })
        .collect()
}

fn in_zone(zone: &Zone, name: &str, model: &Model, family: Family) -> Step {
    let records = || {
        let all = zone.records.iter();
        all.filter_map(|record| record.answer(model.now))
    };
    let has = |wanted: &str| records().any(|set| set.name == wanted);
    let mut wanted = name.to_owned();
    // Route 53 developer guide, "Using an asterisk": it stands for names that do not exist and have
    // no closer asterisk.
    let mut below = name;
    while !has(&wanted) {
        match names::parent(below) {
            Some(parent) if names::is_within(parent, &zone.name) => {
                wanted = format!("\\052.{parent}");
                let is_name = records().any(|set| names::is_within(&set.name, parent));
                if !has(&wanted) && is_name && parent != zone.name {
                    // The closest name that exists ends the search.
                    return Step::Nowhere;
                }
                below = parent;
            }
            Some(_) | None => return Step::Nowhere,
        }
    }

    let mut found = records().filter(|set| set.name == wanted);
    let Some(set) = found.find(|set| [family.record(), "CNAME"].contains(&set.kind.as_str()))
    else {
        return Step::There(Vec::new());
    };
    match (&set.alias_target, set.kind.as_str()) {
        (Some(target), _) => Step::On(target.dns_name.clone()),
        (None, "CNAME") => Step::On(set.resource_records[0].value.clone()),
        (None, _) => {
            let values = set.resource_records.iter();
            let addresses = values.filter_map(|record| record.value.parse().ok());
            Step::There(
                addresses
                    .map(|address| holder(model, zone, address))
                    .collect(),
            )
        }
    }
}

/// The address with the endpoint of the zone's VPCs that has it.
fn holder(model: &Model, zone: &Zone, address: IpAddr) -> Destination<IpAddr> {
    let mut interfaces = model.interfaces.all_latest();
    let found = interfaces.find(|interface| {
        interface.addresses.contain(address)
            && zone.vpcs.contains(&interface.vpc_id)
            && interface.exists(model.now)
    });
    Destination {
        address,
        endpoint_id: found.map(|interface| interface.endpoint_id.clone()),
    }
}
