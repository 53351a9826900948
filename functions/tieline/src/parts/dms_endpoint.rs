//! An endpoint of AWS DMS's, which is its word for a database that it reads from or writes to.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::dms_subnet_group::not_ours;
use super::{Condition, Observation, Ownership, PartContext, PartKind, hold_of_tags};
use crate::error::CallError;
use crate::ids::{RoleArn, SecretArn};
use crate::outside::dms::{DmsEndpoint as Found, NewDmsEndpoint};

/// An endpoint to a MySQL server, which DMS logs in to with a secret that it reads by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DmsEndpoint {
    /// Its identifier.
    pub id: String,
    /// Whether data is read from it or written to it.
    pub is_source: bool,
    /// The secret with user name, password, host and port.
    pub secret: SecretArn,
    /// The role that lets DMS read it.
    pub secret_role: RoleArn,
    /// `none`, `verify-ca` or `verify-full`.
    pub ssl_mode: String,
    /// The identifier of the certificate to check the server against.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<String>,
    /// Extra connection attributes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attributes: Option<String>,
}

impl DmsEndpoint {
    /// The endpoint as DMS shows it.
    pub(super) async fn find(&self, at: &PartContext<'_>) -> Result<Option<Found>, CallError> {
        at.outside.dms.endpoint(&self.id).await
    }
}

#[async_trait]
impl PartKind for DmsEndpoint {
    fn name(&self) -> String {
        format!("the DMS endpoint {}", self.id)
    }

    async fn look(&self, at: &PartContext<'_>) -> Result<Observation, CallError> {
        let Some(found) = self.find(at).await? else {
            return Ok(Observation::absent());
        };
        let hold = hold_of_tags(at.plan, &found.tags);
        let condition = match (hold, found.status.as_str()) {
            (Ownership::Others, _) => not_ours(at.plan, &self.name(), &found.tags),
            (_, "active") => Condition::Ready,
            (_, "deleting") => Condition::Going,
            (_, status) => Condition::Pending(format!("{} is {status}", self.name())),
        };
        Ok(Observation::of(condition, hold)
            .with("arn", found.arn)
            .with("status", found.status))
    }

    async fn make(&self, at: &PartContext<'_>) -> Result<(), CallError> {
        let certificate = match &self.certificate {
            Some(id) => at.outside.dms.certificate(id).await?.map(|found| found.arn),
            None => None,
        };
        let new = NewDmsEndpoint {
            id: self.id.clone(),
            is_source: self.is_source,
            secret: self.secret.clone(),
            secret_role: self.secret_role.clone(),
            ssl_mode: self.ssl_mode.clone(),
            certificate,
            attributes: self.attributes.clone(),
            tags: at.plan.all_tags(),
        };
        match at.outside.dms.create_endpoint(&new).await {
            Err(error) if error.is_duplicate() => Ok(()),
            other => other,
        }
    }

    async fn remove(&self, at: &PartContext<'_>) -> Result<(), CallError> {
        match self.find(at).await? {
            Some(found) => at.outside.dms.delete_endpoint(&found.arn).await,
            None => Ok(()),
        }
    }

    fn carries_mark(&self) -> bool {
        true
    }

    async fn mark(&self, at: &PartContext<'_>) -> Result<(), CallError> {
        let Some(found) = self.find(at).await? else {
            return Ok(());
        };
        let mark = [(at.plan.request_tag(), at.plan.ready_value())];
        at.outside.dms.tag(&found.arn, &mark.into()).await
    }
}
