//! Checks a removal: what of the connection there is, and whether it may go now. Writes nothing.

mod foretold;
mod found;

use super::Answer;
use super::clean_up::{ask, nothing};
use crate::execution::{self, EndedExecution, Phase};
use crate::ids::Region;
use crate::outside::Outside;
use crate::plan::Plan;
use crate::problem::{Code, Problem};
use crate::removal::{self, Removal};
use crate::result::{Removed, ResultDetail};
use crate::steps::inventory;
use crate::steps::runs;
use crate::workflow::{NextState, StepInput, StepOutput, StepResult};

use found::Found;

/// Says that a removal ended without a result. It is not gone on with: somebody may have asked for the connection since, and a call of
/// it that was in flight may have said after that that the endpoint is leaving.
pub(super) async fn ended(
    outside: &Outside<'_>,
    here: &Region,
    input: StepInput,
    mut ended: EndedExecution,
) -> StepResult {
    let is_over = ended.is_announced() || ask(outside, &mut ended).await?;
    let asked = removal::as_event(&ended.input);
    let removal = removal::read(&asked, here).and_then(Result::ok);
    let Some(removal) = removal else {
        return Ok(nothing(outside, input));
    };
    if is_over || ended.is_announced() || ended.is_hopeless() {
        return Ok(nothing(outside, input));
    }
    let mut answer = Answer::new(outside, input.execution, input.progress, &asked);
    answer.progress.asked_as = Some(ended.name().to_owned());
    let problem = Problem::new(
        Code::ExecutionEnded,
        format!(
            "the removal {} ended before its work was done",
            ended.execution
        ),
        "send the removal again if the connection is still to go, or its request if it is not",
    );
    Ok(answer
        .refuse_as_it_stands(vec![problem], removal.request_id())
        .await)
}

pub(super) async fn step(
    outside: &Outside<'_>,
    mut answer: Answer<'_>,
    removal: Removal,
) -> StepResult {
    let id = removal.request_id();
    // Whoever began later waits for the other one: so both never wait for each other.
    let working = runs::before(outside, &answer.execution, id).await?;
    if let Some(first) = working.who() {
        let what = format!("the request {id} is still being made by {first}");
        let fix = format!(
            "wait for its result, or stop it, which removes what it made: aws stepfunctions stop-execution --execution-arn {first}; \
             then send the removal again"
        );
        let problem = Problem::new(Code::RequestInProgress, what, fix);
        return Ok(answer.not_yet(problem, id, removal.dry_run()).await);
    }
    answer.progress.removal = Some(execution::Removal::default());
    let found = match &removal {
        Removal::Of(request) => found::whole(outside, &answer.execution, request).await?,
        Removal::ById(asked) => found::by_id(outside, &answer.execution, asked).await?,
    };
    match found {
        Found::Plan(plan) => carry_out(answer, *plan, removal.dry_run()).await,
        Found::Nothing(why) => Ok(nothing_there(answer, &removal, &why)),
        Found::NotYet(problem) => Ok(answer.not_yet(problem, id, removal.dry_run()).await),
        Found::Refused(problems) => Ok(answer.refuse_as_it_stands(problems, id).await),
    }
}

/// Nothing carries the id, as far as was looked. A create whose answer was lost may still show.
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
    let id = removal.request_id();
    let event = Removed::of(id, &answer.progress, &answer.execution, now).event();
    StepOutput {
        result: Some(event),
        ..StepOutput::to(
            NextState::AnnounceRemoved,
            answer.execution,
            answer.progress,
        )
    }
}

async fn carry_out(answer: Answer<'_>, plan: Plan, dry_run: bool) -> StepResult {
    let mut work = answer.work(plan);
    work.progress.endpoint = work.plan.endpoint_id().cloned();
    if let Some(adopted) = work.plan.adopted()
        && let Some(removal) = &mut work.progress.removal
    {
        removal.stays.push(format!("{adopted} (it is not ours)"));
    }
    if !dry_run {
        work.enter(Phase::RollBack);
        return Ok(work.go(NextState::Remove));
    }
    let seen = inventory::take(&work).await?;
    Ok(foretold::announce(work, &seen))
}
