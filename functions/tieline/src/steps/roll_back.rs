//! *Roll back*: removes what this request holds, and only that.
//!
//! # Guarantees
//!
//! What does not carry our tags is not touched. An endpoint that other requests hold loses our tags only. One that was
//! marked as ready stays, and the result says so: perhaps another run of the same request announced it. A create whose
//! answer was lost is looked for until [`crate::time::Limits::settle`] has passed. A vendor that refuses to remove its
//! part, or does not answer for half a phase (three quarters at most, where others were waited for), keeps nothing of
//! EC2's from being removed. Once settle has passed, what comes into the place of the group of our own that it removed is somebody
//! else's, and stays. A removal waits for who began before it, and opens again what that waits for. May be repeated.

use super::runs::{self, Works};
use super::{change, conclude, inventory, own_group, parts, reopen};
use crate::execution::{Phase, Progress};
use crate::ids::EndpointId;
use crate::options::OnFailure;
use crate::outside::{CallError, Endpoint, EndpointChange, Outside, Reply};
use crate::ownership::{Claim, MANAGED, is_closing};
use crate::workflow::{
    CHECKING, Disposition, First, Inventory, StepError, StepInput, StepResult, Work, still_there,
};

/// Carries the step out.
///
/// # Errors
///
/// `Tieline.Unavailable` if a service has not answered for too long, `Tieline.Rejected` if it refuses.
pub async fn handle(outside: &Outside<'_>, mut input: StepInput) -> StepResult {
    if input.narrow {
        return super::on_plan(outside, input, async |work| change::narrow(work).await).await;
    }
    let now = outside.clock.now();
    let mut progress = input
        .progress
        .take()
        .unwrap_or_else(|| Progress::begin(&input.execution));
    if let Some(caught) = input.failure.take() {
        progress.failure.get_or_insert_with(|| caught.rejection());
    }
    if input.plan.is_none() {
        return Ok(conclude::nothing_planned(outside, input, progress).await);
    }
    // Before anything else: whatever comes now, nothing goes on with the request.
    if progress.phase != Phase::RollBack {
        progress.resume(now, outside.limits.outage);
        progress.enter(Phase::RollBack, now);
    }
    input.progress = Some(progress);
    let same = input.clone();
    match super::on_plan(outside, input, async |work| step(work).await).await {
        Err(StepError::Unavailable(error)) => Ok(conclude::unseen(same.planned(outside)?, &error)),
        answer => answer,
    }
}

