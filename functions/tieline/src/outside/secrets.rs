//! AWS Secrets Manager, as far as it says whom a secret is for. What a secret holds never comes here.

use async_trait::async_trait;

use crate::ids::SecretArn;
use crate::outside::{Reply, Tags};

#[async_trait]
pub trait Secrets: Send + Sync {
    /// The tags of a secret, or `None` if there is none of that ARN.
    async fn tags(&self, secret: &SecretArn) -> Reply<Option<Tags>>;
}
