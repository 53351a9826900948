//! The rules of a security group, and the two ways in which EC2 spells them.

use serde::{Deserialize, Serialize};

use crate::model::shapes::text;
use crate::model::{ACCOUNT, REGION};

use super::Group;

/// One rule: one protocol, one range of ports, one peer.
#[derive(Debug, Clone)]
pub(crate) struct Rule {
    pub(crate) id: String,
    pub(crate) egress: bool,
    pub(crate) protocol: String,
    pub(crate) from_port: Option<i32>,
    pub(crate) to_port: Option<i32>,
    pub(crate) peer: Peer,
    pub(crate) description: Option<String>,
}

/// Where traffic comes from or goes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Peer {
    Ipv4(String),
    Ipv6(String),
    Group(String),
    PrefixList(String),
}

/// Rules with the same protocol and ports.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    default,
    rename_all(serialize = "camelCase", deserialize = "PascalCase")
)]
pub struct IpPermission {
    /// `tcp`, `udp`, `icmp`, a number, or `-1` for everything.
    pub ip_protocol: String,
    /// The first port.
    #[serde(deserialize_with = "text")]
    pub from_port: Option<i32>,
    /// The last port.
    #[serde(deserialize_with = "text")]
    pub to_port: Option<i32>,
    /// The groups at the other end.
    #[serde(rename(serialize = "groups", deserialize = "Groups"))]
    pub user_id_group_pairs: Vec<UserIdGroupPair>,
    /// The IPv4 ranges at the other end.
    pub ip_ranges: Vec<IpRange>,
    /// The IPv6 ranges at the other end.
    pub ipv6_ranges: Vec<Ipv6Range>,
    /// The prefix lists at the other end.
    pub prefix_list_ids: Vec<PrefixListId>,
}

/// A group at the other end.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    default,
    rename_all(serialize = "camelCase", deserialize = "PascalCase")
)]
pub struct UserIdGroupPair {
    /// The group's id.
    pub group_id: String,
    /// The account that owns it.
    pub user_id: Option<String>,
    /// What the rule is for.
    pub description: Option<String>,
}

/// An IPv4 range at the other end.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    default,
    rename_all(serialize = "camelCase", deserialize = "PascalCase")
)]
pub struct IpRange {
    /// The range.
    pub cidr_ip: String,
    /// What the rule is for.
    pub description: Option<String>,
}

/// An IPv6 range at the other end.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    default,
    rename_all(serialize = "camelCase", deserialize = "PascalCase")
)]
pub struct Ipv6Range {
    /// The range.
    pub cidr_ipv6: String,
    /// What the rule is for.
    pub description: Option<String>,
}

/// A prefix list at the other end.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    default,
    rename_all(serialize = "camelCase", deserialize = "PascalCase")
)]
pub struct PrefixListId {
    /// The prefix list's id.
    pub prefix_list_id: String,
    /// What the rule is for.
    pub description: Option<String>,
}

/// One rule as EC2 describes it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SecurityGroupRule {
    /// Its id.
    pub security_group_rule_id: String,
    /// Its ARN.
    pub security_group_rule_arn: String,
    /// Its group's id.
    pub group_id: String,
    /// The account that owns the group.
    pub group_owner_id: String,
    /// Whether it is for outbound traffic.
    pub is_egress: bool,
    /// The protocol.
    pub ip_protocol: String,
    /// The first port; -1 for all.
    pub from_port: i32,
    /// The last port; -1 for all.
    pub to_port: i32,
    /// The IPv4 range at the other end.
    pub cidr_ipv4: Option<String>,
    /// The IPv6 range at the other end.
    pub cidr_ipv6: Option<String>,
    /// The prefix list at the other end.
    pub prefix_list_id: Option<String>,
    /// The group at the other end.
    pub referenced_group_info: Option<ReferencedSecurityGroup>,
    /// What the rule is for.
    pub description: Option<String>,
}

/// The group at the other end of a rule.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReferencedSecurityGroup {
    /// The group's id.
    pub group_id: String,
    /// The account that owns it.
    pub user_id: String,
}

impl Rule {
    pub(crate) fn all_traffic(id: String, egress: bool, peer: Peer) -> Self {
        Self {
            id,
            egress,
            protocol: "-1".to_owned(),
            from_port: None,
            to_port: None,
            peer,
            description: None,
        }
    }

    /// An inbound rule that opens one TCP port to an IPv4 range.
    pub(crate) fn tcp(id: String, port: i32, range: &str) -> Self {
        let (from_port, to_port) = (Some(port), Some(port));
        let peer = Peer::Ipv4(range.to_owned());
        Self {
            id,
            egress: false,
            protocol: "tcp".to_owned(),
            from_port,
            to_port,
            peer,
            description: None,
        }
    }

