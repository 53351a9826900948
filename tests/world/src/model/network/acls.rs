//! Network ACLs. Every VPC has its default one, and every subnet is with it.
//!
//! Source: EC2 API reference, `DescribeNetworkAcls` and `CreateNetworkAclEntry`; VPC user guide, "Default network ACL".

use serde::{Deserialize, Serialize};

use crate::failure::{missing, refuse};
use crate::model::listing::{Described, Listed, describe};
use crate::model::shapes::{DONE, Done, Tag, flag, text};
use crate::model::{ACCOUNT, Model};
use crate::{Failure, Operation, Service};

describe! {
    /// Lists network ACLs.
    DescribeNetworkAcls { network_acl_ids: "NetworkAclId" },
    /// A page of network ACLs.
    DescribeNetworkAclsAnswer { network_acls: "networkAclSet" of NetworkAcl }
}

/// A network ACL.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NetworkAcl {
    /// Its id.
    pub network_acl_id: String,
    /// Its VPC's id.
    pub vpc_id: String,
    /// The account that owns it.
    pub owner_id: String,
    /// Whether it is the VPC's default one.
    pub default: bool,
    /// Its rules.
    #[serde(rename = "entrySet")]
    pub entries: Vec<AclEntry>,
    /// The subnets that it is for.
    #[serde(rename = "associationSet")]
    pub associations: Vec<AclAssociation>,
    /// Its tags.
    #[serde(rename = "tagSet")]
    pub tags: Vec<Tag>,
}

/// A rule: the one with the lowest number that fits decides.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AclEntry {
    /// Its number.
    pub rule_number: u32,
    /// The protocol's number; -1 for all.
    pub protocol: String,
    /// `allow` or `deny`.
    pub rule_action: String,
    /// Whether it is about what leaves the subnet.
    pub egress: bool,
    /// The IPv4 block at the other end, if it is one.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub cidr_block: String,
    /// The IPv6 block at the other end, if it is one.
    pub ipv6_cidr_block: Option<String>,
    /// The ports; none for all.
    pub port_range: Option<PortRange>,
}

impl AclEntry {
    /// The block at the other end, of either family.
    pub(crate) fn peer(&self) -> &str {
        self.ipv6_cidr_block.as_ref().unwrap_or(&self.cidr_block)
    }
}

/// Ports from a first to a last.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    default,
    rename_all(serialize = "camelCase", deserialize = "PascalCase")
)]
pub struct PortRange {
    /// The first.
    #[serde(deserialize_with = "text")]
    pub from: Option<i32>,
    /// The last.
    #[serde(deserialize_with = "text")]
    pub to: Option<i32>,
}

/// That a subnet is with an ACL.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AclAssociation {
    /// Its id.
    pub network_acl_association_id: String,
    /// The ACL.
    pub network_acl_id: String,
    /// The subnet.
    pub subnet_id: String,
}

/// Adds a rule.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct CreateNetworkAclEntry {
    /// Only check the permission.
    #[serde(deserialize_with = "flag")]
    pub dry_run: bool,
    /// The ACL.
    pub network_acl_id: String,
    /// The rule's number.
    #[serde(deserialize_with = "text")]
    pub rule_number: Option<u32>,
    /// The protocol's number; -1 for all.
    pub protocol: String,
    /// `allow` or `deny`.
    pub rule_action: String,
    /// Whether it is about what leaves the subnet.
    #[serde(deserialize_with = "flag")]
    pub egress: bool,
    /// The IPv4 block at the other end.
    pub cidr_block: String,
    /// Instead of that, the IPv6 block at the other end.
    pub ipv6_cidr_block: Option<String>,
    /// The ports; none for all.
    pub port_range: Option<PortRange>,
}

impl Operation for CreateNetworkAclEntry {
    type Answer = Done;
    const SERVICE: Service = Service::Ec2;
    const ACTION: &'static str = "CreateNetworkAclEntry";
    const WRITE: bool = true;

    fn dry_run(&self) -> bool {
        self.dry_run
    }

    fn perform(self, model: &mut Model) -> Result<Done, Failure> {
        let acl = NetworkAcl::named(model, &self.network_acl_id)?;
        self.check_peer()?;
        let number = self.rule_number.unwrap_or_default();
        let mut entries = acl.entries;
        let same = |entry: &AclEntry| entry.rule_number == number && entry.egress == self.egress;
        if entries.iter().any(same) {
            let message = format!("The network acl entry identified by {number} already exists.");
            return Err(refuse("NetworkAclEntryAlreadyExists", message));
        }
        entries.push(AclEntry {
            rule_number: number,
            protocol: self.protocol,
            rule_action: self.rule_action,
            egress: self.egress,
            cidr_block: self.cidr_block,
            ipv6_cidr_block: self.ipv6_cidr_block,
            port_range: self.port_range,
        });
        entries.sort_by_key(|entry| (entry.egress, entry.rule_number));
        model.acls.insert(acl.vpc_id, entries);
        Ok(DONE)
    }
}

