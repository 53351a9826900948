//! What security groups let out.

use serde::{Deserialize, Serialize};

use crate::failure::{missing, refuse};
use crate::model::Model;
use crate::model::shapes::{DONE, TagSpecification, flag};
use crate::{Failure, Operation, Service};

use super::changes::authorize;
use super::rules::{IpPermission, Rule, SecurityGroupRule};
use super::{Group, no_group};

/// Lets more traffic out.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct AuthorizeSecurityGroupEgress {
    /// Only check the permission.
    #[serde(deserialize_with = "flag")]
    pub dry_run: bool,
    /// The group's id.
    pub group_id: String,
    /// What to let out. EC2 API reference: a single rule cannot be spelt without it, other than for what comes in.
    pub ip_permissions: Vec<IpPermission>,
    /// The tags of the rules; they are checked, not kept.
    #[serde(rename = "TagSpecification")]
    pub tag_specifications: Vec<TagSpecification>,
}

/// The new rules.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AuthorizeSecurityGroupEgressAnswer {
    /// Always true; a failure is an error.
    #[serde(rename = "return")]
    pub done: bool,
    /// The rules.
    #[serde(rename = "securityGroupRuleSet")]
    pub security_group_rules: Vec<SecurityGroupRule>,
}

/// Lets less traffic out.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct RevokeSecurityGroupEgress {
    /// Only check the permission.
    #[serde(deserialize_with = "flag")]
    pub dry_run: bool,
    /// The group's id.
    pub group_id: String,
    /// The rules that go, by what they let out.
    pub ip_permissions: Vec<IpPermission>,
    /// The rules that go, by id.
    #[serde(rename = "SecurityGroupRuleId")]
    pub security_group_rule_ids: Vec<String>,
}

/// The rules that went.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RevokeSecurityGroupEgressAnswer {
    /// Always true; a failure is an error.
    #[serde(rename = "return")]
    pub done: bool,
    /// The rules.
    #[serde(rename = "revokedSecurityGroupRuleSet")]
    pub revoked_security_group_rules: Vec<RevokedSecurityGroupRule>,
}

/// A rule that went.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RevokedSecurityGroupRule {
    /// Its id.
    pub security_group_rule_id: String,
    /// Its group's id.
    pub group_id: String,
    /// Whether it was for outbound traffic.
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
    pub referenced_group_id: Option<String>,
    /// What the rule was for.
    pub description: Option<String>,
}

impl Operation for AuthorizeSecurityGroupEgress {
    type Answer = AuthorizeSecurityGroupEgressAnswer;
    const SERVICE: Service = Service::Ec2;
    const ACTION: &'static str = "AuthorizeSecurityGroupEgress";
    const WRITE: bool = true;

    fn dry_run(&self) -> bool {
        self.dry_run
    }

    fn perform(self, model: &mut Model) -> Result<AuthorizeSecurityGroupEgressAnswer, Failure> {
        Ok(AuthorizeSecurityGroupEgressAnswer {
            security_group_rules: authorize(
                model,
                &self.group_id,
                true,
                &self.ip_permissions,
                &self.tag_specifications,
            )?,
            done: DONE.done,
        })
    }
}

impl Operation for RevokeSecurityGroupEgress {
    type Answer = RevokeSecurityGroupEgressAnswer;
    const SERVICE: Service = Service::Ec2;
    const ACTION: &'static str = "RevokeSecurityGroupEgress";
    const WRITE: bool = true;

    fn dry_run(&self) -> bool {
        self.dry_run
    }

    fn perform(self, model: &mut Model) -> Result<RevokeSecurityGroupEgressAnswer, Failure> {
        model.seen_group(&self.group_id)?;
        let mut group = model
            .groups
            .latest(&self.group_id)
            .cloned()
            .ok_or_else(|| no_group(&self.group_id))?;
        let going = self.going(&group)?;
        let revoked = going.iter().map(|rule| rule.revoked(&group)).collect();
        group
            .rules
            .retain(|rule| going.iter().all(|gone| gone.id != rule.id));
        model.groups.put(&self.group_id, group, model.visible());
        Ok(RevokeSecurityGroupEgressAnswer {
            done: DONE.done,
            revoked_security_group_rules: revoked,
        })
    }
}

impl RevokeSecurityGroupEgress {
    /// EC2 API reference, `RevokeSecurityGroupEgress`: rule ids or properties, and properties have to match exactly but
    /// for the description; `RevokeSecurityGroupIngress`: outside a default VPC (there is none here) one that matches
    /// nothing is an error, and nothing is revoked. `piyushsonigra/aws_ipadd` #10 quotes the message.
    fn going(&self, group: &Group) -> Result<Vec<Rule>, Failure> {
        let (ids, permissions) = (&self.security_group_rule_ids, &self.ip_permissions);
        match (ids.is_empty(), permissions.is_empty()) {
            (true, true) => return Err(missing("ipPermissions")),
            // Not verified.
            (false, false) => {
                let message = "Either security group rule ids or IP permissions can be given.";
                return Err(refuse("InvalidParameterCombination", message));
            }
            (true, false) | (false, true) => {}
        }
        let present = || group.rules.iter().filter(|rule| rule.egress);
        let by_id = ids.iter().map(|id| {
            present().find(|rule| rule.id == *id).ok_or_else(|| {
                let message = format!("The security group rule ID '{id}' does not exist");
                refuse("InvalidSecurityGroupRuleId.NotFound", message)
            })
        });
        let wanted: Vec<Rule> = permissions
            .iter()
            .flat_map(|permission| permission.rules(true, String::new))
            .collect();
        let by_properties = wanted.iter().map(|wanted| {
            present().find(|rule| rule.equals(wanted)).ok_or_else(|| {
                let message = "The specified rule does not exist in this security group.";
                refuse("InvalidPermission.NotFound", message)
            })
        });
        by_id
            .chain(by_properties)
            .map(|rule| rule.cloned())
            .collect()
    }
}

impl Rule {
    fn revoked(&self, group: &Group) -> RevokedSecurityGroupRule {
        let detail = self.detail(group);
        RevokedSecurityGroupRule {
            security_group_rule_id: detail.security_group_rule_id,
            group_id: detail.group_id,
            is_egress: detail.is_egress,
            ip_protocol: detail.ip_protocol,
            from_port: detail.from_port,
            to_port: detail.to_port,
            cidr_ipv4: detail.cidr_ipv4,
            cidr_ipv6: detail.cidr_ipv6,
            prefix_list_id: detail.prefix_list_id,
            referenced_group_id: detail.referenced_group_info.map(|peer| peer.group_id),
            description: detail.description,
        }
    }
}
