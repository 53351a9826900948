//! Checks a removal: what of the connection there is, and whether it may go now. Writes nothing.

mod foretold;
mod found;
mod untouched;
mod zones;

use serde_json::Value;

use super::Answer;
use super::clean_up::{is_early, nothing, until_known};
use crate::execution::{self, EndedExecution, Execution, Phase, Progress};
use crate::ids::Region;
use crate::outside::{Outside, Reply};
use crate::ownership::{is_closing, not_ours};
use crate::plan::Plan;
use crate::problem::{Code, Problem};
use crate::removal::{self, Removal};
use crate::result::{Left, Planned, Removed, ResultDetail};
use crate::steps::inventory;
use crate::steps::marked::{Asked, goes_on_for};
use crate::steps::runs;
use crate::time::Time;
use crate::workflow::{NextState, StepInput, StepOutput, StepResult};

use found::Found;

/// Goes on with a removal that ended without a result, as the same removal, or says that it ended.
///
/// One that has taken something has left a broken connection: its names may be off, and something at a vendor gone. Whoever ended it,
/// going on is the only way to a clean end. One that had taken nothing was stopped in time: what it had closed is opened again. And where
/// somebody asked for the connection since, also if that failed, nothing is taken: what is there may be what they were given, and what it
/// had closed is opened again as well.
pub(super) async fn ended(
    outside: &Outside<'_>,
    here: &Region,
    input: StepInput,
    mut ended: EndedExecution,
) -> StepResult {
    let mut is_over = ended.is_announced() && !ended.is_left;
    if !is_over {
        let runs = runs::ask(outside, &mut ended).await?;
        if runs != Some(false) && is_early(outside, &input) {
            return Ok(until_known(outside, input, &ended));
        }
        is_over = runs == Some(true);
    }
    let asked = removal::as_event(&ended.input);
    let removal = removal::read(&asked, here).and_then(Result::ok);
    let Some(removal) = removal else {
        return Ok(nothing(outside, input));
    };
    if is_over || ended.is_done_with() {
        return Ok(nothing(outside, input));
    }
    let mut answer = Answer::new(outside, input.execution, input.progress, &asked);
    answer.progress.asked_as = Some(ended.name().to_owned());
    let id = removal.request_id();
    let problem = Problem::new(
        Code::ExecutionEnded,
        format!(
            "the removal {} ended before its work was done",
            ended.execution
        ),
        "send the removal again if the connection is still to go, or its request if it is not",
    );
    if ended.may_go_on()
        && !removal.dry_run()
        && let Some((began, has_taken)) = came_to_take(outside, &ended).await?
    {
        // A call of it may still be under way, and Step Functions lists who asked seconds later.
        if answer.progress.waited(outside.clock.now()) < outside.limits.settle {
            let what = "what the ended removal ordered to show";
            return Ok(answer.wait(what.to_owned()));
        }
        let before = goes_on_for(&ended);
        let progress = &mut answer.progress;
        let since = runs::asked_since(outside, &answer.execution, progress, id, began).await?;
        if since.is_none() && answer.progress.waited(outside.clock.now()) < outside.limits.outage {
            let what = "all executions since the ended removal to be looked at";
            return Ok(answer.wait(what.to_owned()));
        }
        // Where that is never known, somebody asked.
        if since != Some(false) {
            let closed = untouched::closed(outside, &answer.execution, &removal, &before).await?;
            if let Some(plan) = closed {
                // Whoever asked since and was given it has opened it as well.
                return Ok(reopen(answer, plan, has_taken, problem));
            }
        } else {
            // Who announced that it failed was not stopped.
            let whole = match has_taken || ended.is_announced() {
                true => None,
                false => {
                    untouched::connection(outside, &answer.execution, &removal, &before).await?
                }
            };
            match whole {
                None => return step(outside, answer, removal, &before).await,
                Some((plan, there)) if there.iter().any(|one| is_closing(&one.tags)) => {
                    return Ok(reopen(answer, plan, false, problem));
                }
                Some(_) => {}
            }
        }
    }
    Ok(answer
        .refuse_as_it_stands(vec![problem], Asked::by(&removal))
        .await)
}

/// Has another step open what was closed: this one writes nothing.
fn reopen(mut answer: Answer<'_>, plan: Plan, is_broken: bool, problem: Problem) -> StepOutput {
    answer.progress.removal = Some(execution::Removal::to_reopen(is_broken));
    answer.work(plan).fail(problem)
}

