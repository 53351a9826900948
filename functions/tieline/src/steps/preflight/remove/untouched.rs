//! Whether a connection is whole whose removal was stopped: then that has taken nothing, and what is confirmed stays.

use super::find;
use super::found::Found;
use crate::endpoint::drift;
use crate::execution::Execution;
use crate::options::OnFailure;
use crate::outside::{Endpoint, Outside, Reply};
use crate::ownership::Owner;
use crate::parts::{Condition, PartContext};
use crate::plan::Plan;
use crate::removal::Removal;
use crate::steps::marked::{marked, owner_by_id};
use crate::steps::preflight::clean_up::plan_by_marks;
use crate::targets::Target;

/// The connection, where it is as it was confirmed: its endpoints are there with its marks and their names, and everything beside them
/// is there. What cannot be told counts as taken, as what is adopted, which carries no mark.
pub(super) async fn connection(
    outside: &Outside<'_>,
    execution: &Execution,
    removal: &Removal,
    before: &[String],
) -> Reply<Option<(Plan, Vec<Endpoint>)>> {
    let Found::Plan(plan, _) = find(outside, execution, removal, before).await? else {
        return Ok(None);
    };
    let mut there = marked(outside, &plan.owner).await?;
    there.retain(|one| !one.state.is_dead());
    let is_complete = match plan.endpoint {
        Some(_) => !there.is_empty(),
        None => !plan.parts.is_empty(),
    };
    if !is_complete || !there.iter().all(|one| has_its_names(&plan.owner, one)) {
        return Ok(None);
    }
    let endpoint = there.first();
    let context = PartContext {
        wanted: plan.endpoint.as_ref(),
        endpoint,
        endpoint_id: endpoint.map(|endpoint| &endpoint.id),
        // What a change that was aborted has marked is the connection's as well.
        removes: true,
        ..PartContext::of(outside, &plan.owner)
    };
    for part in &plan.parts {
        match part.kind().look(&context).await?.condition {
            // It is all there, and does not work for a reason of its own.
            Condition::Ready | Condition::Pending(_) | Condition::Broken(_) => {}
            Condition::Absent | Condition::Going | Condition::Incomplete => return Ok(None),
        }
    }
    Ok(Some((*plan, there)))
}

/// A plan to open again what was closed, and no more; none if nothing is. What has lost its names for the request is not as it was.
pub(super) async fn closed(
    outside: &Outside<'_>,
    execution: &Execution,
    removal: &Removal,
    before: &[String],
) -> Reply<Option<Plan>> {
    let owner = match removal {
        Removal::Of(request) => {
            let (deployment, account) = (outside.deployment, execution.account());
            Some(request.owner(deployment, account, "", &execution.id))
        }
        Removal::ById(asked) => owner_by_id(outside, execution, &asked.request_id),
    };
    let Some(owner) = owner.map(|owner| owner.going_on_for(before)) else {
        return Ok(None);
    };
    let there = marked(outside, &owner).await?;
    let mut there = there.iter().filter(|one| !one.state.is_dead());
    let is_whole = |one: &Endpoint| {
        let owner = owner.clone().of_mark_on(&one.tags);
        owner.fingerprint_on(&one.tags).is_none() || has_its_names(&owner, one)
    };
    let Some(endpoint) = there.find(|one| owner.has_let_go(&one.tags) && is_whole(one)) else {
        return Ok(None);
    };
    let target = match removal {
        Removal::Of(request) => Some(request.shape.target.clone()),
        Removal::ById(_) => Target::of_service(&endpoint.service),
    };
    let on_failure = OnFailure::RollBack;
    Ok(target.map(|target| plan_by_marks(owner, target, Some(endpoint), on_failure)))
}

/// Whether a connection is confirmed on an endpoint that has the names which it had then: a removal turns them off first.
fn has_its_names(owner: &Owner, endpoint: &Endpoint) -> bool {
    let built = owner.built_on(&endpoint.tags);
    let has_names = |built: &str| {
        let mut drifts = drift(built, endpoint).into_iter();
        !drifts.any(|(field, _)| field == "privateDns")
    };
    owner.is_confirmed_on(&endpoint.tags) && built.is_some_and(has_names)
}
