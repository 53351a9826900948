//! Service Quotas.

use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_sdk_servicequotas::Client;
use tieline::error::CallError;
use tieline::outside::Quotas;

use crate::answer::{failed, must};

#[derive(Debug)]
pub(crate) struct AwsQuotas(Client);

impl AwsQuotas {
    pub(crate) fn new(config: &SdkConfig) -> Self {
        Self(Client::new(config))
    }
}

#[async_trait]
impl Quotas for AwsQuotas {
    async fn endpoints_per_vpc(&self) -> Result<u32, CallError> {
        const ACTION: &str = "servicequotas:GetServiceQuota";
        let call = self
            .0
            .get_service_quota()
            .service_code("vpc")
            .quota_code("L-29B6F2EB");
        let answer = call.send().await.map_err(failed(ACTION))?;
        let value = must(
            ACTION,
            "value",
            answer.quota().and_then(|quota| quota.value()),
        )?;
        // The API counts in floating point; no quota is negative or beyond u32.
        Ok(value as u32)
    }
}
