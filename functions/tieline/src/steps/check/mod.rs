//! The scheduled check: one look at all endpoints of ours says which connections are not any more what was confirmed, and Step Functions says
//! which executions ended without anybody hearing of it; of a few, verifiers say whether somebody gets through, and vendors whether they still
//! know them. What it does not know it reports, and it deletes nothing.
//!
//! What was told of a connection is noted in its request's mark, so that each change is told once, and so is when it was proven last.

mod dms;
mod ends;
mod held;
mod leaving;
mod names;
mod paths;
mod things;
mod turns;
mod vendors;

use std::collections::{BTreeMap, BTreeSet};

use crate::execution::{Execution, Progress};
use crate::ids::EndpointId;
use crate::outside::{Endpoint, EndpointFilter, Outside, Reply, State, Tags};
use crate::ownership::{CLOSING, MANAGED, REQUEST, UNNAMED, Verified, holders, is_confirmed};
use crate::result::{Beside, Checked, Connection, Named, ResultDetail, pages};
use crate::steps::batch::REFILL;
use crate::steps::runs::{self, WorkedOn};
use crate::time::Time;
use crate::workflow::{Carrier, Check, NextState, StepInput, StepOutput, StepResult, Verify};
use dms::Replication;
pub(super) use dms::of_request as of_request_in_dms;
use held::{Held, held_by};
use paths::Path;

/// How many events one call of EventBridge takes.
const AT_ONCE: usize = 10;

/// How many marks are written at a time: a state of the machine hands on so much and no more.
const MOST_MARKS: usize = 50;

/// Looks, and says what is to be told next.
pub(super) async fn look(outside: &Outside<'_>, input: StepInput) -> StepResult {
    let mut check = input.check.unwrap_or_default();
    let execution = input.execution;
    let progress = input.progress;
    let progress = progress.unwrap_or_else(|| Progress::begin(&execution));
    if !check.marks.is_empty() {
        // They could not be written when it was time.
        return Ok(noting(check, execution, progress));
    }
    let now = outside.clock.now();
    if let Some(answer) = &input.answer {
        paths::read(&mut check, answer, now);
    }
    if !check.to_try.is_empty() {
        return Ok(trying(check, execution, progress));
    }
    let mut ours = Ours::now(outside, &check).await?;
    leaving::look(outside, &execution, &ours.endpoints, &mut check).await?;
    let has_looked_closer = !check.chosen;
    if !check.chosen {
        let was_put_off = !progress.put_off.total().is_zero();
        let all = &ours.endpoints;
        check.chosen = look_closer(outside, &execution, all, was_put_off, &mut check).await?;
        if !check.chosen {
            return Ok(looking_on(check, execution, progress));
        }
        if !check.to_try.is_empty() {
            return Ok(trying(check, execution, progress));
        }
    }
    if !check.asked {
        let questions = vendors::questions(&execution, &ours.endpoints, &check);
        check.asked = questions.is_empty() || !has_looked_closer;
        if !questions.is_empty() {
            // Vendors may take their time: they are asked in an invocation of their own. One that was put off may have been too slow for
            // them, and is not to be so again.
            if check.asked && progress.put_off.total().is_zero() {
                check.asked = vendors::ask(outside, &execution, questions, &mut check, now).await?;
                if !check.asked {
                    return Ok(looking_on(check, execution, progress));
                }
            } else if check.asked {
                let why = "TiDB Cloud (a look of this check was put off before)";
                check.untried.push(why.to_owned());
            }
            return Ok(noting(check, execution, progress));
        }
    }
    let mut told = Vec::new();
    let has_more = |held: Held<'_>| {
        !check.told.contains(&held.named.key()) && (held.is_news() || held.is_to_note())
    };
    if check.pages == 0 && ours.held(&check, now).into_iter().any(has_more) {
        // Somebody may be at work on it: then it is as it was planned. The look comes after the question.
        let worked_on = match runs::worked_on(outside, &execution, &mut check).await? {
            WorkedOn::These(all) => Some(all),
            // The next check tells.
            WorkedOn::Unknown => {
                check.leave_untried("what is not as it was (it is not known who works on it)");
                None
            }
            WorkedOn::Later => return Ok(looking_on(check, execution, progress)),
        };
        let since = ends::last(outside, &execution).await?;
        ours = Ours::now(outside, &check).await?;
        let is_worked_on = |held: &Held<'_>| {
            let mut all = holders(held.tags).map(|(request, _)| request);
            worked_on
                .as_ref()
                .is_none_or(|ids| all.any(|one| ids.has(one)))
        };
        for held in ours.held(&check, now) {
            let key = held.named.key();
            if check.told.contains(&key) || is_worked_on(&held) {
                continue;
            }
            if held.is_news() && told.len() < AT_ONCE {
                told.push(held.event(&since, &progress, &execution, now));
            } else if held.is_news() || !held.is_to_note() || check.marks.len() >= MOST_MARKS {
                continue;
            }
            check.told.push(key);
            check.marks.extend(held.mark_change());
        }
        if told.is_empty() && !check.marks.is_empty() {
            return Ok(noting(check, execution, progress));
        }
    }
    if told.is_empty() && !check.ends_told {
        let unheard = ends::unheard(outside, &execution, &mut check).await?;
        check.ends_told = unheard.are_all;
        told.extend(check.tells(unheard.told));
        if check.ends_told {
            check.cleaned.clear();
        } else if told.is_empty() {
            return Ok(looking_on(check, execution, progress));
        }
    }
    if told.is_empty() && !check.closings_told {
        let left = ends::left(outside, &execution, &ours.endpoints, &mut check).await?;
        check.closings_told = left.are_all;
        told.extend(check.tells(left.told));
        if told.is_empty() && !check.closings_told {
            return Ok(looking_on(check, execution, progress));
        }
    }
    if told.is_empty() {
        let running = ends::running(outside, &execution).await?;
        let all = ours
            .endpoints
            .iter()
            .flat_map(|one| connections(one, running.as_ref(), &check));
        let pages = pages(all.collect());
        let mut beside = Beside::default();
        if check.pages == 0 {
            let dms = ours.dms.as_ref();
            beside = things::look(outside, &ours.endpoints, dms, running.as_ref(), now).await;
            beside.not_looked_at.extend(check.untried.iter().cloned());
        }
        let page = Checked::of(&pages, check.pages, beside, &progress, &execution, now);
        told.push(page.event());
        check.pages += 1;
        check.told.clear();
        check.is_over = check.pages >= pages.len();
    }
    Ok(StepOutput {
        check: Some(check),
        told,
        ..StepOutput::to(NextState::AnnounceFound, execution, progress)
    })
}

