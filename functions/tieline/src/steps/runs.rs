//! Which executions work on a request, as Step Functions says it. What is not known runs.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::Value;

use super::batch::{Batch, Looked};
use crate::execution::{EndedExecution, Execution, Progress};
use crate::ids::{Region, RequestId};
use crate::json::canonical;
use crate::outside::{ENDED, EnteredState, Outside, Reply};
use crate::problem::{Code, Problem};
use crate::question;
use crate::removal::{self, Removal};
use crate::request;
use crate::result::Working;
use crate::time::Time;
use crate::workflow::{Check, Work};

/// Who works on a request.
#[derive(Debug)]
pub(super) enum Works {
    Nobody,
    This(Box<Working>),
    /// It may be that one does: who runs may not be asked.
    Unknown,
    /// It may be that one does: so many run that it takes several steps to look at them.
    Later(String),
}

impl Works {
    fn of(found: Found<Working>) -> Self {
        match (found.all.into_iter().next(), found.unseen) {
            (Some(first), _) => Self::This(Box::new(first)),
            (None, None) => Self::Nobody,
            (None, Some(Unseen::NotAllowed)) => Self::Unknown,
            (None, Some(Unseen::Later { looked, all })) => Self::Later(format!(
                "one of {all} executions that run, perhaps ({looked} of them were looked at until now)"
            )),
        }
    }

    /// Whether more of those that run are to be looked at before it is known.
    pub(super) fn is_later(&self) -> bool {
        matches!(self, Self::Later(_))
    }

    /// Who it is, for a sentence.
    pub(super) fn who(&self) -> Option<&str> {
        match self {
            Self::Nobody => None,
            Self::This(one) => Some(one.arn()),
            Self::Unknown => Some(
                "an execution that may not be looked at (allow states:ListExecutions and states:DescribeExecution)",
            ),
            Self::Later(one) => Some(one),
        }
    }

    /// What a removal waits for, and why it is refused where that takes too long.
    pub(super) fn in_progress(&self, id: &RequestId) -> Option<Problem> {
        let first = self.who()?;
        let fix = match self {
            Self::Nobody => return None,
            Self::This(_) => format!(
                "wait for its result, or stop it, which removes what a request made and leaves a change half done: \
                 aws stepfunctions stop-execution --execution-arn {first}; then send the removal again"
            ),
            Self::Unknown => "have it be looked at, and send the removal again".to_owned(),
            Self::Later(_) => "send the removal again once fewer executions run".to_owned(),
        };
        let what = format!("the request {id} is still being made by {first}");
        Some(Problem::new(Code::RequestInProgress, what, fix))
    }
}

/// What looking at running executions came to.
struct Found<T> {
    all: Vec<T>,
    /// Why there may be more.
    unseen: Option<Unseen>,
}

/// Why an execution was not looked at.
enum Unseen {
    NotAllowed,
    /// There are too many for one step.
    Later {
        looked: usize,
        all: usize,
    },
}

/// An execution that makes or changes a request's connection and began before this one.
pub(super) async fn before(
    outside: &Outside<'_>,
    own: &Execution,
    progress: &mut Progress,
    id: &RequestId,
) -> Reply<Works> {
    let began = own.started();
    // Of two that began in the same moment the one with the smaller name comes first. A removal, whose requests wait for it, is behind
    // none of them.
    let is_tied = |arn: &str| own.connects.is_none() && arn < own.id.as_str();
    let is_earlier = |(arn, other): &(String, Time)| {
        *arn != own.id && (*other < began || (*other == began && is_tied(arn)))
    };
    let looked = (&mut progress.looked, "before");
    let found = connecting(outside, own, looked, is_earlier, |asked| is_of(asked, id)).await?;
    Ok(Works::of(found))
}

/// A change of a request's connection that began before this execution.
pub(super) async fn changing(
    outside: &Outside<'_>,
    own: &Execution,
    progress: &mut Progress,
    id: &RequestId,
) -> Reply<Works> {
    let began = own.started();
    let is_tied = |arn: &str| arn < own.id.as_str();
    let is_earlier =
        |(arn, other): &(String, Time)| *other < began || (*other == began && is_tied(arn));
    let changes = |asked: &Value| request::is_change(asked) && is_of(asked, id);
    let looked = (&mut progress.looked, "changing");
    let found = connecting(outside, own, looked, is_earlier, changes).await?;
    Ok(match Works::of(found) {
        // Nothing is refused for that alone.
        Works::Unknown => Works::Nobody,
        known @ (Works::Nobody | Works::This(_) | Works::Later(_)) => known,
    })
}

