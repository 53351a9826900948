//! Subnets and their free addresses.

use std::str::FromStr;

use ipnet::Ipv6Net;
use serde::{Deserialize, Serialize};

use crate::failure::{invalid_value, missing, refuse};
use crate::model::listing::{Described, Listed, describe};
use crate::model::shapes::{DONE, Done, Tag, TagSpecification, flag};
use crate::model::{ACCOUNT, Model, REGION, tags};
use crate::{Failure, Operation, Service};

use super::ipv6::{self, Ipv6CidrBlockAssociation};
use super::{Cidr, Vpc, check_id, zone_id, zone_name};

/// A subnet.
#[derive(Debug, Clone)]
pub struct Subnet {
    pub(crate) id: String,
    pub(crate) vpc_id: String,
    /// Its IPv4 block; an IPv6-only subnet has none.
    pub(crate) cidr: Option<Cidr>,
    pub(crate) ipv6: Option<Ipv6Net>,
    pub(crate) zone_id: String,
    pub(crate) owner: String,
    /// How many of its IPv4 addresses other things than endpoints have taken, from the lowest on.
    pub(crate) taken: u32,
}

describe! {
    /// Lists subnets.
    DescribeSubnets { subnet_ids: "SubnetId" },
    /// A page of subnets.
    DescribeSubnetsAnswer { subnets: "subnetSet" of SubnetDetail }
}

/// A subnet as EC2 describes it (there: `Subnet`).
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SubnetDetail {
    /// Its id.
    pub subnet_id: String,
    /// Its ARN.
    pub subnet_arn: String,
    /// Its VPC's id.
    pub vpc_id: String,
    /// The account that owns it.
    pub owner_id: String,
    /// Its state.
    pub state: String,
    /// Its block of IPv4 addresses, if it has one.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub cidr_block: String,
    /// Its block of IPv6 addresses, if it has one.
    pub ipv6_cidr_block_association_set: Vec<Ipv6CidrBlockAssociation>,
    /// How many of its IPv4 addresses are free.
    pub available_ip_address_count: u32,
    /// The name that its zone has in the account.
    pub availability_zone: String,
    /// The id of its zone.
    pub availability_zone_id: String,
    /// Whether it is the zone's default subnet.
    pub default_for_az: bool,
    /// Whether instances get public addresses.
    pub map_public_ip_on_launch: bool,
    /// Whether it has only IPv6 addresses.
    pub ipv6_native: bool,
    /// Its tags.
    #[serde(rename = "tagSet")]
    pub tags: Vec<Tag>,
}

/// Creates a subnet.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct CreateSubnet {
    /// Only check the permission.
    #[serde(deserialize_with = "flag")]
    pub dry_run: bool,
    /// Its VPC's id.
    pub vpc_id: String,
    /// Its block of IPv4 addresses.
    pub cidr_block: String,
    /// Its block of IPv6 addresses.
    pub ipv6_cidr_block: Option<String>,
    /// Whether it is to have only IPv6 addresses.
    #[serde(deserialize_with = "flag")]
    pub ipv6_native: bool,
    /// The name of its zone in the account.
    pub availability_zone: Option<String>,
    /// The id of its zone.
    pub availability_zone_id: Option<String>,
    /// Its tags.
    #[serde(rename = "TagSpecification")]
    pub tag_specifications: Vec<TagSpecification>,
}

/// The new subnet.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct CreateSubnetAnswer {
    /// The subnet.
    pub subnet: SubnetDetail,
}

/// Deletes a subnet.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct DeleteSubnet {
    /// Only check the permission.
    #[serde(deserialize_with = "flag")]
    pub dry_run: bool,
    /// The subnet's id.
    pub subnet_id: String,
}

impl Operation for CreateSubnet {
    type Answer = CreateSubnetAnswer;
    const SERVICE: Service = Service::Ec2;
    const ACTION: &'static str = "CreateSubnet";
    const WRITE: bool = true;

    fn dry_run(&self) -> bool {
        self.dry_run
    }

