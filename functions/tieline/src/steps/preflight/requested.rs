//! A request to connect, or for a change: who works on it already is waited for, then it is checked.

use super::answer::Answer;
use super::{Check, Outcome, change};
use crate::execution::Phase;
use crate::ids::Region;
use crate::outside::{CallError, Outside};
use crate::problem::{Code, Problem};
use crate::request::{self, Request};
use crate::result::Left;
use crate::steps::marked::{Asked, is_confirmed_without_endpoint};
use crate::steps::runs::{self, Works};
use crate::workflow::{NextState, StepError, StepInput, StepResult};

pub(super) async fn step(outside: &Outside<'_>, here: &Region, input: StepInput) -> StepResult {
    let asked = input.input;
    let mut answer = Answer::new(outside, input.execution, input.progress, &asked);
    let id = request::request_id(&asked);
    let request = match Request::read(asked, here) {
        Ok(request) => request,
        Err(problems) => return Ok(answer.refuse(problems, Left::default(), id.as_ref())),
    };
    let (id, asked) = (&request.request_id, Asked::Of(&request));
    let removal = match request.dry_run {
        true => Works::Nobody,
        false => {
            let progress = &mut answer.progress;
            runs::removing(outside, here, &answer.execution, progress, id).await?
        }
    };
    if let Some(execution) = removal.who() {
        let message = format!("the connection of {id} is still being removed by {execution}");
        let fix = "wait for the removal's result, and send the event again";
        let problem = Problem::new(Code::RequestInProgress, message, fix);
        return Ok(answer.not_yet_for(&removal, problem, asked, false).await);
    }
    if request.changes && !answer.execution.may_change() {
        let why = "this execution began before there were changes: send the event again";
        let problem = Problem::at("$", why);
        return Ok(answer.refuse_as_it_stands(vec![problem], asked).await);
    }
    if request.changes {
        // Whoever began later waits for the other one.
        let before = runs::before(outside, &answer.execution, &mut answer.progress, id).await?;
        if let Some(who) = before.who() {
            let (problem, only_asks) = (change::is_worked_on(id, who), request.dry_run);
            let waits = answer.not_yet_for(&before, problem, asked, only_asks);
            return Ok(waits.await);
        }
    }
    let mut check = Check::new(outside, &request, &answer.execution);
    let outcome = check.run().await?;
    let (problems, own_group) = (check.problems, check.own_group);
    if !problems.is_empty() && request.changes {
        return Ok(answer.refuse_as_it_stands(problems, asked).await);
    }
    let is_other = !problems.is_empty()
        && match is_confirmed_without_endpoint(outside, &answer.execution, &request).await {
            // It is not known, and no reason to say less of what is wrong.
            Err(CallError::Refused { .. }) => false,
            known => known?,
        };
    let stands = check.stands || is_other;
    // What is there may be becoming something else, or go back to what it was.
    let may_pass = (check.stands && check.drifts) || is_other;
    if may_pass && !request.changes && !request.dry_run {
        let progress = &mut answer.progress;
        let changing = runs::changing(outside, &answer.execution, progress, id).await?;
        if let Some(who) = changing.who() {
            let problem = change::is_worked_on(id, who);
            return Ok(answer.not_yet_for(&changing, problem, asked, false).await);
        }
    }
    if !problems.is_empty() {
        let left = Left {
            behind: &[],
            stands,
        };
        return Ok(answer.refuse(problems, left, Some(&request.request_id)));
    }
    match outcome {
        Outcome::NotYet(problem) => Ok(answer.not_yet(problem, asked, request.dry_run).await),
        Outcome::Planned(plan) if request.dry_run => Ok(answer.planned(*plan)),
        Outcome::Planned(plan) => {
            let mut work = answer.work(*plan);
            if work.plan.change.is_some() {
                work.progress.endpoint = work.plan.endpoint_id().cloned();
                work.progress.group = own_group;
                work.enter(Phase::Change);
            } else {
                work.enter(Phase::Create);
            }
            Ok(work.go(NextState::Create))
        }
        Outcome::Refused => Err(StepError::rejected(Problem::new(
            Code::StepFailed,
            "preflight refused the request and found no problem",
            "report this: it is a defect of Tieline",
        ))),
    }
}
