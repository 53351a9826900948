//! A certificate authority that AWS DMS checks a database's TLS certificate against.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::dms_subnet_group::not_ours;
use super::{Condition, Observation, Ownership, PartContext, PartKind, hold_of_tags};
use crate::error::CallError;

/// A certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DmsCertificate {
    /// Its identifier.
    pub id: String,
    /// Its text, in PEM. It is public.
    pub pem: String,
}

#[async_trait]
impl PartKind for DmsCertificate {
    fn name(&self) -> String {
        format!("the DMS certificate {}", self.id)
    }

    async fn look(&self, at: &PartContext<'_>) -> Result<Observation, CallError> {
        let Some(found) = at.outside.dms.certificate(&self.id).await? else {
            return Ok(Observation::absent());
        };
        let hold = hold_of_tags(at.plan, &found.tags);
        let condition = match hold {
            Ownership::Others => not_ours(at.plan, &self.name(), &found.tags),
            Ownership::Ours | Ownership::Confirmed => Condition::Ready,
        };
        Ok(Observation::of(condition, hold).with("arn", found.arn))
    }

    async fn make(&self, at: &PartContext<'_>) -> Result<(), CallError> {
        let tags = at.plan.all_tags();
        let made = at
            .outside
            .dms
            .import_certificate(&self.id, &self.pem, &tags)
            .await;
        match made {
            Err(error) if error.is_duplicate() => Ok(()),
            other => other,
        }
    }

    async fn remove(&self, at: &PartContext<'_>) -> Result<(), CallError> {
        match at.outside.dms.certificate(&self.id).await? {
            Some(found) => at.outside.dms.delete_certificate(&found.arn).await,
            None => Ok(()),
        }
    }
}