/// When a removal began that had come to where things go, and whether it said that something has; none if it had not come there, or that
/// is not known. What its last call did it could not say any more.
async fn came_to_take(
    outside: &Outside<'_>,
    ended: &EndedExecution,
) -> Reply<Option<(Time, bool)>> {
    let entered = outside.executions.entered_last(&ended.execution).await?;
    let entered = entered.map(|entered| serde_json::from_str::<Value>(&entered.input));
    let payload = entered.and_then(Result::ok).unwrap_or_default();
    let progress = serde_json::from_value::<Progress>(payload["progress"].clone());
    let progress = progress.ok();
    let has_come = progress
        .as_ref()
        .is_some_and(|progress| progress.phase == Phase::RollBack);
    let removal = progress.and_then(|progress| progress.removal);
    let has_taken = removal.is_some_and(|removal| removal.has_taken());
    // Events say it, as the developer guide's examples do; where one does not, the execution itself has it.
    let execution = serde_json::from_value::<Execution>(payload["execution"].clone());
    let began = execution.ok().map(|execution| execution.started());
    let began = ended.began.or(began);
    let began = began.filter(|_| has_come || ended.is_left);
    Ok(began.map(|began| (began, has_taken)))
}

/// What a removal is about. `before`: how marks name those that began it before, if some did.
async fn find(
    outside: &Outside<'_>,
    execution: &Execution,
    removal: &Removal,
    before: &[String],
) -> Reply<Found> {
    match removal {
        Removal::Of(request) => found::whole(outside, execution, request, before).await,
        Removal::ById(asked) => found::by_id(outside, execution, asked, before).await,
    }
}

pub(super) async fn step(
    outside: &Outside<'_>,
    mut answer: Answer<'_>,
    removal: Removal,
    before: &[String],
) -> StepResult {
    let (id, asked) = (removal.request_id(), Asked::by(&removal));
    let doubted = answer.progress.doubted.take();
    // Whoever began later waits for the other one: so both never wait for each other.
    let working = runs::before(outside, &answer.execution, &mut answer.progress, id).await?;
    if let Some(problem) = working.in_progress(id) {
        let only_asks = removal.dry_run();
        let waits = answer.not_yet_for(&working, problem, asked, only_asks);
        return Ok(waits.await);
    }
    let by_id = matches!(removal, Removal::ById(_));
    answer.progress.removal = Some(execution::Removal::of(by_id));
    let found = find(outside, &answer.execution, &removal, before).await?;
    let waited = answer.progress.waited(outside.clock.now()).as_secs();
    let doubted = doubted.unwrap_or(waited);
    let is_young = waited.saturating_sub(doubted) < outside.limits.settle.as_secs();
    match found {
        // What one look does not show is not known to be gone.
        Found::InDoubt(_, _, what) if is_young && !removal.dry_run() => {
            answer.progress.doubted = Some(doubted);
            Ok(answer.wait(what))
        }
        Found::Plan(plan, others) | Found::InDoubt(plan, others, _) => {
            if let Some(progress) = &mut answer.progress.removal {
                progress.others = others;
            }
            carry_out(answer, *plan, removal.dry_run()).await
        }
        Found::Nothing(why) => Ok(nothing_there(answer, &removal, &why)),
        Found::InDms(problem, stands) => {
            let left = Left {
                behind: &[],
                stands,
            };
            Ok(answer.refuse(vec![problem], left, Some(id)))
        }
        Found::NotYet(problem) => Ok(answer.not_yet(problem, asked, removal.dry_run()).await),
        Found::Refused(problems) => Ok(answer.refuse_as_it_stands(problems, asked).await),
    }
}

/// Nothing carries the id, as far as was looked. A create whose answer was lost may still show. Who only asks is told so as a plan.
fn nothing_there(mut answer: Answer<'_>, removal: &Removal, why: &str) -> StepOutput {
    let now = answer.outside.clock.now();
    let waited = answer.progress.waited(now);
    if waited < answer.outside.limits.settle && !removal.dry_run() {
        let what = "making sure that no late answer left something behind";
        return answer.wait(what.to_owned());
    }
    answer.progress.close(now);
    if let Some(removal) = &mut answer.progress.removal {
        removal.unseen = Some(why.to_owned());
    }
    let (id, progress, execution) = (removal.request_id(), &answer.progress, &answer.execution);
    let (next, event) = match removal.dry_run() {
        true => {
            let planned = Planned::of_no_removal(id, why, progress, execution, now);
            (NextState::AnnouncePlan, planned.event())
        }
        false => {
            let removed = Removed::of(id, progress, execution, now);
            (NextState::AnnounceRemoved, removed.event())
        }
    };
    StepOutput {
        result: Some(event),
        ..StepOutput::to(next, answer.execution, answer.progress)
    }
}

async fn carry_out(answer: Answer<'_>, plan: Plan, dry_run: bool) -> StepResult {
    let mut work = answer.work(plan);
    work.progress.endpoint = work.plan.endpoint_id().cloned();
    if let Some(adopted) = work.plan.adopted()
        && let Some(removal) = &mut work.progress.removal
    {
        removal.stays.push(not_ours(adopted.as_str()));
    }
    if !dry_run {
        work.enter(Phase::RollBack);
        return Ok(work.go(NextState::Remove));
    }
    let seen = inventory::take(&work).await?;
    Ok(foretold::announce(work, &seen))
}
