//! *Private Connection Degraded* and *Private Connection Recovered*: a connection that was announced is not any more what it was, or is
//! again. Each is told once for each change.

use schemars::JsonSchema;
use serde::Serialize;

use super::{ResultDetail, Run};
use crate::execution::{Execution, Progress};
use crate::ids::EndpointId;
use crate::outside::Endpoint;
use crate::outside::dms::DmsThing;
use crate::problem::Code;
use crate::time::Time;

/// How what is not there any more is said to be.
pub const GONE: &str = "it is gone";

/// Which connection is meant.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Named {
    /// The request
    pub request_id: String,
    /// Its endpoint; left out where it has none of its own
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "EndpointId")]
    pub endpoint_id: Option<EndpointId>,
    /// The endpoint's VPC; left out where it has none
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub vpc_id: Option<String>,
    /// The endpoint service's full name; left out where it has no endpoint
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub service_name: Option<String>,
    /// What AWS DMS calls its endpoint to the database; left out where it has none
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub dms_endpoint: Option<String>,
}

/// What is not any more as it was confirmed
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
struct Drift {
    /// What, as requests call it; state is that of the endpoint (of EC2's or of AWS DMS's), path the way to it from the verifier, names
    /// those that private zones have for it, replicationInstance the state of that, vendor what the target's vendor has of it, and key
    /// the API key in the request's secret
    pub field: String,
    /// What it is now
    pub now: String,
}

/// A connection that was announced is not any more what it was
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Degraded {
    #[serde(flatten)]
    named: Named,
    /// The reason code
    #[schemars(with = "String", extend("const" = Code::Degraded))]
    code: Code,
    #[serde(flatten)]
    run: Run,
    /// What is not any more as it was confirmed
    drift: Vec<Drift>,
}

/// A connection is again what it was when it was announced
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Recovered {
    #[serde(flatten)]
    named: Named,
    /// The reason code
    #[schemars(with = "String", extend("const" = Code::Recovered))]
    code: Code,
    #[serde(flatten)]
    run: Run,
}

impl ResultDetail for Degraded {
    const DETAIL_TYPE: &'static str = "Private Connection Degraded";
    const SCHEMA_FILE: &'static str = "degraded.v1.json";
}

impl ResultDetail for Recovered {
    const DETAIL_TYPE: &'static str = "Private Connection Recovered";
    const SCHEMA_FILE: &'static str = "recovered.v1.json";
}

impl Named {
    pub fn of(request: &str, endpoint: &Endpoint) -> Self {
        Self {
            request_id: request.to_owned(),
            endpoint_id: Some(endpoint.id.clone()),
            vpc_id: Some(endpoint.vpc.clone()),
            service_name: Some(endpoint.service.clone()),
            dms_endpoint: None,
        }
    }

    pub fn of_dms(request: &str, endpoint: &DmsThing) -> Self {
        Self {
            request_id: request.to_owned(),
            endpoint_id: None,
            vpc_id: None,
            service_name: None,
            dms_endpoint: Some(endpoint.id.clone()),
        }
    }

    fn through(&self) -> &str {
        let endpoint = self.endpoint_id.as_ref().map(EndpointId::as_str);
        endpoint
            .or(self.dms_endpoint.as_deref())
            .unwrap_or_default()
    }

    /// Both, as one name within a check.
    pub fn key(&self) -> String {
        format!("{}.{}", self.through(), self.request_id)
    }
}

impl Degraded {
    /// `change` names what became different, the same for every check that may tell it.
    pub fn of(
        named: Named,
        drift: Vec<(&'static str, String)>,
        change: &str,
        progress: &Progress,
        execution: &Execution,
        now: Time,
    ) -> Self {
        let drift: Vec<Drift> = drift
            .into_iter()
            .map(|(field, now)| Drift {
                field: field.to_owned(),
                now,
            })
            .collect();
        let said: Vec<&str> = drift.iter().map(|one| one.field.as_str()).collect();
        let message = format!(
            "the connection of {} through {} is not what was confirmed: {}",
            named.request_id,
            named.through(),
            said.join(", ")
        );
        let next_step = match said[..] {
            ["path"] => {
                "look at the network ACLs and at the groups' rules between the verifier and the endpoint, and ask the service's owner whether it runs"
            }
            ["state"] if drift[0].now.starts_with(GONE) => {
                "send the request again, which makes what is gone anew, or its removal"
            }
            ["state" | "replicationInstance", ..] if named.dms_endpoint.is_some() => {
                "look at it in the DMS console, and put right what it names"
            }
            ["state", ..] => {
                "no change brings back an endpoint that is refused, gone or failed: send its removal, and then the request again"
            }
            ["key"] => {
                "put a key that TiDB Cloud takes into the secret, or have the secret be read; until then it can neither be changed nor removed"
            }
            ["vendor"] => {
                "look at the cluster in the TiDB Cloud console; if only the endpoint is missing there, send the request as a change, which puts it back"
            }
            _ => {
                "if it is meant so, send it as a change; if it is not, send the request as a change, which puts it back"
            }
        };
        let run = Run::of(message, next_step.to_owned(), progress, execution, now);
        Self {
            code: Code::Degraded,
            run: run.of_any(change),
            named,
            drift,
        }
    }
}

impl Recovered {
    /// `change` as in [`Degraded::of`].
    pub fn of(
        named: Named,
        change: &str,
        progress: &Progress,
        execution: &Execution,
        now: Time,
    ) -> Self {
        let message = format!(
            "the connection of {} through {} is again what was confirmed",
            named.request_id,
            named.through()
        );
        let run = Run::of(message, "nothing".to_owned(), progress, execution, now);
        Self {
            code: Code::Recovered,
            run: run.of_any(change),
            named,
        }
    }
}
