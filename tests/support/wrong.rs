//! Deliberately wrong variants of the protocols, as switches between the functions and the world: a test that guards a protocol has
//! to fail under the variants of it. What is wrong is made so from outside (a mark that is not shown, a wait that is an error), because
//! that is what the functions would have done had they not looked at the mark or asked for the wait.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "what is done wrongly elsewhere is done rightly here"
)]

use std::cell::Cell;
use std::panic::{catch_unwind, set_hook, take_hook};

use http::Response as Answer;
use serde_json::{Value, json};
use tieline::ownership::{CLOSING, MANAGED, REQUEST, run_mark};
use world::wire::{Request, Response};

/// What is done wrongly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrong {
    /// A clean up does not wait for calls in flight.
    NothingSettles,
    /// The last holder leaves without saying so first.
    LeavingIsNotSaid,
    /// Marks do not say which execution makes a thing: whoever cleans up takes all that its request made.
    MarksNameNoExecution,
    /// Nobody asks which executions run.
    NobodyElseRuns,
    /// An execution that has failed counts as one that is at work.
    FailuresAreAtWork,
    /// A clean up begins after a failure that was announced.
    FailedStartsFailed,
    /// A confirmed connection is taken for one that is being made.
    ConfirmationIsForgotten,
    /// What no request holds is removed by whoever fails.
    UnheldIsRemoved,
    /// No answer is an error and not a wait.
    OutagesAreErrors,
    /// Time in which a service only put us off counts against the phase.
    OutagesCount,
    /// Throttles are taken for refusals.
    ThrottlesAreRefusals,
    /// Two stacks use one token.
    TokensNameNoStack,
    /// Marks do not say whose stack a thing is.
    MarksNameNoStack,
    /// A result that is not taken is not tried again.
    ResultsAreTriedOnce,
    /// The results of one event have an id each.
    ResultsHaveIdsOfTheirOwn,
    /// Nobody counts the tags of what is shared.
    TagsAreNotCounted,
    /// Every VPC takes part.
    EveryVpcTakesPart,
    /// Every secret serves every VPC.
    SecretsServeEveryVpc,
}

thread_local! {
    static NOW: Cell<Option<Wrong>> = const { Cell::new(None) };
}

impl Wrong {
    /// Whether a test fails while this is done wrongly.
    pub fn is_noticed_by(self, test: fn()) -> bool {
        NOW.set(Some(self));
        let hook = take_hook();
        // What it says as it fails is of no interest.
        set_hook(Box::new(|_| {}));
        let failed = catch_unwind(test).is_err();
        set_hook(hook);
        NOW.set(None);
        failed
    }

    pub(crate) fn is_now(self) -> bool {
        NOW.get() == Some(self)
    }
}

/// A call on its way to the world: what the world is asked instead, or what the caller is told without it.
pub(crate) fn call(mut request: Request) -> Result<Request, Box<Response>> {
    let Some(wrong) = NOW.get() else {
        return Ok(request);
    };
    let body = String::from_utf8_lossy(&request.body).into_owned();
    let is = |action: &str| body.contains(&format!("Action={action}&"));
    match wrong {
        Wrong::LeavingIsNotSaid if is("CreateTags") && body.contains("tieline%3Aclosing") => {
            let done = "<CreateTagsResponse><return>true</return></CreateTagsResponse>";
            return Err(Box::new(Response::Answer(Answer::new(done.to_owned()))));
        }
        Wrong::TokensNameNoStack if is("CreateVpcEndpoint") => {
            let pairs = body.split('&');
            let same = pairs.map(|pair| match pair.split_once('=') {
                Some(("ClientToken", _)) => "ClientToken=one-for-all",
                _ => pair,
            });
            request.body = same.collect::<Vec<_>>().join("&").into_bytes();
        }
        _ => {}
    }
    Ok(request)
}

