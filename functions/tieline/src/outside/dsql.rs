//! Aurora DSQL's control API in Tieline's words.

use async_trait::async_trait;

use super::Reply;
use crate::ids::ClusterId;

/// Aurora DSQL's control API, as far as a connection needs it.
#[async_trait]
pub trait Dsql: Send + Sync {
    /// The status of a cluster in DSQL's own word, or `None` if there is no such cluster here.
    async fn cluster_status(&self, id: &ClusterId) -> Reply<Option<String>>;
    async fn cluster_service(&self, id: &ClusterId) -> Reply<ClusterService>;
}

#[derive(Debug, Clone)]
pub struct ClusterService {
    pub name: String,
    /// The host name behind it, where DSQL says it.
    pub host: Option<String>,
}
