//! A replication instance of AWS DMS: the machine that reads from one database and writes to another.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{Condition, Observation, PartContext, PartKind};
use crate::deployment::Bounds;
use crate::ids::{InstanceArn, VpcId};
use crate::outside::dms::{Instance, NewInstance};
use crate::outside::{Reply, made};
use crate::ownership::Ownership;
use crate::problem::{Code, Problem};
use crate::refusals::{instance_not_allowed, unsuitable};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "kebab-case")]
pub enum DmsInstance {
    /// One that is there already and stays as it is.
    Existing { arn: InstanceArn, vpc: VpcId },
    /// One that is made for the request.
    New(NewInstance),
}

impl DmsInstance {
    /// What DMS is asked for it by: its identifier, or its ARN.
    fn key(&self) -> &str {
        match self {
            Self::Existing { arn, .. } => arn.as_str(),
            Self::New(new) => &new.id,
        }
    }

    pub(super) async fn find(&self, context: &PartContext<'_>) -> Reply<Option<Instance>> {
        context.outside.dms.instance(self.key()).await
    }

    fn condition(&self, status: &str) -> Condition {
        match status {
            "available" => Condition::Ready,
            "deleting" | "deleted" => Condition::Going,
            "failed"
            | "incompatible-network"
            | "incompatible-credentials"
            | "storage-full"
            | "inaccessible-encryption-credentials" => Condition::Broken(Problem::new(
                Code::ProviderFailed,
                format!("{} is {status}", self.name()),
                "look at it in the DMS console, put right what it names, and send the event again",
            )),
            _ => Condition::Pending(format!("{} is {status}", self.name())),
        }
    }
}

#[async_trait]
impl PartKind for DmsInstance {
    fn name(&self) -> String {
        format!("the DMS replication instance {}", self.key())
    }

    /// An hour instead of 20 minutes: as long as DMS's own waiter `replication_instance_available` waits.
    fn slowness(&self) -> u32 {
        match self {
            Self::New(_) => 3,
            Self::Existing { .. } => 1,
        }
    }

    async fn look(&self, context: &PartContext<'_>) -> Reply<Observation> {
        let found = self.find(context).await?;
        let Some(instance) = found else {
            return Ok(match self {
                Self::New(_) => Observation::absent(),
                Self::Existing { .. } => Observation::of(
                    Condition::Broken(unsuitable(
                        format!("{} is not there", self.name()),
                        "look the ARN up: aws dms describe-replication-instances",
                    )),
                    Ownership::Others,
                ),
            });
        };
        let ownership = match self {
            Self::Existing { .. } => Ownership::Others,
            Self::New(_) => context.owner.of_tags(&instance.tags),
        };
        let condition = match self {
            Self::Existing { vpc, .. } if instance.vpc != vpc.as_str() => {
                Condition::Broken(unsuitable(
                    format!("{} is in {}, not in {vpc}", self.name(), instance.vpc),
                    "name an instance in the VPC of the private endpoint, or leave its ARN out",
                ))
            }
            Self::New(_) if ownership == Ownership::Others => {
                context.not_ours(&self.name(), &instance.tags)
            }
            Self::Existing { .. } | Self::New(_) => self.condition(&instance.status),
        };
        Ok(Observation::of(condition, ownership)
            .with("arn", instance.arn)
            .with("status", instance.status)
            .with("class", instance.class)
            .with("privateIps", instance.private_ips))
    }

    fn exceeds(&self, bounds: &Bounds, _: &[String]) -> Vec<Problem> {
        let Self::New(new) = self else {
            return Vec::new();
        };
        let mut problems = Vec::new();
        if !bounds.allows_class(&new.class) {
            let classes = bounds.dms_classes.as_deref().unwrap_or_default().join(", ");
            problems.push(instance_not_allowed("class", &new.class, &classes));
        }
        if new.storage > bounds.dms_storage_gib {
            let most = format!("at most {}", bounds.dms_storage_gib);
            problems.push(instance_not_allowed("storageGib", new.storage, &most));
        }
        problems
    }

    async fn make(&self, context: &PartContext<'_>) -> Reply<()> {
        let Self::New(new) = self else {
            return Ok(());
        };
        let (dms, tags) = (context.outside.dms, context.owner.all_tags());
        made(dms.create_instance(new, &tags).await)
    }

    async fn remove(&self, context: &PartContext<'_>) -> Reply<()> {
        match self.find(context).await? {
            Some(instance) => context.outside.dms.delete_instance(&instance.arn).await,
            None => Ok(()),
        }
    }
}