/// The world's answer, as its caller sees it.
pub(crate) fn answer(response: Response) -> Response {
    let (Some(wrong), Response::Answer(answer)) = (NOW.get(), &response) else {
        return response;
    };
    let body = answer.body();
    let changed = match wrong {
        Wrong::MarksNameNoExecution => with_tags(body, |key, value| {
            let is_made = key.starts_with(REQUEST) && !value.contains(".ready");
            Some(
                if is_made {
                    value.split('.').next().unwrap_or(value)
                } else {
                    value
                }
                .to_owned(),
            )
        }),
        Wrong::ConfirmationIsForgotten => with_tags(body, |key, value| {
            let is_mark = key.starts_with(REQUEST);
            Some(
                if is_mark {
                    value.split(".ready").next().unwrap_or(value)
                } else {
                    value
                }
                .to_owned(),
            )
        }),
        Wrong::MarksNameNoStack => with_tags(body, |key, value| {
            Some(if key == MANAGED { "true" } else { value }.to_owned())
        }),
        Wrong::TagsAreNotCounted => with_tags(body, |key, value| {
            (!key.ends_with('7')).then(|| value.to_owned())
        }),
        Wrong::EveryVpcTakesPart => with_tags(body, |key, value| {
            let is_mark = key == "tieline:enrolled";
            Some(if is_mark { "true" } else { value }.to_owned())
        }),
        Wrong::UnheldIsRemoved if !body.contains(REQUEST) => {
            let closing = format!(
                "<item><key>{CLOSING}</key><value>{}</value></item><item><key>{MANAGED}</key>",
                run_mark(":0")
            );
            body.replace(&format!("<item><key>{MANAGED}</key>"), &closing)
        }
        Wrong::ThrottlesAreRefusals => {
            return refused(body).unwrap_or(response);
        }
        Wrong::NobodyElseRuns | Wrong::FailuresAreAtWork | Wrong::SecretsServeEveryVpc => {
            json_answer(wrong, body)
        }
        _ => return response,
    };
    let Response::Answer(answer) = response else {
        return response;
    };
    let (head, _) = answer.into_parts();
    Response::Answer(Answer::from_parts(head, changed))
}

/// EC2's answer with other tags: none where there is no value any more.
fn with_tags(body: &str, value_of: impl Fn(&str, &str) -> Option<String>) -> String {
    const BEGIN: &str = "<item><key>";
    let mut pieces = body.split(BEGIN);
    let mut changed = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let parts = piece.split_once("</key><value>");
        let Some((key, (value, rest))) =
            parts.and_then(|(key, rest)| Some((key, rest.split_once("</value></item>")?)))
        else {
            changed += BEGIN;
            changed += piece;
            continue;
        };
        if let Some(value) = value_of(key, value) {
            changed += &format!("{BEGIN}{key}</key><value>{value}</value></item>");
        }
        changed += rest;
    }
    changed
}

/// A throttle, told as a refusal.
fn refused(body: &str) -> Option<Response> {
    let throttled = body.contains("RequestLimitExceeded");
    throttled.then(|| {
        let told = body.replace("RequestLimitExceeded", "InvalidParameterCombination");
        let mut answer = Answer::new(told);
        *answer.status_mut() = http::StatusCode::BAD_REQUEST;
        Response::Answer(answer)
    })
}

/// The answer of a service that speaks JSON.
fn json_answer(wrong: Wrong, body: &str) -> String {
    let Ok(mut told) = serde_json::from_str::<Value>(body) else {
        return body.to_owned();
    };
    match wrong {
        Wrong::NobodyElseRuns if told["executions"].is_array() => told["executions"] = json!([]),
        Wrong::FailuresAreAtWork => {
            for event in told["events"].as_array_mut().into_iter().flatten() {
                let entered = &mut event["stateEnteredEventDetails"];
                let input = entered["input"].as_str().unwrap_or_default();
                let mut input: Value = serde_json::from_str(input).unwrap_or_default();
                if input["plan"].is_object() {
                    input["next"] = json!("Wait");
                    input["progress"]["phase"] = json!("create");
                    input["progress"]["failure"] = json!(null);
                    *entered = json!({"name": "Wait", "input": input.to_string()});
                }
            }
        }
        Wrong::SecretsServeEveryVpc if told["Tags"].is_array() => told["Tags"] = json!([]),
        _ => {}
    }
    told.to_string()
}

/// What a function answered, as the state machine sees it.
pub(crate) fn step(answer: Value) -> Result<Value, (String, String)> {
    let mut answer = answer;
    let waits_for_a_service = answer["waitingFor"]
        .as_str()
        .is_some_and(|what| what.starts_with("a service to answer"));
    match NOW.get() {
        Some(Wrong::OutagesAreErrors) if waits_for_a_service => {
            let cause = json!({"errorMessage": answer["waitingFor"]}).to_string();
            return Err(("Tieline.Unavailable".to_owned(), cause));
        }
        Some(Wrong::OutagesCount) => {
            if let Some(progress) = answer["progress"].as_object_mut() {
                progress.remove("putOff");
            }
        }
        _ => {}
    }
    Ok(answer)
}

/// The event of a result, as it is put on the bus.
pub(crate) fn event(mut event: Value, execution: &str) -> Value {
    if Wrong::ResultsHaveIdsOfTheirOwn.is_now() {
        event["Detail"]["resultId"] = json!(execution);
    }
    event
}
