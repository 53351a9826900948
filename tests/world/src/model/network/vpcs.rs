//! VPCs and their DNS attributes.

use std::str::FromStr;

use ipnet::Ipv6Net;
use serde::{Deserialize, Serialize};

use crate::failure::{invalid_value, missing, refuse};
use crate::model::listing::{Described, Listed, describe};
use crate::model::shapes::{DONE, Done, Tag, TagSpecification, flag};
use crate::model::{ACCOUNT, Model, tags};
use crate::{Failure, Operation, Service};

use super::{Cidr, Ipv6CidrBlockAssociation, check_id, dhcp};

/// A VPC.
#[derive(Debug, Clone)]
pub struct Vpc {
    pub(crate) id: String,
    pub(crate) cidrs: Vec<Cidr>,
    /// The block that Amazon gave it. VPC user guide: up to five are possible; here it is one.
    pub(crate) ipv6: Option<Ipv6Net>,
    pub(crate) dns_support: bool,
    pub(crate) dns_hostnames: bool,
    pub(crate) usage_metrics: bool,
    /// The id of its DHCP options.
    pub(crate) dhcp_options: String,
    /// The tenancy of its instances.
    pub(crate) tenancy: &'static str,
}

describe! {
    /// Lists VPCs.
    DescribeVpcs { vpc_ids: "VpcId" },
    /// A page of VPCs.
    DescribeVpcsAnswer { vpcs: "vpcSet" of VpcDetail }
}

/// A VPC as EC2 describes it (there: `Vpc`).
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VpcDetail {
    /// Its id.
    pub vpc_id: String,
    /// The account that owns it.
    pub owner_id: String,
    /// Its state.
    pub state: String,
    /// Its primary block of addresses.
    pub cidr_block: String,
    /// All its blocks of addresses.
    pub cidr_block_association_set: Vec<CidrBlockAssociation>,
    /// All its blocks of IPv6 addresses.
    pub ipv6_cidr_block_association_set: Vec<Ipv6CidrBlockAssociation>,
    /// Its DHCP options.
    pub dhcp_options_id: String,
    /// The tenancy of its instances.
    pub instance_tenancy: String,
    /// Whether it is the account's default VPC.
    pub is_default: bool,
    /// Its tags.
    #[serde(rename = "tagSet")]
    pub tags: Vec<Tag>,
}

/// A block of addresses of a VPC.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CidrBlockAssociation {
    /// The association's id.
    pub association_id: String,
    /// The block.
    pub cidr_block: String,
    /// Its state.
    pub cidr_block_state: CidrBlockState,
}

/// The state of a block of addresses.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct CidrBlockState {
    /// The state.
    pub state: String,
}

/// Creates a VPC.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct CreateVpc {
    /// Only check the permission.
    #[serde(deserialize_with = "flag")]
    pub dry_run: bool,
    /// Its block of addresses.
    pub cidr_block: String,
    /// The tenancy of its instances; absent means `default`.
    pub instance_tenancy: Option<String>,
    /// Whether Amazon is to give it a block of IPv6 addresses as well.
    #[serde(deserialize_with = "flag")]
    pub amazon_provided_ipv6_cidr_block: bool,
    /// Its tags.
    #[serde(rename = "TagSpecification")]
    pub tag_specifications: Vec<TagSpecification>,
}

/// The new VPC.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct CreateVpcAnswer {
    /// The VPC.
    pub vpc: VpcDetail,
}

/// Deletes a VPC.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct DeleteVpc {
    /// Only check the permission.
    #[serde(deserialize_with = "flag")]
    pub dry_run: bool,
    /// The VPC's id.
    pub vpc_id: String,
}

impl Operation for CreateVpc {
    type Answer = CreateVpcAnswer;
    const SERVICE: Service = Service::Ec2;
    const ACTION: &'static str = "CreateVpc";
    const WRITE: bool = true;

    fn dry_run(&self) -> bool {
        self.dry_run
    }

    fn perform(self, model: &mut Model) -> Result<CreateVpcAnswer, Failure> {
        let cidr = Cidr::from_str(&self.cidr_block).map_err(|()| {
            refuse(
                "InvalidVpc.Range",
                format!("The CIDR '{}' is invalid.", self.cidr_block),
            )
        })?;
        let tenancy = self.tenancy()?;
        let tags = tags::from_specifications("vpc", &self.tag_specifications)?;
        let id = model.ids.resource("vpc");
        let visible = model.visible();
        model.put_tags(&id, tags, visible);
        let usual = model.add_vpc(&id, vec![cidr], visible);
        let vpc = Vpc { tenancy, ..usual };
        model.vpcs.put(&id, vpc, visible);
        if self.amazon_provided_ipv6_cidr_block {
            model.associate_ipv6(&id, visible)?;
        }
        let mut detail = model.latest_vpc(&id)?.detail(model);
        detail.state = "pending".to_owned();
        let blocks = detail.ipv6_cidr_block_association_set.into_iter();
        detail.ipv6_cidr_block_association_set =
            blocks.map(Ipv6CidrBlockAssociation::begun).collect();
        Ok(CreateVpcAnswer { vpc: detail })
    }
}

impl CreateVpc {
    /// EC2 API reference, `CreateVpc`: `default` or `dedicated`; `host` cannot be used here. Not verified: the message.
    fn tenancy(&self) -> Result<&'static str, Failure> {
        match self.instance_tenancy.as_deref() {
            None | Some("default") => Ok("default"),
            Some("dedicated") => Ok("dedicated"),
            Some(other) => Err(invalid_value(format!(
                "Value ({other}) for parameter instanceTenancy is invalid."
            ))),
        }
    }
}

