//! Executions that ended and left work to do: those that nobody heard of, and those that had begun to take away what is still there.
//! Whoever cleans up is told, and goes on for that execution.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Value, json};

use super::AT_ONCE;
use crate::execution::{EXECUTION_ENDED, EndedExecution, Execution, REMOVAL_ENDED};
use crate::outside::{CallError, ENDED, ENDED_OTHERWISE, EndedRun, Endpoint, Outside, Reply};
use crate::ownership::{CLOSING, run_mark};
use crate::request;
use crate::result::ResultEvent;
use crate::steps::batch::Batch;
use crate::steps::runs;
use crate::time::Time;
use crate::workflow::Check;

/// How long whoever hears of an end may take to clean up, in seconds.
const HEARD: u64 = 600;

/// How long an execution that makes a connection takes at most, as the definition says; and so how far the first check looks back.
pub(super) const LONGEST: Duration = Duration::from_secs(691_200);

/// How long Step Functions names an execution that ended, in seconds (developer guide, "Service quotas": 90 days).
pub(super) const KEPT: u64 = 90 * DAY;

/// For how long what is left and was told is told to nobody again, in seconds.
const DAY: u64 = 86_400;

/// What is told, and the name under which a check remembers that.
type Told = (String, ResultEvent);

/// The state machines whose executions work on connections, and how whoever goes on with one of theirs hears of it.
pub(super) fn machines(
    outside: &Outside<'_>,
    execution: &Execution,
) -> [(String, &'static str); 2] {
    let removing = execution.removing_machine(&outside.deployment.name);
    [
        (execution.connecting_machine(), EXECUTION_ENDED),
        (removing, REMOVAL_ENDED),
    ]
}

pub(super) fn before(time: Time, seconds: u64) -> Time {
    Time(time.0.saturating_sub(seconds * 1000))
}

fn told_of(one: &EndedRun, detail_type: &str, is_left: bool) -> Told {
    let mut detail = json!({"executionArn": one.arn, "status": one.status, "startDate": one.began});
    if is_left {
        detail["left"] = json!(true);
    }
    let event = ResultEvent {
        detail_type: detail_type.to_owned(),
        detail,
    };
    (run_mark(&one.arn), event)
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

/// The check that succeeded last, as a result's id names it.
pub(super) async fn last(outside: &Outside<'_>, execution: &Execution) -> Reply<String> {
    Ok(match succeeded_last(outside, execution).await? {
        Last::This(one) => one.arn.rsplit(':').next().unwrap_or_default().to_owned(),
        Last::None => "first".to_owned(),
        // Who cannot know it cannot know either what was told since then.
        Last::Unknown => execution.name().to_owned(),
    })
}

enum Last {
    This(EndedRun),
    None,
    Unknown,
}

async fn succeeded_last(outside: &Outside<'_>, execution: &Execution) -> Reply<Last> {
    let machine = execution.machine();
    let newest = outside.executions.newest(&machine, "SUCCEEDED").await?;
    Ok(match newest.map(|all| all.into_iter().next()) {
        Some(Some(one)) => Last::This(one),
        Some(None) => Last::None,
        None => Last::Unknown,
    })
}

/// Ends that are to be told.
pub(super) struct Ends {
    pub(super) told: Vec<Told>,
    /// Whether there are no more; otherwise more is to be looked at.
    pub(super) are_all: bool,
}

impl Ends {
    fn all(told: Vec<Told>) -> Self {
        let are_all = true;
        Self { told, are_all }
    }

    fn not_all(told: Vec<Told>) -> Self {
        let are_all = false;
        Self { told, are_all }
    }
}

/// The executions that ended without a result, and that nobody has cleaned up after: status changes are best effort. Each is told
/// once: the window of one check begins where that of the check before ended, however long ago. A check that did not look through all of
/// its window does not succeed, and then the next one does.
pub(super) async fn unheard(
    outside: &Outside<'_>,
    execution: &Execution,
    check: &mut Check,
) -> Reply<Ends> {
    let executions = outside.executions;
    let began = execution.started();
    let from = match succeeded_last(outside, execution).await? {
        Last::This(one) => before(one.began, HEARD),
        Last::None | Last::Unknown => before(began, LONGEST.as_secs()),
    };
    let until = before(began, HEARD);
    let mut all = Vec::new();
    for (machine, detail_type) in machines(outside, execution) {
        let mut ended = BTreeMap::new();
        for status in ENDED_OTHERWISE {
            let some = executions.ended(&machine, status, from, LONGEST).await?;
            if some.is_none() {
                check.leave_untried("executions that ended (they may not be listed)");
            }
            let some = some.unwrap_or_default().into_iter();
            let some =
                some.filter(|one| one.ended <= until && !check.told.contains(&run_mark(&one.arn)));
            ended.extend(some.map(|one| (one.arn.clone(), one)));
        }
        if ended.is_empty() {
            continue;
        }
        let Some(cleaned) = cleaned(outside, &machine, from, check).await? else {
            return Ok(Ends::not_all(all));
        };
        let known = ended.keys().map(|arn| run_mark(arn));
        let known: BTreeSet<String> = known.chain(cleaned.iter().cloned()).collect();
        ended.retain(|arn, _| !cleaned.contains(&run_mark(arn)));
        let times = ended.values().map(|one| (one.arn.clone(), one.ended));
        let mut batch = Batch::of(format!("ended {machine}"), times, &check.looked);
        while all.len() < AT_ONCE
            && let Some((arn, _)) = batch.take()
        {
            let Some(one) = ended.get(&arn) else {
                continue;
            };
            match is_unheard(outside, one, &known).await {
                Ok(true) => all.push(told_of(one, detail_type, false)),
                Ok(false) => {}
                Err(error) => {
                    batch.put_off(error)?;
                    break;
                }
            }
            batch.passes();
        }
        let is_through = batch.left() == 0;
        batch.note(&mut check.looked, outside.clock.now(), Duration::ZERO);
        if !is_through {
            return Ok(Ends::not_all(all));
        }
    }
    Ok(Ends::all(all))
}

/// Whether an execution said nothing of its end itself. `known`: what ended in the same time, or was cleaned up after.
async fn is_unheard(
    outside: &Outside<'_>,
    one: &EndedRun,
    known: &BTreeSet<String>,
) -> Reply<bool> {
    let Some(run) = outside.executions.execution(&one.arn).await? else {
        return Ok(false);
    };
    let input = run.input.as_deref().map(serde_json::from_str::<Value>);
    let Some(Ok(input)) = input.filter(|_| !run.is_running) else {
        return Ok(false);
    };
    // A cleanup that ended is told by what it cleaned up after, unless a check before has left that to it.
    let cleans = EndedExecution::read(&input);
    let is_told = cleans.is_some_and(|cleans| known.contains(&run_mark(&cleans.execution)));
    Ok(!is_told && !has_said(one, run.error))
}

/// Whether an execution announced its failure itself.
fn has_said(one: &EndedRun, error: Option<String>) -> bool {
    let detail = json!({"executionArn": one.arn, "status": one.status, "error": error});
    let event = json!({"detail-type": EXECUTION_ENDED, "detail": detail});
    EndedExecution::read(&event).is_some_and(|ended| ended.is_announced())
}

/// The executions of a machine after which somebody cleaned up since then, or does, as marks name them; none if more are to be looked at
/// for it. A removal that goes on with another one may fail as it may.
async fn cleaned(
    outside: &Outside<'_>,
    machine: &str,
    from: Time,
    check: &mut Check,
) -> Reply<Option<BTreeSet<String>>> {
    let executions = outside.executions;
    // One that ends meanwhile is among those that ended. Whoever cleans up began after what it cleans up after had ended.
    let mut all = executions.running(machine).await?.unwrap_or_default();
    all.retain(|(_, began)| *began >= from);
    let mut ended = BTreeMap::new();
    for status in ["SUCCEEDED", "FAILED"] {
        let some = executions.ended(machine, status, from, Duration::ZERO);
        let some = some.await?.unwrap_or_default().into_iter();
        ended.extend(some.map(|one| (one.arn.clone(), one)));
    }
    all.extend(ended.values().map(|one| (one.arn.clone(), one.began)));
    let key = format!("cleaned {} {machine}", from.0);
    let mut batch = Batch::of(key, all, &check.looked);
    let mut cleaned = BTreeSet::new();
    while let Some((arn, _)) = batch.take() {
        let run = match executions.execution(&arn).await {
            Err(error @ (CallError::Throttled { .. } | CallError::Unavailable { .. })) => {
                batch.put_off(error)?;
                break;
            }
            run => run.ok().flatten(),
        };
        batch.passes();
        let Some(run) = run else {
            continue;
        };
        let ended = ended.get(&arn);
        let is_done = ended.is_none_or(|one| one.status == "SUCCEEDED" || has_said(one, run.error));
        let input = run.input.filter(|_| is_done);
        let input = input.and_then(|text| serde_json::from_str::<Value>(&text).ok());
        let ended = input.as_ref().and_then(EndedExecution::read);
        cleaned.extend(ended.map(|ended| run_mark(&ended.execution)));
    }
    let (is_through, is_whole) = (batch.left() == 0, batch.is_whole());
    batch.note(&mut check.looked, outside.clock.now(), Duration::ZERO);
    if !is_whole {
        check.cleaned.extend(cleaned);
        cleaned = check.cleaned.clone();
    }
    Ok(is_through.then_some(cleaned))
}

/// The executions that had begun to let go of an endpoint of ours that is still there, and that do not run any more: also those that
/// announced that they could not do it, and those whose mark is gone from it: others hold it, or nobody. Each is told once a day, and to be
/// gone on with as what it was: whoever goes on looks whether the connection was asked for since.
pub(super) async fn left(
    outside: &Outside<'_>,
    execution: &Execution,
    ours: &[Endpoint],
    check: &mut Check,
) -> Reply<Ends> {
    let is_there = |one: &&Endpoint| !one.state.is_leaving();
    let closing = ours.iter().filter(is_there).filter_map(|one| {
        let closer = one.tags.get(CLOSING).filter(|closer| !closer.is_empty())?;
        Some(closer.as_str())
    });
    let mut closing: Vec<&str> = closing.collect();
    if closing.is_empty() {
        return Ok(Ends::all(Vec::new()));
    }
    // Where it is not known who runs, all do.
    let Some(running) = running(outside, execution).await? else {
        return Ok(Ends::all(Vec::new()));
    };
    closing.retain(|closer| !running.contains(*closer));
    if closing.is_empty() {
        return Ok(Ends::all(Vec::new()));
    }
    let began = execution.started();
    let day = before(began, DAY);
    let mut all = Vec::new();
    for (machine, detail_type) in machines(outside, execution) {
        let mut found = Vec::new();
        for status in ENDED {
            let since = before(began, KEPT);
            let ended = outside
                .executions
                .ended(&machine, status, since, LONGEST)
                .await?;
            let mut ended = ended.unwrap_or_default();
            // Whoever hears of its end is given time, and so are its calls that are still under way.
            ended.retain(|one| one.ended <= before(began, HEARD));
            for one in ended {
                let mark = run_mark(&one.arn);
                if closing.contains(&mark.as_str()) {
                    found.push(one);
                }
            }
        }
        if found.is_empty() {
            continue;
        }
        let Some(cleaned) = cleaned(outside, &machine, day, check).await? else {
            return Ok(Ends::not_all(all));
        };
        // Few ended while they let go of something.
        for one in found {
            let mark = run_mark(&one.arn);
            // It may have let go of several.
            if all.iter().any(|(told, _): &Told| *told == mark) {
                continue;
            }
            if cleaned.contains(&mark) || check.told.contains(&mark) {
                continue;
            }
            if all.len() == AT_ONCE {
                return Ok(Ends::not_all(all));
            }
            let asked = runs::asked(outside, &one.arn).await?;
            if asked.is_some_and(|(_, asked)| request::request_id(&asked).is_some()) {
                all.push(told_of(&one, detail_type, true));
            }
        }
    }
    Ok(Ends::all(all))
}
