//! Security groups.

mod changes;
mod egress;
mod reads;
mod rules;

pub use changes::{
    AuthorizeSecurityGroupIngress, AuthorizeSecurityGroupIngressAnswer, CreateSecurityGroup,
    CreateSecurityGroupAnswer, DeleteSecurityGroup, DeleteSecurityGroupAnswer,
};
pub use egress::{
    AuthorizeSecurityGroupEgress, AuthorizeSecurityGroupEgressAnswer, RevokeSecurityGroupEgress,
    RevokeSecurityGroupEgressAnswer, RevokedSecurityGroupRule,
};
pub use reads::{
    DescribeSecurityGroupRules, DescribeSecurityGroupRulesAnswer, DescribeSecurityGroups,
    DescribeSecurityGroupsAnswer, SecurityGroup,
};
pub use rules::{
    IpPermission, IpRange, Ipv6Range, PrefixListId, ReferencedSecurityGroup, SecurityGroupRule,
    UserIdGroupPair,
};

use crate::clock::Moment;
use crate::failure::{missing, refuse};
use crate::{Failure, model::Model};

use super::network::check_id;
use super::shapes::GroupIdentifier;

pub(crate) use rules::{Peer, Rule};

/// A security group.
#[derive(Debug, Clone)]
pub struct Group {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) vpc_id: String,
    pub(crate) rules: Vec<Rule>,
}

impl Group {
    /// Whether it is the one that its VPC came with.
    pub(crate) fn is_default(&self) -> bool {
        self.name == "default"
    }

    /// Whether what it lets out is what groups begin with in a VPC without IPv6.
    pub(crate) fn lets_all_ipv4_out(&self) -> bool {
        let out = self.rules.iter().filter(|rule| rule.egress);
        let out: Vec<_> = out.map(|rule| (&*rule.protocol, &rule.peer)).collect();
        out == [("-1", &Peer::Ipv4("0.0.0.0/0".to_owned()))]
    }
}

impl Model {
    /// The group as a reader sees it now.
    pub(crate) fn seen_group(&self, id: &str) -> Result<&Group, Failure> {
        if id.is_empty() {
            return Err(missing("groupId"));
        }
        check_id(id, "sg", "InvalidGroupId.Malformed")?;
        self.groups.seen(id, self.now).ok_or_else(|| no_group(id))
    }

    /// The group that a VPC came with.
    pub(crate) fn default_group(&self, vpc_id: &str) -> Option<&Group> {
        self.groups
            .all_latest()
            .find(|group| group.vpc_id == vpc_id && group.is_default())
    }

    /// The groups' ids with their names.
    pub(crate) fn group_identifiers(&self, ids: &[String]) -> Vec<GroupIdentifier> {
        let name = |id: &String| {
            self.groups
                .latest(id)
                .map(|group| group.name.clone())
                .unwrap_or_default()
        };
        ids.iter()
            .map(|id| GroupIdentifier {
                group_id: id.clone(),
                group_name: name(id),
            })
            .collect()
    }

    /// VPC user guide, "Default security groups": all traffic from the group's own members in,
    /// everything out.
    pub(crate) fn add_default_group(&mut self, vpc_id: &str, visible: Moment) {
        let id = self.ids.resource("sg");
        let ingress = Rule::all_traffic(self.ids.resource("sgr"), false, Peer::Group(id.clone()));
        self.add_group(
            &id,
            "default",
            "default VPC security group",
            vpc_id,
            vec![ingress],
            visible,
        );
    }

    /// A rule that lets everything out.
    pub(crate) fn all_out(&mut self, to: Peer) -> Rule {
        Rule::all_traffic(self.ids.resource("sgr"), true, to)
    }

    /// Adds a group. EC2 API reference, `CreateSecurityGroup`: it allows all traffic out; VPC user
    /// guide, "Default security groups": over IPv6 too, if the VPC has a block of it. That the latter
    /// holds for all groups is not verified.
    pub(crate) fn add_group(
        &mut self,
        id: &str,
        name: &str,
        description: &str,
        vpc_id: &str,
        mut rules: Vec<Rule>,
        visible: Moment,
    ) {
        rules.push(self.all_out(Peer::Ipv4("0.0.0.0/0".to_owned())));
        let vpc = self.vpcs.latest(vpc_id);
        if vpc.is_some_and(|vpc| vpc.ipv6.is_some()) {
            rules.push(self.all_out(Peer::Ipv6("::/0".to_owned())));
        }
        let group = Group {
            id: id.to_owned(),
            name: name.to_owned(),
            description: description.to_owned(),
            vpc_id: vpc_id.to_owned(),
            rules,
        };
        self.groups.put(id, group, visible);
    }
}

/// Of a group that is not there, or was deleted a moment ago.
fn no_group(id: &str) -> Failure {
    refuse(
        "InvalidGroup.NotFound",
        format!("The security group '{id}' does not exist"),
    )
}
