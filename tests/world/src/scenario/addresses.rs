//! The scenarios in which a VPC has other addresses than IPv4 ones alone.

use super::Scenario;
use super::default::{GROUP, VPC};
use super::problems::scenario;
use crate::model::Model;
use crate::model::groups::{AuthorizeSecurityGroupIngress, IpPermission, Ipv6Range};
use crate::{Failure, Operation};

pub(super) const SCENARIOS: &[Scenario] = &[scenario(
    "dual-stack",
    "The VPC and its subnets have IPv6 addresses as well, and the security group lets them in.",
    |world| {
        world.long_ago(|model| {
            if let Err(failure) = give_ipv6(model) {
                panic!("the VPC cannot get IPv6 addresses: {failure:?}");
            }
        });
    },
)];

fn give_ipv6(model: &mut Model) -> Result<(), Failure> {
    let block = model.give_ipv6(VPC)?;
    // As the group's rules for IPv4 do.
    let open = |port| IpPermission {
        ip_protocol: "tcp".to_owned(),
        from_port: Some(port),
        to_port: Some(port),
        ipv6_ranges: vec![Ipv6Range {
            cidr_ipv6: block.clone(),
            description: None,
        }],
        ..Default::default()
    };
    let rules = AuthorizeSecurityGroupIngress {
        group_id: GROUP.to_owned(),
        ip_permissions: [5432, 443].map(open).to_vec(),
        ..Default::default()
    };
    rules.perform(model)?;
    Ok(())
}
