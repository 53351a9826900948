//! Executions that ended and left work to do: those that nobody heard of, and those that had begun to take away what is still there.
//! Whoever cleans up is told, and goes on for that execution.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};

use super::AT_ONCE;
use crate::execution::{EXECUTION_ENDED, EndedExecution, Execution, REMOVAL_ENDED};
use crate::outside::{CallError, ENDED, ENDED_OTHERWISE, EndedRun, Endpoint, Outside, Reply};
use crate::ownership::{CLOSING, holders, run_mark};
use crate::request;
use crate::result::ResultEvent;
use crate::steps::runs;
use crate::time::Time;

/// How long whoever hears of an end may take to clean up, in seconds; and how far the first check looks back.
const HEARD: u64 = 600;
const FIRST: u64 = 86_400;

/// How long a check takes at most, and an execution that makes a connection, as the definitions say.
const DAY: Duration = Duration::from_secs(86_400);
const LONGEST: Duration = Duration::from_secs(691_200);

/// How many executions are looked at.
const MANY: usize = 300;

/// What is told, and the name under which a check remembers that.
type Told = (String, ResultEvent);

/// The state machines whose executions work on connections, and how whoever goes on with one of theirs hears of it.
fn machines(outside: &Outside<'_>, execution: &Execution) -> [(String, &'static str); 2] {
    let removing = execution.removing_machine(&outside.deployment.name);
    [
        (execution.connecting_machine(), EXECUTION_ENDED),
        (removing, REMOVAL_ENDED),
    ]
}

fn before(time: Time, seconds: u64) -> Time {
    Time(time.0.saturating_sub(seconds * 1000))
}

fn told(one: &EndedRun, detail_type: &str, is_left: bool) -> Told {
    let mut detail = json!({"executionArn": one.arn, "status": one.status, "startDate": one.began});
    if is_left {
        detail["left"] = json!(true);
    }
    let event = ResultEvent {
        detail_type: detail_type.to_owned(),
        detail,
    };
    (one.arn.clone(), event)
}

/// How marks name the executions that run; none where that is not known.
pub(super) async fn running(
    outside: &Outside<'_>,
    execution: &Execution,
) -> Reply<Option<BTreeSet<String>>> {
    let mut all = BTreeSet::new();
    for (machine, _) in machines(outside, execution) {
        let Some(running) = outside.executions.running(&machine).await? else {
            return Ok(None);
        };
        all.extend(running.into_iter().map(|(arn, _)| run_mark(&arn)));
    }
    Ok(Some(all))
}

/// The executions that ended without a result, and that nobody has cleaned up after: status changes are best effort. Each is told
/// once: the window of one check begins where that of the check before ended.
pub(super) async fn unheard(
    outside: &Outside<'_>,
    execution: &Execution,
    known: &[String],
) -> Reply<Vec<Told>> {
    let executions = outside.executions;
    let began = execution.started();
    let first = before(began, FIRST);
    let own = execution.machine();
    let checks = executions.ended(&own, "SUCCEEDED", first, DAY).await?;
    let last = checks.unwrap_or_default().into_iter().map(|one| one.began);
    let last = last.max().unwrap_or(first);
    let (from, until) = (before(last, HEARD), before(began, HEARD));
    let mut all = Vec::new();
    for (machine, detail_type) in machines(outside, execution) {
        let mut ended = Vec::new();
        for status in ENDED_OTHERWISE {
            let some = executions.ended(&machine, status, from, LONGEST).await?;
            let some = some.unwrap_or_default().into_iter();
            ended.extend(some.filter(|one| one.ended <= until));
        }
        if ended.is_empty() {
            continue;
        }
        let Some(cleaned) = cleaned(outside, &machine, from).await? else {
            continue;
        };
        for one in ended.into_iter().take(MANY) {
            if all.len() == AT_ONCE || cleaned.contains(&one.arn) || known.contains(&one.arn) {
                continue;
            }
            if is_unheard(outside, &one).await? {
                all.push(told(&one, detail_type, false));
            }
        }
    }
    Ok(all)
}

/// Whether an execution said nothing of its end itself.
async fn is_unheard(outside: &Outside<'_>, one: &EndedRun) -> Reply<bool> {
    let Some(run) = outside.executions.execution(&one.arn).await? else {
        return Ok(false);
    };
    let input = run.input.as_deref().map(serde_json::from_str::<Value>);
    let Some(Ok(input)) = input.filter(|_| !run.is_running) else {
        return Ok(false);
    };
    // A cleanup that ended is told by what it cleaned up after.
    let is_cleanup = EndedExecution::read(&input).is_some();
    Ok(!is_cleanup && !has_said(one, run.error))
}

