//! A certificate authority that AWS DMS checks a database's TLS certificate against.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{Condition, Observation, PartContext, PartKind, dms_marks};
use crate::outside::{Reply, Tags, made};
use crate::ownership::Ownership;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DmsCertificate {
    pub id: String,
    /// Its text, in PEM. It is public.
    pub pem: String,
}

#[async_trait]
impl PartKind for DmsCertificate {
    fn name(&self) -> String {
        format!("the DMS certificate {}", self.id)
    }

    async fn look(&self, context: &PartContext<'_>) -> Reply<Observation> {
        let Some(found) = context.outside.dms.certificate(&self.id).await? else {
            return Ok(Observation::absent());
        };
        let ownership = dms_marks::whose(context, &found.tags);
        let condition = match ownership {
            Ownership::Others => context.not_ours(&self.name(), &found.tags),
            Ownership::Ours | Ownership::Confirmed
                if dms_marks::is_behind(context, &found.tags) =>
            {
                Condition::Incomplete
            }
            Ownership::Ours | Ownership::Confirmed => Condition::Ready,
        };
        Ok(Observation::of(condition, ownership).with("arn", found.arn))
    }

    async fn make(&self, context: &PartContext<'_>) -> Reply<()> {
        let dms = context.outside.dms;
        if context.change.is_some()
            && let Some(found) = dms.certificate(&self.id).await?
        {
            return dms_marks::write(context, &found.arn, &found.tags).await;
        }
        let tags = context.owner.all_tags();
        made(dms.import_certificate(&self.id, &self.pem, &tags).await)
    }

    async fn remove(&self, context: &PartContext<'_>) -> Reply<()> {
        match context.outside.dms.certificate(&self.id).await? {
            Some(found) => context.outside.dms.delete_certificate(&found.arn).await,
            None => Ok(()),
        }
    }

    async fn tags(&self, context: &PartContext<'_>) -> Reply<Option<Tags>> {
        let found = context.outside.dms.certificate(&self.id).await?;
        Ok(found.map(|found| found.tags))
    }

    async fn mark(&self, context: &PartContext<'_>) -> Reply<()> {
        match context.outside.dms.certificate(&self.id).await? {
            Some(found) => dms_marks::write(context, &found.arn, &found.tags).await,
            None => Ok(()),
        }
    }

    async fn is_changed(&self, context: &PartContext<'_>) -> Reply<bool> {
        let found = context.outside.dms.certificate(&self.id).await?;
        Ok(found.is_some_and(|found| dms_marks::is_ahead(context, &found.tags)))
    }

    async fn put_back(&self, context: &PartContext<'_>) -> Reply<()> {
        match context.outside.dms.certificate(&self.id).await? {
            Some(found) => dms_marks::write_back(context, &found.arn, &found.tags).await,
            None => Ok(()),
        }
    }
}
