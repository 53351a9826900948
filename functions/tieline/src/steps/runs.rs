//! Which executions work on a request, as Step Functions says it. What is not known runs.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::time::Duration;

use serde_json::Value;

use crate::execution::{EndedExecution, Execution, Progress};
use crate::ids::{Region, RequestId};
use crate::outside::{ENDED, EnteredState, Outside, Reply};
use crate::question;
use crate::removal::{self, Removal};
use crate::request;
use crate::result::Working;
use crate::time::Time;

/// How many executions are looked at, those first that began last: Step Functions allows some 300 such looks at once, and
/// then 15 a second.
const MANY: usize = 300;

/// Who works on a request.
#[derive(Debug)]
pub(super) enum Works {
    Nobody,
    This(Box<Working>),
    /// It may be that one does.
    Unknown,
}

impl Works {
    fn first(all: Vec<Working>) -> Self {
        let first = all.into_iter().next();
        first.map_or(Self::Nobody, |one| Self::This(Box::new(one)))
    }

    /// Who it is, for a sentence.
    pub(super) fn who(&self) -> Option<&str> {
        match self {
            Self::Nobody => None,
            Self::This(one) => Some(one.arn()),
            Self::Unknown => Some(
                "an execution that may not be looked at (allow states:ListExecutions and states:DescribeExecution)",
            ),
        }
    }
}

/// An execution that makes or changes a request's connection and began before this one.
pub(super) async fn before(outside: &Outside<'_>, own: &Execution, id: &RequestId) -> Reply<Works> {
    let began = own.started();
    // Of two that began in the same moment the one with the smaller name comes first. A removal, whose requests wait for it, is behind
    // none of them.
    let is_tied = |arn: &str| own.connects.is_none() && arn < own.id.as_str();
    let is_earlier = |(arn, other): &(String, Time)| {
        *arn != own.id && (*other < began || (*other == began && is_tied(arn)))
    };
    let Some(all) = connecting(outside, own, is_earlier, |asked| is_of(asked, id)).await? else {
        return Ok(Works::Unknown);
    };
    Ok(Works::first(all))
}

/// A change of a request's connection that began before this execution.
pub(super) async fn changing(
    outside: &Outside<'_>,
    own: &Execution,
    id: &RequestId,
) -> Reply<Works> {
    let began = own.started();
    let is_tied = |arn: &str| arn < own.id.as_str();
    let is_earlier =
        |(arn, other): &(String, Time)| *other < began || (*other == began && is_tied(arn));
    let changes = |asked: &Value| request::is_change(asked) && is_of(asked, id);
    let all = connecting(outside, own, is_earlier, changes).await?;
    Ok(Works::first(all.unwrap_or_default()))
}

/// The requests that somebody works on; none where it is not known.
pub(super) async fn worked_on(
    outside: &Outside<'_>,
    own: &Execution,
) -> Reply<Option<BTreeSet<String>>> {
    let removing = own.removing_machine(&outside.deployment.name);
    let mut ids = BTreeSet::new();
    for machine in [own.connecting_machine(), removing] {
        let found = Mutex::new(BTreeSet::new());
        let note = |asked: &Value| {
            let id = request::request_id(asked);
            if let (Some(id), Ok(mut found)) = (id, found.lock()) {
                found.insert(id.to_string());
            }
            false
        };
        if running(outside, &machine, |_| true, note).await?.is_none() {
            return Ok(None);
        }
        ids.extend(found.into_inner().unwrap_or_default());
    }
    Ok(Some(ids))
}

fn is_of(asked: &Value, id: &RequestId) -> bool {
    request::request_id(asked).as_ref() == Some(id) && !question::is_one(asked)
}

/// Every execution that works on a request, for somebody who asks.
pub(super) async fn on(
    outside: &Outside<'_>,
    own: &Execution,
    id: &RequestId,
    here: &Region,
) -> Reply<Vec<Working>> {
    let is_other = |(arn, _): &(String, Time)| *arn != own.id;
    let connecting = connecting(outside, own, is_other, |asked| is_of(asked, id)).await?;
    let mut all = connecting.unwrap_or_default();
    if let Works::This(removing) = removing(outside, here, own, id).await? {
        all.push(*removing);
    }
    Ok(all)
}

/// A removal of a request that is no younger than this execution.
pub(super) async fn removing(
    outside: &Outside<'_>,
    here: &Region,
    own: &Execution,
    id: &RequestId,
) -> Reply<Works> {
    let machine = own.removing_machine(&outside.deployment.name);
    let began = own.started();
    let is_earlier = |(arn, other): &(String, Time)| *arn != own.id && *other <= began;
    let removes = |asked: &Value| {
        let asked = removal::as_event(asked);
        let removal = removal::read(&asked, here).and_then(Result::ok);
        removal.is_some_and(|one: Removal| one.request_id() == id && !one.dry_run())
    };
    let found = running(outside, &machine, is_earlier, removes).await?;
    Ok(match found.map(|all| all.into_iter().next()) {
        None => Works::Unknown,
        Some(None) => Works::Nobody,
        Some(Some((arn, began))) => Works::This(Box::new(working(outside, own, &arn, began))),
    })
}

