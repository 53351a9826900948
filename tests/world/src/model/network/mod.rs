//! VPCs, subnets and zones.

mod acls;
mod attributes;
mod cidr;
mod dhcp;
mod free;
mod ipv6;
mod managed_prefix_lists;
mod prefix_lists;
mod routes;
mod subnets;
mod vpcs;
mod zones;

pub(crate) use acls::acl_entries;
pub use acls::{
    AclAssociation, AclEntry, CreateNetworkAclEntry, DescribeNetworkAcls,
    DescribeNetworkAclsAnswer, NetworkAcl, PortRange,
};
pub use attributes::{
    AttributeValue, DescribeVpcAttribute, DescribeVpcAttributeAnswer, ModifyVpcAttribute,
};
pub use cidr::Cidr;
pub(crate) use cidr::covers;
pub use dhcp::{
    AssociateDhcpOptions, CreateDhcpOptions, CreateDhcpOptionsAnswer, DescribeDhcpOptions,
    DescribeDhcpOptionsAnswer, DhcpConfiguration, DhcpOptions, DhcpValue, NewDhcpConfiguration,
};
pub use ipv6::Ipv6CidrBlockAssociation;
pub(crate) use managed_prefix_lists::Managed as ManagedList;
pub use managed_prefix_lists::{
    AddPrefixListEntry, CreateManagedPrefixList, CreateManagedPrefixListAnswer,
    GetManagedPrefixListEntries, GetManagedPrefixListEntriesAnswer, ManagedPrefixList,
    PrefixListEntry,
};
pub use prefix_lists::{DescribePrefixLists, DescribePrefixListsAnswer, PrefixList};
pub use routes::{
    CreateRoute, DescribeRouteTables, DescribeRouteTablesAnswer, Route, RouteTable,
    RouteTableAssociation,
};
pub use subnets::{
    CreateSubnet, CreateSubnetAnswer, DeleteSubnet, DescribeSubnets, DescribeSubnetsAnswer, Subnet,
    SubnetDetail,
};
pub use vpcs::{
    CidrBlockAssociation, CidrBlockState, CreateVpc, CreateVpcAnswer, DeleteVpc, DescribeVpcs,
    DescribeVpcsAnswer, Vpc, VpcDetail,
};
pub use zones::{AvailabilityZone, DescribeAvailabilityZones, DescribeAvailabilityZonesAnswer};
pub(crate) use zones::{zone_id, zone_name};

use crate::Failure;
use crate::failure::refuse;

/// Refuses an id that cannot be one. Observed: EC2 expects the prefix, a dash, and lower-case
/// letters and digits (terraform-aws-modules/terraform-aws-vpc #722 quotes the refusal of a subnet
/// id).
pub(crate) fn check_id(id: &str, prefix: &str, code: &str) -> Result<(), Failure> {
    let rest = id
        .strip_prefix(prefix)
        .and_then(|rest| rest.strip_prefix('-'));
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    if rest.is_some_and(|rest| !rest.is_empty() && rest.chars().all(is_plain)) {
        return Ok(());
    }
    let allowed = "the Id may only contain lowercase alphanumeric characters and a single dash";
    Err(refuse(
        code,
        format!("Invalid Id: '{id}' (expecting '{prefix}-...; {allowed}')"),
    ))
}
