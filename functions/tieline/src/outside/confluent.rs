//! Confluent Cloud in Tieline's words. Credentials and errors: as in [`super::tidb_cloud`].

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::ids::{ConfluentId, SecretArn};
use crate::outside::Reply;

/// An environment, and the secret with an API key that may see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")] // payloads under way have these names
pub struct ConfluentEnvironment {
    pub key: SecretArn,
    pub environment: ConfluentId,
}

/// The parts of Confluent Cloud's networking API (v1) that connections need.
#[async_trait]
pub trait Confluent: Send + Sync {
    /// A network, or `None` if the environment has none of that id.
    async fn network(
        &self,
        within: &ConfluentEnvironment,
        id: &ConfluentId,
    ) -> Reply<Option<ConfluentNetwork>>;
    /// Every `PrivateLink` access of an environment that allows an AWS account; all pages.
    async fn accesses(&self, within: &ConfluentEnvironment) -> Reply<Vec<Access>>;
    /// Allows an AWS account to connect to a network. If it is allowed already: [`super::CallError::is_duplicate`].
    async fn create_access(
        &self,
        within: &ConfluentEnvironment,
        network: &ConfluentId,
        name: &str,
        account: &str,
    ) -> Reply<()>;
    async fn rename_access(&self, within: &ConfluentEnvironment, id: &str, name: &str)
    -> Reply<()>;
    /// Deletes an access, which cuts the account off. One that is gone already (404, or 403 for a valid key) counts as
    /// deleted.
    async fn delete_access(&self, within: &ConfluentEnvironment, id: &str) -> Reply<()>;
}

/// A network of Dedicated clusters.
#[derive(Debug, Clone)]
pub struct ConfluentNetwork {
    pub display_name: String,
    /// The cloud that it is in: `AWS` or another.
    pub cloud: String,
    pub region: String,
    /// How it can be connected to: `PRIVATELINK`, `PEERING`, `TRANSITGATEWAY`.
    pub connection_types: Vec<String>,
    /// Its zones, by id.
    pub zone_ids: Vec<String>,
    /// `status.phase` in Confluent's own word.
    pub phase: String,
    /// Why it failed, empty if it did not.
    pub message: String,
    /// Its DNS domain, empty while it is not ready.
    pub dns_domain: String,
    /// Its endpoint service, empty while it is not ready.
    pub service: String,
}

/// A `PrivateLink` access: an AWS account that may connect to a network.
#[derive(Debug, Clone)]
pub struct Access {
    pub id: String,
    pub name: String,
    pub network: String,
    pub account: String,
    /// `status.phase` in Confluent's own word.
    pub phase: String,
    /// Why it failed, empty if it did not.
    pub message: String,
}
