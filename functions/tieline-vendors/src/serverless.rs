//! TiDB Cloud Starter's and Essential's answers (`serverless.tidbapi.com/v1beta1`).

use serde::Deserialize;
use serde_with::apply;
use tieline::outside::tidb_cloud::{
    Attachment, Domain, Link, ServerlessCluster, ServerlessEndpoint,
};

use crate::decode::{Nullable, Port};

/// `Cluster`.
#[apply(_ => #[serde(with = "Nullable")])]
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Cluster {
    state: String,
    cluster_plan: String,
    region: Region,
    user_prefix: String,
    endpoints: Endpoints,
}

#[apply(_ => #[serde(with = "Nullable")])]
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Region {
    name: String,
    region_id: String,
}

#[apply(_ => #[serde(with = "Nullable")])]
#[derive(Default, Deserialize)]
#[serde(default)]
struct Endpoints {
    private: Option<Private>,
}

#[apply(_ => #[serde(with = "Nullable")])]
#[derive(Default, Deserialize)]
#[serde(default)]
struct Private {
    host: String,
    port: Port,
    aws: Option<Aws>,
}

#[apply(_ => #[serde(with = "Nullable")])]
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Aws {
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

/// The endpoint, if it is on AWS and complete.
fn endpoint(private: Private) -> Option<ServerlessEndpoint> {
    let aws = private.aws?;
    let known = !aws.service_name.is_empty() && !private.host.is_empty() && private.port.0 != 0;
    known.then_some(ServerlessEndpoint {
        host: private.host,
        port: private.port.0,
        service: aws.service_name,
    })
}

/// `GetAvailabilityZonesResponse`.
#[apply(_ => #[serde(with = "Nullable")])]
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Zones {
    pub(crate) account_id: String,
    pub(crate) az_ids: Vec<String>,
}

/// `ListPrivateLinkConnectionsResponse`. Its `totalSize` is not needed: the last page has no token.
#[apply(_ => #[serde(with = "Nullable")])]
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Connections {
    pub(crate) private_link_connections: Vec<Connection>,
    pub(crate) next_page_token: String,
}

/// `PrivateLinkConnection`.
#[apply(_ => #[serde(with = "Nullable")])]
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Connection {
    pub(crate) private_link_connection_id: String,
    display_name: String,
    create_time: String,
    state: String,
    message: String,
    attached_domains: Vec<Attached>,
    aws_endpoint_service: Service,
}

#[apply(_ => #[serde(with = "Nullable")])]
#[derive(Default, Deserialize)]
#[serde(default)]
struct Service {
    name: String,
}

#[apply(_ => #[serde(with = "Nullable")])]
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Attached {
    attach_domain_id: String,
    unique_name: String,
    domains: Vec<One>,
}

#[apply(_ => #[serde(with = "Nullable")])]
#[derive(Default, Deserialize)]
#[serde(default)]
struct One {
    name: String,
    state: String,
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
