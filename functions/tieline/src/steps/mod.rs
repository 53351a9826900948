//! The steps: each asks once, answers, and may be repeated. None of them waits.

pub mod create_endpoint;
pub mod delete_endpoint;
pub mod enable_dns;
mod keep;
mod made;
mod parts;
pub mod preflight;
pub mod status_polling;

use crate::error::{CallError, StepError};
use crate::ids::EndpointId;
use crate::outside::{Endpoint, EndpointFilter, Group, Outside};
use crate::plan::{EndpointPlan, Groups, MANAGED};
use crate::progress::Progress;
use crate::step::{NextState, StepInput, StepOutput, pause};

/// Carries a step out. If a service says when to come back, that is what the state machine waits for: calling again and
/// again would only use up what the key may call in a minute.
async fn patiently(
    outside: &Outside<'_>,
    input: StepInput,
    step: impl AsyncFnOnce(StepInput) -> Result<StepOutput, StepError>,
) -> Result<StepOutput, StepError> {
    let same = input.clone();
    match step(input).await {
        Err(StepError::Retryable(error @ CallError::Throttled { seconds, .. })) => {
            later(outside, same, error, seconds)
        }
        other => other,
    }
}

/// Waits for as long as a service asks for, unless that has gone on for too long.
fn later(
    outside: &Outside<'_>,
    input: StepInput,
    put_off: CallError,
    seconds: u64,
) -> Result<StepOutput, StepError> {
    let (execution, plan) = (input.execution, input.plan);
    let progress = input
        .progress
        .unwrap_or_else(|| Progress::begin(&execution));
    let waited = outside.clock.now().since(progress.since);
    let limit = plan.as_ref().map_or(outside.limits.phase, |plan| {
        plan.phase_limit(progress.phase, &outside.limits)
    });
    if waited >= limit {
        return Err(StepError::Retryable(put_off));
    }
    let next = if plan.is_some() {
        NextState::Wait
    } else {
        NextState::WaitForTarget
    };
    Ok(StepOutput {
        next,
        wait_seconds: Some(seconds.max(pause(waited.as_secs()))),
        waiting_for: Some(format!("{} to be allowed again", put_off.action())),
        plan,
        progress,
        result: None,
    })
}

/// The endpoint of an id as EC2 shows it now; a new one may take seconds to show.
pub(crate) async fn look(
    outside: &Outside<'_>,
    id: &EndpointId,
) -> Result<Option<Endpoint>, CallError> {
    let found = outside
        .ec2
        .endpoints(&EndpointFilter {
            id: Some(id),
            ..EndpointFilter::default()
        })
        .await?;
    Ok(found.into_iter().next())
}

/// The group of our own that a plan asks for, if it is there.
pub(crate) async fn own_group(
    outside: &Outside<'_>,
    wanted: &EndpointPlan,
) -> Result<Option<Group>, CallError> {
    let Groups::Own { name, .. } = &wanted.groups else {
        return Ok(None);
    };
    let groups = outside.ec2.groups(&wanted.vpc_id).await?;
    Ok(groups
        .into_iter()
        .find(|group| group.name == *name && group.tags.contains_key(MANAGED)))
}
