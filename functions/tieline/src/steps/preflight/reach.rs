//! Whether the endpoint's groups let its clients in: every block of every VPC that is to connect, on every port.

use std::collections::BTreeSet;

use ipnet::IpNet;

use super::Check;
use super::looks::Sources;
use crate::ids::Ports;
use crate::outside::{Group, Ingress, is_ipv6};
use crate::problem::{Code, Problem};

/// Amazon VPC User Guide, "Amazon VPC quotas": inbound rules of a security group, unless an account has asked for more.
const MOST_RULES: usize = 60;

/// As many blocks as a sentence takes.
const TOLD: usize = 5;

/// Who connects, and on which ports.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clients<'a> {
    /// The blocks of the request's VPC, and of further ones.
    pub(super) blocks: [&'a [String]; 2],
    pub(super) ports: &'a [Ports],
    /// Whom the groups and prefix lists are that rules name.
    pub(super) sources: &'a Sources,
    /// Whether there may be others, in VPCs that are not known or outside of any: then a rule for anybody is enough.
    pub(super) may_be_others: bool,
}

/// How much of a block is let in on a port.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Admitted {
    All,
    /// These blocks of it.
    Some(Vec<IpNet>),
    None,
}

impl Check<'_> {
    /// Nobody is let in: that is a problem. Not everybody is, or it cannot be seen who: that may be meant, and is said.
    pub(super) fn check_open(&mut self, clients: Clients<'_>, groups: &[&Group]) {
        let blocks: Vec<&String> = clients.blocks.into_iter().flatten().collect();
        for port in clients
            .ports
            .iter()
            .flat_map(|ports| pieces(groups, *ports))
        {
            let nets = nets(groups, port, clients.sources);
            let others = others(groups, port, clients.sources);
            let mut kept_out = Vec::new();
            let mut missing = Vec::new();
            let mut is_closed = true;
            for block in &blocks {
                let is_let_in = admitted(&nets, block);
                self.keeps_own_out |=
                    is_let_in != Admitted::All && clients.blocks[0].contains(block);
                match is_let_in {
                    Admitted::All => is_closed = false,
                    Admitted::Some(some) => {
                        is_closed = false;
                        kept_out.push(format!("{block} (but for {})", told(&some)));
                        missing.push(*block);
                    }
                    Admitted::None => {
                        kept_out.push((*block).clone());
                        missing.push(*block);
                    }
                }
            }
            let (ids, kept_out) = (listed(groups), kept_out.join(", "));
            let fix = self.opening(groups, port, &missing);
            let may_be_meant = (clients.may_be_others && !nets.is_empty()) || self.stands;
            if is_closed && others.is_empty() && !may_be_meant {
                let message = format!("{ids} does not let {kept_out} in on TCP port {port}");
                self.note(
                    "$.network.securityGroupIds",
                    Code::SecurityGroupClosed,
                    message,
                    fix,
                );
            } else if is_closed && !others.is_empty() {
                let message =
                    format!("{ids} lets nobody in on TCP port {port} but what is in {others}");
                self.warn(Code::ClientsNotKnown, message, fix);
            } else if !missing.is_empty() {
                let besides = match others.as_str() {
                    "" => String::new(),
                    others => format!("; it also lets in what is in {others}"),
                };
                let message =
                    format!("{ids} does not let {kept_out} in on TCP port {port}{besides}");
                self.warn(Code::ClientsKeptOut, message, fix);
            }
        }
    }

    /// The group of our own has to have room for a rule for each block on each of the ports.
    pub(super) fn check_room(
        &mut self,
        own: Option<&Group>,
        clients: Clients<'_>,
        blocks: &[String],
    ) {
        let pairs = clients
            .ports
            .iter()
            .flat_map(|ports| blocks.iter().map(move |block| (ports, block)));
        let is_there =
            |ports: &Ports, block: &str| own.is_some_and(|group| group.admits(*ports, block));
        let new: Vec<&String> = pairs
            .filter(|(ports, block)| !is_there(ports, block))
            .map(|(_, block)| block)
            .collect();
        let too_many = [false, true].into_iter().find_map(|ipv6| {
            let new = new.iter().filter(|block| is_ipv6(block) == ipv6).count();
            let there = own.map_or(0, |group| group.count_of_rules(ipv6));
            (new > 0 && there + new > MOST_RULES).then_some((there, new))
        });
        let Some((there, new)) = too_many else {
            return;
        };
        let message = format!(
            "the group of our own would have {} rules, {} blocks on {} ports and ranges of them beside {there} that it has, and a group has room for {MOST_RULES}",
            there + new,
            blocks.len(),
            clients.ports.len(),
        );
        let fix = "name ranges of ports in furtherPorts, or a security group of your own in network.securityGroupIds";
        self.note("$.target.furtherPorts", Code::TooManyRules, message, fix);
    }

    fn opening(&self, groups: &[&Group], port: Ports, blocks: &[&String]) -> String {
        let region = &self.request.shape.region;
        let id = groups.first().map_or("<group>", |group| group.id.as_str());
        let command = |block: &&String| {
            let rule = if is_ipv6(block) {
                let first = port.first;
                let last = port.last;
                format!(
                    "--ip-permissions 'IpProtocol=tcp,FromPort={first},ToPort={last},Ipv6Ranges=[{{CidrIpv6={block}}}]'"
                )
            } else {
                format!("--protocol tcp --port {port} --cidr {block}")
            };
            format!(
                "aws ec2 authorize-security-group-ingress --region {region} --group-id {id} {rule}"
            )
        };
        let commands: Vec<String> = blocks.iter().map(command).collect();
        commands.join(" && ")
    }

    fn warn(&mut self, code: Code, message: String, fix: String) {
        let warning = Problem::new(code, message, fix);
        self.warnings
            .push(warning.about("$.network.securityGroupIds"));
    }
}

