//! The IPv6 blocks of VPCs and subnets.
//!
//! Sources: VPC user guide, "IPv6 VPC CIDR blocks" and "Subnet sizing for IPv6"; EC2 API reference,
//! `VpcIpv6CidrBlockAssociation` and `SubnetIpv6CidrBlockAssociation`.

use std::net::Ipv6Addr;

use ipnet::Ipv6Net;
use serde::Serialize;

use crate::World;
use crate::clock::Moment;
use crate::failure::refuse;
use crate::model::{ACCOUNT, Model, REGION};
use crate::{Failure, model::groups::Peer};

use super::{CidrBlockState, Subnet};

/// Where Amazon takes us-east-1's blocks from (AWS's `ip-ranges.json`: `2600:1f18::/33`); a part of it.
const POOL: &str = "2600:1f18:4000::/36";
/// VPC user guide: Amazon gives a VPC a /56.
const VPC_PREFIX: u8 = 56;
/// What a subnet has. VPC user guide: wider ones are possible; here they are not.
pub(super) const SUBNET_PREFIX: u8 = 64;

/// An IPv6 block of a VPC or of a subnet.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Ipv6CidrBlockAssociation {
    /// The association's id.
    pub association_id: String,
    /// The block.
    pub ipv6_cidr_block: String,
    /// Its state.
    pub ipv6_cidr_block_state: CidrBlockState,
    /// Where a VPC's block is advertised.
    pub network_border_group: Option<String>,
    /// The pool that a VPC's block is from.
    pub ipv6_pool: Option<String>,
}

impl Ipv6CidrBlockAssociation {
    /// That of a subnet.
    pub(super) fn of_subnet(subnet_id: &str, block: Ipv6Net) -> Self {
        Self {
            association_id: subnet_id.replacen("subnet-", "subnet-cidr-assoc-", 1),
            ipv6_cidr_block: block.to_string(),
            ipv6_cidr_block_state: CidrBlockState {
                state: "associated".to_owned(),
            },
            ..Default::default()
        }
    }

    /// That of a VPC. Its id differs from that of the VPC's IPv4 block.
    pub(super) fn of_vpc(vpc_id: &str, block: Ipv6Net) -> Self {
        Self {
            association_id: vpc_id.replacen("vpc-0", "vpc-cidr-assoc-6", 1),
            network_border_group: Some(REGION.to_owned()),
            ipv6_pool: Some("Amazon".to_owned()),
            ..Self::of_subnet(vpc_id, block)
        }
    }

    /// As the answer to `CreateVpc` has it: AWS CLI reference, `create-vpc`, example 2, shows no block
    /// yet.
    pub(super) fn begun(self) -> Self {
        Self {
            ipv6_cidr_block: String::new(),
            ipv6_cidr_block_state: CidrBlockState {
                state: "associating".to_owned(),
            },
            ..self
        }
    }
}

/// The addresses of a block that can be given out. VPC user guide, "Subnet sizing for IPv6": the first
/// four and the last are reserved.
pub(super) fn usable(block: Ipv6Net) -> impl DoubleEndedIterator<Item = Ipv6Addr> + Clone + use<> {
    let (first, last) = (u128::from(block.network()), u128::from(block.broadcast()));
    (first + 4..last).map(Ipv6Addr::from)
}

/// Whether two blocks have an address in common.
pub(super) fn overlap(one: &Ipv6Net, other: &Ipv6Net) -> bool {
    one.contains(other) || other.contains(one)
}