    fn perform(self, model: &mut Model) -> Result<CreateSubnetAnswer, Failure> {
        let (cidr, ipv6) = self.blocks(model)?;
        let zone_id = self.zone_id()?;
        let tags = tags::from_specifications("subnet", &self.tag_specifications)?;
        let id = model.ids.resource("subnet");
        let visible = model.visible();
        model.put_tags(&id, tags, visible);
        let subnet = Subnet {
            id: id.clone(),
            vpc_id: self.vpc_id,
            cidr,
            ipv6,
            zone_id,
            owner: ACCOUNT.to_owned(),
            taken: 0,
        };
        model.subnets.put(&id, subnet.clone(), visible);
        Ok(CreateSubnetAnswer {
            subnet: subnet.detail(model),
        })
    }
}

impl CreateSubnet {
    /// EC2 API reference, `CreateSubnet`: an IPv6-only subnet has no IPv4 block, and needs an IPv6 one.
    /// Code and message of the refusal are not verified.
    fn blocks(&self, model: &Model) -> Result<(Option<Cidr>, Option<Ipv6Net>), Failure> {
        let vpc = model.seen_vpc(&self.vpc_id)?;
        if self.ipv6_native && !self.cidr_block.is_empty() {
            return Err(refuse(
                "InvalidParameterCombination",
                "CidrBlock cannot be specified for an IPv6 only subnet.",
            ));
        }
        if self.ipv6_native && self.ipv6_cidr_block.is_none() {
            return Err(missing("ipv6CidrBlock"));
        }
        let is_ipv4 = !self.ipv6_native;
        let ipv4 = is_ipv4.then(|| self.ipv4_block(model, vpc)).transpose()?;
        let ipv6 = self.ipv6_cidr_block.as_deref();
        let ipv6 = ipv6.map(|text| self.ipv6_block(model, vpc, text));
        Ok((ipv4, ipv6.transpose()?))
    }

    /// EC2 API reference, `CreateSubnet`: inside one of the VPC's blocks, and apart from its other
    /// subnets.
    fn ipv4_block(&self, model: &Model, vpc: &Vpc) -> Result<Cidr, Failure> {
        let text = &self.cidr_block;
        let cidr = Cidr::from_str(text).map_err(|()| out_of_range(text))?;
        if !vpc.cidrs.iter().any(|block| block.contains(&cidr)) {
            return Err(out_of_range(text));
        }
        let mut others = self.siblings(model).filter_map(|subnet| subnet.cidr);
        if others.any(|other| other.overlaps(&cidr)) {
            return Err(conflict(text));
        }
        Ok(cidr)
    }

    /// Same page: a /64 inside the VPC's IPv6 block, and apart from its other subnets.
    fn ipv6_block(&self, model: &Model, vpc: &Vpc, text: &str) -> Result<Ipv6Net, Failure> {
        let block = text.parse::<Ipv6Net>().map_err(|_| out_of_range(text))?;
        let is_inside = vpc.ipv6.is_some_and(|all| all.contains(&block));
        if block.prefix_len() != ipv6::SUBNET_PREFIX || !is_inside {
            return Err(out_of_range(text));
        }
        let block = block.trunc();
        let mut others = self.siblings(model).filter_map(|subnet| subnet.ipv6);
        if others.any(|other| ipv6::overlap(&other, &block)) {
            return Err(conflict(text));
        }
        Ok(block)
    }

    /// The subnets that the VPC has already.
    fn siblings<'m>(&self, model: &'m Model) -> impl Iterator<Item = &'m Subnet> {
        let subnets = model.subnets.all_latest();
        subnets.filter(|subnet| subnet.vpc_id == self.vpc_id)
    }

    fn zone_id(&self) -> Result<String, Failure> {
        let named = self.availability_zone.as_deref().map(|name| {
            zone_id(name).ok_or_else(|| {
                invalid_value(format!(
                    "Value ({name}) for parameter availabilityZone is invalid."
                ))
            })
        });
        let named = named.transpose()?.unwrap_or("use1-az4");
        Ok(self
            .availability_zone_id
            .clone()
            .unwrap_or_else(|| named.to_owned()))
    }
}

fn out_of_range(text: &str) -> Failure {
    refuse(
        "InvalidSubnet.Range",
        format!("The CIDR '{text}' is invalid."),
    )
}

fn conflict(text: &str) -> Failure {
    let message = format!("The CIDR '{text}' conflicts with another subnet");
    refuse("InvalidSubnet.Conflict", message)
}

impl Operation for DeleteSubnet {
    type Answer = Done;
    const SERVICE: Service = Service::Ec2;
    const ACTION: &'static str = "DeleteSubnet";
    const WRITE: bool = true;

    fn dry_run(&self) -> bool {
        self.dry_run
    }

