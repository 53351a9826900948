//! Where in the caller's VPC a replication instance of AWS DMS can lie.

use std::collections::{BTreeMap, BTreeSet};

use super::{FindContext, Unresolved};
use crate::ids::{GroupId, Region, SubnetId, VpcId};
use crate::outside::Subnet;
use crate::problem::{Code, Problem};
use crate::refusals::{no_group, no_subnet};

pub(super) struct Place {
    pub(super) vpc: VpcId,
    /// Subnets in at least two zones.
    pub(super) subnets: Vec<SubnetId>,
    pub(super) groups: Vec<GroupId>,
}

/// Chooses the subnets and checks what the request names, noting every problem; none where the request names no network.
pub(super) async fn place(context: &FindContext<'_>) -> Result<Option<Place>, Unresolved> {
    let Some(network) = &context.network else {
        return Ok(None);
    };
    let mut problems = Vec::new();
    let (vpc, region) = (&network.vpc_id, context.region);
    let subnets = context.outside.ec2.subnets(vpc).await?;
    let chosen = match &network.subnet_ids {
        Some(ids) => named(ids, &subnets, (vpc, region), &mut problems),
        None => one_a_zone(&subnets, context.account),
    };
    let zones = chosen.iter().map(|subnet| subnet.zone_id.as_str());
    let zones = Vec::from_iter(BTreeSet::from_iter(zones));
    if problems.is_empty() && zones.len() < 2 {
        let message = format!(
            "AWS DMS wants subnets in two zones, and these are in {}",
            zones.join(", ")
        );
        let fix = format!(
            "name subnets in two zones: aws ec2 describe-subnets --region {region} --filters Name=vpc-id,Values={vpc}"
        );
        problems.push(Problem::new(Code::NoCommonZone, message, fix).about("$.network.subnetIds"));
    }
    let groups = network.security_group_ids.clone().unwrap_or_default();
    if !groups.is_empty() {
        let there = context.outside.ec2.groups(vpc).await?;
        for (index, id) in groups.iter().enumerate() {
            if !there.iter().any(|group| group.id == *id) {
                problems.push(no_group(id, index, vpc, region));
            }
        }
    }
    let subnets = chosen.into_iter().map(|subnet| subnet.id.clone()).collect();
    Unresolved::if_any(problems)?;
    Ok(Some(Place {
        vpc: vpc.clone(),
        subnets,
        groups,
    }))
}

fn named<'s>(
    ids: &[SubnetId],
    subnets: &'s [Subnet],
    (vpc, region): (&VpcId, &Region),
    problems: &mut Vec<Problem>,
) -> Vec<&'s Subnet> {
    let mut chosen = Vec::new();
    for (index, id) in ids.iter().enumerate() {
        match subnets.iter().find(|subnet| subnet.id == *id) {
            Some(subnet) => chosen.push(subnet),
            None => {
                problems.push(no_subnet(id, index, vpc, region));
            }
        }
    }
    chosen
}

/// The first subnet, by id, of every zone.
fn one_a_zone<'s>(subnets: &'s [Subnet], account: &str) -> Vec<&'s Subnet> {
    let mut sorted: Vec<&Subnet> = subnets
        .iter()
        .filter(|subnet| subnet.owner == account)
        .collect();
    sorted.sort_by(|a, b| a.id.cmp(&b.id));
    let mut by_zone: BTreeMap<&str, &Subnet> = BTreeMap::new();
    for subnet in sorted {
        by_zone.entry(&subnet.zone_id).or_insert(subnet);
    }
    by_zone.into_values().collect()
}
