//! *Confirm the connection*: lets everybody in who is to use it, and marks the request as ready, before anybody is told.
//!
//! From here on only a removal takes the connection away. Without the mark, a second delivery of the same event whose
//! execution fails would roll back a connection that the first one announced.

use super::{check, parts};
use crate::endpoint::{EndpointPlan, Form};
use crate::execution::Phase;
use crate::outside::{Endpoint, Interface, Outside, Reply, Tags};
use crate::ownership::{Noticed, Verified, say_the_same, with_noticed, with_verified};
use crate::refusals;
use crate::trial::Outcome;
use crate::workflow::{NextState, StepInput, StepResult, Work};

/// Carries the step out.
///
/// # Errors
///
/// `Tieline.Unavailable` if a service has not answered for too long, `Tieline.Rejected` if it refuses.
pub async fn handle(outside: &Outside<'_>, input: StepInput) -> StepResult {
    if input.check.is_some() {
        return super::with_patience(outside, input, async |input| {
            check::note(outside, input).await
        })
        .await;
    }
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
    if !shows_what_was_ordered(&work, wanted, &endpoint) {
        // However late it is: it was seen to be complete.
        return Ok(work.pause(format!("EC2 to show {id} as it was seen before")));
    }
    super::own_group::open(work.outside, &work.plan.owner, wanted, &endpoint).await?;
    tag_interfaces(&work, &endpoint).await?;
    let owner = &work.plan.owner;
    let before = endpoint.tags.get(&owner.request_tag());
    let before = before.map_or("", String::as_str);
    let is_changed = work.plan.change.is_some();
    let is_repeated = !is_changed && owner.is_confirmed_on(&endpoint.tags);
    let now = Form::of(&endpoint).built();
    // Who only repeats a request has changed nothing, and confirms nothing that somebody has made of it since.
    let was = owner.built_on(&endpoint.tags).filter(|_| is_repeated);
    let built = was.map_or(now, str::to_owned);
    let mut tags = owner.confirmation(&built);
    let verified = proven(&work, wanted).or_else(|| Verified::in_mark(before));
    let is_alone = !owner.shares(&endpoint.tags);
    let mut callers = Tags::new();
    if is_changed && is_alone {
        callers.clone_from(&owner.tags);
        callers.remove("Name");
    }
    if let Some(change) = &work.plan.change {
        callers.extend(change.given.clone());
    }
    // Who shares the endpoint has no tags on it but the mark, and those that it had there before.
    let mut there = callers.clone();
    if is_alone {
        there = endpoint.tags.clone();
        there.extend(callers.clone());
    }
    let at_vendor = work.plan.target.kind().at_vendor(&work.plan.parts);
    for mark in tags.values_mut() {
        *mark = owner.with_tags_on(mark, before, &there);
        if let Some(at) = &at_vendor {
            *mark = at.noted_in(mark, &work.execution.secrets());
        }
        // What the check told of it is still to be taken back.
        *mark = with_noticed(mark, &Noticed::in_mark(before));
        if let Some(verified) = &verified {
            *mark = with_verified(mark, verified);
        }
    }
    if let Some(change) = &work.plan.change
        && !is_alone
        // As they are at this moment: one that is gone is not to come back.
        && let Some(now) = super::look(work.outside, &id).await?
    {
        tags.extend(owner.others_on(&now.tags, &change.before.built(), &built));
    }
    tags.extend(callers);
    let own = owner.request_tag();
    // That it was proven once more is no reason to write.
    let has = |(key, value): (&String, &String)| {
        let there = endpoint.tags.get(key);
        there.is_some_and(|there| there == value || (*key == own && say_the_same(there, value)))
    };
    if !owner.is_confirmed_on(&endpoint.tags)
        || !owner.names_zones_in(&endpoint.tags)
        || (is_changed && !tags.iter().all(has))
    {
        match work.outside.ec2.tag(&id, &tags).await {
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

/// Whether a look shows what one before it has shown: EC2 may answer from before, and what it shows now is what the mark says.
fn shows_what_was_ordered(work: &Work<'_>, wanted: &EndpointPlan, endpoint: &Endpoint) -> bool {
    let has_names = wanted.private_dns.is_none() || endpoint.private_dns;
    let is_changed = match work.plan.forms(work.progress.group.as_ref(), endpoint) {
        Some((change, there, Some(wanted))) => {
            there.lacks(&wanted, &change.zones).is_none() && there.exceeds(&wanted).is_none()
        }
        Some((_, _, None)) | None => true,
    };
    has_names && is_changed
}

/// When the verifier got through in this execution: before its present phase began, whose time a repetition of this step says as well.
fn proven(work: &Work<'_>, wanted: &EndpointPlan) -> Option<Verified> {
    let path = work.progress.path.as_ref()?;
    let ports = wanted.ports().filter_map(|one| one.single());
    (path.outcome == Outcome::Proven).then(|| Verified::of(work.progress.since, ports))
}

/// EC2 makes the endpoint's network interfaces without its tags. Those of an endpoint that others use too stay as they are.
async fn tag_interfaces(work: &Work<'_>, endpoint: &Endpoint) -> Reply<()> {
    let (owner, ec2) = (&work.plan.owner, work.outside.ec2);
    let tags = owner.tags_without_request();
    let is_done = owner.is_confirmed_on(&endpoint.tags);
    if tags.is_empty() || is_done || owner.shares(&endpoint.tags) {
        return Ok(());
    }
    let lacks = |one: &Interface| {
        let has = |(key, value)| one.tags.get(key) == Some(value);
        !tags.iter().all(has)
    };
    let all = ec2.interfaces(&endpoint.interface_ids).await?;
    let bare: Vec<String> = all
        .into_iter()
        .filter(lacks)
        .map(|interface| interface.id)
        .collect();
    if bare.is_empty() {
        return Ok(());
    }
    ec2.tag_interfaces(&bare, &tags).await
}