    fn perform(self, model: &mut Model) -> Result<Done, Failure> {
        let id = &model.seen_subnet(&self.subnet_id)?.id;
        if model
            .interfaces
            .all_latest()
            .any(|interface| interface.subnet_id == *id && interface.exists(model.now))
        {
            let message = format!("The subnet '{id}' has dependencies and cannot be deleted.");
            return Err(refuse("DependencyViolation", message));
        }
        model.subnets.delete(&self.subnet_id, model.visible());
        Ok(DONE)
    }
}

impl Subnet {
    fn detail(&self, model: &Model) -> SubnetDetail {
        let free = self.free_addresses(model).count();
        SubnetDetail {
            subnet_id: self.id.clone(),
            subnet_arn: format!("arn:aws:ec2:{REGION}:{}:subnet/{}", self.owner, self.id),
            vpc_id: self.vpc_id.clone(),
            owner_id: self.owner.clone(),
            state: "available".to_owned(),
            cidr_block: self.cidr.map(|cidr| cidr.to_string()).unwrap_or_default(),
            ipv6_cidr_block_association_set: self
                .ipv6
                .iter()
                .map(|block| Ipv6CidrBlockAssociation::of_subnet(&self.id, *block))
                .collect(),
            available_ip_address_count: u32::try_from(free).unwrap_or(u32::MAX),
            availability_zone: zone_name(&self.zone_id).to_owned(),
            availability_zone_id: self.zone_id.clone(),
            default_for_az: false,
            map_public_ip_on_launch: false,
            ipv6_native: self.cidr.is_none(),
            tags: model.seen_tags(&self.id),
        }
    }
}

impl Listed for SubnetDetail {
    const FILTERS: &'static [&'static str] = &[
        "availability-zone",
        "availabilityZone",
        "availability-zone-id",
        "availabilityZoneId",
        "available-ip-address-count",
        "cidr-block",
        "cidr",
        "cidrBlock",
        "default-for-az",
        "defaultForAz",
        "ipv6-cidr-block-association.ipv6-cidr-block",
        "ipv6-native",
        "owner-id",
        "state",
        "subnet-arn",
        "subnet-id",
        "vpc-id",
    ];

    fn id(&self) -> String {
        self.subnet_id.clone()
    }

    fn values(&self, filter: &str) -> Vec<String> {
        let value = match filter {
            "ipv6-cidr-block-association.ipv6-cidr-block" => {
                let all = self.ipv6_cidr_block_association_set.iter();
                return all.map(|one| one.ipv6_cidr_block.clone()).collect();
            }
            "ipv6-native" => &self.ipv6_native.to_string(),
            "availability-zone" | "availabilityZone" => &self.availability_zone,
            "availability-zone-id" | "availabilityZoneId" => &self.availability_zone_id,
            "available-ip-address-count" => &self.available_ip_address_count.to_string(),
            "cidr-block" | "cidr" | "cidrBlock" => &self.cidr_block,
            "default-for-az" | "defaultForAz" => &self.default_for_az.to_string(),
            "owner-id" => &self.owner_id,
            "state" => &self.state,
            "subnet-arn" => &self.subnet_arn,
            "subnet-id" => &self.subnet_id,
            _ => &self.vpc_id,
        };
        vec![value.clone()]
    }

    fn tags(&self) -> &[Tag] {
        &self.tags
    }
}

impl Described for SubnetDetail {
    fn asked_for(model: &Model, ids: &[String]) -> Result<Vec<Self>, Failure> {
        if !ids.is_empty() {
            let by_id = |id: &String| Ok(model.seen_subnet(id)?.detail(model));
            return ids.iter().map(by_id).collect();
        }
        let subnets = model.subnets.all_seen(model.now);
        Ok(subnets.map(|subnet| subnet.detail(model)).collect())
    }
}

impl Model {
    /// The subnet as a reader sees it now.
    pub(crate) fn seen_subnet(&self, id: &str) -> Result<&Subnet, Failure> {
        if id.is_empty() {
            return Err(missing("subnetId"));
        }
        check_id(id, "subnet", "InvalidSubnetId.Malformed")?;
        let not_found = || {
            refuse(
                "InvalidSubnetID.NotFound",
                format!("The subnet ID '{id}' does not exist"),
            )
        };
        self.subnets.seen(id, self.now).ok_or_else(not_found)
    }
}
