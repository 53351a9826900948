//! Describing security groups and their rules.

use serde::{Deserialize, Serialize};

use crate::failure::refuse;
use crate::model::listing::{self, Listed, PageSize};
use crate::model::shapes::{Filter, Tag, flag, text};
use crate::model::{ACCOUNT, Model, REGION};
use crate::{Failure, Operation, Service};

use super::Group;
use super::rules::{IpPermission, SecurityGroupRule, permissions};

/// Lists security groups.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct DescribeSecurityGroups {
    /// Only check the permission.
    #[serde(deserialize_with = "flag")]
    pub dry_run: bool,
    /// Which ones, by id.
    #[serde(rename = "GroupId")]
    pub group_ids: Vec<String>,
    /// Which ones.
    #[serde(rename = "Filter")]
    pub filters: Vec<Filter>,
    /// How many at most.
    #[serde(deserialize_with = "text")]
    pub max_results: Option<i32>,
    /// Where the page begins.
    pub next_token: Option<String>,
}

/// A page of security groups.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribeSecurityGroupsAnswer {
    /// The groups.
    #[serde(rename = "securityGroupInfo")]
    pub security_groups: Vec<SecurityGroup>,
    /// Where the next page begins.
    pub next_token: Option<String>,
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

/// Lists the rules of security groups.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct DescribeSecurityGroupRules {
    /// Only check the permission.
    #[serde(deserialize_with = "flag")]
    pub dry_run: bool,
    /// Which ones, by id.
    #[serde(rename = "SecurityGroupRuleId")]
    pub security_group_rule_ids: Vec<String>,
    /// Which ones.
    #[serde(rename = "Filter")]
    pub filters: Vec<Filter>,
    /// How many at most.
    #[serde(deserialize_with = "text")]
    pub max_results: Option<i32>,
    /// Where the page begins.
    pub next_token: Option<String>,
}

/// A page of rules.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribeSecurityGroupRulesAnswer {
    /// The rules.
    #[serde(rename = "securityGroupRuleSet")]
    pub security_group_rules: Vec<SecurityGroupRule>,
    /// Where the next page begins.
    pub next_token: Option<String>,
}

impl Operation for DescribeSecurityGroups {
    type Answer = DescribeSecurityGroupsAnswer;
    const SERVICE: Service = Service::Ec2;
    const ACTION: &'static str = "DescribeSecurityGroups";
    const WRITE: bool = false;

    fn dry_run(&self) -> bool {
        self.dry_run
    }

    fn perform(self, model: &mut Model) -> Result<DescribeSecurityGroupsAnswer, Failure> {
        let groups = if self.group_ids.is_empty() {
            model
                .groups
                .all_seen(model.now)
                .map(|group| group.detail(model))
                .collect()
        } else {
            let asked_for = self
                .group_ids
                .iter()
                .map(|id| Ok(model.seen_group(id)?.detail(model)));
            asked_for.collect::<Result<_, Failure>>()?
        };
        let groups = listing::filter(groups, &self.filters)?;
        let token = self.next_token.as_deref();
        let (security_groups, next_token) =
            listing::page(groups, self.max_results, token, PageSize::FiveToThousand)?;
        Ok(DescribeSecurityGroupsAnswer {
            security_groups,
            next_token,
        })
    }
}

impl Operation for DescribeSecurityGroupRules {
    type Answer = DescribeSecurityGroupRulesAnswer;
    const SERVICE: Service = Service::Ec2;
    const ACTION: &'static str = "DescribeSecurityGroupRules";
    const WRITE: bool = false;

    fn dry_run(&self) -> bool {
        self.dry_run
    }

    fn perform(self, model: &mut Model) -> Result<DescribeSecurityGroupRulesAnswer, Failure> {
        let rules = listing::filter(self.asked_for(model)?, &self.filters)?;
        let token = self.next_token.as_deref();
        let (security_group_rules, next_token) =
            listing::page(rules, self.max_results, token, PageSize::FiveToThousand)?;
        Ok(DescribeSecurityGroupRulesAnswer {
            security_group_rules,
            next_token,
        })
    }
}

impl DescribeSecurityGroupRules {
    fn asked_for(&self, model: &Model) -> Result<Vec<SecurityGroupRule>, Failure> {
        let groups = model.groups.all_seen(model.now);
        let all: Vec<_> = groups
            .flat_map(|group| group.rules.iter().map(|rule| rule.detail(group)))
            .collect();
        let ids = &self.security_group_rule_ids;
        if let Some(unknown) = ids
            .iter()
            .find(|id| all.iter().all(|rule| rule.security_group_rule_id != **id))
        {
            let message = format!("The security group rule ID '{unknown}' does not exist");
            return Err(refuse("InvalidSecurityGroupRuleId.NotFound", message));
        }
        let is_asked_for =
            |rule: &SecurityGroupRule| ids.is_empty() || ids.contains(&rule.security_group_rule_id);
        Ok(all.into_iter().filter(is_asked_for).collect())
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

    fn tags(&self) -> &[Tag] {
        &[]
    }
}
