//! TiDB Cloud Starter and Essential on the wire.
//!
//! Sources: `cluster.swagger.json` and `privatelink.swagger.json`, base path `/v1beta1`.

use serde_json::Value;

use crate::Failure;
use crate::model::tidb::links::*;
use crate::model::tidb::serverless::GetServerlessCluster;
use crate::model::tidb::{Caller, invalid};

use super::Door;
use super::tidb::{no_such_path, not_a_number};

/// What stands between a connection's id and a verb.
const ATTACH: &str = ":attachDomains";
const DETACH: &str = ":detachDomains";

pub(super) fn dispatch(door: &mut Door<'_>, caller: Caller) -> Result<Value, Failure> {
    let parts: Vec<_> = door.parts().into_iter().map(str::to_owned).collect();
    let parts: Vec<_> = parts.iter().map(String::as_str).collect();
    let ["v1beta1", "clusters", cluster, rest @ ..] = parts.as_slice() else {
        return Err(no_such_path());
    };
    let cluster_id = (*cluster).to_owned();
    match (door.request.method.as_str(), rest) {
        ("GET", []) => {
            let view = door.parameter("view");
            door.run(Ok(GetServerlessCluster {
                caller,
                cluster_id,
                view,
            }))
        }
        ("GET", ["privateLinkConnections:getAvailabilityZones"]) => {
            door.run(Ok(GetAvailabilityZones { caller, cluster_id }))
        }
        ("GET", ["privateLinkConnections"]) => {
            let operation = list(door, caller, cluster_id);
            door.run(operation)
        }
        ("POST", ["privateLinkConnections"]) => {
            let operation = create(door, caller, cluster_id);
            door.run(operation)
        }
        (method, ["privateLinkConnections", id]) => link(door, caller, method, cluster_id, id),
        _ => Err(no_such_path()),
    }
}

fn link(
    door: &mut Door<'_>,
    caller: Caller,
    method: &str,
    cluster_id: String,
    id: &str,
) -> Result<Value, Failure> {
    if method == "POST" {
        return match (id.strip_suffix(ATTACH), id.strip_suffix(DETACH)) {
            (Some(id), _) => {
                let operation = attach(door, caller, cluster_id, id);
                door.run(operation)
            }
            (_, Some(id)) => {
                let operation = detach(door, caller, cluster_id, id);
                door.run(operation)
            }
            (None, None) => Err(no_such_path()),
        };
    }
    let private_link_connection_id = id.to_owned();
    match method {
        "GET" => door.run(Ok(GetPrivateLinkConnection {
            caller,
            cluster_id,
            private_link_connection_id,
        })),
        "DELETE" => door.run(Ok(DeletePrivateLinkConnection {
            caller,
            cluster_id,
            private_link_connection_id,
        })),
        _ => Err(no_such_path()),
    }
}

fn list(
    door: &Door<'_>,
    caller: Caller,
    cluster_id: String,
) -> Result<ListPrivateLinkConnections, Failure> {
    Ok(ListPrivateLinkConnections {
        caller,
        cluster_id,
        page_size: door.number("pageSize").map_err(not_a_number)?,
        page_token: door.parameter("pageToken"),
        state: door.parameter("state"),
    })
}

fn create(
    door: &Door<'_>,
    caller: Caller,
    cluster_id: String,
) -> Result<CreatePrivateLinkConnection, Failure> {
    let body: CreatePrivateLinkConnection = door.body().map_err(invalid)?;
    Ok(CreatePrivateLinkConnection {
        caller,
        cluster_id,
        ..body
    })
}

fn attach(
    door: &Door<'_>,
    caller: Caller,
    cluster_id: String,
    id: &str,
) -> Result<AttachDomains, Failure> {
    let body: AttachDomains = door.body().map_err(invalid)?;
    Ok(AttachDomains {
        caller,
        cluster_id,
        private_link_connection_id: id.to_owned(),
        ..body
    })
}

fn detach(
    door: &Door<'_>,
    caller: Caller,
    cluster_id: String,
    id: &str,
) -> Result<DetachDomains, Failure> {
    let body: DetachDomains = door.body().map_err(invalid)?;
    Ok(DetachDomains {
        caller,
        cluster_id,
        private_link_connection_id: id.to_owned(),
        ..body
    })
}
