//! What must be true of what was told: one result each, and each of them true.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use tests::{AWAITING, Ended, Seen};

use crate::cast::Member;
use crate::rules::marked;

/// An execution, and what it was started for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Started {
    pub(crate) what: What,
    /// Who asked, where somebody did.
    pub(crate) who: Option<usize>,
    /// The id of the event that asked.
    pub(crate) event: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    Connect,
    Remove,
    Check,
    /// It cleans up after another execution.
    CleanUp(usize),
}

/// How a request may fail though nothing went wrong for good: by what was asked for, or because a person stopped it.
const ASKED_FOR: [&str; 7] = [
    "REQUEST_CONFLICT",
    "REQUEST_IN_PROGRESS",
    "NOTHING_TO_CHANGE",
    "CHANGE_NOT_IN_PLACE",
    "CHANGE_TAKES_FROM_OTHERS",
    "ENDPOINT_DIFFERS",
    "EXECUTION_ENDED",
];

/// The results that an execution put on the bus.
fn results(one: &Ended) -> impl Iterator<Item = &Value> {
    let all = one.events.iter();
    all.filter(|event| event["DetailType"] != AWAITING)
        .map(|event| &event["Detail"])
}

/// The reason in a result.
pub(crate) fn in_short(result: &Value) -> String {
    format!("{} {}", result["code"], result["message"])
}

/// What each execution was for, how it ended, and what it said.
pub(crate) fn in_words(ended: &[Ended], started: &[Started]) -> Vec<String> {
    let both = started.iter().zip(ended).enumerate();
    let words = both.map(|(number, (Started { what, who, .. }, one))| {
        let said: Vec<String> = results(one).map(in_short).collect();
        let last = one.states.last().map(String::as_str).unwrap_or_default();
        let (status, who) = (one.status, who.unwrap_or_default());
        format!("{number}: {what:?} of {who}: {status} in {last}: {said:?}")
    });
    words.collect()
}

fn ended_by_itself(one: &Ended) -> bool {
    ["SUCCEEDED", "FAILED"].contains(&one.status)
}

/// Every event that asked has one result: of its execution, or of whoever cleaned up after that.
pub(crate) fn one_result_each(ended: &[Ended], started: &[Started]) -> Option<String> {
    let cleanup_of = |number: usize| {
        let mut all = started.iter();
        all.position(|one| one.what == What::CleanUp(number))
    };
    for (number, one) in started.iter().enumerate() {
        if !matches!(one.what, What::Connect | What::Remove) {
            continue;
        }
        let own = results(&ended[number]).count();
        let mut last = number;
        let mut ids: BTreeSet<&str> = BTreeSet::new();
        let mut of_cleanups = 0;
        ids.extend(results(&ended[number]).filter_map(|one| one["resultId"].as_str()));
        while let Some(next) = cleanup_of(last) {
            of_cleanups += results(&ended[next]).count();
            ids.extend(results(&ended[next]).filter_map(|one| one["resultId"].as_str()));
            last = next;
        }
        let says_itself = ended_by_itself(&ended[number]) && own == 1;
        if own > 1 || ids.len() != 1 || (says_itself && of_cleanups > 0) {
            let (status, states) = (ended[number].status, &ended[number].states);
            return Some(format!(
                "execution {number} ({status}) put {own} results on the bus, its cleanups {of_cleanups}, with the ids {ids:?}: {states:?}"
            ));
        }
    }
    None
}

/// An event that is delivered again has the same result's id.
pub(crate) fn same_ids(ended: &[Ended], started: &[Started]) -> Option<String> {
    let mut known: BTreeMap<&str, &str> = BTreeMap::new();
    for (one, ended) in started.iter().zip(ended) {
        let (Some(event), Some(result)) = (&one.event, results(ended).next()) else {
            continue;
        };
        let id = result["resultId"].as_str().unwrap_or_default();
        let first = known.entry(event).or_insert(id);
        if *first != id {
            return Some(format!(
                "the event {event} has the results {first} and {id}"
            ));
        }
    }
    None
}

