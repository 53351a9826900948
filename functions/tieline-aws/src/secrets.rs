//! AWS Secrets Manager: the only place where a secret comes from. What it says is never logged and never in an error.

use async_trait::async_trait;
use aws_sdk_secretsmanager::Client;
use serde_json::Value;
use tieline::ids::SecretArn;
use tieline::outside::dms::SecretAddress;
use tieline::outside::{CallError, DESCRIBE_SECRET, READ_SECRET, Reply, Secrets as Tagged, Tags};
use tieline_vendors::Secrets;

use crate::answer::ask;
use crate::sdk::{Sdk, client};

#[derive(Debug, Clone)]
pub(crate) struct AwsSecrets(Client);

impl AwsSecrets {
    pub(crate) fn new(sdk: &Sdk) -> Self {
        Self(client!(aws_sdk_secretsmanager, sdk))
    }

    /// Which server a secret for AWS DMS names.
    pub(crate) async fn address(&self, arn: &SecretArn) -> Reply<SecretAddress> {
        let text = self.read(arn).await?;
        // Only these two fields leave this function.
        let Ok(Value::Object(fields)) = serde_json::from_str(&text) else {
            let wanted = "no JSON object with username, password, host and port";
            return Err(malformed(arn, wanted));
        };
        let port = match fields.get("port") {
            Some(Value::Number(number)) => {
                number.as_u64().and_then(|port| u16::try_from(port).ok())
            }
            Some(Value::String(text)) => text.parse().ok(),
            _ => None,
        };
        let host = fields.get("host").and_then(Value::as_str);
        Ok(SecretAddress {
            host: host.unwrap_or_default().to_owned(),
            port: port.unwrap_or_default(),
        })
    }
}

#[async_trait]
impl Tagged for AwsSecrets {
    async fn tags(&self, arn: &SecretArn) -> Reply<Option<Tags>> {
        let call = self.0.describe_secret().secret_id(arn.as_str());
        let answer = match ask(DESCRIBE_SECRET, call.send()).await {
            Err(error) if error.is_missing() => return Ok(None),
            other => other?,
        };
        let tags = answer.tags.unwrap_or_default().into_iter();
        Ok(Some(
            tags.filter_map(|tag| tag.key.zip(tag.value)).collect(),
        ))
    }
}

#[async_trait]
impl Secrets for AwsSecrets {
    async fn read(&self, arn: &SecretArn) -> Reply<String> {
        let call = self.0.get_secret_value().secret_id(arn.as_str());
        let answer = ask(READ_SECRET, call.send()).await?;
        match answer.secret_string {
            Some(text) => Ok(text),
            None => Err(malformed(arn, "bytes, and a JSON text is wanted")),
        }
    }
}

fn malformed(arn: &SecretArn, what: &str) -> CallError {
    CallError::refused(
        READ_SECRET,
        "SecretMalformed",
        format!("{arn} holds {what}"),
    )
}