impl Operation for DeleteVpc {
    type Answer = Done;
    const SERVICE: Service = Service::Ec2;
    const ACTION: &'static str = "DeleteVpc";
    const WRITE: bool = true;

    fn dry_run(&self) -> bool {
        self.dry_run
    }

    fn perform(self, model: &mut Model) -> Result<Done, Failure> {
        let id = &model.seen_vpc(&self.vpc_id)?.id;
        let has_subnets = model
            .subnets
            .all_latest()
            .any(|subnet| subnet.vpc_id == *id);
        let has_groups = model
            .groups
            .all_latest()
            .any(|group| group.vpc_id == *id && !group.is_default());
        let mut endpoints = model.endpoints.all_latest();
        let has_endpoints =
            endpoints.any(|endpoint| endpoint.vpc_id == *id && !endpoint.is_gone(model.now));
        // EC2 API reference, DeleteVpc: everything in it must be deleted first, except the default
        // group.
        if has_subnets || has_groups || has_endpoints {
            let message = format!("The vpc '{id}' has dependencies and cannot be deleted.");
            return Err(refuse("DependencyViolation", message));
        }
        let default = model.default_group(id).map(|group| group.id.clone());
        let visible = model.visible();
        default
            .iter()
            .for_each(|group| model.groups.delete(group, visible));
        model.vpcs.delete(&self.vpc_id, visible);
        Ok(DONE)
    }
}

impl Vpc {
    fn detail(&self, model: &Model) -> VpcDetail {
        VpcDetail {
            vpc_id: self.id.clone(),
            owner_id: ACCOUNT.to_owned(),
            state: "available".to_owned(),
            cidr_block: self.cidrs[0].to_string(),
            cidr_block_association_set: self
                .cidrs
                .iter()
                .map(|cidr| self.association(cidr))
                .collect(),
            ipv6_cidr_block_association_set: self
                .ipv6
                .iter()
                .map(|block| Ipv6CidrBlockAssociation::of_vpc(&self.id, *block))
                .collect(),
            dhcp_options_id: self.dhcp_options.clone(),
            instance_tenancy: self.tenancy.to_owned(),
            is_default: false,
            tags: model.seen_tags(&self.id),
        }
    }

    fn association(&self, cidr: &Cidr) -> CidrBlockAssociation {
        CidrBlockAssociation {
            association_id: self.id.replacen("vpc-", "vpc-cidr-assoc-", 1),
            cidr_block: cidr.to_string(),
            cidr_block_state: CidrBlockState {
                state: "associated".to_owned(),
            },
        }
    }
}

impl Listed for VpcDetail {
    const FILTERS: &'static [&'static str] = &[
        "cidr",
        "cidr-block-association.cidr-block",
        "dhcp-options-id",
        "ipv6-cidr-block-association.ipv6-cidr-block",
        "is-default",
        "owner-id",
        "state",
        "vpc-id",
    ];

    fn id(&self) -> String {
        self.vpc_id.clone()
    }

    fn values(&self, filter: &str) -> Vec<String> {
        match filter {
            "cidr" => vec![self.cidr_block.clone()],
            "cidr-block-association.cidr-block" => self
                .cidr_block_association_set
                .iter()
                .map(|association| association.cidr_block.clone())
                .collect(),
            "dhcp-options-id" => vec![self.dhcp_options_id.clone()],
            "ipv6-cidr-block-association.ipv6-cidr-block" => self
                .ipv6_cidr_block_association_set
                .iter()
                .map(|association| association.ipv6_cidr_block.clone())
                .collect(),
            "is-default" => vec![self.is_default.to_string()],
            "owner-id" => vec![self.owner_id.clone()],
            "state" => vec![self.state.clone()],
            _ => vec![self.vpc_id.clone()],
        }
    }

    fn tags(&self) -> &[Tag] {
        &self.tags
    }
}

impl Described for VpcDetail {
    fn asked_for(model: &Model, ids: &[String]) -> Result<Vec<Self>, Failure> {
        if !ids.is_empty() {
            let by_id = |id: &String| Ok(model.seen_vpc(id)?.detail(model));
            return ids.iter().map(by_id).collect();
        }
        let vpcs = model.vpcs.all_seen(model.now);
        Ok(vpcs.map(|vpc| vpc.detail(model)).collect())
    }
}

impl Model {
    /// The VPC as a reader sees it now.
    pub(crate) fn seen_vpc(&self, id: &str) -> Result<&Vpc, Failure> {
        if id.is_empty() {
            return Err(missing("vpcId"));
        }
        check_id(id, "vpc", "InvalidVpcID.Malformed")?;
        self.vpcs.seen(id, self.now).ok_or_else(|| no_vpc(id))
    }

    /// The VPC as it is, whatever readers see.
    pub(super) fn latest_vpc(&self, id: &str) -> Result<&Vpc, Failure> {
        self.vpcs.latest(id).ok_or_else(|| no_vpc(id))
    }

    /// Adds a VPC with AWS's defaults. VPC user guide, "DNS attributes": a VPC made by the API has
    /// DNS support but no host names; "Default security groups": every VPC comes with one.
    pub(crate) fn add_vpc(&mut self, id: &str, cidrs: Vec<Cidr>, visible: u64) -> Vpc {
        let vpc = Vpc {
            id: id.to_owned(),
            cidrs,
            ipv6: None,
            dns_support: true,
            dns_hostnames: false,
            usage_metrics: false,
            dhcp_options: dhcp::DEFAULT.to_owned(),
            tenancy: "default",
        };
        self.vpcs.put(id, vpc.clone(), visible);
        self.add_default_group(id, visible);
        vpc
    }
}

fn no_vpc(id: &str) -> Failure {
    refuse(
        "InvalidVpcID.NotFound",
        format!("The vpc ID '{id}' does not exist"),
    )
}
