//! Creating, opening and deleting security groups.

use serde::{Deserialize, Serialize};

use crate::failure::{invalid_value, missing, refuse};
use crate::model::shapes::{DONE, Tag, TagSpecification, flag, text};
use crate::model::{ACCOUNT, Model, REGION, tags};
use crate::{Failure, Operation, Service};

use super::no_group;
use super::rules::{IpPermission, IpRange, Peer, Rule, SecurityGroupRule};

/// Creates a security group.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct CreateSecurityGroup {
    /// Only check the permission.
    #[serde(deserialize_with = "flag")]
    pub dry_run: bool,
    /// Its name, unique in the VPC.
    pub group_name: String,
    /// What it is for.
    #[serde(rename = "GroupDescription")]
    pub description: String,
    /// Its VPC's id.
    pub vpc_id: String,
    /// Its tags.
    #[serde(rename = "TagSpecification")]
    pub tag_specifications: Vec<TagSpecification>,
}

/// The new security group.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateSecurityGroupAnswer {
    /// Its id.
    pub group_id: String,
    /// Its ARN.
    pub security_group_arn: String,
    /// Its tags.
    #[serde(rename = "tagSet")]
    pub tags: Vec<Tag>,
}

/// Lets more traffic in.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct AuthorizeSecurityGroupIngress {
    /// Only check the permission.
    #[serde(deserialize_with = "flag")]
    pub dry_run: bool,
    /// The group's id.
    pub group_id: String,
    /// What to let in.
    pub ip_permissions: Vec<IpPermission>,
    /// In place of `ip_permissions`: the protocol of a single rule.
    pub ip_protocol: Option<String>,
    /// In place of `ip_permissions`: the first port of a single rule.
    #[serde(deserialize_with = "text")]
    pub from_port: Option<i32>,
    /// In place of `ip_permissions`: the last port of a single rule.
    #[serde(deserialize_with = "text")]
    pub to_port: Option<i32>,
    /// In place of `ip_permissions`: the IPv4 range of a single rule.
    pub cidr_ip: Option<String>,
    /// The tags of the rules; they are checked, not kept.
    #[serde(rename = "TagSpecification")]
    pub tag_specifications: Vec<TagSpecification>,
}

/// The new rules.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AuthorizeSecurityGroupIngressAnswer {
    /// Always true; a failure is an error.
    #[serde(rename = "return")]
    pub done: bool,
    /// The rules.
    #[serde(rename = "securityGroupRuleSet")]
    pub security_group_rules: Vec<SecurityGroupRule>,
}

/// Deletes a security group.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct DeleteSecurityGroup {
    /// Only check the permission.
    #[serde(deserialize_with = "flag")]
    pub dry_run: bool,
    /// The group's id.
    pub group_id: String,
}

/// The deleted security group.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeleteSecurityGroupAnswer {
    /// Always true; a failure is an error.
    #[serde(rename = "return")]
    pub done: bool,
    /// The group's id.
    pub group_id: String,
}

impl Operation for CreateSecurityGroup {
    type Answer = CreateSecurityGroupAnswer;
    const SERVICE: Service = Service::Ec2;
    const ACTION: &'static str = "CreateSecurityGroup";
    const WRITE: bool = true;

    fn dry_run(&self) -> bool {
        self.dry_run
    }

    fn perform(self, model: &mut Model) -> Result<CreateSecurityGroupAnswer, Failure> {
        self.check(model)?;
        let tags = tags::from_specifications("security-group", &self.tag_specifications)?;
        let id = model.ids.resource("sg");
        let answer = CreateSecurityGroupAnswer {
            group_id: id.clone(),
            security_group_arn: format!("arn:aws:ec2:{REGION}:{ACCOUNT}:security-group/{id}"),
            tags: tags
                .iter()
                .map(|(key, value)| Tag {
                    key: key.clone(),
                    value: value.clone(),
                })
                .collect(),
        };
        let visible = model.visible();
        model.put_tags(&id, tags, visible);
        model.add_group(
            &id,
            &self.group_name,
            &self.description,
            &self.vpc_id,
            Vec::new(),
            visible,
        );
        Ok(answer)
    }
}

impl CreateSecurityGroup {
    /// EC2 API reference, `CreateSecurityGroup`: up to 255 characters each, a name that does not
    /// begin with `sg-`, and no second group of that name in the VPC.
    fn check(&self, model: &Model) -> Result<(), Failure> {
        if self.group_name.is_empty() {
            return Err(missing("GroupName"));
        }
        if self.description.is_empty() {
            return Err(missing("GroupDescription"));
        }
        if self.group_name.starts_with("sg-")
            || self.group_name.len() > 255
            || self.description.len() > 255
        {
            return Err(invalid_value(format!(
                "Invalid value '{}' for GroupName or its description",
                self.group_name
            )));
        }
        model.seen_vpc(&self.vpc_id)?;
        let mut groups = model.groups.all_latest();
        if groups.any(|group| group.vpc_id == self.vpc_id && group.name == self.group_name) {
            let message = format!(
                "The security group '{}' already exists for VPC '{}'",
                self.group_name, self.vpc_id
            );
            return Err(refuse("InvalidGroup.Duplicate", message));
        }
        Ok(())
    }
}

