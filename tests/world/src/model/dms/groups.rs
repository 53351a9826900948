//! Replication subnet groups: the subnets that an instance may lie in.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::failure::refuse;
use crate::model::Model;
use crate::model::listing::Listed;
use crate::model::network::zone_name;
use crate::{Failure, Operation, Service};

use super::listing::{Described, describe};
use super::tags::{self, Tag};
use super::{arn, check_role, invalid_state, invalid_value, not_found, required};

/// A subnet group.
#[derive(Debug, Clone)]
pub(super) struct Group {
    pub(super) id: String,
    description: String,
    pub(super) vpc_id: String,
    pub(super) subnets: Vec<String>,
}

/// Makes a subnet group.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase", deny_unknown_fields)]
pub struct CreateReplicationSubnetGroup {
    /// Its name, which is stored in lower case.
    pub replication_subnet_group_identifier: String,
    /// What it is for.
    pub replication_subnet_group_description: String,
    /// Its subnets, in at least two zones of one VPC.
    pub subnet_ids: Vec<String>,
    /// Its tags.
    pub tags: Vec<Tag>,
}

/// A subnet group.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ReplicationSubnetGroupAnswer {
    /// The subnet group.
    pub replication_subnet_group: ReplicationSubnetGroup,
}

/// A subnet group as DMS describes it.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ReplicationSubnetGroup {
    /// Its name.
    pub replication_subnet_group_identifier: String,
    /// What it is for.
    pub replication_subnet_group_description: String,
    /// The VPC of its subnets.
    pub vpc_id: String,
    /// Its status: `Complete`.
    pub subnet_group_status: String,
    /// Its subnets.
    pub subnets: Vec<Subnet>,
    /// Its address types.
    pub supported_network_types: Vec<String>,
}

/// A subnet of a subnet group.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Subnet {
    /// Its id.
    pub subnet_identifier: String,
    /// Its zone.
    pub subnet_availability_zone: AvailabilityZone,
    /// Its status: `Active`.
    pub subnet_status: String,
}

/// The zone of a subnet.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct AvailabilityZone {
    /// The name that the zone has in the account.
    pub name: String,
}

/// Deletes a subnet group.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase", deny_unknown_fields)]
pub struct DeleteReplicationSubnetGroup {
    /// Its name.
    pub replication_subnet_group_identifier: String,
}

/// The answer of an operation that only says that it was done.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Nothing {}

describe! {
    /// Lists subnet groups.
    DescribeReplicationSubnetGroups,
    DescribeReplicationSubnetGroupsAnswer {
        /// The subnet groups.
        replication_subnet_groups: ReplicationSubnetGroup
    },
    dms_groups
}

impl Operation for CreateReplicationSubnetGroup {
    type Answer = ReplicationSubnetGroupAnswer;
    const SERVICE: Service = Service::Dms;
    const ACTION: &'static str = "CreateReplicationSubnetGroup";
    const WRITE: bool = true;

    fn perform(self, model: &mut Model) -> Result<ReplicationSubnetGroupAnswer, Failure> {
        let id = self.replication_subnet_group_identifier.to_lowercase();
        check_name(&id)?;
        required(
            "ReplicationSubnetGroupDescription",
            &self.replication_subnet_group_description,
        )?;
        check_role(model)?;
        let arn = arn("subgrp", &id);
        if model.dms.groups.contains_key(&arn) {
            // DMS API reference, CreateReplicationSubnetGroup.
            let message = "The Replication Subnet Group already exists.";
            return Err(refuse("ResourceAlreadyExistsFault", message));
        }
        let vpc_id = check_subnets(model, &self.subnet_ids)?;
        let tags = tags::checked(&self.tags)?;

        let group = Group {
            id,
            description: self.replication_subnet_group_description,
            vpc_id,
            subnets: self.subnet_ids,
        };
        let replication_subnet_group = group.detail(model);
        model.dms.tags.insert(arn.clone(), tags);
        model.dms.groups.insert(arn, group);
        Ok(ReplicationSubnetGroupAnswer {
            replication_subnet_group,
        })
    }
}

