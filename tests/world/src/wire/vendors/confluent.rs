//! Confluent Cloud on the wire.
//!
//! Source: `networking.openapi.yaml`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::Failure;
use crate::failure::refuse_as;
use crate::gate::{Rate, throttled};
use crate::model::confluent::accesses::*;
use crate::model::confluent::networks::GetNetwork;
use crate::model::confluent::{API, bad_parameter};
use crate::wire::{self, Response, Written};
use crate::world::Service;

use super::{CONTENT_TYPE, Door, Host};

/// Requests of a key in a minute. Confluent publishes no number.
const LIMIT: u32 = 1000;
const NETWORKS: &str = "networks";
const ACCESSES: &str = "private-link-accesses";

/// An answer: its status, and its body if it has one.
type Answer = (u16, Option<Value>);

pub(super) fn answer(door: &mut Door<'_>) -> Response {
    let credentials = door.request.header("authorization").and_then(basic);
    let now = door.world.now();
    let rate = credentials
        .as_ref()
        .map(|(key, _)| door.world.gate.count(key, LIMIT, now));
    let keys = &door.world.model.confluent.keys;
    let welcome = credentials
        .as_ref()
        .is_some_and(|(id, secret)| keys.iter().any(|key| key.id == id && key.secret == secret));
    if !welcome {
        door.refusal = Some(unauthenticated());
    } else if rate.is_some_and(|rate| rate.exceeded) {
        door.refusal = Some(throttled(Service::Confluent));
    }
    // Whoever says nothing of himself is not worth a line in the log.
    let outcome = if credentials.is_none() {
        Err(unauthenticated())
    } else {
        dispatch(door)
    };
    let request_id = door.world.model.ids.hexadecimal();
    respond(door, outcome, rate, request_id)
}

/// RFC 7617.
fn basic(header: &str) -> Option<(String, String)> {
    let (scheme, rest) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("Basic") {
        return None;
    }
    let text = String::from_utf8(STANDARD.decode(rest.trim()).ok()?).ok()?;
    let (id, secret) = text.split_once(':')?;
    Some((id.to_owned(), secret.to_owned()))
}

/// The spec's example of a 401.
fn unauthenticated() -> Failure {
    refuse_as(
        401,
        "user_unauthenticated",
        "Valid authentication credentials must be provided",
    )
}

fn no_such_path() -> Failure {
    refuse_as(404, "not_found", "Not Found")
}

fn dispatch(door: &mut Door<'_>) -> Result<Answer, Failure> {
    let parts: Vec<_> = door.parts().into_iter().map(str::to_owned).collect();
    let parts: Vec<_> = parts.iter().map(String::as_str).collect();
    let ["networking", "v1", rest @ ..] = parts.as_slice() else {
        return Err(no_such_path());
    };
    let environment = door.parameter("environment");
    match (door.request.method.as_str(), rest) {
        ("GET", [NETWORKS, id]) => {
            let id = (*id).to_owned();
            Ok((200, Some(door.run(Ok(GetNetwork { environment, id }))?)))
        }
        ("GET", [ACCESSES]) => {
            let operation = list_accesses(door);
            let list = door.run(operation)?;
            Ok((200, Some(with_urls(door, list))))
        }
        ("POST", [ACCESSES]) => {
            let operation = door.body::<CreatePrivateLinkAccess>().map_err(unreadable);
            Ok((202, Some(door.run(operation)?)))
        }
        (method, [ACCESSES, id]) => access(door, method, environment, id),
        _ => Err(no_such_path()),
    }
}

fn access(
    door: &mut Door<'_>,
    method: &str,
    environment: Option<String>,
    id: &str,
) -> Result<Answer, Failure> {
    let id = id.to_owned();
    match method {
        "GET" => {
            let answer = door.run(Ok(GetPrivateLinkAccess { environment, id }))?;
            Ok((200, Some(answer)))
        }
        "PATCH" => {
            let body = door.body::<UpdatePrivateLinkAccess>().map_err(unreadable);
            let operation = body.map(|body| UpdatePrivateLinkAccess { id, ..body });
            Ok((200, Some(door.run(operation)?)))
        }
        "DELETE" => {
            door.run(Ok(DeletePrivateLinkAccess { environment, id }))?;
            Ok((204, None))
        }
        _ => Err(no_such_path()),
    }
}

fn unreadable(problem: String) -> Failure {
    refuse_as(400, "invalid_request", problem)
}

/// The spec's example of a 400: a resource cannot be filtered by just anything.
fn check_filters(door: &Door<'_>, known: &[&str]) -> Result<(), Failure> {
    let pairs = form_urlencoded::parse(door.request.query.as_bytes());
    let usual = ["environment", "page_size", "page_token"];
    for (name, _) in pairs {
        if !known.contains(&name.as_ref()) && !usual.contains(&name.as_ref()) {
            return Err(bad_parameter(&name, "is none that can be filtered by"));
        }
    }
    Ok(())
}

