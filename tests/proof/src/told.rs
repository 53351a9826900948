//! What must be true of what was told: one result each, and each of them true.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use tests::{AWAITING, Ended, Seen};

use crate::cast::Member;
use crate::life::Codes;
use crate::rules::{confirmed, marked, marked_on};

/// An execution, and what it was started for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Started {
    pub(crate) what: What,
    /// Who asked, where somebody did.
    pub(crate) who: Option<usize>,
    /// The id of the event that asked.
    pub(crate) event: Option<String>,
    /// When, in seconds of the world.
    pub(crate) at: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    Connect,
    Remove,
    Check,
    /// It cleans up after another execution.
    CleanUp(usize),
}

/// What a result is called that says that something did not work.
const FAILED: &str = "Private Connection Failed";

/// The results that an execution put on the bus.
fn results(one: &Ended) -> impl Iterator<Item = &Value> {
    let all = one.events.iter();
    all.filter(|event| event["DetailType"] != AWAITING)
        .map(|event| &event["Detail"])
}

/// What was started for somebody, and how it ended.
fn of_member<'a>(
    started: &'a [Started],
    ended: &'a [Ended],
    who: usize,
) -> impl Iterator<Item = (&'a Started, &'a Ended)> {
    let both = started.iter().zip(ended);
    both.filter(move |(one, _)| one.who == Some(who))
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

fn is_asked(one: &Started) -> bool {
    matches!(one.what, What::Connect | What::Remove)
}

/// An execution, and whoever cleaned up after it, and after that.
fn with_cleanups(started: &[Started], number: usize) -> Vec<usize> {
    let mut all = vec![number];
    for (at, one) in started.iter().enumerate() {
        if let What::CleanUp(of) = one.what
            && all.contains(&of)
        {
            all.push(at);
        }
    }
    all
}

/// Every event that asked has one result: of its execution, or of whoever cleaned up after that. One that was redriven may say its own
/// as well, and what it said before again.
pub(crate) fn one_result_each(
    ended: &[Ended],
    started: &[Started],
    redriven: &BTreeSet<usize>,
) -> Option<String> {
    let asked = started.iter().enumerate().filter(|(_, one)| is_asked(one));
    for (number, _) in asked {
        let all = with_cleanups(started, number);
        let of_all = || all.iter().flat_map(|at| results(&ended[*at]));
        let own = results(&ended[number]).count();
        let of_cleanups = of_all().count() - own;
        let ids: BTreeSet<Option<&str>> = of_all().map(|one| one["resultId"].as_str()).collect();
        let is_redriven = redriven.contains(&number);
        let most = if is_redriven { 2 } else { 1 };
        let says_itself = ended_by_itself(&ended[number]) && own == 1;
        let says_both = says_itself && of_cleanups > 0 && !is_redriven;
        if own > most || ids.len() != 1 || ids.contains(&None) || says_both {
            let (status, states) = (ended[number].status, &ended[number].states);
            return Some(format!(
                "execution {number} ({status}) put {own} results on the bus, its cleanups {of_cleanups}, with the ids {ids:?}: {states:?}"
            ));
        }
    }
    None
}

/// What came of each event is what had to, and a failure left nothing; whoever cleaned up after one that was redriven may have left all
/// to that.
pub(crate) fn as_expected(
    ended: &[Ended],
    started: &[Started],
    redriven: &BTreeSet<usize>,
    outcomes: &[Codes],
) -> Option<String> {
    let asked = started.iter().enumerate().filter(|(_, one)| is_asked(one));
    for ((number, _), codes) in asked.zip(outcomes) {
        let all = with_cleanups(started, number);
        for result in all.iter().flat_map(|at| results(&ended[*at])) {
            if !codes.iter().any(|code| result["code"] == *code) {
                let said = in_short(result);
                return Some(format!(
                    "execution {number} came to {said}, and not to one of {codes:?}"
                ));
            }
            let left = result["leftBehind"].as_array();
            let is_left = left.is_some_and(|all| !all.is_empty());
            // What was confirmed stays, also where its service's owner has rejected it since.
            let was_confirmed = |one: &Value| {
                one.as_str()
                    .is_some_and(|one| one.contains("marked as ready"))
            };
            let is_said = result["code"] == "UNDO_INCOMPLETE"
                || left.is_some_and(|all| all.iter().all(was_confirmed));
            if is_left && !is_said && result["stands"] != true && !redriven.contains(&number) {
                return Some(format!("execution {number} left {left:?}"));
            }
        }
    }
    None
}

/// Who was told last that it is connected, is.
pub(crate) fn stands_as_told(
    ended: &[Ended],
    started: &[Started],
    cast: &[Member],
    seen: &Seen,
) -> Option<String> {
    for (who, member) in cast.iter().enumerate() {
        let mut asked = started.iter().enumerate();
        let last = asked.rfind(|(_, one)| is_asked(one) && one.who == Some(who));
        let Some((number, _)) = last else { continue };
        let own = results(&ended[number]).last();
        let all = with_cleanups(started, number);
        let said = own.or_else(|| all.iter().flat_map(|at| results(&ended[*at])).last());
        let stack = member.stack();
        let mut confirmed = seen.alive.iter().flat_map(|one| confirmed(stack, one));
        if said.is_some_and(|said| said["code"] == "CONNECTED")
            && !confirmed.any(|(_, _, id)| id == member.id)
        {
            let id = member.id;
            return Some(format!("{id} was told that it is connected, and is not"));
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

/// A request fails for one of these reasons only, as long as nothing goes wrong for good.
pub(crate) fn fails_for_a_reason(
    ended: &[Ended],
    reasons: &BTreeSet<&'static str>,
) -> Option<String> {
    let failures = ended.iter().enumerate().flat_map(|(number, one)| {
        let events = one.events.iter();
        events
            .filter(|event| event["DetailType"] == FAILED)
            .map(move |event| (number, &event["Detail"]))
    });
    let is_reason = |result: &Value| {
        let code = result["code"].as_str();
        code.is_some_and(|code| reasons.contains(code))
    };
    let mut others = failures.filter(|(_, result)| !is_reason(result));
    let (number, result) = others.next()?;
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

/// Requests that failed, or were removed, and said that nothing of them is left, left nothing.
pub(crate) fn nothing_left(
    ended: &[Ended],
    started: &[Started],
    cast: &[Member],
    seen: &Seen,
) -> Option<String> {
    let left_nothing = |result: &Value| {
        let left = result["leftBehind"].as_array().map(Vec::len);
        let has_failed = left == Some(0) && result["stands"] == false;
        // Who only asked has made nothing.
        has_failed || matches!(result["code"].as_str(), Some("REMOVED" | "PLANNED"))
    };
    for (who, member) in cast.iter().enumerate() {
        let own = of_member(started, ended, who);
        let mut said = own.flat_map(|(_, ended)| results(ended)).peekable();
        let (id, stack) = (member.id, member.stack());
        let is_marked = marked(seen, stack).contains(id);
        if is_marked && said.peek().is_some() && said.all(left_nothing) {
            return Some(format!(
                "every request of {id} to {stack} said that it left nothing, and its mark is there"
            ));
        }
    }
    None
}

/// Who was told last that it is removed, is. What a person has had go on may have made it again.
pub(crate) fn removed_as_told(
    ended: &[Ended],
    started: &[Started],
    redriven: &BTreeSet<usize>,
    cast: &[Member],
    seen: &Seen,
) -> Option<String> {
    for (who, member) in cast.iter().enumerate() {
        let own = of_member(started, ended, who);
        let told = own.filter(|(_, ended)| results(ended).next().is_some());
        let last = told.max_by_key(|(one, ended)| one.at + ended.seconds);
        let said = last.and_then(|(_, ended)| results(ended).last());
        let is_told = said.is_some_and(|said| said["code"] == "REMOVED");
        let is_redriven = |at: &usize| started[*at].who == Some(who);
        if is_told
            && !redriven.iter().any(is_redriven)
            && marked(seen, member.stack()).contains(member.id)
        {
            let id = member.id;
            return Some(format!(
                "{id} was told that it is removed, and its mark is there"
            ));
        }
    }
    None
}

/// What was left to another execution of the same request, that one has confirmed, removed, or named.
pub(crate) fn left_to_somebody(
    ended: &[Ended],
    started: &[Started],
    cast: &[Member],
    seen: &Seen,
) -> Option<String> {
    for (who, member) in cast.iter().enumerate() {
        let left = of_member(started, ended, who)
            .flat_map(|(_, ended)| results(ended))
            .flat_map(|result| {
                let all = result["leftBehind"].as_array().into_iter().flatten();
                all.filter_map(Value::as_str)
            });
        let (to_others, named): (Vec<&str>, Vec<&str>) =
            left.partition(|one| one.contains("another execution of the same request"));
        let stack = member.stack();
        let is_confirmed = |one| {
            let mut confirmed = confirmed(stack, one).into_iter();
            confirmed.any(|(_, _, id)| id == member.id)
        };
        let nobody = to_others.into_iter().find(|left| {
            let mut alive = seen.alive.iter();
            let one = alive.find(|one| left.starts_with(&one.vpc_endpoint_id));
            one.is_some_and(|one| {
                let is_named = named
                    .iter()
                    .any(|name| name.starts_with(&one.vpc_endpoint_id));
                let is_marked = marked_on(one).any(|id| id == member.id);
                !is_named && is_marked && !is_confirmed(one)
            })
        });
        if let Some(left) = nobody {
            let id = member.id;
            return Some(format!("{id} has left {left}, and nobody went on with it"));
        }
    }
    None
}

/// What was told of connections that are not what they were: once for each change, and only where somebody changed it.
pub(crate) fn drift_is_told_once(
    ended: &[Ended],
    started: &[Started],
    cast: &[Member],
    drifted: &[(usize, &str)],
) -> Option<String> {
    // Nobody checks what the other stack has, whose requests may have the same ids.
    let is_elsewhere = |one: &Started| one.who.is_some_and(|who| cast[who].elsewhere);
    // The weather makes a vendor refuse a key, or not know an endpoint: what is told of that is true, though nobody changed anything.
    let is_weather = |detail: &Value| {
        let mut drift = detail["drift"].as_array().into_iter().flatten();
        drift.any(|one| one["field"] == "key" || one["field"] == "vendor")
    };
    let mut degraded: BTreeMap<&str, usize> = BTreeMap::new();
    let mut weathered: BTreeSet<&str> = BTreeSet::new();
    let here = started.iter().zip(ended).enumerate();
    for (number, (one, ended)) in here.filter(|(_, (one, _))| !is_elsewhere(one)) {
        for event in &ended.events {
            let detail = &event["Detail"];
            let Some(id) = detail["requestId"].as_str() else {
                continue;
            };
            match (one.what, detail["code"].as_str()) {
                (What::Check, Some("DEGRADED")) if is_weather(detail) => {
                    weathered.insert(id);
                }
                // What is left is told again once it is over.
                (What::Check, Some("DEGRADED")) if weathered.remove(id) => {
                    degraded.insert(id, number);
                }
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
                    weathered.remove(id);
                }
                _ => {}
            }
        }
    }
    None
}

/// Who is not what was asked for was not told to have recovered.
pub(crate) fn nobody_has_recovered(ended: &[Ended], still: &[String]) -> Option<String> {
    let mut still = still.iter();
    let id = still.find(|id| {
        let all = ended.iter().flat_map(|one| &one.events);
        let all = all.filter(|event| event["Detail"]["requestId"] == ***id);
        let mut codes = all.filter_map(|event| event["Detail"]["code"].as_str());
        codes.rfind(|code| ["DEGRADED", "RECOVERED"].contains(code)) == Some("RECOVERED")
    })?;
    Some(format!(
        "{id} was told to have recovered, and it lacks what somebody took"
    ))
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
