//! Service Quotas.

use async_trait::async_trait;
use aws_sdk_servicequotas::Client;
use tieline::outside::{Quotas, Reply};

use crate::answer::ask;
use crate::sdk::{Sdk, client};

#[derive(Debug)]
pub(crate) struct AwsQuotas(Client);

impl AwsQuotas {
    pub(crate) fn new(sdk: &Sdk) -> Self {
        Self(client!(aws_sdk_servicequotas, sdk))
    }
}

#[async_trait]
impl Quotas for AwsQuotas {
    async fn endpoints_per_vpc(&self) -> Reply<Option<u32>> {
        const ACTION: &str = "servicequotas:GetServiceQuota";
        let call = self
            .0
            .get_service_quota()
            .service_code("vpc")
            .quota_code("L-29B6F2EB");
        match ask(ACTION, call.send()).await {
            // The API counts in floating point; no quota is negative or beyond u32.
            Ok(answer) => Ok(answer
                .quota()
                .and_then(|quota| quota.value())
                .map(|value| value as u32)),
            // Seen where no other value than the default was ever asked for (terraform-provider-aws#19745).
            Err(error) if error.code() == Some("NoSuchResourceException") => Ok(None),
            Err(error) => Err(error),
        }
    }
}
