//! Describing security groups and their rules.

use serde::Serialize;

use crate::Failure;
use crate::failure::refuse;
use crate::model::listing::{Described, Listed, describe};
use crate::model::shapes::Tag;
use crate::model::{ACCOUNT, Model, REGION};

use super::Group;
use super::rules::{IpPermission, SecurityGroupRule, permissions};

describe! {
    /// Lists security groups.
    DescribeSecurityGroups { group_ids: "GroupId" },
    /// A page of security groups.
    DescribeSecurityGroupsAnswer { security_groups: "securityGroupInfo" of SecurityGroup }
}

/// A security group as EC2 describes it.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SecurityGroup {
    /// Its id.
    pub group_id: String,
    /// Its name.
    pub group_name: String,
    /// What it is for.
    #[serde(rename = "groupDescription")]
    pub description: String,
    /// Its ARN.
    pub security_group_arn: String,
    /// The account that owns it.
    pub owner_id: String,
    /// Its VPC's id.
    pub vpc_id: String,
    /// What it lets in.
    pub ip_permissions: Vec<IpPermission>,
    /// What it lets out.
    pub ip_permissions_egress: Vec<IpPermission>,
    /// Its tags.
    #[serde(rename = "tagSet")]
    pub tags: Vec<Tag>,
}

describe! {
    /// Lists the rules of security groups.
    DescribeSecurityGroupRules { security_group_rule_ids: "SecurityGroupRuleId" },
    /// A page of rules.
    DescribeSecurityGroupRulesAnswer {
        security_group_rules: "securityGroupRuleSet" of SecurityGroupRule
    }
}

impl Group {
    pub(crate) fn detail(&self, model: &Model) -> SecurityGroup {
        SecurityGroup {
            group_id: self.id.clone(),
            group_name: self.name.clone(),
            description: self.description.clone(),
            security_group_arn: format!(
                "arn:aws:ec2:{REGION}:{ACCOUNT}:security-group/{}",
                self.id
            ),
            owner_id: ACCOUNT.to_owned(),
            vpc_id: self.vpc_id.clone(),
            ip_permissions: permissions(&self.rules, false),
            ip_permissions_egress: permissions(&self.rules, true),
            tags: model.seen_tags(&self.id),
        }
    }
}

impl Listed for SecurityGroup {
    const FILTERS: &'static [&'static str] = &[
        "description",
        "group-id",
        "group-name",
        "ip-permission.cidr",
        "ip-permission.from-port",
        "ip-permission.group-id",
        "ip-permission.protocol",
        "ip-permission.to-port",
        "owner-id",
        "vpc-id",
    ];

    fn id(&self) -> String {
        self.group_id.clone()
    }

    fn values(&self, filter: &str) -> Vec<String> {
        let ingress = self.ip_permissions.iter();
        match filter {
            "description" => vec![self.description.clone()],
            "group-id" => vec![self.group_id.clone()],
            "group-name" => vec![self.group_name.clone()],
            "owner-id" => vec![self.owner_id.clone()],
            "ip-permission.cidr" => ingress
                .flat_map(|rule| rule.ip_ranges.iter().map(|range| range.cidr_ip.clone()))
                .collect(),
            "ip-permission.group-id" => ingress
                .flat_map(|rule| {
                    rule.user_id_group_pairs
                        .iter()
                        .map(|pair| pair.group_id.clone())
                })
                .collect(),
            "ip-permission.protocol" => ingress.map(|rule| rule.ip_protocol.clone()).collect(),
            "ip-permission.from-port" => ingress
                .filter_map(|rule| Some(rule.from_port?.to_string()))
                .collect(),
            "ip-permission.to-port" => ingress
                .filter_map(|rule| Some(rule.to_port?.to_string()))
                .collect(),
            _ => vec![self.vpc_id.clone()],
        }
    }

    fn tags(&self) -> &[Tag] {
        &self.tags
    }
}

impl Described for SecurityGroup {
    fn asked_for(model: &Model, ids: &[String]) -> Result<Vec<Self>, Failure> {
        if !ids.is_empty() {
            let by_id = |id: &String| Ok(model.seen_group(id)?.detail(model));
            return ids.iter().map(by_id).collect();
        }
        let groups = model.groups.all_seen(model.now);
        Ok(groups.map(|group| group.detail(model)).collect())
    }
}

impl Listed for SecurityGroupRule {
    const FILTERS: &'static [&'static str] = &["group-id", "security-group-rule-id"];

    fn id(&self) -> String {
        self.security_group_rule_id.clone()
    }

    fn values(&self, filter: &str) -> Vec<String> {
        match filter {
            "group-id" => vec![self.group_id.clone()],
            _ => vec![self.security_group_rule_id.clone()],
        }
    }
}

impl Described for SecurityGroupRule {
    fn asked_for(model: &Model, ids: &[String]) -> Result<Vec<Self>, Failure> {
        let groups = model.groups.all_seen(model.now);
        let mut rules: Vec<_> = groups
            .flat_map(|group| group.rules.iter().map(|rule| rule.detail(group)))
            .collect();
        let is_known = |id: &&String| rules.iter().any(|rule| rule.security_group_rule_id == **id);
        if let Some(unknown) = ids.iter().find(|id| !is_known(id)) {
            let message = format!("The security group rule ID '{unknown}' does not exist");
            return Err(refuse("InvalidSecurityGroupRuleId.NotFound", message));
        }
        rules.retain(|rule| ids.is_empty() || ids.contains(&rule.security_group_rule_id));
        Ok(rules)
    }
}
