//! A replication instance of AWS DMS: the machine that reads from one database and writes to another.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Compared, Condition, Observation, PartContext, PartKind, dms_marks};
use crate::deployment::Bounds;
use crate::endpoint::Difference;
use crate::ids::{InstanceArn, VpcId};
use crate::outside::dms::{DmsState, Instance, NewInstance, Size};
use crate::outside::{CallError, Reply, Tags, made};
use crate::ownership::{Ownership, not_ours};
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

const MODIFY: &str = "dms:ModifyReplicationInstance";

/// The size that is planned.
fn wanted(new: &NewInstance) -> Size {
    Size {
        class: new.class.clone(),
        storage: new.storage,
    }
}

impl DmsInstance {
    /// What DMS is asked for it by: its identifier, or its ARN.
    fn key(&self) -> &str {
        match self {
            Self::Existing { arn, .. } => arn.as_str(),
            Self::New(new) => &new.id,
        }
    }

    pub(crate) async fn find(&self, context: &PartContext<'_>) -> Reply<Option<Instance>> {
        context.outside.dms.instance(self.key()).await
    }

    /// Gives an instance the planned size. It says first whose that is, so that a change which is aborted can be gone on with.
    async fn resize(context: &PartContext<'_>, new: &NewInstance, there: &Instance) -> Reply<()> {
        dms_marks::write(context, &there.arn, &there.tags).await?;
        let class = (new.class != there.size.class).then_some(new.class.as_str());
        let storage = (new.storage > there.size.storage).then_some(new.storage);
        if class.is_none() && storage.is_none() {
            return Ok(());
        }
        if !Self::forget_test(context, new, there).await? {
            return Ok(());
        }
        let dms = context.outside.dms;
        dms.modify_instance(&there.arn, class, storage).await
    }

    /// What DMS's test said of an instance of another size proves nothing: it is tested anew. Whether that is gone already. The
    /// endpoint to the database has the instance's identifier.
    async fn forget_test(
        context: &PartContext<'_>,
        new: &NewInstance,
        there: &Instance,
    ) -> Reply<bool> {
        let dms = context.outside.dms;
        let Some(endpoint) = dms.endpoint(&new.id).await? else {
            return Ok(true);
        };
        match dms.test(&there.arn, &endpoint.arn).await? {
            None => Ok(true),
            Some(test) if test.status == "deleting" => Ok(false),
            Some(_) => {
                dms.delete_test(&there.arn, &endpoint.arn).await?;
                Ok(false)
            }
        }
    }