async fn step(mut work: Work<'_>) -> StepResult {
    if work.reopens() {
        return reopen::step(work).await;
    }
    if work.plan.change.is_some() {
        return change::put_back(work).await;
    }
    let began = work.now();
    let inventory = inventory::take(&work).await?;
    // What it did not find at first, one look alone does not make gone.
    if work.removes() && work.progress.endpoint.is_none() {
        work.progress.endpoint = inventory.alive().map(|one| one.id.clone());
    }
    if work.plan.on_failure == OnFailure::Keep && !work.removes() {
        return Ok(conclude::announce(work, &inventory));
    }
    // Whoever looks next says what is left.
    if work.situation_at(began).is_over() {
        return Ok(work.pause(still_there(&inventory)));
    }
    if work.situation_at(began).waits_for_check(&inventory) {
        return Ok(work.pause(CHECKING));
    }
    let patient = work.situation_at(began).is_patient();
    if work.removes() && inventory.is_to_go() {
        // One that began before, and that Step Functions did not list yet.
        let id = &work.plan.owner.request_id;
        let progress = &mut work.progress;
        let before = runs::before(work.outside, &work.execution, progress, id).await?;
        if !matches!(before, Works::Nobody) {
            if matches!(before, Works::This(_)) {
                open_for(&mut work, &inventory).await?;
            }
            return Ok(work.pause("an execution that makes it to come to its end"));
        }
    }
    match &inventory.first {
        First::NamesOff(id) if patient => {
            return names_off(work, id.clone(), still_there(&inventory)).await;
        }
        First::NamesGoOff if patient => return Ok(work.pause("the names to go off")),
        First::Settle => return Ok(work.pause("claims from before to show")),
        // EC2 has not taken the order for too long: what is left behind would be worse.
        First::NamesOff(_) | First::NamesGoOff | First::Close | First::Nothing => {}
    }
    if inventory.first != First::Close && inventory.parts.is_to_go() {
        let removed = match inventory.parts.next() {
            Some(left) => {
                let part = &left.part;
                let context = inventory::context(&work, &inventory);
                // Somebody may have confirmed it while others were asked.
                if !work.removes() && parts::is_confirmed(&work.plan, &context).await? {
                    return Ok(work.pause("the mark of another execution to be looked at"));
                }
                let removed = done_or_busy(part.kind().remove(&context).await);
                if removed.is_ok() {
                    for what in &left.goes {
                        note_removed(&mut work.progress, what.clone());
                    }
                }
                removed
            }
            None => Ok(()),
        };
        work.progress.removal_error = removed.as_ref().err().map(ToString::to_string);
        match removed {
            Err(CallError::Refused { .. }) => {}
            Err(error @ (CallError::Throttled { .. } | CallError::Unavailable { .. }))
                if patient =>
            {
                return Err(error.into());
            }
            _ if patient => return Ok(work.pause(still_there(&inventory))),
            _ => {}
        }
    }
    let lets_go = |(_, disposition): &(Endpoint, Disposition)| {
        matches!(
            disposition,
            Disposition::Closes | Disposition::LosesTags | Disposition::IsClosing
        )
    };
    let mut leaving = inventory
        .endpoints
        .iter()
        .filter(|one| lets_go(one))
        .peekable();
    if leaving.peek().is_some() {
        // Nobody can claim it from when the mark says so, and not from when this began to wait for something else.
        if leaving.any(|(endpoint, _)| !is_closing(&endpoint.tags)) {
            work.progress.closing = Some(began);
        }
        work.progress.closing.get_or_insert(began);
    }
    for (endpoint, disposition) in &inventory.endpoints {
        remove(&work, endpoint, *disposition).await?;
        match disposition {
            Disposition::IsDeleted => note_removed(&mut work.progress, endpoint.id.to_string()),
            Disposition::LosesTags => note_staying(&mut work, endpoint),
            Disposition::Stays
            | Disposition::IsAnothers
            | Disposition::Closes
            | Disposition::IsClosing
            | Disposition::Reopens
            | Disposition::IsGoing
            | Disposition::IsGone => {}
        }
    }
    if let Some(group) = &inventory.group
        && let Some(wanted) = &work.plan.endpoint
        && inventory.endpoints_are_gone()
    {
        match work.outside.ec2.delete_group(&group.id).await {
            // Interfaces linger, or somebody has given it to an endpoint.
            Err(error) if error.is_busy() => {}
            deleted => {
                // A create of its own that came late was there by then: one that comes after this group is for an endpoint that
                // somebody is about to ask for, and who takes it keeps them from that for as long as both last. Where the group is
                // missing, the look was of before, and did not show what has come since.
                let settled = work.progress.waited(began) >= work.outside.limits.settle;
                if settled && deleted.is_ok() && own_group::has_present_name(wanted, group) {
                    work.progress.group = Some(group.id.clone());
                }
                done_or_busy(deleted)?;
                note_removed(&mut work.progress, group.id.to_string());
            }
        }
    }
    // EC2 shows what was just ordered seconds later, so there is always a wait between this and the next look.
    Ok(work.pause(still_there(&inventory)))
}

