//! Connections between replication instances and endpoints, which exist once they have been tested.

use serde::{Deserialize, Serialize};

use crate::clock::{self, Moment};
use crate::model::Model;
use crate::model::listing::Listed;
use crate::{Failure, Operation, Service};

use super::listing::{Described, describe};
use super::{TestOutlook, invalid_state, not_found, probe};

/// A connection.
#[derive(Debug, Clone)]
pub(super) struct Stored {
    instance: (String, String),
    endpoint: (String, String),
    phase: Phase,
    /// Why the last test failed.
    last_failure: Option<String>,
}

/// What is happening to a connection; with the time, its status follows.
#[derive(Debug, Clone)]
enum Phase {
    Testing {
        until: Moment,
        outcome: Result<(), String>,
    },
    /// A test that never ends.
    Stuck,
    Deleting {
        until: Moment,
    },
}

impl Stored {
    fn status(&self, now: Moment) -> &'static str {
        match &self.phase {
            Phase::Testing { until, .. } if now < *until => "testing",
            Phase::Testing { outcome, .. } if outcome.is_ok() => "successful",
            Phase::Testing { .. } => "failed",
            Phase::Stuck => "testing",
            Phase::Deleting { .. } => "deleting",
        }
    }

    fn exists(&self, now: Moment) -> bool {
        match self.phase {
            Phase::Testing { .. } | Phase::Stuck => true,
            Phase::Deleting { until } => now < until,
        }
    }

    fn failure(&self, now: Moment) -> Option<String> {
        match &self.phase {
            Phase::Testing { until, outcome } if *until <= now => outcome.clone().err(),
            Phase::Testing { .. } | Phase::Stuck | Phase::Deleting { .. } => {
                self.last_failure.clone()
            }
        }
    }

    fn detail(&self, now: Moment) -> Connection {
        Connection {
            replication_instance_arn: self.instance.0.clone(),
            replication_instance_identifier: self.instance.1.clone(),
            endpoint_arn: self.endpoint.0.clone(),
            endpoint_identifier: self.endpoint.1.clone(),
            status: self.status(now).to_owned(),
            last_failure_message: self.failure(now),
        }
    }
}

/// Begins to test a connection.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase", deny_unknown_fields)]
pub struct TestConnection {
    /// The replication instance's ARN.
    pub replication_instance_arn: String,
    /// The endpoint's ARN.
    pub endpoint_arn: String,
}

/// A connection.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ConnectionAnswer {
    /// The connection.
    pub connection: Connection,
}

/// A connection as DMS describes it.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Connection {
    /// The replication instance's ARN.
    pub replication_instance_arn: String,
    /// The endpoint's ARN.
    pub endpoint_arn: String,
    /// Its status: `testing`, `successful`, `failed` or `deleting`.
    pub status: String,
    /// Why the last test failed.
    pub last_failure_message: Option<String>,
    /// The endpoint's name.
    pub endpoint_identifier: String,
    /// The replication instance's name.
    pub replication_instance_identifier: String,
}

/// Deletes a connection.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase", deny_unknown_fields)]
pub struct DeleteConnection {
    /// The endpoint's ARN.
    pub endpoint_arn: String,
    /// The replication instance's ARN.
    pub replication_instance_arn: String,
}

describe! {
    /// Lists connections.
    DescribeConnections,
    DescribeConnectionsAnswer {
        /// The connections.
        connections: Connection
    },
    dms_connections
}

impl Operation for TestConnection {
    type Answer = ConnectionAnswer;
    const SERVICE: Service = Service::Dms;
    const ACTION: &'static str = "TestConnection";
    const WRITE: bool = true;

    fn perform(self, model: &mut Model) -> Result<ConnectionAnswer, Failure> {
        let now = model.now;
        let instance = model.dms_instance(&self.replication_instance_arn)?;
        let endpoint = model.dms_endpoint(&self.endpoint_arn)?;
        if instance.status(now) != "available" {
            let (id, status) = (&instance.id, instance.status(now));
            return Err(invalid_state(format!(
                "Replication Instance {id} is not in available state: {status}."
            )));
        }
        if !endpoint.is_active() {
            return Err(invalid_state("The endpoint is being deleted."));
        }
        let key = (instance.arn.clone(), endpoint.arn.clone());
        let before = model.dms_connection(&key);
        if let Some(status @ ("testing" | "deleting")) = before.map(|before| before.status(now)) {
            return Err(invalid_state(format!(
                "The connection is already {status}."
            )));
        }

        let until = clock::after(now, model.timing.dms_test);
        let phase = match &model.dms.test_outlook {
            TestOutlook::AsTheWorldIs => Phase::Testing {
                until,
                outcome: probe::probe(model, instance, endpoint),
            },
            TestOutlook::Fails(message) => Phase::Testing {
                until,
                outcome: Err(message.clone()),
            },
            TestOutlook::NeverEnds => Phase::Stuck,
        };
        let stored = Stored {
            instance: (instance.arn.clone(), instance.id.clone()),
            endpoint: (endpoint.arn.clone(), endpoint.id.clone()),
            phase,
            last_failure: before.and_then(|before| before.failure(now)),
        };
        let connection = stored.detail(now);
        model.dms.connections.insert(key, stored);
        Ok(ConnectionAnswer { connection })
    }
}

impl Operation for DeleteConnection {
    type Answer = ConnectionAnswer;
    const SERVICE: Service = Service::Dms;
    const ACTION: &'static str = "DeleteConnection";
    const WRITE: bool = true;

    /// That a connection cannot go while it is tested is not verified.
    fn perform(self, model: &mut Model) -> Result<ConnectionAnswer, Failure> {
        let key = (self.replication_instance_arn, self.endpoint_arn);
        let stored = model
            .dms_connection(&key)
            .ok_or_else(|| not_found("The connection was not found."))?;
        if let status @ ("testing" | "deleting") = stored.status(model.now) {
            return Err(invalid_state(format!(
                "The connection cannot be deleted while it is {status}."
            )));
        }
        let mut stored = stored.clone();
        stored.last_failure = stored.failure(model.now);
        stored.phase = Phase::Deleting {
            until: clock::after(model.now, model.timing.dms_delete),
        };
        let connection = stored.detail(model.now);
        model.dms.connections.insert(key, stored);
        Ok(ConnectionAnswer { connection })
    }
}

impl Listed for Connection {
    const FILTERS: &'static [&'static str] = &["endpoint-arn", "replication-instance-arn"];

    fn id(&self) -> String {
        format!("{} {}", self.endpoint_arn, self.replication_instance_arn)
    }

    fn values(&self, filter: &str) -> Vec<String> {
        let value = match filter {
            "endpoint-arn" => self.endpoint_arn.clone(),
            _ => self.replication_instance_arn.clone(),
        };
        vec![value]
    }
}

impl Described for Connection {
    const NAME: &'static str = "Connections";
}

impl Model {
    pub(super) fn dms_connections(&self) -> Vec<Connection> {
        let connections = self.dms.connections.values();
        connections
            .filter(|connection| connection.exists(self.now))
            .map(|connection| connection.detail(self.now))
            .collect()
    }

    fn dms_connection(&self, key: &(String, String)) -> Option<&Stored> {
        let found = self.dms.connections.get(key);
        found.filter(|connection| connection.exists(self.now))
    }

    /// Whether this instance or endpoint has a connection.
    pub(super) fn has_connections(&self, arn: &str) -> bool {
        let mut connections = self.dms.connections.values();
        connections.any(|connection| {
            connection.exists(self.now)
                && (connection.instance.0 == arn || connection.endpoint.0 == arn)
        })
    }
}
