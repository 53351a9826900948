//! The data plane: whether a client in a subnet gets through to an address, and who listens there.
//!
//! Sources: VPC user guide, "Security groups" (stateful) and "Network ACLs" (stateless, between subnets only); AWS
//! `PrivateLink` guide, "Access an AWS service". Not verified: that a port at which nobody listens is silent, as behind a
//! Network Load Balancer, and not refused.

mod authority;
mod client;
mod dns;
mod listener;
mod servers;
pub mod token;

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use serde_json::{Value, json};

use crate::clock::{self, Moment};
use crate::model::Model;
use crate::model::addresses::Family;
use crate::model::groups::{Peer, Rule};
use crate::model::interfaces::Interface;
use crate::model::network::{AclEntry, Subnet, acl_entries, covers};
use crate::model::route53::resolve::resolve;
use crate::{Service, World};

pub use authority::{cluster_authority, public_authority};
pub use client::{Client, Count, announced};
pub use dns::answer as answer_dns;
pub use listener::{Listener, Protocol};
pub use servers::serve;

/// The ports from which clients connect (RFC 6056: a system's choice; Linux takes some of these).
const EPHEMERAL: (i32, i32) = (32768, 60999);

/// Where a client is.
#[derive(Debug, Clone, Default)]
pub struct Place {
    /// Its subnet.
    pub subnet_id: String,
    /// Its security groups.
    pub group_ids: Vec<String>,
}

/// What becomes of a connection.
#[derive(Debug, Clone)]
pub enum Dial {
    /// Somebody listens; the client has this address.
    Open(IpAddr, Listener),
    /// Nothing comes back.
    Silence,
}

/// What is wrong with the data plane in a scenario.
#[derive(Debug, Clone, Default)]
pub(crate) struct Trouble {
    /// Nobody gets through.
    pub(crate) closed: bool,
    /// Servers have certificates for another name.
    pub(crate) wrong_certificates: bool,
    /// Servers speak something else.
    pub(crate) wrong_protocol: bool,
    /// Databases let nobody in.
    pub(crate) refused_logins: bool,
    /// Private names resolve to nothing, whatever EC2 says.
    pub(crate) no_names: bool,
    /// For how long resolvers remember that there was no such name, after the first who asks.
    pub(crate) remembered: Option<Duration>,
    /// Until when they do.
    pub(crate) remembered_until: Option<Moment>,
}

impl World {
    /// Resolvers remember for so long that there was no such name, after the first who asks.
    pub fn remember_missing_names(&mut self, time: Duration) {
        self.model.trouble.remembered = Some(time);
    }

    /// From now on servers are silent, or answer again.
    pub fn close_paths(&mut self, closed: bool) {
        self.model.trouble.closed = closed;
    }

    /// From now on servers have certificates for another name, or for their own again.
    pub fn spoil_certificates(&mut self, spoilt: bool) {
        self.model.trouble.wrong_certificates = spoilt;
    }

    /// Connects to an address from a place.
    pub fn dial(&mut self, place: &Place, to: impl Into<IpAddr>, port: u16) -> Dial {
        let to = to.into();
        let found = dial(&self.model, place, to, port);
        let outcome = found.as_ref().map_or("silence", |_| "ok");
        let asked = json!({"From": place.subnet_id, "To": to.to_string(), "Port": port});
        self.note_packet("Connect", asked, outcome);
        found.map_or(Dial::Silence, |(from, listener)| Dial::Open(from, listener))
    }

    fn note_packet(&mut self, action: &str, parameters: Value, outcome: &str) {
        let (now, outcome) = (self.model.now, outcome.to_owned());
        self.gate
            .log(Service::Network, action, now, parameters, outcome, false);
    }

    /// The IPv4 addresses of a name for a client in a subnet; nothing if there is no such name.
    pub fn look_up(&mut self, subnet_id: &str, name: &str) -> Vec<Ipv4Addr> {
        let found = self.answer(subnet_id, name, &[Family::Ipv4]);
        let ipv4 = |address| match address {
            IpAddr::V4(address) => Some(address),
            IpAddr::V6(_) => None,
        };
        found.into_iter().flatten().filter_map(ipv4).collect()
    }

    /// All addresses of a name for a client in a subnet, the IPv4 ones first.
    pub fn look_up_all(&mut self, subnet_id: &str, name: &str) -> Vec<IpAddr> {
        let found = self.answer(subnet_id, name, &Family::BOTH);
        found.unwrap_or_default()
    }

    /// What the resolver says about a name to a client in a subnet: its addresses of these families, or
    /// `None` if there is no such name.
    fn answer(&mut self, subnet_id: &str, name: &str, families: &[Family]) -> Option<Vec<IpAddr>> {
        let found = self.found(subnet_id, name, families);
        let outcome = found.as_ref().map_or("NXDOMAIN", |_| "ok");
        let asked = json!({"From": subnet_id, "Name": name});
        self.note_packet("Resolve", asked, outcome);
        found
    }