/// Takes turns at what takes time or calls for each: the ways to endpoints, and private zones. What somebody works on may be anything: not
/// done before it is known who does.
async fn look_closer(
    outside: &Outside<'_>,
    execution: &Execution,
    ours: &[Endpoint],
    was_put_off: bool,
    check: &mut Check,
) -> Reply<bool> {
    let began = execution.started();
    let mut paths = match check.verifies {
        true => paths::candidates(outside, ours, check, began),
        false => Vec::new(),
    };
    let mut named = names::candidates(ours, check, began);
    if was_put_off && !named.is_empty() {
        // Route 53 may have been what it was too slow for.
        named.clear();
        check.leave_untried("private zones (a look of this check was put off before)");
    }
    if paths.is_empty() && named.is_empty() {
        return Ok(true);
    }
    let worked_on = match runs::worked_on(outside, execution, check).await? {
        WorkedOn::These(all) => all,
        WorkedOn::Unknown => {
            let why = "the ways to endpoints and private zones (it is not known who works on them)";
            check.leave_untried(why);
            return Ok(true);
        }
        WorkedOn::Later => return Ok(false),
    };
    let is_free = |one: &Endpoint| !holders(&one.tags).any(|(id, _)| worked_on.has(id));
    paths.retain(|(one, ..)| is_free(one));
    named.retain(|one| is_free(one));
    names::look(outside, named, check).await;
    paths::choose(outside, paths, check).await?;
    Ok(true)
}

/// More executions are to be looked at than Step Functions allows at once.
fn looking_on(check: Check, execution: Execution, progress: Progress) -> StepOutput {
    StepOutput {
        check: Some(check),
        wait_seconds: Some(REFILL),
        waiting_for: Some("more executions to be looked at".to_owned()),
        ..StepOutput::to(NextState::WaitForTarget, execution, progress)
    }
}

/// Has the verifier of the first that is to be tried connect to it.
fn trying(check: Check, execution: Execution, progress: Progress) -> StepOutput {
    let first = check.to_try.first();
    let verify = first.map(|one| Verify {
        function: one.function.clone(),
        trial: one.trial.clone(),
    });
    StepOutput {
        verify,
        check: Some(check),
        ..StepOutput::to(NextState::VerifyPath, execution, progress)
    }
}

fn noting(check: Check, execution: Execution, progress: Progress) -> StepOutput {
    StepOutput {
        check: Some(check),
        ..StepOutput::to(NextState::NoteFound, execution, progress)
    }
}

