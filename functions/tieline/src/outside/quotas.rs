//! Service Quotas in Tieline's words.

use async_trait::async_trait;

use super::Reply;

#[async_trait]
pub trait Quotas: Send + Sync {
    /// How many interface and Gateway Load Balancer endpoints a VPC may have (`L-29B6F2EB`); `None` if the service
    /// has no value for this account, which happens while nobody asked for another one than the default.
    async fn endpoints_per_vpc(&self) -> Reply<Option<u32>>;
}