    fn found(&mut self, subnet_id: &str, name: &str, families: &[Family]) -> Option<Vec<IpAddr>> {
        let subnet = self.model.subnets.latest(subnet_id)?;
        let vpc = subnet.vpc_id.clone();
        let is_own = name.trim_end_matches('.').ends_with(".vpce.amazonaws.com");
        let now = self.model.now;
        let trouble = &mut self.model.trouble;
        if !is_own {
            if let Some(time) = trouble.remembered {
                trouble
                    .remembered_until
                    .get_or_insert(clock::after(now, time));
            }
            let is_remembered = trouble.remembered_until.is_some_and(|until| now < until);
            if trouble.no_names || is_remembered {
                return None;
            }
        }
        // A chain of aliases may lead elsewhere for each family.
        let answers = Family::BOTH.map(|family| {
            let found = resolve(&self.model, &vpc, name, family);
            found.map(|found| (family, found))
        });
        let mut answers = answers.into_iter().flatten().peekable();
        answers.peek()?;
        let wanted = answers.filter(|(family, _)| families.contains(family));
        let found = wanted.flat_map(|(_, found)| found);
        Some(found.map(|destination| destination.address).collect())
    }
}

fn dial(model: &Model, place: &Place, to: IpAddr, port: u16) -> Option<(IpAddr, Listener)> {
    let here = model.subnets.latest(&place.subnet_id)?;
    // A client has an address of the family that it connects to, if its subnet has any.
    let from = match to {
        IpAddr::V4(_) => here.free_addresses(model).last()?.into(),
        IpAddr::V6(_) => here.free_ipv6_addresses(model).next_back()?.into(),
    };
    let mut interfaces = model.interfaces.all_latest();
    let interface = interfaces.find(|one| {
        one.addresses.contain(to) && one.vpc_id == here.vpc_id && one.exists(model.now)
    })?;
    let endpoint = model.endpoints.latest(&interface.endpoint_id)?;
    let is_let_through = !model.trouble.closed
        && groups_let_through(model, place, (from, to), interface, port)
        && acls_let_through(model, here, (from, to), interface, port)
        && endpoint.serves(&interface.id, model.now);
    if !is_let_through {
        return None;
    }
    let service = model.service(&endpoint.service_name, endpoint.kind).ok()?;
    let mut listener = listener::of(model, service, endpoint, port)?;
    listener.is_troubled_by(&model.trouble);
    Some((from, listener))
}

/// A group lets in what one of its rules does. What answers is let through without a rule.
fn groups_let_through(
    model: &Model,
    place: &Place,
    (from, to): (IpAddr, IpAddr),
    there: &Interface,
    port: u16,
) -> bool {
    let rules = |groups: &[String]| -> Vec<Rule> {
        let groups = groups.iter().filter_map(|id| model.groups.latest(id));
        groups.flat_map(|group| group.rules.clone()).collect()
    };
    let fits = |rule: &Rule, address: IpAddr, groups: &[String]| {
        let is_tcp = matches!(rule.protocol.as_str(), "tcp" | "6" | "-1");
        let (first, last) = (rule.from_port.unwrap_or(-1), rule.to_port.unwrap_or(-1));
        let has_port = rule.protocol == "-1" || (first..=last).contains(&i32::from(port));
        let has_peer = match &rule.peer {
            Peer::Ipv4(range) | Peer::Ipv6(range) => covers(range, address),
            Peer::Group(id) => groups.contains(id),
            Peer::PrefixList(id) => {
                let entries = model.prefix_list_entries(id).unwrap_or_default();
                entries.iter().any(|entry| covers(&entry.cidr, address))
            }
        };
        is_tcp && has_port && has_peer
    };
    let mut out = rules(&place.group_ids)
        .into_iter()
        .filter(|rule| rule.egress);
    let mut into = rules(&there.groups).into_iter().filter(|rule| !rule.egress);
    out.any(|rule| fits(&rule, to, &there.groups))
        && into.any(|rule| fits(&rule, from, &place.group_ids))
}

/// Network ACLs stand between subnets, and remember nothing: the answer needs a rule as well.
fn acls_let_through(
    model: &Model,
    here: &Subnet,
    (from, to): (IpAddr, IpAddr),
    there: &Interface,
    port: u16,
) -> bool {
    if here.id == there.subnet_id {
        return true;
    }
    let entries = acl_entries(model, &here.vpc_id);
    let port = i32::from(port);
    let answers = EPHEMERAL;
    let all = [
        (true, to, (port, port)),
        (false, from, (port, port)),
        (true, from, answers),
        (false, to, answers),
    ];
    all.iter().all(|(egress, peer, ports)| {
        let mut rules = entries.iter().filter(|entry| entry.egress == *egress);
        let decides = |entry: &&AclEntry| {
            let is_tcp = matches!(entry.protocol.as_str(), "-1" | "6");
            let range = entry.port_range.filter(|_| entry.protocol != "-1");
            let has_ports = range.is_none_or(|range| {
                // A rule for a part of the ports decides about that part: here it counts if it denies.
                let (first, last) = (range.from.unwrap_or(0), range.to.unwrap_or(65535));
                let is_whole = first <= ports.0 && ports.1 <= last;
                let meets = first <= ports.1 && ports.0 <= last;
                is_whole || (meets && entry.rule_action == "deny")
            });
            is_tcp && has_ports && covers(entry.peer(), *peer)
        };
        rules
            .find(decides)
            .is_some_and(|entry| entry.rule_action == "allow")
    })
}
