//! Dedicated clusters as TiDB Cloud describes them.

use std::collections::BTreeMap;

use serde::Serialize;

/// A cluster.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ClusterAnswer {
    /// Its name, as `clusters/1379661944646413143`.
    pub name: String,
    /// Its id.
    pub cluster_id: String,
    /// Its name for people.
    pub display_name: String,
    /// Its Region, as `aws-us-east-1`.
    pub region_id: String,
    /// Its labels; one names the project.
    pub labels: BTreeMap<String, String>,
    /// Its SQL nodes.
    pub tidb_node_setting: TidbNodeSetting,
    /// Its storage nodes.
    pub tikv_node_setting: TikvNodeSetting,
    /// The port of the default group.
    pub port: u16,
    /// Its state, as `ACTIVE`.
    pub state: String,
    /// Its version.
    pub version: String,
    /// Who created it.
    pub created_by: String,
    /// When it was created.
    pub create_time: String,
    /// When it was last changed.
    pub update_time: String,
    /// Its Region's name for people.
    pub region_display_name: String,
    /// Its provider.
    pub cloud_provider: String,
}

/// A cluster's SQL nodes.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TidbNodeSetting {
    /// Their size.
    pub node_spec_key: String,
    /// Their groups.
    pub tidb_node_groups: Vec<TidbNodeGroup>,
}

/// A cluster's storage nodes.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TikvNodeSetting {
    /// How many there are.
    pub node_count: u32,
    /// Their size.
    pub node_spec_key: String,
    /// The storage of each.
    pub storage_size_gi: u32,
    /// Its kind.
    pub storage_type: String,
}

/// A group of SQL nodes.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TidbNodeGroup {
    /// Its name, as `tidbNodeGroups/1`.
    pub name: String,
    /// Its id.
    pub tidb_node_group_id: String,
    /// Its cluster's id.
    pub cluster_id: String,
    /// Its name for people.
    pub display_name: String,
    /// How many nodes it has.
    pub node_count: u32,
    /// Where it can be reached.
    pub endpoints: Vec<GroupEndpoint>,
    /// The nodes' size.
    pub node_spec_key: String,
    /// Whether it is the default group.
    pub is_default_group: bool,
    /// Its state: `ACTIVE`, `MODIFYING` or `PAUSED`.
    pub state: String,
}

/// Where a group can be reached.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GroupEndpoint {
    /// The host.
    pub host: String,
    /// The port.
    pub port: u16,
    /// `PUBLIC`, `VPC_PEERING` or `PRIVATE_ENDPOINT`.
    pub connection_type: String,
}

/// A node group's endpoint service.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PrivateLinkService {
    /// Its name, as `tidbNodeGroups/1/privateLinkService`.
    pub name: String,
    /// The group's id.
    pub tidb_node_group_id: String,
    /// The name that EC2 knows it by.
    pub service_name: String,
    /// The host that leads to it in a VPC with private DNS.
    pub service_dns_name: String,
    /// The ids of its zones.
    pub available_zones: Vec<String>,
    /// `CREATING`, `ACTIVE` or `DELETING`.
    pub state: String,
    /// Its Region.
    pub region_id: String,
    /// Its Region's name for people.
    pub region_display_name: String,
    /// Its provider.
    pub cloud_provider: String,
}