impl Operation for AuthorizeSecurityGroupIngress {
    type Answer = AuthorizeSecurityGroupIngressAnswer;
    const SERVICE: Service = Service::Ec2;
    const ACTION: &'static str = "AuthorizeSecurityGroupIngress";
    const WRITE: bool = true;

    fn dry_run(&self) -> bool {
        self.dry_run
    }

    fn perform(self, model: &mut Model) -> Result<AuthorizeSecurityGroupIngressAnswer, Failure> {
        let permissions = self.permissions();
        Ok(AuthorizeSecurityGroupIngressAnswer {
            security_group_rules: authorize(
                model,
                &self.group_id,
                false,
                &permissions,
                &self.tag_specifications,
            )?,
            done: DONE.done,
        })
    }
}

impl AuthorizeSecurityGroupIngress {
    /// All that is to be let in, whichever way it was spelt.
    fn permissions(&self) -> Vec<IpPermission> {
        let single = self.cidr_ip.as_ref().map(|cidr_ip| IpPermission {
            ip_protocol: self.ip_protocol.clone().unwrap_or_default(),
            from_port: self.from_port,
            to_port: self.to_port,
            ip_ranges: vec![IpRange {
                cidr_ip: cidr_ip.clone(),
                description: None,
            }],
            ..Default::default()
        });
        self.ip_permissions.iter().cloned().chain(single).collect()
    }
}

/// Adds rules to a group, all of them or none.
pub(super) fn authorize(
    model: &mut Model,
    group_id: &str,
    egress: bool,
    permissions: &[IpPermission],
    tags: &[TagSpecification],
) -> Result<Vec<SecurityGroupRule>, Failure> {
    model.seen_group(group_id)?;
    tags::from_specifications("security-group-rule", tags)?;
    let mut group = model
        .groups
        .latest(group_id)
        .cloned()
        .ok_or_else(|| no_group(group_id))?;
    let new: Vec<Rule> = permissions
        .iter()
        .flat_map(|permission| permission.rules(egress, || model.ids.resource("sgr")))
        .collect();
    check_rules(&new, &group.rules, model)?;

    let details = new.iter().map(|rule| rule.detail(&group)).collect();
    group.rules.extend(new);
    model.groups.put(group_id, group, model.visible());
    Ok(details)
}

fn check_rules(new: &[Rule], present: &[Rule], model: &Model) -> Result<(), Failure> {
    if new.is_empty() {
        return Err(missing("ipPermissions"));
    }
    for rule in new {
        if let Peer::Group(id) = &rule.peer {
            model.seen_group(id)?;
        }
        // EC2 API reference, "Error codes": InvalidPermission.Duplicate.
        if present.iter().any(|other| other.equals(rule)) {
            return Err(refuse("InvalidPermission.Duplicate", duplicate(rule)));
        }
    }
    Ok(())
}

fn duplicate(rule: &Rule) -> String {
    let peer = match &rule.peer {
        Peer::Ipv4(peer) | Peer::Ipv6(peer) | Peer::Group(peer) | Peer::PrefixList(peer) => peer,
    };
    let ports = |port: Option<i32>| port.map_or_else(|| "all".to_owned(), |port| port.to_string());
    let (protocol, from, to) = (
        rule.protocol.to_uppercase(),
        ports(rule.from_port),
        ports(rule.to_port),
    );
    format!(
        "the specified rule \"peer: {peer}, {protocol}, from port: {from}, to port: {to}, ALLOW\" already exists"
    )
}

impl Operation for DeleteSecurityGroup {
    type Answer = DeleteSecurityGroupAnswer;
    const SERVICE: Service = Service::Ec2;
    const ACTION: &'static str = "DeleteSecurityGroup";
    const WRITE: bool = true;

    fn dry_run(&self) -> bool {
        self.dry_run
    }

    fn perform(self, model: &mut Model) -> Result<DeleteSecurityGroupAnswer, Failure> {
        let group = model.seen_group(&self.group_id)?;
        // EC2 API reference, "Error codes": CannotDelete, DependencyViolation.
        if group.is_default() {
            let message = format!(
                "the specified group: \"{}\" name: \"default\" cannot be deleted by a user",
                group.id
            );
            return Err(refuse("CannotDelete", message));
        }
        if model.is_group_in_use(&self.group_id) {
            let message = format!("resource {} has a dependent object", self.group_id);
            return Err(refuse("DependencyViolation", message));
        }
        model.groups.delete(&self.group_id, model.visible());
        Ok(DeleteSecurityGroupAnswer {
            done: DONE.done,
            group_id: self.group_id,
        })
    }
}

impl Model {
    /// Whether a network interface or another group's rule still names it.
    fn is_group_in_use(&self, id: &str) -> bool {
        let mut interfaces = self
            .interfaces
            .all_latest()
            .filter(|interface| interface.exists(self.now));
        let mut others = self.groups.all_latest().filter(|other| other.id != id);
        let names_it = |rule: &Rule| rule.peer == Peer::Group(id.to_owned());
        interfaces.any(|interface| interface.groups.iter().any(|group| group == id))
            || others.any(|other| other.rules.iter().any(names_it))
    }
}
