//! Aurora DSQL on the wire: REST with JSON (service model of botocore, version 2018-05-10).

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::failure::{refuse, refuse_as};
use crate::model::dsql::*;
use crate::{Failure, Operation, World};

use super::{ERROR_TYPE, Request, Response, Written, respond};

const CONTENT_TYPE: &str = "application/json";

/// Whether the path is one of DSQL's.
pub(super) fn is_meant(path: &str) -> bool {
    matches!(path.split('/').nth(1), Some("cluster" | "clusters"))
}

pub(super) fn answer(world: &mut World, request: &Request) -> Response {
    let outcome = if request.is_signed() {
        dispatch(world, request)
    } else {
        Err(unsigned())
    };
    let outcome = outcome.map(|body| Written::plain(200, body));
    let broken = "{\"identifier\": \"k3";
    respond(CONTENT_TYPE, broken, outcome, |status, code, message| {
        Written {
            status,
            headers: vec![(ERROR_TYPE, code.to_owned())],
            body: error(code, message, identifier(&request.path)).to_string(),
        }
    })
}

fn unsigned() -> Failure {
    refuse_as(403, "AccessDeniedException", "Missing Authentication Token")
}

fn dispatch(world: &mut World, request: &Request) -> Result<String, Failure> {
    let parts: Vec<_> = request.path.trim_matches('/').split('/').collect();
    match (request.method.as_str(), parts.as_slice()) {
        ("POST", ["cluster"]) => call(world, read::<CreateCluster>(&request.body)?),
        ("GET", ["cluster"]) => call(world, list(&request.query)?),
        ("GET", ["cluster", id]) => call(
            world,
            GetCluster {
                identifier: (*id).to_owned(),
            },
        ),
        ("GET", ["clusters", id, "vpc-endpoint-service-name"]) => call(
            world,
            GetVpcEndpointServiceName {
                identifier: (*id).to_owned(),
            },
        ),
        ("DELETE", ["cluster", id]) => {
            let client_token = parameter(&request.query, "client-token");
            call(
                world,
                DeleteCluster {
                    identifier: (*id).to_owned(),
                    client_token,
                },
            )
        }
        _ => Err(refuse("ValidationException", "Unknown operation")),
    }
}

fn read<O: DeserializeOwned>(body: &[u8]) -> Result<O, Failure> {
    let body = if body.is_empty() { b"{}" } else { body };
    serde_json::from_slice(body)
        .map_err(|error| refuse("ValidationException", format!("Cannot parse: {error}")))
}

fn list(query: &str) -> Result<ListClusters, Failure> {
    let max_results = parameter(query, "max-results")
        .map(|text| text.parse())
        .transpose();
    let max_results =
        max_results.map_err(|_| refuse("ValidationException", "max-results must be a number."))?;
    Ok(ListClusters {
        max_results,
        next_token: parameter(query, "next-token"),
    })
}

fn parameter(query: &str, name: &str) -> Option<String> {
    form_urlencoded::parse(query.as_bytes())
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
}

fn call<O: Operation>(world: &mut World, operation: O) -> Result<String, Failure> {
    world.call(operation).map(|answer| to_json(&answer))
}

fn to_json(answer: &impl Serialize) -> String {
    serde_json::to_string(answer).unwrap_or_default()
}

/// The error's body with the members that its shape requires.
fn error(code: &str, message: &str, identifier: &str) -> Value {
    match code {
        "ValidationException" => json!({"message": message, "reason": reason(message)}),
        "ResourceNotFoundException" | "ConflictException" => {
            json!({"message": message, "resourceId": identifier, "resourceType": "cluster"})
        }
        _ => json!({"message": message}),
    }
}

fn reason(message: &str) -> &'static str {
    match message {
        PROTECTED => "deletionProtectionEnabled",
        "Unknown operation" => "unknownOperation",
        _ if message.starts_with("Cannot parse") => "cannotParse",
        _ => "fieldValidationFailed",
    }
}

fn identifier(path: &str) -> &str {
    path.split('/').nth(2).unwrap_or_default()
}