/// Notes what was announced, and what nobody is told: one call for an endpoint. A mark that says something else by now is left alone: its request may be gone.
pub(super) async fn note(outside: &Outside<'_>, input: StepInput) -> StepResult {
    let mut check = input.check.unwrap_or_default();
    let execution = input.execution;
    let progress = input.progress;
    let progress = progress.unwrap_or_else(|| Progress::begin(&execution));
    if !check.marks.is_empty() {
        note_endpoints(outside, &check).await?;
        dms::note(outside, &check.marks).await?;
        check.marks.clear();
    }
    let next = if check.is_over {
        NextState::Checked
    } else {
        NextState::Look
    };
    Ok(StepOutput {
        check: Some(check),
        ..StepOutput::to(next, execution, progress)
    })
}

async fn note_endpoints(outside: &Outside<'_>, check: &Check) -> Reply<()> {
    let there = endpoints(outside).await?;
    let mut marks: BTreeMap<&EndpointId, Tags> = BTreeMap::new();
    for change in &check.marks {
        let Carrier::Endpoint(id) = &change.on else {
            continue;
        };
        let request = change.key.strip_prefix(REQUEST).unwrap_or_default();
        let is_it = |one: &&Endpoint| one.id == *id && !leaving::leaves(one, request, check);
        let mut all = there.iter().filter(is_it);
        if all.any(|one| one.tags.get(&change.key) == Some(&change.before)) {
            let its = marks.entry(id).or_default();
            its.insert(change.key.clone(), change.after.clone());
        }
    }
    for (endpoint, marks) in marks {
        match outside.ec2.tag(endpoint, &marks).await {
            Err(error) if error.is_missing() => {}
            noted => noted?,
        }
    }
    Ok(())
}

/// Everything of ours that can carry the mark of a confirmed connection.
struct Ours {
    endpoints: Vec<Endpoint>,
    /// None where it is not needed any more in this check; an error keeps nobody from the rest.
    dms: Option<Result<Replication, String>>,
}

impl Ours {
    async fn now(outside: &Outside<'_>, check: &Check) -> Reply<Self> {
        let endpoints = endpoints(outside).await?;
        let dms = match check.pages {
            0 => Some(Replication::now(outside).await),
            _ => None,
        };
        Ok(Self { endpoints, dms })
    }

    fn held(&self, check: &Check, now: Time) -> Vec<Held<'_>> {
        let all = self.endpoints.iter();
        let mut all: Vec<Held<'_>> = all.flat_map(|one| held_by(one, check)).collect();
        if let Some(Ok(dms)) = &self.dms {
            all.extend(dms.held(now));
        }
        all
    }
}

/// Every endpoint of this deployment's, by id.
async fn endpoints(outside: &Outside<'_>) -> Reply<Vec<Endpoint>> {
    let filter = EndpointFilter {
        tag_key: Some(MANAGED),
        ..EndpointFilter::default()
    };
    let mut all = outside.ec2.endpoints(&filter).await?;
    all.retain(|one| is_ours(outside, &one.tags));
    all.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(all)
}

/// Whether a thing with these tags is this deployment's.
fn is_ours(outside: &Outside<'_>, tags: &Tags) -> bool {
    let deployment = &outside.deployment.name;
    let managed = tags.get(MANAGED);
    managed.is_some_and(|value| value == deployment || value == UNNAMED)
}

/// An endpoint in the inventory: once for each request that holds it, or once where none does.
fn connections(
    endpoint: &Endpoint,
    running: Option<&BTreeSet<String>>,
    check: &Check,
) -> Vec<Connection> {
    if endpoint.state == State::Deleted {
        return Vec::new();
    }
    let runs = |mark: &str| running.is_none_or(|all| all.contains(mark));
    let closer = endpoint.tags.get(CLOSING).filter(|one| !one.is_empty());
    let leaving = closer.map(|closer| match runs(closer) {
        true => "leaving",
        false => "left",
    });
    let degraded: Vec<String> = held_by(endpoint, check)
        .into_iter()
        .filter(|held| !held.all_drift().is_empty())
        .map(|held| held.named.request_id)
        .collect();
    let of_request = |(request, mark): (&str, &str)| {
        let named = Named::of(request, endpoint);
        let condition = match leaving {
            Some(word) if leaving::leaves(endpoint, request, check) => word,
            Some(_) | None if degraded.contains(&named.request_id) => "degraded",
            Some(_) | None if is_confirmed(mark) => "confirmed",
            Some(_) | None => "being-made",
        };
        // Marks of this check show seconds later; what they will say is to the minute.
        let verified = match Path::of(endpoint, mark, &check.tried) {
            Path::Works(at) => Some(Verified::of(at, []).at),
            Path::Broken(_) | Path::Unknown => Verified::in_mark(mark).map(|last| last.at),
        };
        Connection::of(Some(&named), endpoint, condition, verified)
    };
    let mut all: Vec<Connection> = holders(&endpoint.tags).map(of_request).collect();
    if all.is_empty() {
        let condition = leaving.unwrap_or("unheld");
        all.push(Connection::of(None, endpoint, condition, None));
    }
    all
}