/// DMS API reference, `ReplicationSubnetGroupIdentifier`.
fn check_name(id: &str) -> Result<(), Failure> {
    required("ReplicationSubnetGroupIdentifier", id)?;
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    if id == "default" || id.len() > 255 || !id.chars().all(is_allowed) {
        return Err(invalid_value(
            "The parameter ReplicationSubnetGroupIdentifier is not a valid identifier.",
        ));
    }
    Ok(())
}

/// DMS API reference, `CreateReplicationSubnetGroup`: at least two zones. The VPC of the subnets.
fn check_subnets(model: &Model, ids: &[String]) -> Result<String, Failure> {
    let (mut vpcs, mut zones) = (BTreeSet::new(), BTreeSet::new());
    for id in ids {
        let Some(subnet) = model.subnets.seen(id, model.now) else {
            let message = format!("Some input subnets in :[{}] are invalid.", ids.join(", "));
            return Err(refuse("InvalidSubnet", message));
        };
        vpcs.insert(&subnet.vpc_id);
        zones.insert(zone_name(&subnet.zone_id));
    }
    if vpcs.len() > 1 {
        let message = "The subnets are not all in the same VPC.";
        return Err(refuse("InvalidSubnet", message));
    }
    match vpcs.first() {
        Some(vpc) if zones.len() >= 2 => Ok((*vpc).clone()),
        Some(_) | None => Err(refuse(
            "ReplicationSubnetGroupDoesNotCoverEnoughAZs",
            "The replication subnet group doesn't meet Availability Zone coverage requirement. Please add subnets to cover \
             at least 2 Availability Zones.",
        )),
    }
}

impl Operation for DeleteReplicationSubnetGroup {
    type Answer = Nothing;
    const SERVICE: Service = Service::Dms;
    const ACTION: &'static str = "DeleteReplicationSubnetGroup";
    const WRITE: bool = true;

    fn perform(self, model: &mut Model) -> Result<Nothing, Failure> {
        let id = self.replication_subnet_group_identifier.to_lowercase();
        model.dms_group(&id)?;
        if let Some(user) = model.instance_in(&id) {
            // Observed: terraform-provider-aws #34576.
            return Err(invalid_state(format!(
                "Cannot delete the subnet group '{id}' because at least one database instance: {user} is still using it."
            )));
        }
        let arn = arn("subgrp", &id);
        model.dms.groups.remove(&arn);
        model.dms.tags.remove(&arn);
        Ok(Nothing {})
    }
}

impl Group {
    pub(super) fn detail(&self, model: &Model) -> ReplicationSubnetGroup {
        let subnet = |id: &String| Subnet {
            subnet_identifier: id.clone(),
            subnet_availability_zone: AvailabilityZone {
                name: model
                    .subnets
                    .latest(id)
                    .map(|subnet| zone_name(&subnet.zone_id).to_owned())
                    .unwrap_or_default(),
            },
            subnet_status: "Active".to_owned(),
        };
        ReplicationSubnetGroup {
            replication_subnet_group_identifier: self.id.clone(),
            replication_subnet_group_description: self.description.clone(),
            vpc_id: self.vpc_id.clone(),
            subnet_group_status: "Complete".to_owned(),
            subnets: self.subnets.iter().map(subnet).collect(),
            supported_network_types: vec!["IPV4".to_owned()],
        }
    }
}

impl Listed for ReplicationSubnetGroup {
    const FILTERS: &'static [&'static str] = &["replication-subnet-group-id"];

    fn id(&self) -> String {
        self.replication_subnet_group_identifier.clone()
    }

    fn values(&self, _filter: &str) -> Vec<String> {
        vec![self.id()]
    }
}

impl Described for ReplicationSubnetGroup {
    const NAME: &'static str = "Subnet Groups";
}

impl Model {
    pub(super) fn dms_groups(&self) -> Vec<ReplicationSubnetGroup> {
        let groups = self.dms.groups.values();
        groups.map(|group| group.detail(self)).collect()
    }

    pub(super) fn dms_group(&self, id: &str) -> Result<&Group, Failure> {
        let found = self.dms.groups.get(&arn("subgrp", id));
        found.ok_or_else(|| not_found(format!("The Replication Subnet Group {id} was not found.")))
    }
}