impl Model {
    /// Gives a VPC that has none a block, with what AWS adds beside. VPC user guide, "Default network
    /// ACL" and "Default security groups": the usual rules then let IPv6 through as well, as long as
    /// nobody changed them.
    pub(crate) fn associate_ipv6(
        &mut self,
        vpc_id: &str,
        visible: Moment,
    ) -> Result<Ipv6Net, Failure> {
        let mut vpc = self.latest_vpc(vpc_id)?.clone();
        if let Some(block) = vpc.ipv6 {
            return Ok(block);
        }
        let taken: Vec<Ipv6Net> = self.vpcs.all_latest().filter_map(|vpc| vpc.ipv6).collect();
        let block = first_free(POOL.parse().ok(), VPC_PREFIX, &taken)?;
        vpc.ipv6 = Some(block);
        self.vpcs.put(vpc_id, vpc, visible);

        let groups = self.groups.all_latest();
        let groups: Vec<_> = groups
            .filter(|group| group.vpc_id == vpc_id && group.lets_all_ipv4_out())
            .cloned()
            .collect();
        for mut group in groups {
            group
                .rules
                .push(self.all_out(Peer::Ipv6("::/0".to_owned())));
            self.groups.put(&group.id.clone(), group, visible);
        }
        Ok(block)
    }

    /// See [`World::give_ipv6`].
    pub(crate) fn give_ipv6(&mut self, vpc_id: &str) -> Result<String, Failure> {
        let block = self.associate_ipv6(vpc_id, self.now)?;
        let subnets = self.subnets.all_latest();
        let without: Vec<Subnet> = subnets
            .filter(|subnet| subnet.vpc_id == vpc_id && subnet.ipv6.is_none())
            .cloned()
            .collect();
        for mut subnet in without {
            subnet.ipv6 = Some(self.free_subnet_block(vpc_id)?);
            self.subnets.put(&subnet.id.clone(), subnet, self.now);
        }
        Ok(block.to_string())
    }

    /// The lowest block for a subnet that is free in its VPC.
    fn free_subnet_block(&self, vpc_id: &str) -> Result<Ipv6Net, Failure> {
        let subnets = self.subnets.all_latest();
        let taken: Vec<Ipv6Net> = subnets
            .filter(|subnet| subnet.vpc_id == vpc_id)
            .filter_map(|subnet| subnet.ipv6)
            .collect();
        first_free(self.latest_vpc(vpc_id)?.ipv6, SUBNET_PREFIX, &taken)
    }
}

/// The code is EC2's; that it means this too is not verified.
fn first_free(within: Option<Ipv6Net>, prefix: u8, taken: &[Ipv6Net]) -> Result<Ipv6Net, Failure> {
    let blocks = within
        .into_iter()
        .filter_map(|all| all.subnets(prefix).ok());
    let mut free = blocks
        .flatten()
        .filter(|block| !taken.iter().any(|other| overlap(block, other)));
    free.next().ok_or_else(|| {
        refuse(
            "InsufficientCidrBlocks",
            "There is no free IPv6 CIDR block.",
        )
    })
}

impl World {
    /// Gives a VPC an IPv6 block, and each of its IPv4 subnets one within it, visible at once. What has
    /// one keeps it. Returns the VPC's block.
    ///
    /// # Errors
    ///
    /// If there is no such VPC, or no free block.
    pub fn give_ipv6(&mut self, vpc_id: &str) -> Result<String, Failure> {
        self.model.give_ipv6(vpc_id)
    }

    /// Adds an IPv6-only subnet to a VPC, visible at once; a VPC that has no IPv6 block gets one.
    /// Returns the subnet's block.
    ///
    /// # Errors
    ///
    /// If there is no such VPC, or no free block.
    pub fn add_ipv6_subnet(
        &mut self,
        vpc_id: &str,
        subnet_id: &str,
        zone_id: &str,
    ) -> Result<String, Failure> {
        let (now, model) = (self.model.now, &mut self.model);
        model.associate_ipv6(vpc_id, now)?;
        let block = model.free_subnet_block(vpc_id)?;
        let subnet = Subnet {
            id: subnet_id.to_owned(),
            vpc_id: vpc_id.to_owned(),
            cidr: None,
            ipv6: Some(block),
            zone_id: zone_id.to_owned(),
            owner: ACCOUNT.to_owned(),
            taken: 0,
        };
        model.subnets.put(subnet_id, subnet, now);
        Ok(block.to_string())
    }
}