    /// Whether both let the same traffic through.
    pub(crate) fn equals(&self, other: &Self) -> bool {
        self.egress == other.egress && self.has_ports_of(other) && self.peer == other.peer
    }

    fn has_ports_of(&self, other: &Self) -> bool {
        self.protocol == other.protocol
            && self.from_port == other.from_port
            && self.to_port == other.to_port
    }

    pub(super) fn detail(&self, group: &Group) -> SecurityGroupRule {
        let mut detail = SecurityGroupRule {
            security_group_rule_id: self.id.clone(),
            security_group_rule_arn: format!(
                "arn:aws:ec2:{REGION}:{ACCOUNT}:security-group-rule/{}",
                self.id
            ),
            group_id: group.id.clone(),
            group_owner_id: ACCOUNT.to_owned(),
            is_egress: self.egress,
            ip_protocol: self.protocol.clone(),
            from_port: self.from_port.unwrap_or(-1),
            to_port: self.to_port.unwrap_or(-1),
            description: self.description.clone(),
            ..Default::default()
        };
        match &self.peer {
            Peer::Ipv4(range) => detail.cidr_ipv4 = Some(range.clone()),
            Peer::Ipv6(range) => detail.cidr_ipv6 = Some(range.clone()),
            Peer::PrefixList(id) => detail.prefix_list_id = Some(id.clone()),
            Peer::Group(id) => {
                let user_id = ACCOUNT.to_owned();
                detail.referenced_group_info = Some(ReferencedSecurityGroup {
                    group_id: id.clone(),
                    user_id,
                });
            }
        }
        detail
    }
}

impl IpPermission {
    /// One rule for each peer. EC2 API reference, `IpPermission`: protocols other than these are open on all ports,
    /// whatever ports were given. terraform-provider-aws relies on it when it revokes, with ports from 0 to 0, the rule
    /// that a new group comes with.
    pub(super) fn rules(&self, egress: bool, mut id: impl FnMut() -> String) -> Vec<Rule> {
        let has_ports = matches!(
            self.ip_protocol.as_str(),
            "tcp" | "udp" | "icmp" | "icmpv6" | "6" | "17" | "1" | "58"
        );
        let ipv4 = self
            .ip_ranges
            .iter()
            .map(|range| (Peer::Ipv4(range.cidr_ip.clone()), &range.description));
        let ipv6 = self
            .ipv6_ranges
            .iter()
            .map(|range| (Peer::Ipv6(range.cidr_ipv6.clone()), &range.description));
        let groups = self.user_id_group_pairs.iter();
        let groups = groups.map(|pair| (Peer::Group(pair.group_id.clone()), &pair.description));
        let lists = self.prefix_list_ids.iter();
        let lists = lists.map(|list| {
            (
                Peer::PrefixList(list.prefix_list_id.clone()),
                &list.description,
            )
        });

        let peers = ipv4.chain(ipv6).chain(groups).chain(lists);
        let rule = |(peer, description): (Peer, &Option<String>)| Rule {
            id: id(),
            egress,
            protocol: self.ip_protocol.clone(),
            from_port: self.from_port.filter(|_| has_ports),
            to_port: self.to_port.filter(|_| has_ports),
            peer,
            description: description.clone(),
        };
        peers.map(rule).collect()
    }

    fn add(&mut self, rule: &Rule) {
        let description = rule.description.clone();
        match rule.peer.clone() {
            Peer::Ipv4(cidr_ip) => self.ip_ranges.push(IpRange {
                cidr_ip,
                description,
            }),
            Peer::Ipv6(cidr_ipv6) => self.ipv6_ranges.push(Ipv6Range {
                cidr_ipv6,
                description,
            }),
            Peer::PrefixList(prefix_list_id) => self.prefix_list_ids.push(PrefixListId {
                prefix_list_id,
                description,
            }),
            Peer::Group(group_id) => {
                let user_id = Some(ACCOUNT.to_owned());
                self.user_id_group_pairs.push(UserIdGroupPair {
                    group_id,
                    user_id,
                    description,
                });
            }
        }
    }
}

/// The rules of one direction, those with the same protocol and ports together.
pub(super) fn permissions(rules: &[Rule], egress: bool) -> Vec<IpPermission> {
    let mut merged: Vec<(&Rule, IpPermission)> = Vec::new();
    for rule in rules.iter().filter(|rule| rule.egress == egress) {
        let known = merged
            .iter()
            .position(|(first, _)| first.has_ports_of(rule));
        let at = known.unwrap_or_else(|| {
            let (ip_protocol, from_port, to_port) =
                (rule.protocol.clone(), rule.from_port, rule.to_port);
            merged.push((
                rule,
                IpPermission {
                    ip_protocol,
                    from_port,
                    to_port,
                    ..Default::default()
                },
            ));
            merged.len() - 1
        });
        merged[at].1.add(rule);
    }
    merged
        .into_iter()
        .map(|(_, permission)| permission)
        .collect()
}
