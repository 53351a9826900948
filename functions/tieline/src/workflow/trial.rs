//! What the verifier is to try, and what its report says of the connection.

use std::collections::BTreeSet;

use serde_json::Map;

use super::Half;
use crate::endpoint::{EndpointPlan, OwnName, own_zone};
use crate::outside::{Endpoint, Interface, is_ipv6};
use crate::plan::Plan;
use crate::problem::{Code, Problem};
use crate::targets::ConnectionContext;
use crate::trial::{Address, Attempt, Fault, Layer, LayerName, Outcome, Report, Trial, named};

/// As many names as a sentence takes.
const TOLD: usize = 3;

/// A connection that can be tried.
#[derive(Debug, Clone, Copy)]
pub struct Trying<'a> {
    pub plan: &'a Plan,
    pub wanted: &'a EndpointPlan,
    pub endpoint: &'a Endpoint,
    pub interfaces: &'a [Interface],
}

/// A name, and where it has to lead.
type Expected = (String, To);

/// How much a verifier could not try, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Untried {
    None,
    /// Some, to which no name leads.
    Some(String),
    /// Some, to which names lead.
    Announced(String),
    All(String),
}

/// Where a name has to lead.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum To {
    /// One or more of the endpoint's addresses.
    Any,
    /// One of them, in a zone that is not in the plan.
    One,
    /// The one in this zone.
    Zone(String),
}

