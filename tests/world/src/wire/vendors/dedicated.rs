//! TiDB Cloud Dedicated on the wire.
//!
//! Source: `dedicated.swagger.json`, base path `/v1beta1`.

use serde::Deserialize;
use serde_json::Value;

use crate::Failure;
use crate::model::tidb::connections::*;
use crate::model::tidb::dedicated::*;
use crate::model::tidb::{Caller, invalid};

use super::Door;
use super::tidb::{no_such_path, not_a_number};

pub(super) fn dispatch(door: &mut Door<'_>, caller: Caller) -> Result<Value, Failure> {
    let parts: Vec<_> = door.parts().into_iter().map(str::to_owned).collect();
    let parts: Vec<_> = parts.iter().map(String::as_str).collect();
    let ["v1beta1", rest @ ..] = parts.as_slice() else {
        return Err(no_such_path());
    };
    match (door.request.method.as_str(), rest) {
        ("GET", ["clusters", cluster]) => door.run(Ok(GetDedicatedCluster {
            caller,
            cluster_id: (*cluster).to_owned(),
        })),
        (method, ["clusters", cluster, "tidbNodeGroups", rest @ ..]) => {
            groups(door, caller, method, cluster, rest)
        }
        _ => Err(no_such_path()),
    }
}

fn groups(
    door: &mut Door<'_>,
    caller: Caller,
    method: &str,
    cluster: &str,
    rest: &[&str],
) -> Result<Value, Failure> {
    let cluster_id = cluster.to_owned();
    match (method, rest) {
        ("GET", [group, "privateLinkService"]) => door.run(Ok(GetPrivateLinkService {
            caller,
            cluster_id,
            tidb_node_group_id: (*group).to_owned(),
        })),
        (method, [group, "privateEndpointConnections", rest @ ..]) => {
            connections(door, caller, method, [cluster, group], rest)
        }
        _ => Err(no_such_path()),
    }
}

fn connections(
    door: &mut Door<'_>,
    caller: Caller,
    method: &str,
    owner: [&str; 2],
    rest: &[&str],
) -> Result<Value, Failure> {
    let [cluster_id, tidb_node_group_id] = owner.map(str::to_owned);
    match (method, rest) {
        ("GET", []) => {
            let operation = list(door, caller, owner);
            door.run(operation)
        }
        ("POST", []) => {
            let operation = create(door, caller, owner);
            door.run(operation)
        }
        ("GET", [id]) => door.run(Ok(GetPrivateEndpointConnection {
            caller,
            cluster_id,
            tidb_node_group_id,
            private_endpoint_connection_id: (*id).to_owned(),
        })),
        ("DELETE", [id]) => door.run(Ok(DeletePrivateEndpointConnection {
            caller,
            cluster_id,
            tidb_node_group_id,
            private_endpoint_connection_id: (*id).to_owned(),
        })),
        _ => Err(no_such_path()),
    }
}

fn list(
    door: &Door<'_>,
    caller: Caller,
    owner: [&str; 2],
) -> Result<ListPrivateEndpointConnections, Failure> {
    let [cluster_id, tidb_node_group_id] = owner.map(str::to_owned);
    Ok(ListPrivateEndpointConnections {
        caller,
        cluster_id,
        tidb_node_group_id,
        project_id: door.parameter("projectId"),
        cloud_provider: door.parameter("cloudProvider"),
        page_size: door.number("pageSize").map_err(not_a_number)?,
        page_token: door.parameter("pageToken"),
        skip: door.number("skip").map_err(not_a_number)?,
    })
}

/// The body of a registration: the ids come from the path, `privateIpAddress` is for Azure. Not
/// verified: that unknown fields are refused.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NewConnection {
    endpoint_id: String,
}

fn create(
    door: &Door<'_>,
    caller: Caller,
    owner: [&str; 2],
) -> Result<CreatePrivateEndpointConnection, Failure> {
    let [cluster_id, tidb_node_group_id] = owner.map(str::to_owned);
    let NewConnection { endpoint_id } = door.body().map_err(invalid)?;
    Ok(CreatePrivateEndpointConnection {
        caller,
        cluster_id,
        tidb_node_group_id,
        endpoint_id,
    })
}