fn page_size(door: &Door<'_>) -> Result<Option<i64>, Failure> {
    door.number("page_size")
        .map_err(|name| bad_parameter(name, "must be a number"))
}

fn list_accesses(door: &Door<'_>) -> Result<ListPrivateLinkAccesses, Failure> {
    check_filters(door, &["spec.display_name", "spec.network", "status.phase"])?;
    Ok(ListPrivateLinkAccesses {
        environment: door.parameter("environment"),
        display_name: door.parameters("spec.display_name"),
        network: door.parameters("spec.network"),
        phase: door.parameters("status.phase"),
        page_size: page_size(door)?,
        page_token: door.parameter("page_token"),
    })
}

/// Spec, `ListMeta`: `next` is a full URL. It leads back here for whoever came by a path with the
/// host's name, and keeps the other parameters (not verified).
fn with_urls(door: &Door<'_>, mut list: Value) -> Value {
    let base = match door.request.header("host") {
        Some(host) if door.path.len() < door.request.path.len() => {
            format!("http://{host}/{}", Host::Confluent.name())
        }
        Some(_) | None => API.to_owned(),
    };
    let url = |token: Option<&str>| {
        let pairs = form_urlencoded::parse(door.request.query.as_bytes());
        let others = pairs.filter(|(name, _)| name != "page_token");
        let query = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(others)
            .extend_pairs(token.map(|token| ("page_token", token)))
            .finish();
        format!("{base}/networking/v1/{ACCESSES}?{query}")
    };
    let next = list["metadata"]["next"]
        .as_str()
        .map(|token| url(Some(token)));
    list["metadata"]["first"] = json!(url(None));
    list["metadata"]["next"] = json!(next);
    list
}

fn respond(
    door: &Door<'_>,
    outcome: Result<Answer, Failure>,
    rate: Option<Rate>,
    request_id: String,
) -> Response {
    let mut headers = vec![("X-Request-Id", request_id.clone())];
    let outcome = outcome.map(|(status, body)| {
        let created = body.as_ref().filter(|_| status == 202);
        let mut headers = headers.clone();
        headers.extend(created.and_then(location));
        headers.extend(rates(rate, false));
        Written {
            status,
            headers,
            body: body.map_or_else(String::new, |body| body.to_string()),
        }
    });
    let broken = "{\"api_version\": \"netw";
    wire::respond(CONTENT_TYPE, broken, outcome, |status, code, message| {
        if status == 401 {
            headers.push(("WWW-Authenticate", challenge(door)));
        }
        // The spec gives a 429 no body.
        let body = if status == 429 {
            headers.extend(rates(rate, true));
            String::new()
        } else {
            error(&request_id, status, code, message).to_string()
        };
        Written {
            status,
            headers,
            body,
        }
    })
}

fn rates(rate: Option<Rate>, throttled: bool) -> Vec<(&'static str, String)> {
    let Some(rate) = rate else {
        return Vec::new();
    };
    let remaining = if throttled { 0 } else { rate.remaining };
    let mut headers = vec![
        ("X-RateLimit-Limit", rate.limit.to_string()),
        ("X-RateLimit-Remaining", remaining.to_string()),
        ("X-RateLimit-Reset", rate.reset.to_string()),
    ];
    if throttled {
        headers.push(("Retry-After", rate.reset.to_string()));
    }
    headers
}

/// Spec: the URL of what is being created.
fn location(created: &Value) -> Option<(&'static str, String)> {
    let url = created["metadata"]["self"].as_str()?;
    Some(("Location", url.to_owned()))
}

/// The spec's example; what somebody without credentials gets is not verified.
fn challenge(door: &Door<'_>) -> String {
    if door.request.is_signed() {
        "Basic error=\"invalid_key\", error_description=\"The API Key is invalid\"".to_owned()
    } else {
        "Basic realm=\"confluent.cloud\"".to_owned()
    }
}

/// Spec, `Failure`. Recorded answers with 404 have neither a code nor a title. What a message has
/// in quotes is what it is about.
fn error(id: &str, status: u16, code: &str, message: &str) -> Value {
    let mut error = json!({"id": id, "status": status.to_string(), "detail": message});
    if let Some(title) = title(status) {
        error["code"] = json!(code);
        error["title"] = json!(title);
    }
    if let Some(about) = message.split('\'').nth(1) {
        match status {
            400 => error["source"] = json!({"parameter": about}),
            422 => error["source"] = json!({"pointer": about}),
            _ => {}
        }
    }
    json!({"errors": [error]})
}

/// Titles as in the spec's examples.
fn title(status: u16) -> Option<&'static str> {
    match status {
        404 => None,
        400 => Some("Invalid Request"),
        401 => Some("Authentication Required"),
        402 => Some("Quota Exceeded"),
        403 => Some("User Access Unauthorized"),
        409 => Some("Resource Already exists"),
        422 => Some("Validation Failed"),
        _ => Some("Internal Server Error"),
    }
}
