//! A replication subnet group of AWS DMS: where in the VPC a replication instance may lie.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{Condition, Observation, PartContext, PartKind};
use crate::ids::SubnetId;
use crate::outside::{Reply, made};
use crate::ownership::Ownership;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DmsSubnetGroup {
    pub id: String,
    pub arn: String,
    /// Its subnets, in at least two zones.
    pub subnets: Vec<SubnetId>,
}

#[async_trait]
impl PartKind for DmsSubnetGroup {
    fn name(&self) -> String {
        format!("the DMS subnet group {}", self.id)
    }

    async fn look(&self, context: &PartContext<'_>) -> Reply<Observation> {
        let dms = context.outside.dms;
        let Some(group) = dms.subnet_group(&self.id, &self.arn).await? else {
            return Ok(Observation::absent());
        };
        let ownership = context.owner.of_tags(&group.tags);
        let condition = match ownership {
            Ownership::Others => context.not_ours(&self.name(), &group.tags),
            Ownership::Ours | Ownership::Confirmed => Condition::Ready,
        };
        Ok(Observation::of(condition, ownership)
            .with("id", self.id.clone())
            .with("subnetIds", group.subnet_ids))
    }

    async fn make(&self, context: &PartContext<'_>) -> Reply<()> {
        let (dms, tags) = (context.outside.dms, context.owner.all_tags());
        let description = format!("Tieline: {}", context.owner.request_id);
        let creation = dms.create_subnet_group(&self.id, &description, &self.subnets, &tags);
        made(creation.await)
    }

    async fn remove(&self, context: &PartContext<'_>) -> Reply<()> {
        context.outside.dms.delete_subnet_group(&self.id).await
    }
}
