//! A replication subnet group of AWS DMS: where in the VPC a replication instance may lie.

use std::collections::BTreeMap;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{Condition, Observation, Ownership, PartContext, PartKind, conflict, hold_of_tags};
use crate::error::CallError;
use crate::ids::SubnetId;
use crate::outside::dms::NewSubnetGroup;
use crate::plan::Plan;
use crate::problem::{Code, Problem};

/// A replication subnet group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DmsSubnetGroup {
    /// Its identifier.
    pub id: String,
    /// Its ARN.
    pub arn: String,
    /// Its subnets, in at least two zones.
    pub subnets: Vec<SubnetId>,
}

/// Something of this name is there, and this request did not make it, or made it with other parameters.
pub(super) fn not_ours(plan: &Plan, name: &str, tags: &BTreeMap<String, String>) -> Condition {
    if tags.contains_key(&plan.request_tag()) {
        return conflict(name);
    }
    Condition::Broken(Problem::new(
        Code::NotOurs,
        format!("{name} is there already, and this request did not make it"),
        "choose another requestId, or delete it in the DMS console",
    ))
}

#[async_trait]
impl PartKind for DmsSubnetGroup {
    fn name(&self) -> String {
        format!("the DMS subnet group {}", self.id)
    }

    async fn look(&self, at: &PartContext<'_>) -> Result<Observation, CallError> {
        let Some(group) = at.outside.dms.subnet_group(&self.id, &self.arn).await? else {
            return Ok(Observation::absent());
        };
        let hold = hold_of_tags(at.plan, &group.tags);
        let condition = match hold {
            Ownership::Others => not_ours(at.plan, &self.name(), &group.tags),
            Ownership::Ours | Ownership::Confirmed => Condition::Ready,
        };
        Ok(Observation::of(condition, hold)
            .with("id", self.id.clone())
            .with("subnetIds", group.subnet_ids))
    }

    async fn make(&self, at: &PartContext<'_>) -> Result<(), CallError> {
        let new = NewSubnetGroup {
            id: self.id.clone(),
            description: format!("Tieline: {}", at.plan.request_id),
            subnets: self.subnets.clone(),
            tags: at.plan.all_tags(),
        };
        match at.outside.dms.create_subnet_group(&new).await {
            Err(error) if error.is_duplicate() => Ok(()),
            other => other,
        }
    }

    async fn remove(&self, at: &PartContext<'_>) -> Result<(), CallError> {
        at.outside.dms.delete_subnet_group(&self.id).await
    }
}
