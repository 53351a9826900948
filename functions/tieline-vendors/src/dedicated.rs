//! TiDB Cloud Dedicated's answers (`dedicated.tidbapi.com/v1beta1`).

use serde::Deserialize;
use tieline::outside::tidb_cloud::{DedicatedCluster, LinkService, NodeGroup, Registration};

use crate::decode::{nullable, port};

/// `Cluster`.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Cluster {
    #[serde(deserialize_with = "nullable")]
    state: String,
    #[serde(deserialize_with = "nullable")]
    region_id: String,
    #[serde(deserialize_with = "nullable")]
    tidb_node_setting: NodeSetting,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct NodeSetting {
    #[serde(deserialize_with = "nullable")]
    tidb_node_groups: Vec<Group>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Group {
    #[serde(deserialize_with = "nullable")]
    tidb_node_group_id: String,
    #[serde(deserialize_with = "nullable")]
    is_default_group: bool,
    #[serde(deserialize_with = "nullable")]
    state: String,
    #[serde(deserialize_with = "nullable")]
    endpoints: Vec<Endpoint>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Endpoint {
    #[serde(deserialize_with = "nullable")]
    host: String,
    #[serde(deserialize_with = "port")]
    port: u16,
    #[serde(deserialize_with = "nullable")]
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
        // On AWS the host is there as soon as the endpoint service is ready, before any endpoint is registered.
        let private = group.endpoints.into_iter().find(|endpoint| {
            endpoint.connection_type == "PRIVATE_ENDPOINT"
                && !endpoint.host.is_empty()
                && endpoint.port != 0
        });
        Self {
            id: group.tidb_node_group_id,
            is_default: group.is_default_group,
            state: group.state,
            private: private.map(|endpoint| (endpoint.host, endpoint.port)),
        }
    }
}

/// `PrivateLinkService`.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Service {
    #[serde(deserialize_with = "nullable")]
    service_name: String,
    #[serde(deserialize_with = "nullable")]
    service_dns_name: String,
    #[serde(deserialize_with = "nullable")]
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

/// `ListPrivateEndpointConnectionsResponse`. Its `totalSize` is not read: the pages say when they end.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Connections {
    #[serde(deserialize_with = "nullable")]
    pub(crate) private_endpoint_connections: Vec<Connection>,
    #[serde(deserialize_with = "nullable")]
    pub(crate) next_page_token: String,
}

/// `PrivateEndpointConnection`.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Connection {
    #[serde(deserialize_with = "nullable")]
    private_endpoint_connection_id: String,
    #[serde(deserialize_with = "nullable")]
    endpoint_id: String,
    #[serde(deserialize_with = "nullable")]
    endpoint_state: String,
    #[serde(deserialize_with = "nullable")]
    message: String,
    #[serde(deserialize_with = "nullable")]
    host: String,
    #[serde(deserialize_with = "port")]
    port: u16,
}

impl From<Connection> for Registration {
    fn from(connection: Connection) -> Self {
        Self {
            id: connection.private_endpoint_connection_id,
            endpoint_id: connection.endpoint_id,
            state: connection.endpoint_state,
            message: connection.message,
            host: connection.host,
            port: connection.port,
        }
    }
}