fn listed(groups: &[&Group]) -> String {
    let ids: Vec<&str> = groups.iter().map(|group| group.id.as_str()).collect();
    ids.join(", ")
}

/// The same ports in pieces of which each rule covers all or nothing.
fn pieces(groups: &[&Group], ports: Ports) -> Vec<Ports> {
    let rules = groups.iter().flat_map(|group| &group.ingress);
    let ends = rules.flat_map(|rule| [rule.from, rule.to.map(|to| to.saturating_add(1))]);
    cut(
        ports,
        ends.flatten().filter_map(|end| u16::try_from(end).ok()),
    )
}

/// Ports in pieces that begin where these do.
pub(super) fn cut(ports: Ports, ends: impl Iterator<Item = u16>) -> Vec<Ports> {
    let inside = ends.filter(|end| ports.first < *end && *end <= ports.last);
    let firsts = BTreeSet::from_iter(inside.chain([ports.first]));
    let lasts = firsts.iter().skip(1).map(|first| first - 1);
    let lasts: Vec<u16> = lasts.chain([ports.last]).collect();
    let pieces = firsts.into_iter().zip(lasts);
    pieces.map(|(first, last)| Ports { first, last }).collect()
}

fn rules<'g>(groups: &'g [&Group], ports: Ports) -> impl Iterator<Item = &'g Ingress> {
    let rules = groups.iter().flat_map(|group| &group.ingress);
    rules.filter(move |rule| rule.covers(ports))
}

/// The blocks that groups let in on a port, as few as say the same.
fn nets(groups: &[&Group], ports: Ports, sources: &Sources) -> Vec<IpNet> {
    let blocks = rules(groups, ports).flat_map(|rule| {
        let named = rule.others.iter().filter_map(|id| sources.get(id));
        rule.cidrs.iter().chain(named.flatten())
    });
    let nets = blocks.filter_map(|block| block.parse().ok());
    IpNet::aggregate(&nets.map(|net: IpNet| net.trunc()).collect())
}

/// What groups let in on a port that may be somebody else tomorrow, or could not be looked at; nothing where all is known.
fn others(groups: &[&Group], ports: Ports, sources: &Sources) -> String {
    let named: BTreeSet<&String> = rules(groups, ports).flat_map(|rule| &rule.others).collect();
    let said = named.into_iter().filter_map(|id| match sources.get(id) {
        None => Some(format!("{id} (which was not looked at)")),
        Some(_) if id.starts_with("pl-") => None,
        Some(now) if now.is_empty() => Some(format!("{id} (on which nobody is now)")),
        Some(now) => Some(format!("{id} (on {} addresses now)", now.len())),
    });
    Vec::from_iter(said).join(", ")
}

fn told(blocks: &[IpNet]) -> String {
    let some = blocks.iter().take(TOLD).map(ToString::to_string);
    let mut some: Vec<String> = some.collect();
    if let more @ 1.. = blocks.len().saturating_sub(TOLD) {
        some.push(format!("{more} more"));
    }
    some.join(", ")
}

fn admitted(nets: &[IpNet], block: &str) -> Admitted {
    // EC2 writes no other blocks of a VPC.
    let Ok(block) = block.parse::<IpNet>() else {
        return Admitted::All;
    };
    if nets.iter().any(|net| net.contains(&block)) {
        return Admitted::All;
    }
    let some: Vec<IpNet> = nets
        .iter()
        .filter(|net| block.contains(*net))
        .copied()
        .collect();
    match some.is_empty() {
        true => Admitted::None,
        false => Admitted::Some(some),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_let_in_by_all_rules_together() {
        let nets = |texts: &[&str]| {
            IpNet::aggregate(&texts.iter().map(|text| text.parse().unwrap()).collect())
        };
        for (rules, block, all) in [
            (&["10.0.0.0/8"][..], "10.20.0.0/16", Admitted::All),
            (
                &["10.20.0.0/17", "10.20.128.0/17"],
                "10.20.0.0/16",
                Admitted::All,
            ),
            (&["0.0.0.0/0"], "10.20.0.0/16", Admitted::All),
            (&["192.0.2.0/24"], "10.20.0.0/16", Admitted::None),
            (&[], "10.20.0.0/16", Admitted::None),
            (
                &["2600:1f18:4d2a::/48"],
                "2600:1f18:4d2a:b100::/56",
                Admitted::All,
            ),
            (&["0.0.0.0/0"], "2600:1f18:4d2a:b100::/56", Admitted::None),
            (
                &["10.20.3.0/24"],
                "10.20.0.0/16",
                Admitted::Some(vec!["10.20.3.0/24".parse().unwrap()]),
            ),
        ] {
            assert_eq!(admitted(&nets(rules), block), all, "{rules:?} {block}");
        }
    }
}
