//! `GetPrivateEndpointConnection` and `ListPrivateEndpointConnections`.

use serde::{Deserialize, Serialize};

use crate::model::Model;
use crate::model::tidb::dedicated::{DedicatedCluster, NodeGroup};
use crate::model::tidb::{Caller, cut, invalid, not_found};
use crate::{Failure, Operation, Service};

use super::{PrivateEndpointConnection, Registration};

/// What stands for every cluster or every group.
const EVERY: &str = "-";

/// Asks for a connection.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct GetPrivateEndpointConnection {
    /// Whose key it is.
    #[serde(skip)]
    pub caller: Caller,
    /// The cluster's id.
    pub cluster_id: String,
    /// The group's id.
    pub tidb_node_group_id: String,
    /// The connection's id.
    pub private_endpoint_connection_id: String,
}

/// Lists connections, those that are only discovered included.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ListPrivateEndpointConnections {
    /// Whose key it is.
    #[serde(skip)]
    pub caller: Caller,
    /// The cluster's id; `-` means all of them.
    pub cluster_id: String,
    /// The group's id; `-` means all of them.
    pub tidb_node_group_id: String,
    /// Only those of this project.
    pub project_id: Option<String>,
    /// Only those at this provider, as `aws`.
    pub cloud_provider: Option<String>,
    /// How many at most.
    pub page_size: Option<i64>,
    /// Where the page begins.
    pub page_token: Option<String>,
    /// How many to skip.
    pub skip: Option<i64>,
}

/// A page of connections.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListPrivateEndpointConnectionsAnswer {
    /// The connections.
    pub private_endpoint_connections: Vec<PrivateEndpointConnection>,
    /// How many there are on all pages.
    pub total_size: usize,
    /// Where the next page begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_page_token: Option<String>,
}

impl Operation for GetPrivateEndpointConnection {
    type Answer = PrivateEndpointConnection;
    const SERVICE: Service = Service::TidbCloud;
    const ACTION: &'static str = "GetPrivateEndpointConnection";
    const WRITE: bool = false;

    fn perform(self, model: &mut Model) -> Result<PrivateEndpointConnection, Failure> {
        let (registration, cluster, group) = model.registration(
            self.caller,
            &self.cluster_id,
            &self.tidb_node_group_id,
            &self.private_endpoint_connection_id,
        )?;
        Ok(model.detail(registration, cluster, group))
    }
}

impl Operation for ListPrivateEndpointConnections {
    type Answer = ListPrivateEndpointConnectionsAnswer;
    const SERVICE: Service = Service::TidbCloud;
    const ACTION: &'static str = "ListPrivateEndpointConnections";
    const WRITE: bool = false;

    fn perform(self, model: &mut Model) -> Result<ListPrivateEndpointConnectionsAnswer, Failure> {
        let rows = match self.cloud_provider.as_deref() {
            None | Some("" | "aws") => self.rows(model)?,
            Some("gcp" | "azure" | "alicloud") => Vec::new(),
            Some(other) => return Err(invalid(format!("{other} is not a cloud provider"))),
        };
        let page = cut(self.page_size, self.page_token.as_deref(), self.skip)?.of(rows);
        Ok(ListPrivateEndpointConnectionsAnswer {
            private_endpoint_connections: page.items,
            total_size: page.total,
            next_page_token: page.next,
        })
    }
}

impl ListPrivateEndpointConnections {
    fn rows(&self, model: &Model) -> Result<Vec<PrivateEndpointConnection>, Failure> {
        let rows = self
            .clusters(model)?
            .into_iter()
            .map(|cluster| self.rows_of(model, cluster))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(rows.into_iter().flatten().collect())
    }

    /// Swagger, `projectId`: only with `-` for both ids; without it, all that the key may see.
    fn clusters<'a>(&self, model: &'a Model) -> Result<Vec<&'a DedicatedCluster>, Failure> {
        if self.cluster_id != EVERY {
            return Ok(vec![
                model.dedicated_cluster(self.caller, &self.cluster_id)?,
            ]);
        }
        if let Some(project) = &self.project_id {
            self.caller.check(project)?;
        }
        let clusters = model.tidb.clusters.values();
        let own = clusters.filter(|cluster| cluster.project == self.caller.project);
        Ok(own.collect())
    }

    fn rows_of(
        &self,
        model: &Model,
        cluster: &DedicatedCluster,
    ) -> Result<Vec<PrivateEndpointConnection>, Failure> {
        let groups: Vec<&NodeGroup> = match self.tidb_node_group_id.as_str() {
            EVERY => cluster.groups.iter().collect(),
            id => vec![cluster.group(id)?],
        };
        let rows = groups.into_iter().flat_map(|group| {
            let mut rows = model.registered(cluster, group);
            rows.extend(model.discovered(cluster, group));
            rows
        });
        Ok(rows.collect())
    }
}

impl Model {
    /// The registration of this id, with its cluster and its group. Not verified: that an unknown
    /// id gives 404.
    pub(super) fn registration(
        &self,
        caller: Caller,
        cluster_id: &str,
        group_id: &str,
        id: &str,
    ) -> Result<(&Registration, &DedicatedCluster, &NodeGroup), Failure> {
        let cluster = self.dedicated_cluster(caller, cluster_id)?;
        let group = cluster.group(group_id)?;
        let found =
            self.tidb.registrations.get(id).filter(|registration| {
                registration.is_of(cluster, group) && registration.exists(self)
            });
        let found = found
            .ok_or_else(|| not_found(format!("private endpoint connection {id} not found")))?;
        Ok((found, cluster, group))
    }
}
