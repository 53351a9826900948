//! TiDB Cloud Dedicated's answers (`dedicated.tidbapi.com/v1beta1`).

use serde::Deserialize;
use serde_with::apply;
use tieline::outside::tidb_cloud::{DedicatedCluster, LinkService, NodeGroup, Registration};

use crate::decode::{Nullable, Port};

/// `Cluster`.
#[apply(_ => #[serde(with = "Nullable")])]
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Cluster {
    state: String,
    region_id: String,
    tidb_node_setting: NodeSetting,
}

#[apply(_ => #[serde(with = "Nullable")])]
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct NodeSetting {
    tidb_node_groups: Vec<Group>,
}

#[apply(_ => #[serde(with = "Nullable")])]
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Group {
    tidb_node_group_id: String,
    is_default_group: bool,
    state: String,
    endpoints: Vec<Endpoint>,
}

#[apply(_ => #[serde(with = "Nullable")])]
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Endpoint {
    host: String,
    port: Port,
    connection_type: String,
}

impl From<Cluster> for DedicatedCluster {
    fn from(cluster: Cluster) -> Self {
        let groups = cluster.tidb_node_setting.tidb_node_groups.into_iter();
        Self {
            state: cluster.state,
            region_id: cluster.region_id,
            groups: groups.map(NodeGroup::from).collect(),
        }
    }
}

impl From<Group> for NodeGroup {
    fn from(group: Group) -> Self {
        // On AWS the host is known as soon as the endpoint service is ready, before any endpoint is registered.
        let private = group.endpoints.into_iter().find(|endpoint| {
            endpoint.connection_type == "PRIVATE_ENDPOINT"
                && !endpoint.host.is_empty()
                && endpoint.port.0 != 0
        });
        Self {
            id: group.tidb_node_group_id,
            is_default: group.is_default_group,
            state: group.state,
            private: private.map(|endpoint| (endpoint.host, endpoint.port.0)),
        }
    }
}

/// `PrivateLinkService`.
#[apply(_ => #[serde(with = "Nullable")])]
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Service {
    service_name: String,
    service_dns_name: String,
    state: String,
}

impl From<Service> for LinkService {
    fn from(service: Service) -> Self {
        Self {
            service: service.service_name,
            dns_name: service.service_dns_name,
            state: service.state,
        }
    }
}

/// `ListPrivateEndpointConnectionsResponse`. Its `totalSize` is not needed: the last page has no token.
#[apply(_ => #[serde(with = "Nullable")])]
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Connections {
    pub(crate) private_endpoint_connections: Vec<Connection>,
    pub(crate) next_page_token: String,
}

/// `PrivateEndpointConnection`.
#[apply(_ => #[serde(with = "Nullable")])]
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Connection {
    private_endpoint_connection_id: String,
    endpoint_id: String,
    endpoint_state: String,
    message: String,
    host: String,
    port: Port,
}

impl From<Connection> for Registration {
    fn from(connection: Connection) -> Self {
        Self {
            id: connection.private_endpoint_connection_id,
            endpoint_id: connection.endpoint_id,
            state: connection.endpoint_state,
            message: connection.message,
            host: connection.host,
            port: connection.port.0,
        }
    }
}
