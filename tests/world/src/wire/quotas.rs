//! Service Quotas on the wire: JSON 1.1 (service model of botocore, version 2019-06-24).

use serde_json::json;

use crate::failure::refuse;
use crate::model::quotas::GetServiceQuota;
use crate::{Failure, World};

use super::{ERROR_TYPE, Request, Response, silent};

const CONTENT_TYPE: &str = "application/x-amz-json-1.1";
const PREFIX: &str = "ServiceQuotasV20190624.";

pub(super) fn answer(world: &mut World, target: &str, request: &Request) -> Response {
    match dispatch(world, target, request) {
        Ok(body) => Response::Answer {
            status: 200,
            content_type: CONTENT_TYPE,
            headers: Vec::new(),
            body,
        },
        Err(failure) => fail(&failure),
    }
}

fn dispatch(world: &mut World, target: &str, request: &Request) -> Result<String, Failure> {
    if !request.is_signed() {
        return Err(refuse(
            "MissingAuthenticationTokenException",
            "Missing Authentication Token",
        ));
    }
    match target.strip_prefix(PREFIX) {
        Some("GetServiceQuota") => {
            let invalid =
                |error: serde_json::Error| refuse("SerializationException", error.to_string());
            let operation: GetServiceQuota =
                serde_json::from_slice(&request.body).map_err(invalid)?;
            let answer = world.call(operation)?;
            Ok(serde_json::to_string(&answer).unwrap_or_default())
        }
        Some(_) | None => Err(refuse(
            "UnknownOperationException",
            format!("{target} is not modelled"),
        )),
    }
}

fn fail(failure: &Failure) -> Response {
    match failure {
        Failure::Refused {
            status,
            code,
            message,
        } => Response::Answer {
            status: *status,
            content_type: CONTENT_TYPE,
            headers: vec![(ERROR_TYPE, code.clone())],
            body: json!({"__type": code, "Message": message, "message": message}).to_string(),
        },
        Failure::NoAnswer | Failure::Hang | Failure::Malformed => {
            silent(failure, CONTENT_TYPE, "{\"Quota\": {\"Val").unwrap_or(Response::Drop)
        }
    }
}