/// Those that make a request's connection; none where it is not known.
async fn connecting(
    outside: &Outside<'_>,
    own: &Execution,
    counts: impl Fn(&(String, Time)) -> bool,
    is_it: impl Fn(&Value) -> bool,
) -> Reply<Option<Vec<Working>>> {
    let Some(found) = running(outside, &own.connecting_machine(), counts, is_it).await? else {
        return Ok(None);
    };
    let mut all = Vec::new();
    for (arn, began) in found {
        let mut one = working(outside, own, &arn, began);
        if let Some(entered) = outside.executions.entered_last(&arn).await? {
            read(&mut one, entered, outside);
        }
        all.push(one);
    }
    Ok(Some(all))
}

/// Asks Step Functions how an execution ended; whether it runs all the same, and nothing if that is not known. Of a cleanup that
/// ended, what it was to clean up after is asked about: large events, and those of the check, leave out what started it.
pub(super) async fn ask(outside: &Outside<'_>, ended: &mut EndedExecution) -> Reply<Option<bool>> {
    if let Some(cleanup) = ended.unsaid().map(str::to_owned) {
        let run = outside.executions.execution(&cleanup).await?;
        if let Some(error) = run.and_then(|run| run.error) {
            ended.cleanup_had_error(&error);
        }
    }
    loop {
        let Some(run) = outside.executions.execution(&ended.execution).await? else {
            return Ok(None);
        };
        if run.is_running {
            return Ok(Some(true));
        }
        let asked_about = ended.execution.clone();
        // What a cleanup ended with counts as long as it is not what it cleaned up after.
        if let Some(error) = run.error {
            ended.had_error(&error);
        }
        if let Some(text) = run.input.filter(|_| ended.input.is_null()) {
            ended.had_input(&text);
        }
        if ended.execution == asked_about || ended.is_hopeless() {
            return Ok(Some(false));
        }
    }
}

/// Whether somebody asked for a request's connection no earlier than that, whatever came of it. Where it is not known, somebody did.
pub(super) async fn asked_since(
    outside: &Outside<'_>,
    own: &Execution,
    id: &RequestId,
    since: Time,
) -> Reply<bool> {
    let (executions, machine) = (outside.executions, own.connecting_machine());
    let wants = |asked: &Value| is_of(asked, id) && !request::is_dry_run(asked);
    // Those that run come first: one that ends meanwhile is among those that ended.
    let is_since = |(_, began): &(String, Time)| *began >= since;
    match running(outside, &machine, is_since, wants).await? {
        Some(found) if found.is_empty() => {}
        None | Some(_) => return Ok(true),
    }
    let mut all = Vec::new();
    for status in ENDED {
        let ended = executions.ended(&machine, status, since, Duration::ZERO);
        let Some(ended) = ended.await? else {
            return Ok(true);
        };
        all.extend(ended.into_iter().filter(|one| one.began >= since));
    }
    if all.len() > MANY {
        return Ok(true);
    }
    for one in all {
        match asked(outside, &one.arn).await? {
            Some((_, asked)) if !wants(&asked) => {}
            None | Some(_) => return Ok(true),
        }
    }
    Ok(false)
}

/// Whether an execution runs, and what it was asked for; none if that is not known. A cleanup works on what the ended execution was
/// asked for.
pub(super) async fn asked(outside: &Outside<'_>, arn: &str) -> Reply<Option<(bool, Value)>> {
    let Some(run) = outside.executions.execution(arn).await? else {
        return Ok(None);
    };
    let asked = run.input.as_deref().map(serde_json::from_str::<Value>);
    let Some(Ok(asked)) = asked else {
        return Ok(Some((run.is_running, Value::Null)));
    };
    let Some(mut ended) = EndedExecution::read(&asked) else {
        return Ok(Some((run.is_running, asked)));
    };
    if ended.input.is_null() {
        ask(outside, &mut ended).await?;
    }
    Ok(Some((run.is_running, ended.input)))
}

/// The running executions of a machine that count and were asked for something, the oldest first; none where it is not known.
async fn running(
    outside: &Outside<'_>,
    machine: &str,
    counts: impl Fn(&(String, Time)) -> bool,
    is_it: impl Fn(&Value) -> bool,
) -> Reply<Option<Vec<(String, Time)>>> {
    let Some(mut all) = outside.executions.running(machine).await? else {
        return Ok(None);
    };
    all.retain(counts);
    all.sort_by_key(|(_, began)| std::cmp::Reverse(*began));
    let mut is_known = all.len() <= MANY;
    let mut found = Vec::new();
    for (arn, began) in all.into_iter().take(MANY) {
        let Some((is_running, asked)) = asked(outside, &arn).await? else {
            is_known = false;
            continue;
        };
        if !is_running {
            continue;
        }
        if is_it(&asked) {
            found.push((arn, began));
        }
    }
    found.reverse();
    Ok((is_known || !found.is_empty()).then_some(found))
}

fn working(outside: &Outside<'_>, own: &Execution, arn: &str, began: Time) -> Working {
    let execution = Execution {
        id: arn.to_owned(),
        started_at: began.to_rfc3339(),
        definition: own.definition,
        connects: None,
    };
    Working::of(&execution, outside.clock.now())
}

/// What was handed on to the state that an execution entered last.
fn read(one: &mut Working, entered: EnteredState, outside: &Outside<'_>) {
    one.state = Some(entered.name);
    let payload: Value = serde_json::from_str(&entered.input).unwrap_or_default();
    one.waiting_for = payload["waitingFor"].as_str().map(str::to_owned);
    if let Ok(progress) = serde_json::from_value::<Progress>(payload["progress"].clone()) {
        one.phase = Some(progress.phase);
        one.phase_seconds = Some(outside.clock.now().since(progress.since).as_secs());
        one.endpoint_id = progress.endpoint.map(|id| id.to_string());
    }
}