impl Trying<'_> {
    /// Whether every network interface shows that is planned.
    pub fn is_whole(&self) -> bool {
        self.wanted.shows_in(Some(self.interfaces))
    }

    /// What is to be tried. Before the names are on none is resolved: that there is none would stay in the VPC's resolver.
    pub fn trial(&self, half: Half) -> Trial {
        match half {
            Half::Path => Trial {
                addresses: self.tried_addresses(),
                // A range is not tried: nobody says at which of its ports somebody listens.
                ports: self.wanted.ports().filter_map(|one| one.single()).collect(),
                speech: self.plan.target.kind().speech(&ConnectionContext {
                    region: &self.plan.owner.region,
                    port: self.wanted.port,
                    endpoint_name: self.endpoint.dns_names.first().map_or("", String::as_str),
                    private_host: self.wanted.host.as_deref(),
                    about: &self.plan.about,
                    facts: &Map::new(),
                }),
                names: Vec::new(),
            },
            Half::Names => Trial {
                names: self.expected().into_iter().map(|(name, _)| name).collect(),
                ..Trial::default()
            },
        }
    }

    /// What a report says of a half.
    ///
    /// # Errors
    ///
    /// What does not work.
    pub fn judge(&self, half: Half, report: &Report) -> Result<(), Problem> {
        match half {
            Half::Path => self.judge_path(report),
            Half::Names => self.judge_names(report),
        }
    }

    /// Which addresses the verifier could not try, because it has none of their family.
    pub fn untried(&self, half: Half, report: &Report) -> Untried {
        let is_left_out = |one: &&Attempt| {
            let first = one.layers.first();
            first.is_some_and(|one| one.layer == LayerName::Tcp && one.outcome == Outcome::NotTried)
        };
        let (left_out, tried): (Vec<&Attempt>, Vec<&Attempt>) =
            report.attempts.iter().partition(is_left_out);
        let Some(first) = left_out.first().filter(|_| half == Half::Path) else {
            return Untried::None;
        };
        let why = first.layers.first().and_then(|layer| layer.detail.clone());
        let why = why.unwrap_or_default();
        let records = self.wanted.addressing.dns_record_ip_type;
        let is_announced = |one: &&Attempt| match is_ipv6(&one.address) {
            true => records.has_aaaa(),
            false => records.has_a(),
        };
        if tried.is_empty() {
            Untried::All(why)
        } else if left_out.iter().any(is_announced) {
            Untried::Announced(why)
        } else {
            Untried::Some(why)
        }
    }

    /// Which of the names that are announced the verifier cannot see from where it is.
    pub fn unseen(&self) -> Option<&'static str> {
        if self.is_inbound_only() {
            return Some(
                "the private names are for inbound Resolver endpoints, and nothing in the VPC sees them",
            );
        }
        let mut parts = self.plan.parts.iter();
        let vpc = &self.wanted.vpc_id;
        parts
            .any(|part| !part.kind().names().is_empty() && !part.kind().is_seen_in(vpc))
            .then_some(
                "the endpoint's own VPC does not see the private zone, whose names are for others",
            )
    }

    /// Those that a change leaves are not tried: they may be why it is made.
    fn tried_addresses(&self) -> Vec<Address> {
        let stays = |one: &Address| !one.zone_id.is_empty() || self.plan.change.is_none();
        self.addresses().into_iter().filter(stays).collect()
    }

    fn addresses(&self) -> Vec<Address> {
        let zone_of = |interface: &Interface| {
            let mut zones = self.wanted.zones.iter();
            zones.find(|zone| zone.subnet_id.as_str() == interface.subnet_id)
        };
        let all = self.interfaces.iter().flat_map(|interface| {
            let zone_id = zone_of(interface).map_or_else(String::new, |zone| zone.zone_id.clone());
            let addresses = interface.addresses().cloned();
            addresses.map(move |address| Address {
                zone_id: zone_id.clone(),
                address,
            })
        });
        all.collect()
    }

    fn is_inbound_only(&self) -> bool {
        let dns = self.wanted.private_dns.as_ref();
        dns.is_some_and(|dns| dns.inbound_only == Some(true))
    }

    /// Every name that the result will announce, as far as the endpoint's VPC sees it. For a star stands a name below it.
    fn expected(&self) -> Vec<Expected> {
        let (wanted, endpoint) = (self.wanted, self.endpoint);
        let own = endpoint.dns_names.iter().filter_map(|name| {
            let to = match own_zone(name, endpoint, &wanted.zones)? {
                OwnName::Regional => To::Any,
                OwnName::Of(zone) => To::Zone(zone.zone_id.clone()),
                OwnName::OfAnother => To::One,
            };
            Some((named(name), to))
        });
        let dns = wanted.private_dns.as_ref();
        let private = dns.filter(|_| !self.is_inbound_only()).into_iter();
        let private = private.flat_map(|dns| dns.names.iter().chain(&dns.host));
        let parts = self.plan.parts.iter().map(|part| part.kind());
        let zones = parts
            .filter(|part| part.is_seen_in(&wanted.vpc_id))
            .flat_map(|part| part.names());
        let all: BTreeSet<Expected> = own
            .chain(private.map(|name| (named(name), To::Any)))
            .chain(zones.map(|(name, zone)| (named(&name), zone.map_or(To::Any, To::Zone))))
            .collect();
        all.into_iter().collect()
    }

    fn judge_path(&self, report: &Report) -> Result<(), Problem> {
        let mut broken = Vec::new();
        for attempt in &report.attempts {
            if let Some(layer) = first_broken(attempt) {
                let place = format!("{} ({})", attempt.address, attempt.zone_id);
                broken.push((place, layer.clone()));
            }
        }
        // Of a dual-stack interface, a verifier without addresses of a family says so; that it could try none is told elsewhere.
        let is_told = |one: &Attempt| {
            let first = one.layers.first();
            first.is_some_and(|one| one.layer == LayerName::Tcp && one.outcome != Outcome::Failed)
        };
        for Address { address, .. } in self.tried_addresses() {
            let mut attempts = report.attempts.iter();
            let attempt = attempts.find(|one| one.address == address);
            if broken.is_empty() && !attempt.is_some_and(is_told) {
                let message = format!("the verifier did not say that it got through to {address}");
                let fix = "deploy its newest version, and send the event again";
                return Err(Problem::new(Code::PathClosed, message, fix));
            }
        }
        let Some((_, first)) = broken.first() else {
            return Ok(());
        };
        let places: Vec<&str> = broken.iter().map(|(place, _)| place.as_str()).collect();
        let from = format!(
            "from {} with {} in {}",
            report.subnet_ids.join(" or "),
            report.security_group_ids.join(" and "),
            self.wanted.vpc_id
        );
        let mut message = format!(
            "{from}, {} on port {}: {}",
            places.join(" and "),
            first.port,
            first.detail.as_deref().unwrap_or("no reason is known")
        );
        // What the check saw of it.
        let codes = [Code::NetworkAclClosed, Code::ClientsKeptOut];
        let warned = self.plan.warnings.iter();
        for warning in warned.filter(|one| codes.contains(&one.code)) {
            message += &format!("; {}", warning.message);
        }
        Err(match first.fault.unwrap_or(Fault::Closed) {
            Fault::Closed => {
                Problem::new(Code::PathClosed, message, self.way_in(report, first.port))
            }
            Fault::Certificate => Problem::new(
                Code::PathWrongCertificate,
                message,
                "ask the service's owner for a certificate that is for the host; one of an authority of their own, the request can name in \
                 target.caCertificate where its target has that field",
            ),
            Fault::Protocol => Problem::new(
                Code::PathWrongProtocol,
                message,
                "compare the target's kind and port with what the service's owner says it speaks",
            ),
            Fault::Login => Problem::new(
                Code::LoginRefused,
                message,
                "look at the cluster's resource policy, and at the database role of the verifier's stack (DsqlRole: admin needs \
                 dsql:DbConnectAdmin, any other one a role that was granted to the verifier's IAM role); or take the cluster out of its DsqlClusterArns",
            ),
        })
    }

    /// What may be in the way that preflight could not see, and who finds it.
    fn way_in(&self, report: &Report, port: u16) -> String {
        let (region, vpc, id) = (
            &self.plan.owner.region,
            &self.wanted.vpc_id,
            &self.endpoint.id,
        );
        format!(
            "let in {} on port {port}, or give the verifier the subnets and groups of clients; look at the network ACLs, which preflight may not have seen: \
             aws ec2 describe-network-acls --region {region} --filters Name=vpc-id,Values={vpc}. Reachability Analyzer says what is in the way: \
             aws ec2 create-network-insights-path --region {region} --source <a client's network interface> --destination {id} --protocol tcp \
             --destination-port {port}, and then aws ec2 start-network-insights-analysis --region {region} --network-insights-path-id <its id>",
            report.security_group_ids.join(" and ")
        )
    }

    fn judge_names(&self, report: &Report) -> Result<(), Problem> {
        let addresses = self.addresses();
        let records = self.wanted.addressing.dns_record_ip_type;
        let leads_here = |(name, to): &Expected| {
            let Some(seen) = report.names.iter().find(|one| one.name == *name) else {
                return false;
            };
            let is_one = |found: &&String| {
                let there = addresses.iter().find(|one| one.address == **found);
                there.is_some_and(|there| match to {
                    To::Zone(zone) => there.zone_id == *zone,
                    To::Any | To::One => true,
                })
            };
            let found = || seen.addresses.iter();
            let (ipv6, ipv4): (Vec<&String>, _) = found().partition(|one| is_ipv6(one));
            let is_so_many = |found: &[&String], is_wanted: bool| match found.len() {
                0 => !is_wanted,
                1 => true,
                _ => *to == To::Any,
            };
            is_so_many(&ipv4, records.has_a())
                && is_so_many(&ipv6, records.has_aaaa())
                && found().all(|one| is_one(&one))
        };
        let expected = self.expected();
        let wrong: Vec<&str> = expected
            .iter()
            .filter(|one| !leads_here(one))
            .map(|(name, _)| name.as_str())
            .collect();
        if wrong.is_empty() {
            return Ok(());
        }
        let told = wrong[..wrong.len().min(TOLD)].iter().map(|name| {
            let seen = report.names.iter().find(|one| one.name == **name);
            let what = seen.map_or_else(
                || "was not tried".to_owned(),
                |seen| match seen.addresses.as_slice() {
                    [] => seen
                        .error
                        .clone()
                        .unwrap_or_else(|| "no address".to_owned()),
                    addresses => addresses.join(", "),
                },
            );
            format!("{name} ({what})")
        });
        let told: Vec<String> = told.collect();
        let (vpc, id) = (&self.wanted.vpc_id, &self.endpoint.id);
        Err(Problem::new(
            Code::NameNotResolving,
            format!(
                "in {vpc}, {} of {} names do not lead to {id}: {}",
                wrong.len(),
                expected.len(),
                told.join(", ")
            ),
            format!(
                "look for what answers before {id} does, such as a Resolver rule or a private zone for a name above: aws route53 list-hosted-zones-by-vpc \
                 --vpc-id {vpc} --vpc-region {region}, and aws route53resolver list-resolver-rule-associations --region {region} --filters Name=VPCId,Values={vpc}",
                region = self.plan.owner.region
            ),
        ))
    }
}

/// The first layer that does not work.
fn first_broken(attempt: &Attempt) -> Option<&Layer> {
    let mut all = attempt.layers.iter().chain(&attempt.further_ports);
    all.find(|layer| layer.outcome == Outcome::Failed)
}
