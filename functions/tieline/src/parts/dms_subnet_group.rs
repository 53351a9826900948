//! A replication subnet group of AWS DMS: where in the VPC a replication instance may lie.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{Condition, Observation, PartContext, PartKind, dms_marks};
use crate::ids::SubnetId;
use crate::outside::dms::SubnetGroup;
use crate::outside::{Reply, Tags, made};
use crate::ownership::Ownership;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DmsSubnetGroup {
    pub id: String,
    pub arn: String,
    /// Its subnets, in at least two zones.
    pub subnets: Vec<SubnetId>,
}

impl DmsSubnetGroup {
    async fn find(&self, context: &PartContext<'_>) -> Reply<Option<SubnetGroup>> {
        let dms = context.outside.dms;
        dms.subnet_group(&self.id, &self.arn).await
    }
}

#[async_trait]
impl PartKind for DmsSubnetGroup {
    fn name(&self) -> String {
        format!("the DMS subnet group {}", self.id)
    }

    async fn look(&self, context: &PartContext<'_>) -> Reply<Observation> {
        let Some(group) = self.find(context).await? else {
            return Ok(Observation::absent());
        };
        let ownership = dms_marks::whose(context, &group.tags);
        let condition = match ownership {
            Ownership::Others => context.not_ours(&self.name(), &group.tags),
            Ownership::Ours | Ownership::Confirmed
                if dms_marks::is_behind(context, &group.tags) =>
            {
                Condition::Incomplete
            }
            Ownership::Ours | Ownership::Confirmed => Condition::Ready,
        };
        Ok(Observation::of(condition, ownership)
            .with("id", self.id.clone())
            .with("subnetIds", group.subnet_ids))
    }

    async fn make(&self, context: &PartContext<'_>) -> Reply<()> {
        if context.change.is_some()
            && let Some(found) = self.find(context).await?
        {
            return dms_marks::write(context, &self.arn, &found.tags).await;
        }
        let (dms, tags) = (context.outside.dms, context.owner.all_tags());
        let description = format!("Tieline: {}", context.owner.request_id);
        let creation = dms.create_subnet_group(&self.id, &description, &self.subnets, &tags);
        made(creation.await)
    }

    async fn remove(&self, context: &PartContext<'_>) -> Reply<()> {
        context.outside.dms.delete_subnet_group(&self.id).await
    }

    async fn tags(&self, context: &PartContext<'_>) -> Reply<Option<Tags>> {
        Ok(self.find(context).await?.map(|found| found.tags))
    }

    async fn mark(&self, context: &PartContext<'_>) -> Reply<()> {
        match self.find(context).await? {
            Some(found) => dms_marks::write(context, &self.arn, &found.tags).await,
            None => Ok(()),
        }
    }

    async fn is_changed(&self, context: &PartContext<'_>) -> Reply<bool> {
        let found = self.find(context).await?;
        Ok(found.is_some_and(|found| dms_marks::is_ahead(context, &found.tags)))
    }

    async fn put_back(&self, context: &PartContext<'_>) -> Reply<()> {
        match self.find(context).await? {
            Some(found) => dms_marks::write_back(context, &self.arn, &found.tags).await,
            None => Ok(()),
        }
    }
}
