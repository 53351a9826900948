//! The steps: each asks once, answers, and may be repeated. None of them waits.

mod batch;
mod change;
mod check;
mod conclude;
pub mod confirm_connection;
pub mod create_endpoint;
pub mod enable_dns;
mod equals;
mod inventory;
mod marked;
mod observe;
mod once_more;
mod own_group;
mod parts;
pub mod preflight;
mod reopen;
pub mod roll_back;
mod runs;
pub mod status_polling;
mod verify;

use std::pin::pin;
use std::time::Duration;

use futures_util::future::{Either, select};

use crate::execution::{Execution, Progress};
use crate::ids::EndpointId;
use crate::outside::{CallError, Endpoint, EndpointFilter, Outside, Reply};
use crate::request::Request;
use crate::targets::FindContext;
use crate::time::Time;
use crate::workflow::{
    LONGEST_POLL, NextState, StepError, StepInput, StepOutput, StepResult, Work, wait_seconds,
};

/// Carries a step out. Where a service gives no answer or asks for time, the step's answer is a wait: what is there is not
/// undone because somebody is out.
async fn with_patience(
    outside: &Outside<'_>,
    mut input: StepInput,
    step: impl AsyncFnOnce(StepInput) -> StepResult,
) -> StepResult {
    let began = outside.clock.now();
    if let Some(progress) = &mut input.progress {
        // Also where this step is put off: what comes after it knows nothing of that time.
        progress.pass_over(began);
    }
    let mut resumed = input.clone();
    if let Some(progress) = &mut resumed.progress {
        progress.resume(began, outside.limits.outage);
    }
    let work = pin!(step(resumed));
    let answer = match select(work, outside.clock.step_is_over()).await {
        Either::Left((answer, _)) => answer,
        // Everything that it did is found again.
        Either::Right(_) => {
            let reason = "AWS and the vendors were too slow for one step";
            Err(CallError::unavailable("a step", reason).into())
        }
    };
    let answer = match answer {
        Err(StepError::Unavailable(error)) => put_off(outside, began, input, error),
        other => other,
    };
    answer.map(|output| due(outside.clock.now(), output))
}

/// Says when the step after this one is due.
fn due(now: Time, mut output: StepOutput) -> StepOutput {
    let wait = Duration::from_secs(output.wait_seconds.unwrap_or_default());
    output.progress.due = Some(now + wait);
    output
}

/// The same for the steps behind preflight, which work on a plan.
async fn on_plan(
    outside: &Outside<'_>,
    input: StepInput,
    step: impl AsyncFnOnce(Work<'_>) -> StepResult,
) -> StepResult {
    with_patience(outside, input, async |input| {
        step(input.planned(outside)?).await
    })
    .await
}

/// The answer of a step that began then and got nowhere for now: the same again, later, until the time for outages is used
/// up.
///
/// # Errors
///
/// `Tieline.Unavailable`, once it has gone on for too long.
fn put_off(outside: &Outside<'_>, began: Time, input: StepInput, error: CallError) -> StepResult {
    let (now, limits) = (outside.clock.now(), &outside.limits);
    let (execution, plan, check) = (input.execution, input.plan, input.check);
    let mut progress = input
        .progress
        .unwrap_or_else(|| Progress::begin(&execution));
    // Earlier definitions bring no progress to a check that is repeated.
    let since = match plan {
        None if !execution.brings_progress() => execution.started(),
        _ => began,
    };
    let since = *progress.put_off.since.get_or_insert(since);
    // Afterwards there is as much time as a phase has: nobody is given up for one answer that is missing. Between two steps
    // that were put off may be one that had nothing to ask.
    let (total, current) = (progress.put_off.total(), now.since(since));
    let limit = plan.as_ref().map_or(limits.phase, |plan| {
        plan.phase_limit(progress.phase, limits)
    });
    let is_over = total >= limits.outage && progress.waited(now) >= limit;
    if is_over || total + current >= limits.outage + limits.phase {
        return Err(StepError::Unavailable(error));
    }
    let next = match plan {
        Some(_) => NextState::Wait,
        None => NextState::WaitForTarget,
    };
    let wait = wait_seconds(progress.put_off.total() + current, LONGEST_POLL);
    Ok(StepOutput {
        wait_seconds: Some(wait.max(error.retry_after())),
        waiting_for: Some(format!("a service to answer again ({error})")),
        plan,
        check,
        ..StepOutput::to(next, execution, progress)
    })
}

/// What a request's target is found by.
fn find_context<'a>(
    outside: &'a Outside<'a>,
    request: &'a Request,
    execution: &'a Execution,
) -> FindContext<'a> {
    FindContext {
        outside,
        request_id: &request.request_id,
        region: &request.shape.region,
        account: execution.account(),
        network: request.shape.network.as_ref(),
    }
}

/// The endpoint of an id as EC2 shows it now; a new one may take seconds to show.
async fn look(outside: &Outside<'_>, id: &EndpointId) -> Reply<Option<Endpoint>> {
    let filter = EndpointFilter {
        id: Some(id),
        ..EndpointFilter::default()
    };
    let found = outside.ec2.endpoints(&filter).await?;
    Ok(found.into_iter().next())
}