/// Whether an execution announced its failure itself.
fn has_said(one: &EndedRun, error: Option<String>) -> bool {
    let detail = json!({"executionArn": one.arn, "status": one.status, "error": error});
    let event = json!({"detail-type": EXECUTION_ENDED, "detail": detail});
    EndedExecution::read(&event).is_some_and(|ended| ended.is_announced())
}

/// The executions of a machine after which somebody cleaned up, or does; none where they are too many to be looked at: then it is not
/// known. A removal that goes on with another one may fail as it may.
async fn cleaned(
    outside: &Outside<'_>,
    machine: &str,
    from: Time,
) -> Reply<Option<BTreeSet<String>>> {
    let executions = outside.executions;
    let mut all = Vec::new();
    for status in ["SUCCEEDED", "FAILED"] {
        let ended = executions.ended(machine, status, from, Duration::ZERO);
        all.extend(ended.await?.unwrap_or_default());
    }
    let ended = all.into_iter().map(|one| (one.arn.clone(), Some(one)));
    let running = executions.running(machine).await?.unwrap_or_default();
    let running = running.into_iter().map(|(arn, _)| (arn, None));
    let all: Vec<(String, Option<EndedRun>)> = running.chain(ended).collect();
    if all.len() > MANY {
        return Ok(None);
    }
    let mut cleaned = BTreeSet::new();
    for (arn, ended) in all {
        let run = match executions.execution(&arn).await {
            Err(error @ (CallError::Throttled { .. } | CallError::Unavailable { .. })) => {
                return Err(error);
            }
            run => run.ok().flatten(),
        };
        let Some(run) = run else {
            continue;
        };
        let is_done =
            ended.is_none_or(|one| one.status == "SUCCEEDED" || has_said(&one, run.error));
        let input = run.input.filter(|_| is_done);
        let input = input.and_then(|text| serde_json::from_str::<Value>(&text).ok());
        let ended = input.as_ref().and_then(EndedExecution::read);
        cleaned.extend(ended.map(|ended| ended.execution));
    }
    Ok(Some(cleaned))
}

/// The executions that had begun to let go of an endpoint of ours that is still there, and that do not run any more: also those that
/// announced that they could not do it. Each is told once a day, and to be gone on with as what it was: whoever goes on looks whether
/// the connection was asked for since.
pub(super) async fn left(
    outside: &Outside<'_>,
    execution: &Execution,
    ours: &[Endpoint],
    known: &[String],
) -> Reply<Vec<Told>> {
    let is_there = |one: &&Endpoint| !one.state.is_leaving();
    let closing = ours.iter().filter(is_there).filter_map(|one| {
        let closer = one.tags.get(CLOSING).filter(|closer| !closer.is_empty())?;
        Some((closer.as_str(), one))
    });
    let mut closing: Vec<(&str, &Endpoint)> = closing.collect();
    if closing.is_empty() {
        return Ok(Vec::new());
    }
    // Where it is not known who runs, all do.
    let Some(running) = running(outside, execution).await? else {
        return Ok(Vec::new());
    };
    closing.retain(|(closer, _)| !running.contains(*closer));
    if closing.is_empty() {
        return Ok(Vec::new());
    }
    let began = execution.started();
    let day = before(began, DAY.as_secs());
    let mut all = Vec::new();
    for (machine, detail_type) in machines(outside, execution) {
        let mut found = Vec::new();
        for status in ENDED {
            let since = before(began, LONGEST.as_secs());
            let ended = outside
                .executions
                .ended(&machine, status, since, LONGEST)
                .await?;
            let mut ended = ended.unwrap_or_default();
            // Whoever hears of its end is given time, and so are its calls that are still under way.
            ended.retain(|one| one.ended <= before(began, HEARD));
            for one in ended {
                let mark = run_mark(&one.arn);
                let its = closing.iter().find(|(closer, _)| *closer == mark);
                found.extend(its.map(|(_, endpoint)| (one, *endpoint)));
            }
        }
        if found.is_empty() {
            continue;
        }
        let Some(cleaned) = cleaned(outside, &machine, day).await? else {
            continue;
        };
        for (one, endpoint) in found.into_iter().take(MANY) {
            // It may have let go of several.
            if all.iter().any(|(arn, _): &Told| *arn == one.arn) {
                continue;
            }
            if all.len() == AT_ONCE || cleaned.contains(&one.arn) || known.contains(&one.arn) {
                continue;
            }
            // What it let go of already is not its any more: that is only reported.
            let asked = runs::asked(outside, &one.arn).await?;
            let id = asked.and_then(|(_, asked)| request::request_id(&asked));
            let mut holding = holders(&endpoint.tags);
            if holding.any(|(request, _)| id.as_ref().is_some_and(|id| id.as_str() == request)) {
                all.push(told(&one, detail_type, true));
            }
        }
    }
    Ok(all)
}
