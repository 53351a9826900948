//! *Confirm the connection*: lets everybody in who is to use it, and marks the request as ready, before anybody is told.
//!
//! From here on only a removal takes the connection away. Without the mark, a second delivery of the same event whose
//! execution fails would roll back a connection that the first one announced.

use super::parts;
use crate::endpoint::{EndpointPlan, Groups, built};
use crate::execution::Phase;
use crate::outside::{Endpoint, Outside, Reply};
use crate::ownership::Owner;
use crate::refusals;
use crate::workflow::{NextState, StepInput, StepResult, Work};

/// Carries the step out.
///
/// # Errors
///
/// `Tieline.Unavailable` if a service has not answered for too long, `Tieline.Rejected` if it refuses.
pub async fn handle(outside: &Outside<'_>, input: StepInput) -> StepResult {
    super::on_plan(outside, input, async |work| step(work).await).await
}

async fn step(mut work: Work<'_>) -> StepResult {
    let Some(wanted) = &work.plan.endpoint else {
        parts::mark(&work).await?;
        work.enter(Phase::Confirm);
        return Ok(work.wait("the mark to show"));
    };
    let Some(id) = work.progress.endpoint.clone() else {
        return Ok(work.go(NextState::Poll));
    };
    let Some(endpoint) = super::look(work.outside, &id).await? else {
        return Ok(work.wait(format!("EC2 does not show {id}")));
    };
    if work.is_claimed_by_another(&endpoint) {
        return Ok(work.fail(refusals::conflict(id.as_str())));
    }
    open_own_group(work.outside, &work.plan.owner, wanted, &endpoint).await?;
    let owner = &work.plan.owner;
    let names_zone = owner.zone.is_none() || owner.zone_in(&endpoint.tags) == owner.zone;
    if !owner.is_confirmed_on(&endpoint.tags) || !names_zone {
        match work
            .outside
            .ec2
            .tag(&id, &owner.confirmation(&built(&endpoint)))
            .await
        {
            Err(error) if error.is_missing() => {
                return Ok(work.wait(format!("{id} cannot be tagged yet ({error})")));
            }
            result => result?,
        }
    }
    if work.progress.phase == Phase::Confirm {
        return Ok(work.wait("the mark to show"));
    }
    // Only now: in this phase, the poll waits for the mark.
    work.enter(Phase::Confirm);
    Ok(work.go(NextState::Poll))
}

/// The group of our own may have been made for a request that let fewer in, or on other ports. Not before now:
/// hardly anything can fail any more, and a rule in a group that others need would not be taken back.
async fn open_own_group(
    outside: &Outside<'_>,
    owner: &Owner,
    wanted: &EndpointPlan,
    endpoint: &Endpoint,
) -> Reply<()> {
    let Groups::Own { cidrs, .. } = &wanted.groups else {
        return Ok(());
    };
    let Some(group) = super::own_group(outside, owner, wanted).await? else {
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
