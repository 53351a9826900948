//! Where in the caller's VPC a replication instance of AWS DMS can lie.

use std::collections::BTreeMap;

use super::FindContext;
use crate::error::CallError;
use crate::ids::{GroupId, SubnetId, VpcId};
use crate::outside::{Outside, Subnet};
use crate::problem::{Code, Problem};

/// A place for a replication instance.
pub(super) struct Place {
    pub(super) vpc: VpcId,
    /// Subnets in at least two zones.
    pub(super) subnets: Vec<SubnetId>,
    pub(super) groups: Vec<GroupId>,
}

/// Chooses the subnets and checks what the request names, noting every problem.
pub(super) async fn place(
    outside: &Outside<'_>,
    asked: &FindContext<'_>,
    problems: &mut Vec<Problem>,
) -> Result<Option<Place>, CallError> {
    let Some(network) = &asked.request.network else {
        return Ok(None);
    };
    let (vpc, region) = (&network.vpc_id, asked.region());
    let count = problems.len();
    let subnets = outside.ec2.subnets(vpc).await?;
    let chosen = match &network.subnet_ids {
        Some(ids) => named(ids, &subnets, vpc, problems),
        None => one_a_zone(&subnets, asked.account),
    };
    let mut zones: Vec<&str> = chosen
        .iter()
        .map(|subnet| subnet.zone_id.as_str())
        .collect();
    zones.sort_unstable();
    zones.dedup();
    if problems.len() == count && zones.len() < 2 {
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
        let there = outside.ec2.groups(vpc).await?;
        for (index, id) in groups.iter().enumerate() {
            if !there.iter().any(|group| group.id == *id) {
                let message = format!("there is no security group {id} in {vpc}");
                let fix = format!(
                    "choose one: aws ec2 describe-security-groups --region {region} --filters Name=vpc-id,Values={vpc}"
                );
                let problem = Problem::new(Code::SecurityGroupNotFound, message, fix);
                problems.push(problem.about(format!("$.network.securityGroupIds[{index}]")));
            }
        }
    }
    let subnets = chosen.into_iter().map(|subnet| subnet.id.clone()).collect();
    Ok((problems.len() == count).then(|| Place {
        vpc: vpc.clone(),
        subnets,
        groups,
    }))
}

fn named<'s>(
    ids: &[SubnetId],
    subnets: &'s [Subnet],
    vpc: &VpcId,
    problems: &mut Vec<Problem>,
) -> Vec<&'s Subnet> {
    let mut chosen = Vec::new();
    for (index, id) in ids.iter().enumerate() {
        match subnets.iter().find(|subnet| subnet.id == *id) {
            Some(subnet) => chosen.push(subnet),
            None => {
                let message = format!("there is no subnet {id} in {vpc}");
                let problem =
                    Problem::new(Code::SubnetNotFound, message, "name subnets of this VPC");
                problems.push(problem.about(format!("$.network.subnetIds[{index}]")));
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
