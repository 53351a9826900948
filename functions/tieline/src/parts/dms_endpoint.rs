//! An endpoint of AWS DMS's, which is its word for a database that it reads from or writes to.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{Condition, Observation, PartContext, PartKind, dms_marks};
use crate::deployment::Bounds;
use crate::outside::dms::{DmsEndpoint as Found, DmsState, NewDmsEndpoint};
use crate::outside::{Reply, Tags, made};
use crate::ownership::{Noticed, Ownership, with_noticed};
use crate::problem::Problem;
use crate::refusals::role_not_allowed;

/// An endpoint to a MySQL server, which DMS logs in to with a secret that it reads by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DmsEndpoint(pub NewDmsEndpoint);

impl DmsEndpoint {
    pub(super) async fn find(&self, context: &PartContext<'_>) -> Reply<Option<Found>> {
        context.outside.dms.endpoint(&self.0.id).await
    }
}

#[async_trait]
impl PartKind for DmsEndpoint {
    fn name(&self) -> String {
        format!("the DMS endpoint {}", self.0.id)
    }

    fn exceeds(&self, bounds: &Bounds, _: &[String]) -> Vec<Problem> {
        let role = &self.0.secret_role;
        let refused =
            (!bounds.allows_role(role)).then(|| role_not_allowed(role, &bounds.role_prefix));
        refused.into_iter().collect()
    }

    async fn look(&self, context: &PartContext<'_>) -> Reply<Observation> {
        let Some(found) = self.find(context).await? else {
            return Ok(Observation::absent());
        };
        let ownership = match dms_marks::whose_confirmed(context, &found.tags) {
            // What is confirmed is the connection of before.
            Ownership::Confirmed if !context.owner.is_confirmed_on(&found.tags) => Ownership::Ours,
            whose @ (Ownership::Ours | Ownership::Confirmed | Ownership::Others) => whose,
        };
        let condition = match (ownership, DmsState::of(&found.status)) {
            (Ownership::Others, _) => context.not_ours(&self.name(), &found.tags),
            (_, DmsState::Works) => Condition::Ready,
            (_, DmsState::Going) => Condition::Going,
            (_, DmsState::Broken | DmsState::Passing) => {
                Condition::Pending(format!("{} is {}", self.name(), found.status))
            }
        };
        Ok(Observation::of(condition, ownership)
            .with("arn", found.arn)
            .with("status", found.status))
    }

    async fn make(&self, context: &PartContext<'_>) -> Reply<()> {
        let dms = context.outside.dms;
        let certificate = match &self.0.certificate {
            Some(id) => dms.certificate(id).await?.map(|found| found.arn),
            None => None,
        };
        let tags = context.owner.all_tags();
        let creation = dms.create_endpoint(&self.0, certificate.as_deref(), &tags);
        made(creation.await)
    }

    async fn remove(&self, context: &PartContext<'_>) -> Reply<()> {
        let Some(found) = self.find(context).await? else {
            return Ok(());
        };
        let dms = context.outside.dms;
        if let Some(instance) = dms.instance(&self.0.id).await? {
            dms_marks::forget_confirmed(context, &instance.arn, &instance.tags).await?;
        }
        dms.delete_endpoint(&found.arn).await
    }

    fn carries_mark(&self) -> bool {
        true
    }

    async fn tags(&self, context: &PartContext<'_>) -> Reply<Option<Tags>> {
        Ok(self.find(context).await?.map(|found| found.tags))
    }

    async fn mark(&self, context: &PartContext<'_>) -> Reply<()> {
        let Some(found) = self.find(context).await? else {
            return Ok(());
        };
        let owner = context.owner;
        if owner.is_confirmed_on(&found.tags) && context.change.is_none() {
            return Ok(());
        }
        // What is made for the request has this one's identifier, an instance of its own as well.
        let dms = context.outside.dms;
        let instance = dms.instance(&self.0.id).await?;
        if let Some(instance) = &instance {
            dms_marks::note_confirmed(context, &instance.arn, &instance.tags).await?;
        }
        let built = instance.map(|instance| instance.size.built());
        let mut confirmation = owner.confirmation(&built.unwrap_or_default());
        let before = found.tags.get(&owner.request_tag());
        let noticed = Noticed::in_mark(before.map_or("", String::as_str));
        for mark in confirmation.values_mut() {
            // What the check told of it is still to be taken back.
            *mark = with_noticed(mark, &noticed);
        }
        dms.tag(&found.arn, &confirmation).await
    }
}
