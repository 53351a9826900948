//! `GetAvailabilityZones`, `GetPrivateLinkConnection` and `ListPrivateLinkConnections`.

use serde::{Deserialize, Serialize};

use crate::model::Model;
use crate::model::tidb::{Caller, LINK_ZONES, TIDB_ACCOUNT, cut, invalid};
use crate::{Failure, Operation, Service};

use super::PrivateLinkConnection;

/// Asks from which account, and in which zones, TiDB Cloud connects.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct GetAvailabilityZones {
    /// Whose key it is.
    #[serde(skip)]
    pub caller: Caller,
    /// The cluster's id.
    pub cluster_id: String,
}

/// From which account, and in which zones.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GetAvailabilityZonesAnswer {
    /// The AWS account's id.
    pub account_id: String,
    /// The zones' ids.
    pub az_ids: Vec<String>,
}

/// Asks for a connection.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct GetPrivateLinkConnection {
    /// Whose key it is.
    #[serde(skip)]
    pub caller: Caller,
    /// The cluster's id.
    pub cluster_id: String,
    /// The connection's id.
    pub private_link_connection_id: String,
}

/// Lists connections.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ListPrivateLinkConnections {
    /// Whose key it is.
    #[serde(skip)]
    pub caller: Caller,
    /// The cluster's id.
    pub cluster_id: String,
    /// How many at most.
    pub page_size: Option<i64>,
    /// Where the page begins.
    pub page_token: Option<String>,
    /// Only those in this state.
    pub state: Option<String>,
}

/// A page of connections.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListPrivateLinkConnectionsAnswer {
    /// The connections, without their domains.
    pub private_link_connections: Vec<PrivateLinkConnection>,
    /// Where the next page begins; empty on the last one (grpc-gateway's stock marshaller).
    pub next_page_token: String,
    /// How many there are on all pages. An int64 is a string in JSON (protobuf's JSON mapping).
    pub total_size: String,
}

impl Operation for GetAvailabilityZones {
    type Answer = GetAvailabilityZonesAnswer;
    const SERVICE: Service = Service::TidbCloud;
    const ACTION: &'static str = "GetAvailabilityZones";
    const WRITE: bool = false;

    fn perform(self, model: &mut Model) -> Result<GetAvailabilityZonesAnswer, Failure> {
        model.serverless_cluster(self.caller, &self.cluster_id)?;
        Ok(GetAvailabilityZonesAnswer {
            account_id: TIDB_ACCOUNT.to_owned(),
            az_ids: LINK_ZONES.map(str::to_owned).to_vec(),
        })
    }
}

impl Operation for GetPrivateLinkConnection {
    type Answer = PrivateLinkConnection;
    const SERVICE: Service = Service::TidbCloud;
    const ACTION: &'static str = "GetPrivateLinkConnection";
    const WRITE: bool = false;

    fn perform(self, model: &mut Model) -> Result<PrivateLinkConnection, Failure> {
        let id = &self.private_link_connection_id;
        Ok(model.link(self.caller, &self.cluster_id, id)?.detail(model))
    }
}

impl Operation for ListPrivateLinkConnections {
    type Answer = ListPrivateLinkConnectionsAnswer;
    const SERVICE: Service = Service::TidbCloud;
    const ACTION: &'static str = "ListPrivateLinkConnections";
    const WRITE: bool = false;

    fn perform(self, model: &mut Model) -> Result<ListPrivateLinkConnectionsAnswer, Failure> {
        model.serverless_cluster(self.caller, &self.cluster_id)?;
        if let Some(state) = self.state.as_deref() {
            check_state(state)?;
        }
        let links = model.tidb.links.values();
        let rows = links
            .filter(|link| link.cluster_id == self.cluster_id && link.exists(model.now))
            .map(|link| link.summary(model))
            .filter(|row| self.state.as_ref().is_none_or(|state| *state == row.state));
        let page = cut(self.page_size, self.page_token.as_deref(), None)?.of(rows.collect());
        Ok(ListPrivateLinkConnectionsAnswer {
            private_link_connections: page.items,
            next_page_token: page.next.unwrap_or_default(),
            total_size: page.total.to_string(),
        })
    }
}

/// Swagger, `state`: the enum.
fn check_state(state: &str) -> Result<(), Failure> {
    let states = [
        "CREATING",
        "ACTIVE",
        "FAILED",
        "PENDING_ACCEPTANCE",
        "DELETING",
    ];
    if states.contains(&state) {
        return Ok(());
    }
    Err(invalid(format!("{state} is not a state")))
}
