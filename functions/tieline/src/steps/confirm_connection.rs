//! *Keep the endpoint*: lets everybody in who is to use it, and marks the request as ready on it, before anybody is told.
//!
//! From here on only a removal takes the connection away. Without the mark, a second delivery of the same event whose
//! execution fails would undo a connection that the first one announced.

use std::collections::BTreeMap;

use crate::error::{CallError, StepError};
use crate::outside::{Endpoint, Outside};
use crate::plan::{Claim, EndpointPlan, Groups, claim};
use crate::progress::Phase;
use crate::step::{NextState, StepInput, StepOutput};
use crate::steps::create_endpoint::conflict;
use crate::steps::parts;

/// Carries the step out. It is part of the create-endpoint function, whose role may tag.
///
/// # Errors
///
/// `Tieline.Retryable` if EC2 does not answer, `Tieline.Rejected` if it refuses.
pub(super) async fn handle(
    outside: &Outside<'_>,
    input: StepInput,
) -> Result<StepOutput, StepError> {
    let (plan, mut progress, _) = input.planned()?;
    if plan.endpoint.is_none() {
        parts::mark(outside, &plan).await?;
        progress.enter(Phase::Confirm, outside.clock.now());
        return Ok(StepOutput::wait(
            outside,
            plan,
            progress,
            "the mark to show",
        ));
    }
    let Some(id) = &progress.endpoint else {
        return Ok(StepOutput::go(NextState::Poll, plan, progress));
    };
    let Some(endpoint) = super::look(outside, id).await? else {
        let what = format!("EC2 does not show {id}");
        return Ok(StepOutput::wait(outside, plan, progress, what));
    };
    if let Claim::Other = claim(&plan, &endpoint) {
        return Ok(StepOutput::fail(plan, progress, conflict(&endpoint)));
    }
    if let Some(wanted) = &plan.endpoint {
        open_own_group(outside, wanted, &endpoint).await?;
    }
    let (key, value) = (plan.request_tag(), plan.ready_value());
    if endpoint.tags.get(&key) != Some(&value) {
        match outside.ec2.tag(id, &BTreeMap::from([(key, value)])).await {
            Err(error) if error.is_missing() => {
                let what = format!("{id} cannot be tagged yet ({error})");
                return Ok(StepOutput::wait(outside, plan, progress, what));
            }
            result => result?,
        }
    }
    // Only now: in this phase, the poll waits for the mark.
    progress.enter(Phase::Confirm, outside.clock.now());
    Ok(StepOutput::go(NextState::Poll, plan, progress))
}

/// The group of our own may have been made for a request that let fewer in, or on other ports. Not before now:
/// hardly anything can fail any more, and a rule in a group that others need would not be taken back.
async fn open_own_group(
    outside: &Outside<'_>,
    wanted: &EndpointPlan,
    endpoint: &Endpoint,
) -> Result<(), CallError> {
    let Groups::Own { cidrs, .. } = &wanted.groups else {
        return Ok(());
    };
    let Some(group) = super::own_group(outside, wanted).await? else {
        return Ok(());
    };
    if !endpoint.group_ids.iter().any(|id| id == group.id.as_str()) {
        return Ok(());
    }
    for port in wanted.ports() {
        let closed: Vec<String> = cidrs
            .iter()
            .filter(|cidr| !group.admits(port, cidr))
            .cloned()
            .collect();
        outside
            .ec2
            .authorize_ingress(&group.id, port, &closed)
            .await?;
    }
    Ok(())
}