/// Who is waited for waits for what is closed in turn. Once names are off it is too late for that.
async fn open_for(work: &mut Work<'_>, inventory: &Inventory) -> Reply<()> {
    let (ec2, owner) = (work.outside.ec2, &work.plan.owner);
    // What others hold is theirs by then.
    for (endpoint, disposition) in &inventory.endpoints {
        if *disposition == Disposition::Reopens {
            remove(work, endpoint, *disposition).await?;
        }
    }
    let may_open = |one: &&Endpoint| {
        owner.closes(&one.tags)
            && owner.claim(&one.tags) == Claim::Ours
            && !work.progress.has_names_off(&one.id)
    };
    let endpoints = inventory.endpoints.iter().map(|(endpoint, _)| endpoint);
    let closed: Vec<&Endpoint> = endpoints.filter(may_open).collect();
    if closed.is_empty() {
        return Ok(());
    }
    // Noted a step before it is done: once it is open, nobody's claims have settled.
    if work.progress.closing.take().is_none() {
        for endpoint in closed {
            done_or_busy(ec2.untag(&endpoint.id, &owner.closing()).await)?;
        }
    }
    Ok(())
}

/// The names that clients use are turned off before what they lead to goes.
async fn names_off(mut work: Work<'_>, id: EndpointId, what: String) -> StepResult {
    let off = EndpointChange::of_private_dns(false);
    match work.outside.ec2.modify_endpoint(&id, &off).await {
        // EC2 is still at work on it, or it is gone: the next look says so.
        Err(error) if error.is_busy() || error.is_missing() => {}
        // Who may not turn it off deletes it all the same, once it has waited for somebody who may.
        Err(CallError::Refused { .. }) => work.progress.note_names_off(id),
        ordered => {
            ordered?;
            if let Some(removal) = &mut work.progress.removal {
                removal.removed.push(format!("private DNS of {id}"));
            }
            work.progress.note_names_off(id);
        }
    }
    Ok(work.pause(what))
}

/// What is ordered to go, once; a removal says so at its end.
fn note_removed(progress: &mut Progress, what: String) {
    if let Some(removal) = &mut progress.removal
        && !removal.removed.contains(&what)
    {
        removal.removed.push(what);
    }
}

/// An endpoint that other requests hold, and who they are.
fn note_staying(work: &mut Work<'_>, endpoint: &Endpoint) {
    let owner = &work.plan.owner;
    let what = owner.with_others(endpoint.id.as_str(), &endpoint.tags);
    if let Some(removal) = &mut work.progress.removal
        && !removal.stays.contains(&what)
    {
        removal.stays.push(what);
    }
}

async fn remove(work: &Work<'_>, endpoint: &Endpoint, disposition: Disposition) -> Reply<()> {
    let (ec2, owner) = (work.outside.ec2, &work.plan.owner);
    match disposition {
        Disposition::IsDeleted => done_or_busy(ec2.delete_endpoint(&endpoint.id).await),
        Disposition::Closes => done_or_busy(ec2.tag(&endpoint.id, &owner.closing()).await),
        Disposition::LosesTags => {
            // Before the mark goes: whoever leaves last finds that it was.
            if !owner.closer.is_empty() {
                done_or_busy(ec2.tag(&endpoint.id, &owner.closing()).await)?;
            }
            let own = owner.request_tag();
            let mut tags = endpoint.tags.clone();
            tags.retain(|key, _| {
                *key == own || (key != MANAGED && work.progress.added_tags.contains(key))
            });
            ec2.untag(&endpoint.id, &tags).await
        }
        Disposition::Reopens => reopen(work, endpoint).await,
        Disposition::Stays
        | Disposition::IsAnothers
        | Disposition::IsClosing
        | Disposition::IsGoing
        | Disposition::IsGone => Ok(()),
    }
}

/// Somebody claimed it all the same: their names come back first.
async fn reopen(work: &Work<'_>, endpoint: &Endpoint) -> Reply<()> {
    let ec2 = work.outside.ec2;
    if work.progress.has_names_off(&endpoint.id) && !endpoint.private_dns {
        let on = EndpointChange::of_private_dns(true);
        return done_or_busy(ec2.modify_endpoint(&endpoint.id, &on).await);
    }
    ec2.untag(&endpoint.id, &work.plan.owner.closing()).await
}

/// EC2 may still be at work on the thing, or not show it yet; the next round tries again.
fn done_or_busy(result: Reply<()>) -> Reply<()> {
    match result {
        Err(error) if error.is_busy() || error.is_missing() => Ok(()),
        other => other,
    }
}