    fn condition(&self, status: &str) -> Condition {
        match DmsState::of(status) {
            DmsState::Works => Condition::Ready,
            DmsState::Going => Condition::Going,
            DmsState::Broken => Condition::Broken(Problem::new(
                Code::ProviderFailed,
                format!("{} is {status}", self.name()),
                "look at it in the DMS console, put right what it names, and send the event again",
            )),
            DmsState::Passing => Condition::Pending(format!("{} is {status}", self.name())),
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
            Self::New(_) => dms_marks::whose(context, &instance.tags),
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
            Self::New(new)
                if dms_marks::is_behind(context, &instance.tags)
                    || (context.change.is_some() && instance.size != wanted(new)) =>
            {
                let condition = self.condition(&instance.status);
                if condition == Condition::Ready {
                    Condition::Incomplete
                } else {
                    condition
                }
            }
            Self::Existing { .. } | Self::New(_) => self.condition(&instance.status),
        };
        let stays = match self {
            Self::Existing { .. } => Some(not_ours(&self.name())),
            Self::New(_) => None,
        };
        Ok(Observation::of(condition, ownership)
            .staying(stays)
            .with("arn", instance.arn)
            .with("status", instance.status)
            .with("class", instance.size.class)
            .with("storageGib", instance.size.storage)
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
        if context.change.is_some()
            && let Some(there) = self.find(context).await?
        {
            return Self::resize(context, new, &there).await;
        }
        let (dms, tags) = (context.outside.dms, context.owner.all_tags());
        made(dms.create_instance(new, &tags).await)
    }

    async fn remove(&self, context: &PartContext<'_>) -> Reply<()> {
        match self.find(context).await? {
            Some(instance) => context.outside.dms.delete_instance(&instance.arn).await,
            None => Ok(()),
        }
    }

    async fn compare(&self, context: &PartContext<'_>) -> Reply<Compared> {
        let (Self::New(new), Some(there)) = (self, self.find(context).await?) else {
            return Ok(Compared::default());
        };
        let (is, wanted) = (there.size, wanted(new));
        let differences: Vec<Difference> = [
            Difference::of(
                "replicationInstance.class",
                json!(is.class),
                json!(wanted.class),
            ),
            Difference::of(
                "replicationInstance.storageGib",
                json!(is.storage),
                json!(wanted.storage),
            ),
        ]
        .into_iter()
        .flatten()
        .collect();
        let name = self.name();
        let shrinks = (wanted.storage < is.storage).then(|| {
            let message = format!(
                "{name} has {} GiB, and storage never becomes less in place",
                is.storage
            );
            let fix = "leave the storage, or send it as a request of another id, have it take over, and then send the removal of this one";
            let problem = Problem::new(Code::ChangeNotInPlace, message, fix);
            problem.about("$.target.replicationInstance.storageGib")
        });
        let warning = (!differences.is_empty()).then(|| {
            let stays = match wanted.storage > is.storage {
                true => "; storage stays as large as it becomes, also if the change fails",
                false => "",
            };
            let message = format!(
                "while {name} is changed, for some minutes, what it replicates stands still{stays}"
            );
            let fix = "send it when that does no harm";
            let warning = Problem::new(Code::ClientsKeptOut, message, fix);
            warning.about("$.target.replicationInstance")
        });
        Ok(Compared {
            before: (!differences.is_empty()).then(|| json!(is)),
            differences,
            problems: shrinks.into_iter().collect(),
            warnings: warning.into_iter().collect(),
        })
    }

    async fn tags(&self, context: &PartContext<'_>) -> Reply<Option<Tags>> {
        match self {
            Self::New(_) => Ok(self.find(context).await?.map(|there| there.tags)),
            Self::Existing { .. } => Ok(None),
        }
    }

    async fn mark(&self, context: &PartContext<'_>) -> Reply<()> {
        match (self, self.find(context).await?) {
            (Self::New(_), Some(there)) => dms_marks::write(context, &there.arn, &there.tags).await,
            (Self::New(_) | Self::Existing { .. }, _) => Ok(()),
        }
    }

    async fn is_changed(&self, context: &PartContext<'_>) -> Reply<bool> {
        let (Self::New(_), Some(there)) = (self, self.find(context).await?) else {
            return Ok(false);
        };
        let before: Option<Size> = context.before(&self.name());
        let is_other = before.is_some_and(|before| before != there.size);
        Ok(is_other || dms_marks::is_ahead(context, &there.tags))
    }

    async fn put_back(&self, context: &PartContext<'_>) -> Reply<()> {
        let (Self::New(new), Some(there)) = (self, self.find(context).await?) else {
            return Ok(());
        };
        let before: Option<Size> = context.before(&self.name());
        let class = before.as_ref().map(|before| before.class.as_str());
        let class = class.filter(|class| *class != there.size.class);
        let is_ahead = dms_marks::is_ahead(context, &there.tags);
        // As long as DMS is at work on it, it shows the size of before, and that is not yet what it stays at.
        if is_ahead && matches!(self.condition(&there.status), Condition::Pending(_)) {
            return Ok(());
        }
        // What was tested is not what it becomes again.
        if (class.is_some() || is_ahead) && !Self::forget_test(context, new, &there).await? {
            return Ok(());
        }
        if let Some(class) = class {
            let dms = context.outside.dms;
            return dms.modify_instance(&there.arn, Some(class), None).await;
        }
        if is_ahead {
            return dms_marks::write_back(context, &there.arn, &there.tags).await;
        }
        let reason = "storage never becomes less in place";
        let is_larger = before.is_some_and(|before| before.storage != there.size.storage);
        match is_larger {
            true => Err(CallError::refused(MODIFY, "StorageStays", reason)),
            false => Ok(()),
        }
    }
}