/// On which requests somebody works, as far as a check knows.
pub(super) enum WorkedOn {
    These(Requests),
    /// It may not be asked, or it changes faster than it can be.
    Unknown,
    /// So many run that a later step looks at more of them.
    Later,
}

/// Requests, as short digests: a state hands on so much and no more.
pub(super) struct Requests(BTreeSet<String>);

impl Requests {
    pub(super) fn has(&self, id: &str) -> bool {
        self.0.contains(&digest(id))
    }
}

fn digest(id: &str) -> String {
    canonical::digest(&[id])[..8].to_owned()
}

/// In how many steps a check looks who works on what before it gives that up: of 6,000 executions.
const MOST_LOOKS: u32 = 30;

/// The requests that somebody works on. Where several steps look for them, one that somebody worked on in any of these counts.
pub(super) async fn worked_on(
    outside: &Outside<'_>,
    own: &Execution,
    check: &mut Check,
) -> Reply<WorkedOn> {
    if check.looks > MOST_LOOKS {
        return Ok(WorkedOn::Unknown);
    }
    let removing = own.removing_machine(&outside.deployment.name);
    let mut now = BTreeSet::new();
    let mut is_later = false;
    for machine in [own.connecting_machine(), removing] {
        let key = (&mut check.looked, machine.as_str());
        let note = |asked: &Value| {
            now.extend(request::request_id(asked).map(|id| digest(id.as_str())));
            false
        };
        let found = running(outside, &machine, key, |_| true, note).await?;
        match found.unseen {
            None => {}
            Some(Unseen::NotAllowed) => return Ok(WorkedOn::Unknown),
            Some(Unseen::Later { .. }) => is_later = true,
        }
        if check.looked.contains_key(&machine) {
            check.worked_on.extend(now.iter().cloned());
        }
    }
    if is_later {
        check.looks += 1;
        return Ok(match check.looks > MOST_LOOKS {
            true => WorkedOn::Unknown,
            false => WorkedOn::Later,
        });
    }
    now.extend(check.worked_on.iter().cloned());
    Ok(WorkedOn::These(Requests(now)))
}

fn is_of(asked: &Value, id: &RequestId) -> bool {
    request::request_id(asked).as_ref() == Some(id) && !question::is_one(asked)
}

/// The executions that work on a request, for somebody who asks; none if more of those that run are to be looked at for it.
pub(super) async fn on(
    outside: &Outside<'_>,
    own: &Execution,
    progress: &mut Progress,
    id: &RequestId,
    here: &Region,
) -> Reply<Option<Vec<Working>>> {
    let is_other = |(arn, _): &(String, Time)| *arn != own.id;
    let looked = (&mut progress.looked, "on");
    let found = connecting(outside, own, looked, is_other, |asked| is_of(asked, id)).await?;
    let mut is_later = matches!(found.unseen, Some(Unseen::Later { .. }));
    let mut all = found.all;
    let removing = removing(outside, here, own, progress, id).await?;
    is_later |= removing.is_later();
    if let Works::This(removing) = removing {
        all.push(*removing);
    }
    Ok((!all.is_empty() || !is_later).then_some(all))
}

/// A removal of a request that is no younger than this execution.
pub(super) async fn removing(
    outside: &Outside<'_>,
    here: &Region,
    own: &Execution,
    progress: &mut Progress,
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
    let looked = (&mut progress.looked, "removing");
    let Found { all, unseen } = running(outside, &machine, looked, is_earlier, removes).await?;
    let all = all.into_iter();
    let all = all.map(|(arn, began)| working(outside, own, &arn, began));
    let all = all.collect();
    Ok(Works::of(Found { all, unseen }))
}

/// What a connection without an endpoint waits for before anything of it is made or announced: a removal that began before, and that Step
/// Functions did not list yet. No mark on its parts says that they are leaving.
pub(super) async fn held_up(work: &mut Work<'_>) -> Reply<Option<String>> {
    match work.plan.endpoint {
        Some(_) => Ok(None),
        None => removed_by(work).await,
    }
}

/// A removal of the request that began before this execution and runs, as what to wait for.
pub(super) async fn removed_by(work: &mut Work<'_>) -> Reply<Option<String>> {
    let (id, here) = (&work.plan.owner.request_id, &work.plan.owner.region);
    let progress = &mut work.progress;
    let removal = removing(work.outside, here, &work.execution, progress, id).await?;
    Ok(match removal {
        Works::This(removal) => Some(format!("the removal {} to come to its end", removal.arn())),
        Works::Later(_) => Some("all removals that run to be looked at".to_owned()),
        Works::Nobody | Works::Unknown => None,
    })
}

