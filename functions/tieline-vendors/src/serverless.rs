//! TiDB Cloud Starter's and Essential's answers (`serverless.tidbapi.com/v1beta1`).

use serde::Deserialize;
use tieline::outside::tidb_cloud::{
    Attachment, Domain, Link, ServerlessCluster, ServerlessEndpoint,
};

use crate::decode::{nullable, port};

/// `Cluster`.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Cluster {
    #[serde(deserialize_with = "nullable")]
    state: String,
    #[serde(deserialize_with = "nullable")]
    cluster_plan: String,
    #[serde(deserialize_with = "nullable")]
    region: Region,
    #[serde(deserialize_with = "nullable")]
    user_prefix: String,
    #[serde(deserialize_with = "nullable")]
    endpoints: Endpoints,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Region {
    #[serde(deserialize_with = "nullable")]
    name: String,
    #[serde(deserialize_with = "nullable")]
    region_id: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Endpoints {
    private: Option<Private>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Private {
    #[serde(deserialize_with = "nullable")]
    host: String,
    #[serde(deserialize_with = "port")]
    port: u16,
    aws: Option<Aws>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Aws {
    #[serde(deserialize_with = "nullable")]
    service_name: String,
}

impl From<Cluster> for ServerlessCluster {
    fn from(cluster: Cluster) -> Self {
        let Region { name, region_id } = cluster.region;
        Self {
            state: cluster.state,
            plan: cluster.cluster_plan,
            region: if region_id.is_empty() {
                name
            } else {
                region_id
            },
            user_prefix: cluster.user_prefix,
            private: cluster.endpoints.private.and_then(endpoint),
        }
    }
}

/// The endpoint, if it is one on AWS and all of it is known.
fn endpoint(private: Private) -> Option<ServerlessEndpoint> {
    let aws = private.aws?;
    let known = !aws.service_name.is_empty() && !private.host.is_empty() && private.port != 0;
    known.then_some(ServerlessEndpoint {
        host: private.host,
        port: private.port,
        service: aws.service_name,
    })
}

/// `GetAvailabilityZonesResponse`.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Zones {
    #[serde(deserialize_with = "nullable")]
    pub(crate) account_id: String,
    #[serde(deserialize_with = "nullable")]
    pub(crate) az_ids: Vec<String>,
}

/// `ListPrivateLinkConnectionsResponse`. Its `totalSize` is not read: the pages say when they end.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Connections {
    #[serde(deserialize_with = "nullable")]
    pub(crate) private_link_connections: Vec<Connection>,
    #[serde(deserialize_with = "nullable")]
    pub(crate) next_page_token: String,
}

/// `PrivateLinkConnection`.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Connection {
    #[serde(deserialize_with = "nullable")]
    pub(crate) private_link_connection_id: String,
    #[serde(deserialize_with = "nullable")]
    display_name: String,
    #[serde(deserialize_with = "nullable")]
    create_time: String,
    #[serde(deserialize_with = "nullable")]
    state: String,
    #[serde(deserialize_with = "nullable")]
    message: String,
    #[serde(deserialize_with = "nullable")]
    attached_domains: Vec<Attached>,
    #[serde(deserialize_with = "nullable")]
    aws_endpoint_service: Service,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Service {
    #[serde(deserialize_with = "nullable")]
    name: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Attached {
    #[serde(deserialize_with = "nullable")]
    attach_domain_id: String,
    #[serde(deserialize_with = "nullable")]
    unique_name: String,
    #[serde(deserialize_with = "nullable")]
    domains: Vec<One>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct One {
    #[serde(deserialize_with = "nullable")]
    name: String,
    #[serde(deserialize_with = "nullable")]
    state: String,
    #[serde(deserialize_with = "nullable")]
    message: String,
}

impl From<Connection> for Link {
    fn from(connection: Connection) -> Self {
        let domains = connection.attached_domains.into_iter();
        Self {
            id: connection.private_link_connection_id,
            name: connection.display_name,
            created: connection.create_time,
            service: connection.aws_endpoint_service.name,
            state: connection.state,
            message: connection.message,
            domains: domains.map(Attachment::from).collect(),
        }
    }
}

impl From<Attached> for Attachment {
    fn from(attached: Attached) -> Self {
        let domains = attached.domains.into_iter().map(|one| Domain {
            name: one.name,
            state: one.state,
            message: one.message,
        });
        Self {
            id: attached.attach_domain_id,
            unique_name: attached.unique_name,
            domains: domains.collect(),
        }
    }
}
