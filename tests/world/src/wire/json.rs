//! AWS's JSON 1.1 protocol: AWS DMS (service model of botocore, version 2016-01-01), Secrets Manager
//! (version 2017-10-17) and Service Quotas (version 2019-06-24); and Step Functions' JSON 1.0 (version 2016-11-23), which
//! differs in nothing that is used here.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::failure::refuse;
use crate::model::dms::*;
use crate::model::quotas::GetServiceQuota;
use crate::model::secrets::*;
use crate::model::states::{DescribeExecution, GetExecutionHistory, ListExecutions};
use crate::{Failure, Operation, World};

use super::{ERROR_TYPE, Request, Response, Written, respond};

const CONTENT_TYPE: &str = "application/x-amz-json-1.1";
const DMS: &str = "AmazonDMSv20160101";
const SECRETS_MANAGER: &str = "secretsmanager";
const STEP_FUNCTIONS: &str = "AWSStepFunctions";
const SERVICE_QUOTAS: &str = "ServiceQuotasV20190624";

pub(super) fn answer(world: &mut World, target: &str, request: &Request) -> Response {
    let outcome = if request.is_signed() {
        dispatch(world, target, &request.body)
    } else {
        Err(refuse(
            "MissingAuthenticationTokenException",
            "Missing Authentication Token",
        ))
    };
    let outcome = outcome.map(|body| Written::plain(200, body));
    let broken = "{\"Connection\": {\"Sta";
    respond(CONTENT_TYPE, broken, outcome, |status, code, message| {
        let body = json!({"__type": code, "Message": message, "message": message});
        Written {
            status,
            headers: vec![(ERROR_TYPE, code.to_owned())],
            body: body.to_string(),
        }
    })
}

fn dispatch(world: &mut World, target: &str, body: &[u8]) -> Result<String, Failure> {
    let run: Option<Run> = match target.split_once('.') {
        Some((DMS, action)) => dms(action),
        Some((SECRETS_MANAGER, action)) => secrets_manager(action),
        Some((STEP_FUNCTIONS, "DescribeExecution")) => Some(run::<DescribeExecution>),
        Some((STEP_FUNCTIONS, "GetExecutionHistory")) => Some(run::<GetExecutionHistory>),
        Some((STEP_FUNCTIONS, "ListExecutions")) => Some(run::<ListExecutions>),
        Some((SERVICE_QUOTAS, "GetServiceQuota")) => Some(run::<GetServiceQuota>),
        Some(_) | None => None,
    };
    let unknown = || {
        refuse(
            "UnknownOperationException",
            format!("{target} is not modelled"),
        )
    };
    run.ok_or_else(unknown)?(world, body)
}

/// How a call is made.
type Run = fn(&mut World, &[u8]) -> Result<String, Failure>;

fn dms(action: &str) -> Option<Run> {
    Some(match action {
        "CreateReplicationSubnetGroup" => run::<CreateReplicationSubnetGroup>,
        "DescribeReplicationSubnetGroups" => run::<DescribeReplicationSubnetGroups>,
        "DeleteReplicationSubnetGroup" => run::<DeleteReplicationSubnetGroup>,
        "CreateReplicationInstance" => run::<CreateReplicationInstance>,
        "DescribeReplicationInstances" => run::<DescribeReplicationInstances>,
        "ModifyReplicationInstance" => run::<ModifyReplicationInstance>,
        "DeleteReplicationInstance" => run::<DeleteReplicationInstance>,
        "CreateEndpoint" => run::<CreateEndpoint>,
        "DescribeEndpoints" => run::<DescribeEndpoints>,
        "DeleteEndpoint" => run::<DeleteEndpoint>,
        "ImportCertificate" => run::<ImportCertificate>,
        "DescribeCertificates" => run::<DescribeCertificates>,
        "DeleteCertificate" => run::<DeleteCertificate>,
        "TestConnection" => run::<TestConnection>,
        "DescribeConnections" => run::<DescribeConnections>,
        "DeleteConnection" => run::<DeleteConnection>,
        "AddTagsToResource" => run::<AddTagsToResource>,
        "RemoveTagsFromResource" => run::<RemoveTagsFromResource>,
        "ListTagsForResource" => run::<ListTagsForResource>,
        _ => return None,
    })
}

fn secrets_manager(action: &str) -> Option<Run> {
    Some(match action {
        "GetSecretValue" => run::<GetSecretValue>,
        "DescribeSecret" => run::<DescribeSecret>,
        "CreateSecret" => run::<CreateSecret>,
        "DeleteSecret" => run::<DeleteSecret>,
        _ => return None,
    })
}

fn run<O: Operation + DeserializeOwned>(world: &mut World, body: &[u8]) -> Result<String, Failure> {
    let operation = serde_json::from_slice::<O>(body)
        .map_err(|error| refuse("SerializationException", error.to_string()));
    if let Err(failure) = &operation {
        let parameters = serde_json::from_slice(body).unwrap_or_default();
        world.note::<O>(parameters, Some(failure));
    }
    world.call(operation?).map(|answer| to_json(&answer))
}

/// The answer without what is absent, which AWS does not spell as `null`.
fn to_json(answer: &impl Serialize) -> String {
    present(serde_json::to_value(answer).unwrap_or_default()).to_string()
}

fn present(value: Value) -> Value {
    match value {
        Value::Object(fields) => fields
            .into_iter()
            .filter(|(_, field)| !field.is_null())
            .map(|(name, field)| (name, present(field)))
            .collect(),
        Value::Array(items) => items.into_iter().map(present).collect(),
        scalar @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => scalar,
    }
}
