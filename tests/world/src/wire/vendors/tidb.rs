//! What TiDB Cloud's APIs have in common on the wire: who may come in, and what every answer
//! carries.
//!
//! Source: docs.pingcap.com, "TiDB Cloud API overview" ("Authentication", "Rate limiting").

use serde_json::{Value, json};

use crate::Failure;
use crate::failure::refuse_as;
use crate::gate::digest::{Check, Claim, Target};
use crate::gate::{Rate, throttled};
use crate::model::tidb::{Caller, invalid, not_found};
use crate::wire::{Response, Written, respond};
use crate::world::Service;

use super::{CONTENT_TYPE, Door, digest};

/// Requests of a key in a minute, over both hosts.
const LIMIT: u32 = 100;

/// Finds the operation that a request means, and makes the call.
type Dispatch = fn(&mut Door<'_>, Caller) -> Result<Value, Failure>;

/// Who asks.
enum Entry {
    /// Somebody with a valid key.
    Welcome(Caller),
    /// Somebody who has yet to say who he is, or to say it again for another nonce.
    Unknown { stale: bool },
    /// Somebody whose key is not valid.
    Stranger,
}

/// Answers a request to one of the hosts.
pub(super) fn answer(door: &mut Door<'_>, dispatch: Dispatch) -> Response {
    let claim = door.request.header("authorization").and_then(digest::read);
    let rate = claim.as_ref().and_then(|claim| count(door, claim));
    let (outcome, challenge) = match enter(door, claim.as_ref()) {
        Entry::Welcome(caller) => {
            if rate.is_some_and(|rate| rate.exceeded) {
                door.refusal = Some(throttled(Service::TidbCloud));
            }
            (dispatch(door, caller), None)
        }
        Entry::Unknown { stale } => (Err(unauthorized()), Some(stale)),
        Entry::Stranger => {
            door.refusal = Some(unauthorized());
            // Only for the log: nothing is let through.
            drop(dispatch(door, Caller::default()));
            (Err(unauthorized()), Some(false))
        }
    };
    let mut headers = headers(door, rate, &outcome);
    if let Some(stale) = challenge {
        let nonce = door.world.model.ids.hexadecimal();
        let now = door.world.now();
        door.world.gate.give_nonce(&nonce, now);
        headers.push(("WWW-Authenticate", digest::challenge(&nonce, stale)));
    }
    let outcome = outcome.map(|body| Written {
        status: 200,
        headers: headers.clone(),
        body: body.to_string(),
    });
    let broken = "{\"name\": \"tid";
    respond(CONTENT_TYPE, broken, outcome, |status, code, message| {
        Written {
            status,
            headers,
            body: error(code, message).to_string(),
        }
    })
}

/// Counts a request that names a key. One that names none cannot be counted.
fn count(door: &mut Door<'_>, claim: &Claim) -> Option<Rate> {
    let caller = Caller::named(&claim.username)?;
    let now = door.world.now();
    Some(door.world.gate.count(caller.key, LIMIT, now))
}

fn enter(door: &mut Door<'_>, claim: Option<&Claim>) -> Entry {
    let Some(claim) = claim else {
        return Entry::Unknown { stale: false };
    };
    let keys = &door.world.model.tidb.keys;
    let Some((key, project)) = keys
        .iter()
        .find(|(key, _)| key.id == claim.username)
        .copied()
    else {
        return Entry::Stranger;
    };
    let uri = match door.request.query.as_str() {
        "" => door.request.path.clone(),
        query => format!("{}?{query}", door.request.path),
    };
    let target = Target {
        method: &door.request.method,
        uri: &uri,
    };
    let (now, lifetime) = (door.world.now(), door.world.model.timing.tidb.nonce);
    let gate = &mut door.world.gate;
    match gate.check_digest(claim, target, key.secret, now, lifetime) {
        Check::Granted => Entry::Welcome(Caller {
            project,
            key: key.id,
        }),
        Check::Stale => Entry::Unknown { stale: true },
        Check::Refused => Entry::Stranger,
    }
}

/// Docs: the code. Not verified: the message.
fn unauthorized() -> Failure {
    refuse_as(401, "49900001", "public_key not found")
}

fn headers(
    door: &mut Door<'_>,
    rate: Option<Rate>,
    outcome: &Result<Value, Failure>,
) -> Vec<(&'static str, String)> {
    let mut headers = vec![("X-Debug-Trace-Id", door.world.model.ids.hexadecimal())];
    let throttled = matches!(outcome, Err(Failure::Refused { status: 429, .. }));
    if let Some(rate) = rate {
        let remaining = if throttled { 0 } else { rate.remaining };
        headers.push(("X-Ratelimit-Limit-Minute", rate.limit.to_string()));
        headers.push(("X-Ratelimit-Remaining-Minute", remaining.to_string()));
        headers.push(("X-Ratelimit-Reset", rate.reset.to_string()));
    }
    headers
}

/// Swagger, `google.rpc.Status`; its code is one of google.rpc.Code or one of TiDB Cloud's own.
fn error(code: &str, message: &str) -> Value {
    // google.rpc.Code UNKNOWN stands for what is no number.
    let code = code.parse().unwrap_or(2_i32);
    json!({"code": code, "message": message, "details": []})
}

/// What grpc-gateway says of a path that no method has. Not verified for TiDB Cloud.
pub(super) fn no_such_path() -> Failure {
    not_found("Not Found")
}

/// What grpc-gateway says of a parameter that it cannot read.
pub(super) fn not_a_number(name: &str) -> Failure {
    invalid(format!("{name} must be a number"))
}
