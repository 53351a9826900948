//! The steps: each asks once, answers, and may be repeated. None of them waits.

pub mod confirm_connection;
pub mod create_endpoint;
pub mod enable_dns;
mod inventory;
mod observe;
mod parts;
pub mod preflight;
pub mod roll_back;
pub mod status_polling;

use crate::endpoint::{EndpointPlan, Groups};
use crate::execution::Progress;
use crate::ids::EndpointId;
use crate::outside::{CallError, Endpoint, EndpointFilter, Group, Outside, Reply};
use crate::ownership::is_ours;
use crate::workflow::{
    LONGEST_POLL, NextState, StepError, StepInput, StepOutput, StepResult, Work, wait_seconds,
};

/// Carries a step out. If a service says when to come back, that is what the state machine waits for: calling again and
/// again would only use up what the key may call in a minute.
async fn with_retry_after(
    outside: &Outside<'_>,
    input: StepInput,
    step: impl AsyncFnOnce(StepInput) -> StepResult,
) -> StepResult {
    let same = input.clone();
    match step(input).await {
        Err(StepError::Retryable(error @ CallError::Throttled { retry_after, .. })) => {
            throttled(outside, same, error, retry_after)
        }
        other => other,
    }
}

/// The same for the steps behind preflight, which work on a plan.
async fn on_plan(
    outside: &Outside<'_>,
    input: StepInput,
    step: impl AsyncFnOnce(Work<'_>) -> StepResult,
) -> StepResult {
    with_retry_after(outside, input, async |input| {
        step(input.planned(outside)?).await
    })
    .await
}

/// Waits for as long as a service asks for, unless that has gone on for too long.
fn throttled(
    outside: &Outside<'_>,
    input: StepInput,
    error: CallError,
    retry_after: u64,
) -> StepResult {
    let (execution, plan) = (input.execution, input.plan);
    let progress = input
        .progress
        .unwrap_or_else(|| Progress::begin(&execution));
    let waited = outside.clock.now().since(progress.since);
    let limit = plan.as_ref().map_or(outside.limits.phase, |plan| {
        plan.phase_limit(progress.phase, &outside.limits)
    });
    if waited >= limit {
        return Err(StepError::Retryable(error));
    }
    let next = match plan {
        Some(_) => NextState::Wait,
        None => NextState::WaitForTarget,
    };
    Ok(StepOutput {
        wait_seconds: Some(retry_after.max(wait_seconds(waited, LONGEST_POLL))),
        waiting_for: Some(format!("{} to be allowed again", error.action())),
        plan,
        ..StepOutput::to(next, execution, progress)
    })
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

/// The group of our own that a plan asks for, if it is there.
async fn own_group(outside: &Outside<'_>, wanted: &EndpointPlan) -> Reply<Option<Group>> {
    let Groups::Own { name, .. } = &wanted.groups else {
        return Ok(None);
    };
    let groups = outside.ec2.groups(&wanted.vpc_id).await?;
    Ok(groups
        .into_iter()
        .find(|group| group.name == *name && is_ours(&group.tags)))
}
