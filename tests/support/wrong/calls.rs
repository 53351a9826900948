//! What is done wrongly between the functions and the world.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "what is done wrongly elsewhere is done rightly here"
)]

use std::cell::Cell;

use http::Response as Answer;
use serde_json::{Value, json};
use tieline::ownership::{CLOSING, MANAGED, REQUEST, run_mark};
use world::wire::{Request, Response};

use super::{NOW, Wrong};
use crate::wire::comes_from;

thread_local! {
    /// Whether names are said to be off that are on.
    static NAMES_OFF: Cell<bool> = const { Cell::new(false) };
}

/// Nothing was done wrongly yet.
pub(super) fn forget() {
    NAMES_OFF.set(false);
}

/// A call on its way to the world: what the world is asked instead, or what the caller is told without it.
pub(crate) fn call(mut request: Request) -> Result<Request, Box<Response>> {
    let Some(wrong) = NOW.get() else {
        return Ok(request);
    };
    let body = String::from_utf8_lossy(&request.body).into_owned();
    let is = |action: &str| body.contains(&format!("Action={action}&"));
    let done = |action: &str| {
        let text = format!("<{action}Response><return>true</return></{action}Response>");
        Err(Box::new(Response::Answer(Answer::new(text))))
    };
    match wrong {
        Wrong::NamesStayOn
            if is("ModifyVpcEndpoint")
                && body.contains("PrivateDnsEnabled=false")
                && comes_from("remove") =>
        {
            NAMES_OFF.set(true);
            return done("ModifyVpcEndpoint");
        }
        Wrong::DegradedIsNotNoted if is("CreateTags") && comes_from("check") => {
            return done("CreateTags");
        }
        Wrong::LeavingIsNotSaid if is("CreateTags") && body.contains("tieline%3Aclosing") => {
            return done("CreateTags");
        }
        Wrong::OnlyEndpointsAreTagged
            if is("CreateSecurityGroup") || (is("CreateTags") && body.contains("=eni-")) =>
        {
            request.body = body.replace("CostCenter", "Other").into_bytes();
        }
        Wrong::AddressTypesAreLeftOut if is("CreateVpcEndpoint") => {
            let pairs = body.split('&');
            let said = pairs.filter(|pair| {
                !pair.starts_with("IpAddressType=") && !pair.starts_with("DnsOptions.")
            });
            request.body = said.collect::<Vec<_>>().join("&").into_bytes();
        }
        Wrong::OnlyIpv4IsLetIn if is("AuthorizeSecurityGroupIngress") && body.contains("Ipv6") => {
            return done("AuthorizeSecurityGroupIngress");
        }
        Wrong::ServicesAreGlued if is("DescribeVpcEndpointServices") => {
            let pairs = body.split('&');
            let first = pairs.filter(|pair| {
                let name = pair.split('=').next().unwrap_or_default();
                !name.starts_with("Filter.1.Value.") || name.ends_with(".1")
            });
            request.body = first.collect::<Vec<_>>().join("&").into_bytes();
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
        Wrong::NamesStayOn if NAMES_OFF.get() && comes_from("remove") => {
            with_texts(body, "privateDnsEnabled", |_| "false".to_owned())
        }
        Wrong::OthersAreNotSeen if comes_from("remove") => {
            let seen = Cell::new(false);
            with_tags(body, |key, value| {
                let is_another = key.starts_with(REQUEST) && seen.replace(true);
                (!is_another).then(|| value.to_owned())
            })
        }
        Wrong::DriftIsNotSeen if comes_from("check") => with_tags(body, |key, value| {
            let mut words = value.splitn(3, '.');
            Some(match (key.strip_prefix(REQUEST), words.next(), words.next()) {
                (Some(_), Some(fingerprint), Some("ready")) => format!("{fingerprint}.ready"),
                _ => value.to_owned(),
            })
        }),
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
        Wrong::SubnetsAreNotMarked => with_tags(body, |key, value| {
            (key != "tieline:endpoints").then(|| value.to_owned())
        }),
        Wrong::EveryGroupIsOpen => with_texts(body, "cidrIp", |_| "0.0.0.0/0".to_owned()),
        Wrong::PrefixListsAreEverybody if body.contains("<entrySet>") => {
            with_texts(body, "cidr", |_| "0.0.0.0/0".to_owned())
        }
        Wrong::SurroundingsAreUsual => {
            let acls = with_texts(body, "ruleAction", |_| "allow".to_owned());
            with_texts(&acls, "value", |value| {
                let is_address = value.parse::<std::net::Ipv4Addr>().is_ok();
                if is_address {
                    "AmazonProvidedDNS"
                } else {
                    value
                }
                .to_owned()
            })
        }
        Wrong::EveryRouteLeadsOut => body.replace(
            "</routeSet>",
            "<item><destinationCidrBlock>0.0.0.0/0</destinationCidrBlock><natGatewayId>nat-1</natGatewayId><state>active</state></item></routeSet>",
        ),
        Wrong::KeysAreNotNamed => body.replace("Access to KMS is not allowed", "no"),
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

/// An answer in XML with other texts in one kind of element.
fn with_texts(body: &str, element: &str, text: impl Fn(&str) -> String) -> String {
    let (begin, end) = (format!("<{element}>"), format!("</{element}>"));
    let mut pieces = body.split(&begin);
    let mut changed = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (inner, rest) = piece.split_once(&end).unwrap_or((piece, ""));
        changed += &format!("{begin}{}{end}{rest}", text(inner));
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