/// Those that make a request's connection.
async fn connecting(
    outside: &Outside<'_>,
    own: &Execution,
    looked: (&mut Looked, &str),
    counts: impl Fn(&(String, Time)) -> bool,
    is_it: impl FnMut(&Value) -> bool,
) -> Reply<Found<Working>> {
    let machine = own.connecting_machine();
    let found = running(outside, &machine, looked, counts, is_it).await?;
    let unseen = found.unseen;
    let mut all = Vec::new();
    for (arn, began) in found.all {
        let mut one = working(outside, own, &arn, began);
        if let Some(entered) = outside.executions.entered_last(&arn).await? {
            read(&mut one, entered, outside);
        }
        all.push(one);
    }
    Ok(Found { all, unseen })
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

/// Whether somebody asked for a request's connection no earlier than that, whatever came of it; none if more executions are to be looked
/// at for it. Where it is not known, somebody did.
pub(super) async fn asked_since(
    outside: &Outside<'_>,
    own: &Execution,
    progress: &mut Progress,
    id: &RequestId,
    since: Time,
) -> Reply<Option<bool>> {
    let (executions, machine) = (outside.executions, own.connecting_machine());
    // Those that run come first: one that ends meanwhile is among those that ended.
    let Some(mut all) = executions.running(&machine).await? else {
        return Ok(Some(true));
    };
    for status in ENDED {
        let ended = executions.ended(&machine, status, since, Duration::ZERO);
        let Some(ended) = ended.await? else {
            return Ok(Some(true));
        };
        all.extend(ended.into_iter().map(|one| (one.arn, one.began)));
    }
    all.retain(|(_, began)| *began >= since);
    let mut batch = Batch::of("since".to_owned(), all, &progress.looked);
    let wants = |_, asked: &Value| is_of(asked, id) && !request::is_dry_run(asked);
    let (found, is_known) = look_at(outside, &mut batch, wants).await?;
    let is_later = batch.left() > 0;
    batch.note(
        &mut progress.looked,
        outside.clock.now(),
        outside.limits.settle,
    );
    Ok(match !found.is_empty() || !is_known {
        true => Some(true),
        false => (!is_later).then_some(false),
    })
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

/// The running executions of a machine that count and were asked for something, the oldest first. `looked` says how far they were looked
/// at before, and under which name that is remembered.
async fn running(
    outside: &Outside<'_>,
    machine: &str,
    (looked, key): (&mut Looked, &str),
    counts: impl Fn(&(String, Time)) -> bool,
    mut is_it: impl FnMut(&Value) -> bool,
) -> Reply<Found<(String, Time)>> {
    let Some(mut all) = outside.executions.running(machine).await? else {
        return Ok(Found {
            all: Vec::new(),
            unseen: Some(Unseen::NotAllowed),
        });
    };
    all.retain(counts);
    let mut batch = Batch::of(key.to_owned(), all, looked);
    let is_one = |is_running, asked: &Value| is_running && is_it(asked);
    let (found, is_known) = look_at(outside, &mut batch, is_one).await?;
    let unseen = match (is_known, batch.left()) {
        (false, _) => Some(Unseen::NotAllowed),
        (true, 0) => None,
        (true, left) => Some(Unseen::Later {
            looked: batch.all() - left,
            all: batch.all(),
        }),
    };
    batch.note(looked, outside.clock.now(), outside.limits.settle);
    Ok(Found { all: found, unseen })
}

/// Those of a batch that are it, by whether they run and by what they were asked for; and whether that is known of each.
async fn look_at(
    outside: &Outside<'_>,
    batch: &mut Batch,
    mut is_it: impl FnMut(bool, &Value) -> bool,
) -> Reply<(Vec<(String, Time)>, bool)> {
    let mut found = Vec::new();
    let mut is_known = true;
    while let Some((arn, began)) = batch.take() {
        let asked = match asked(outside, &arn).await {
            Ok(asked) => asked,
            Err(error) => {
                batch.put_off(error)?;
                break;
            }
        };
        match asked {
            None => {
                is_known = false;
                batch.holds();
            }
            Some((is_running, asked)) if is_it(is_running, &asked) => {
                found.push((arn, began));
                batch.holds();
            }
            Some(_) => batch.passes(),
        }
    }
    Ok((found, is_known))
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
