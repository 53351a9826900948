//! AWS DMS's own test: whether its replication instance can log in to the database.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::dms_endpoint::DmsEndpoint;
use super::dms_instance::DmsInstance;
use super::{Condition, Observation, PartContext, PartKind, dms_marks};
use crate::outside::Reply;
use crate::outside::dms::Test;
use crate::ownership::Ownership;
use crate::problem::{Code, Problem};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DmsLogin {
    pub instance: DmsInstance,
    pub endpoint: DmsEndpoint,
}

impl DmsLogin {
    /// The ARNs of instance and endpoint, once both are there, and whose the endpoint is.
    async fn ends(&self, context: &PartContext<'_>) -> Reply<Option<(String, String, Ownership)>> {
        let instance = self.instance.find(context).await?;
        let endpoint = self.endpoint.find(context).await?;
        Ok(instance.zip(endpoint).map(|(instance, endpoint)| {
            let ownership = dms_marks::whose_confirmed(context, &endpoint.tags);
            (instance.arn, endpoint.arn, ownership)
        }))
    }

    fn failed(test: &Test) -> Problem {
        let message = match test.message.as_str() {
            "" => "DMS gives no reason",
            message => message,
        };
        Problem::new(
            Code::DmsTestFailed,
            format!("AWS DMS could not log in to the database: {message}"),
            "check the secret's user and password, the private endpoint's security group and the name's resolution in the \
             VPC of the replication instance, and send the event again",
        )
    }
}

#[async_trait]
impl PartKind for DmsLogin {
    fn name(&self) -> String {
        "AWS DMS's connection test".to_owned()
    }

    fn proof(&self) -> Option<&'static str> {
        Some("AWS DMS logged in to the database")
    }

    async fn look(&self, context: &PartContext<'_>) -> Reply<Observation> {
        let Some((instance, endpoint, ownership)) = self.ends(context).await? else {
            return Ok(Observation::absent());
        };
        let Some(test) = context.outside.dms.test(&instance, &endpoint).await? else {
            return Ok(Observation::absent());
        };
        let condition = match test.status.as_str() {
            "successful" => Condition::Ready,
            "failed" => Condition::Broken(Self::failed(&test)),
            "deleting" => Condition::Going,
            status => Condition::Pending(format!("AWS DMS's connection test is {status}")),
        };
        Ok(Observation::of(condition, ownership).with("status", test.status))
    }

    async fn make(&self, context: &PartContext<'_>) -> Reply<()> {
        let Some((instance, endpoint, _)) = self.ends(context).await? else {
            return Ok(());
        };
        match context.outside.dms.start_test(&instance, &endpoint).await {
            // Another run's test is under way, or the instance has a moment's other work.
            Err(error) if error.is_busy() => Ok(()),
            other => other,
        }
    }

    async fn remove(&self, context: &PartContext<'_>) -> Reply<()> {
        match self.ends(context).await? {
            Some((instance, endpoint, ownership))
                if ownership == Ownership::Ours
                    || (context.removes && ownership == Ownership::Confirmed) =>
            {
                context.outside.dms.delete_test(&instance, &endpoint).await
            }
            _ => Ok(()),
        }
    }
}