impl CreateNetworkAclEntry {
    /// EC2 API reference, `CreateNetworkAclEntry`: an IPv4 block or an IPv6 one. Code and message of
    /// the second refusal are not verified.
    fn check_peer(&self) -> Result<(), Failure> {
        match (self.cidr_block.is_empty(), &self.ipv6_cidr_block) {
            (true, None) => Err(missing("cidrBlock")),
            (false, Some(_)) => Err(refuse(
                "InvalidParameterCombination",
                "cidrBlock and ipv6CidrBlock cannot be specified together.",
            )),
            (true, Some(_)) | (false, None) => Ok(()),
        }
    }
}

/// The rules between a VPC's subnets.
pub(crate) fn acl_entries(model: &Model, vpc_id: &str) -> Vec<AclEntry> {
    NetworkAcl::of(model, vpc_id).entries
}

impl NetworkAcl {
    /// The default ACL of a VPC.
    fn of(model: &Model, vpc_id: &str) -> Self {
        let id = vpc_id.replacen("vpc-", "acl-", 1);
        let has_ipv6 = || {
            let vpc = model.vpcs.seen(vpc_id, model.now);
            vpc.is_some_and(|vpc| vpc.ipv6.is_some())
        };
        let subnets = model.subnets.all_seen(model.now);
        let subnets = subnets.filter(|subnet| subnet.vpc_id == vpc_id);
        Self {
            vpc_id: vpc_id.to_owned(),
            owner_id: ACCOUNT.to_owned(),
            default: true,
            entries: model
                .acls
                .get(vpc_id)
                .cloned()
                .unwrap_or_else(|| usual(has_ipv6())),
            associations: subnets
                .map(|subnet| AclAssociation {
                    network_acl_association_id: subnet.id.replacen("subnet-", "aclassoc-", 1),
                    network_acl_id: id.clone(),
                    subnet_id: subnet.id.clone(),
                })
                .collect(),
            tags: model.seen_tags(&id),
            network_acl_id: id,
        }
    }

    fn named(model: &Model, id: &str) -> Result<Self, Failure> {
        let vpc = id.replacen("acl-", "vpc-", 1);
        if id.starts_with("acl-") && model.vpcs.seen(&vpc, model.now).is_some() {
            return Ok(Self::of(model, &vpc));
        }
        let message = format!("The networkAcl ID '{id}' does not exist");
        Err(refuse("InvalidNetworkAclID.NotFound", message))
    }
}

/// The rules that a VPC begins with. VPC user guide, "Default network ACL": everything is let through,
/// and with an IPv6 block all of IPv6 too.
fn usual(has_ipv6: bool) -> Vec<AclEntry> {
    let ipv4 = |rule_number, action: &str, egress| AclEntry {
        rule_number,
        protocol: "-1".to_owned(),
        rule_action: action.to_owned(),
        egress,
        cidr_block: "0.0.0.0/0".to_owned(),
        ..Default::default()
    };
    let ipv6 = |rule_number, action: &str, egress| AclEntry {
        cidr_block: String::new(),
        ipv6_cidr_block: Some("::/0".to_owned()),
        ..ipv4(rule_number, action, egress)
    };
    let of = |egress| {
        let mut rules = vec![ipv4(100, "allow", egress), ipv4(32767, "deny", egress)];
        if has_ipv6 {
            rules.insert(1, ipv6(101, "allow", egress));
            rules.push(ipv6(32768, "deny", egress));
        }
        rules
    };
    [false, true].into_iter().flat_map(of).collect()
}

impl Listed for NetworkAcl {
    const FILTERS: &'static [&'static str] = &[
        "association.subnet-id",
        "default",
        "network-acl-id",
        "owner-id",
        "vpc-id",
    ];

    fn id(&self) -> String {
        self.network_acl_id.clone()
    }

    fn values(&self, filter: &str) -> Vec<String> {
        match filter {
            "association.subnet-id" => {
                let all = self.associations.iter();
                all.map(|one| one.subnet_id.clone()).collect()
            }
            "default" => vec![self.default.to_string()],
            "network-acl-id" => vec![self.network_acl_id.clone()],
            "owner-id" => vec![self.owner_id.clone()],
            _ => vec![self.vpc_id.clone()],
        }
    }

    fn tags(&self) -> &[Tag] {
        &self.tags
    }
}

impl Described for NetworkAcl {
    fn asked_for(model: &Model, ids: &[String]) -> Result<Vec<Self>, Failure> {
        if !ids.is_empty() {
            return ids.iter().map(|id| Self::named(model, id)).collect();
        }
        let vpcs = model.vpcs.all_seen(model.now);
        Ok(vpcs.map(|vpc| Self::of(model, &vpc.id)).collect())
    }
}