/// A request fails by what was asked for only, as long as nothing goes wrong for good.
pub(crate) fn fails_for_a_reason(ended: &[Ended]) -> Option<String> {
    let mut failures = ended.iter().enumerate().flat_map(|(number, one)| {
        results(one)
            .filter(|_| one.status == "FAILED")
            .map(move |result| (number, result))
    });
    let is_asked_for = |result: &Value| ASKED_FOR.iter().any(|code| result["code"] == *code);
    let (number, result) = failures.find(|(_, result)| !is_asked_for(result))?;
    Some(format!("execution {number} failed: {}", in_short(result)))
}

/// Nothing goes wrong for good, so that everything is done in the end; or in words what is not.
pub(crate) fn ends_well(ended: &[Ended], started: &[Started]) -> Option<String> {
    let both = ended.iter().zip(started).enumerate();
    let mut failed = both.filter(|(_, (one, _))| one.status != "SUCCEEDED");
    let (number, (one, Started { what, .. })) = failed.next()?;
    let said = one.events.last().map(|event| in_short(&event["Detail"]));
    Some(format!(
        "execution {number} ({what:?}): {}: {said:?}",
        one.status
    ))
}

/// A request that failed, and said that it left nothing, left nothing.
pub(crate) fn nothing_left(
    ended: &[Ended],
    started: &[Started],
    cast: &[Member],
    seen: &Seen,
) -> Option<String> {
    for (who, member) in cast.iter().enumerate() {
        let both = started.iter().zip(ended);
        let mut asked = both.filter(|(one, _)| one.who == Some(who) && one.what != What::Check);
        let left_nothing = |ended: &Ended| {
            let mut all = results(ended).peekable();
            all.peek().is_some()
                && all.all(|result| {
                    let is_gone = result["code"] == "REMOVED";
                    let left = result["leftBehind"].as_array().map(Vec::len);
                    is_gone || (left == Some(0) && result["stands"] == false)
                })
        };
        let is_asked = asked.next().is_some();
        let mut all = started.iter().zip(ended);
        let all_failed = all.all(|(one, ended)| one.who != Some(who) || left_nothing(ended));
        if is_asked && all_failed && marked(seen, member.stack()).contains(member.id) {
            let (id, stack) = (member.id, member.stack());
            return Some(format!(
                "every request of {id} to {stack} failed and left nothing, and its mark is there"
            ));
        }
    }
    None
}

/// What was told of connections that are not what they were: once for each change, and only where somebody changed it.
pub(crate) fn drift_is_told_once(
    ended: &[Ended],
    started: &[Started],
    drifted: &[(usize, &str)],
) -> Option<String> {
    let mut degraded: BTreeMap<&str, usize> = BTreeMap::new();
    for (number, (one, ended)) in started.iter().zip(ended).enumerate() {
        for event in &ended.events {
            let detail = &event["Detail"];
            let Some(id) = detail["requestId"].as_str() else {
                continue;
            };
            match (one.what, detail["code"].as_str()) {
                (What::Check, Some("DEGRADED")) => {
                    let before = degraded.insert(id, number);
                    let since = before.unwrap_or_default();
                    let mut hands = drifted.iter();
                    let is_new = hands.any(|(at, of)| *of == id && *at >= since && *at <= number);
                    if before.is_some() && !is_new {
                        return Some(format!(
                            "{id} was degraded for the checks {since} and {number}, and nothing changed between"
                        ));
                    }
                    if !drifted.iter().any(|(at, of)| *of == id && *at <= number) {
                        return Some(format!("{id} is degraded, and nobody changed it: {detail}"));
                    }
                }
                (_, Some("RECOVERED" | "CONNECTED" | "REMOVED")) => {
                    degraded.remove(id);
                }
                _ => {}
            }
        }
    }
    None
}

/// What somebody changed by hand, and still is as it was not confirmed, was told.
pub(crate) fn drift_is_told(
    ended: &[Ended],
    drifted: &[(usize, &str)],
    still: &[String],
) -> Option<String> {
    let (at, id) = drifted.iter().find(|(at, id)| {
        let mut since = ended[*at..].iter().flat_map(|one| &one.events);
        let is_told = since.any(|event| {
            let detail = &event["Detail"];
            let code = detail["code"].as_str();
            detail["requestId"] == *id && matches!(code, Some("DEGRADED" | "CONNECTED"))
        });
        still.iter().any(|one| one == id) && !is_told
    })?;
    Some(format!(
        "{id} was changed by hand before execution {at}, and no check has told it"
    ))
}
