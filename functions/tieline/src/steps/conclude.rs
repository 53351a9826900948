//! Concludes a roll back or a removal: says what went, what is left, and why.

use super::marked::{Asked, Standing, standing};
use crate::execution::{EndedExecution, Phase, Progress, Removal};
use crate::ids::EndpointId;
use crate::options::OnFailure;
use crate::outside::{CallError, Outside};
use crate::ownership::REQUEST;
use crate::parts::Part;
use crate::problem::{Code, Problem, Rejection};
use crate::refusals;
use crate::removal;
use crate::request;
use crate::result::{Failed, Left, Removed, ResultDetail};
use crate::workflow::{Inventory, NextState, Remaining, StayingPart, StepInput, StepOutput, Work};

/// Nobody could look at what is left, for as long as there was time.
pub(super) fn unseen(mut work: Work<'_>, error: &CallError) -> StepOutput {
    let id = &work.plan.owner.request_id;
    let endpoint = work.progress.endpoint.iter().map(ToString::to_string);
    let marked = format!("perhaps what carries the tag {REQUEST}{id}");
    let left: Vec<String> = endpoint.chain([marked]).collect();
    note_left_over(
        &mut work.progress,
        &format!("{} ({error})", left.join(", ")),
    );
    let left = Left {
        behind: &left,
        // What was changed was confirmed before.
        stands: work.plan.change.is_some(),
    };
    work.tell(left)
}

/// Nothing was planned, so nothing was made; or this cleans up after another execution, and could not plan.
pub(super) async fn nothing_planned(
    outside: &Outside<'_>,
    input: StepInput,
    mut progress: Progress,
) -> StepOutput {
    let now = outside.clock.now();
    let ended = EndedExecution::read(&input.input);
    let removes = input.execution.connects.is_some();
    progress.cleaning = ended.is_some() && !removes;
    let mut left = Vec::new();
    if let Some(ended) = &ended {
        let what = "perhaps what the ended execution made".to_owned();
        note(&mut progress, ended.problem());
        note_left_over(&mut progress, &what);
        left.push(what);
        progress.asked_as = Some(ended.name().to_owned());
    }
    let asked = ended.as_ref().map_or(&input.input, |ended| &ended.input);
    progress.close(now);
    progress.event_id = request::event_id(asked);
    let id = request::request_id(asked);
    let there = match &id {
        // Nothing was done about what was to go.
        Some(id) if removes => {
            let region = input.execution.region();
            let removal = region.and_then(|here| removal::read(&removal::as_event(asked), &here));
            let removal = removal.and_then(Result::ok);
            let asked = removal.as_ref().map_or(Asked::ById(id), Asked::by);
            standing(outside, &input.execution, asked).await
        }
        Some(_) | None => Standing::default(),
    };
    let left = if removes {
        there.left()
    } else {
        Left {
            behind: &left,
            stands: false,
        }
    };
    let why = progress.failure.clone().unwrap_or_default();
    let event = Failed::of(&why, left, id.as_ref(), &progress, &input.execution, now).event();
    StepOutput {
        result: Some(event),
        ..StepOutput::to(NextState::of_failure(&progress), input.execution, progress)
    }
}

fn has_removed(progress: &Progress, name: &str) -> bool {
    let removal = progress.removal.as_ref();
    removal.is_some_and(|removal| removal.removed.iter().any(|one| one == name))
}

/// What the connection was made of beside its endpoint and others keep: also what was to go until somebody joined.
fn note_parts_staying(removal: &mut Removal, parts: &Remaining) {
    // A removal that finds nothing had a part in nothing.
    if !removal.has_taken() {
        return;
    }
    for StayingPart { name, .. } in &parts.stays {
        removal.removed.retain(|one| one != name);
    }
    // What came into the place of one that went was never the request's.
    let foreign = parts.foreign.iter();
    let foreign = foreign.filter(|one| !removal.removed.contains(&one.name));
    let words: Vec<String> = parts
        .stays
        .iter()
        .chain(foreign)
        .map(|one| one.words.clone())
        .collect();
    for words in words {
        if !removal.stays.contains(&words) {
            removal.stays.push(words);
        }
    }
}

/// What is there of the id, where nothing of these parameters was.
pub(super) fn of_other_parameters(progress: &Progress) -> Option<EndpointId> {
    let removal = progress.removal.as_ref()?;
    let other = removal.others.first();
    other.filter(|_| !removal.has_taken()).cloned()
}

/// Says that the connection is gone; or what of it is not, and what there is beside it.
pub(super) fn removed(mut work: Work<'_>, inventory: &Inventory, beside: Left<'_>) -> StepOutput {
    // Where ours went, what else is called so was not ours.
    let behind = inventory.parts.behind.iter();
    let behind = behind.filter(|one| !has_removed(&work.progress, &one.name));
    let left = inventory.parts.unseen.iter().cloned();
    let left: Vec<String> = left.chain(behind.map(|one| one.words.clone())).collect();
    if !left.is_empty() {
        note_left_over(&mut work.progress, &left.join(", "));
    }
    if let Some(removal) = &mut work.progress.removal {
        note_parts_staying(removal, &inventory.parts);
    }
    if let Some(other) = of_other_parameters(&work.progress) {
        note(&mut work.progress, refusals::conflict(other.as_str()));
    }
    if work.progress.failure.is_some() {
        let mut behind = inventory.left_over();
        behind.extend_from_slice(beside.behind);
        return work.tell(Left {
            behind: &behind,
            ..beside
        });
    }
    let now = work.now();
    work.progress.close(now);
    let id = &work.plan.owner.request_id;
    // Without its endpoint's id, what belongs to that at a vendor is not found.
    let of_endpoint = |part: &Part| part.kind().is_of_endpoint();
    if inventory.endpoint_id(&work.progress).is_none()
        && let Some(part) = work.plan.parts.iter().find(|part| of_endpoint(part))
        && let Some(removal) = &mut work.progress.removal
    {
        removal.unseen = Some(format!(
            "no endpoint carries its mark; {} of an endpoint that is gone is not found, look for it there",
            part.kind().name()
        ));
    }
    let event = Removed::of(id, &work.progress, &work.execution, now).event();
    work.announce(NextState::AnnounceRemoved, event)
}

/// Says why the request failed, and what is left.
pub(super) fn announce(mut work: Work<'_>, inventory: &Inventory) -> StepOutput {
    if work.removes() {
        return removed(work, inventory, Left::default());
    }
    if work.progress.cleaning
        && let Some(endpoint) = inventory.confirmed()
        && work
            .plan
            .endpoint
            .as_ref()
            .is_some_and(|wanted| !wanted.zones.is_empty())
    {
        // It was confirmed while this looked on: it is read back, and announced as what it is.
        work.progress.endpoint = Some(endpoint.id.clone());
        work.progress.failure = None;
        work.progress.cleaning = false;
        work.enter(Phase::Confirm);
        return work.go(NextState::Poll);
    }
    let unseen = inventory.parts.unseen.join(", ");
    if inventory.parts.may_be_marked {
        let problem = Problem::new(
            Code::RollBackIncomplete,
            format!(
                "it cannot be seen whether another run announced this connection, so all of it stays: {unseen}"
            ),
            "have what was refused allowed, and send the event again; what another run announced is in use",
        );
        note(&mut work.progress, problem);
    } else if !unseen.is_empty() && work.plan.on_failure == OnFailure::RollBack {
        note_left_over(&mut work.progress, &unseen);
    }
    let left = Left {
        behind: &inventory.left_over(),
        stands: inventory.has_confirmed(),
    };
    work.tell(left)
}

/// The same after too long a time: what is still there is a problem of its own.
pub(super) fn give_up(mut work: Work<'_>, inventory: &Inventory) -> StepOutput {
    let mut what = inventory.left_over().join(", ");
    if let Some(error) = &work.progress.removal_error
        && inventory.parts.is_to_go()
    {
        what = format!("{what} ({error})");
    }
    note_left_over(&mut work.progress, &what);
    announce(work, inventory)
}

/// The result names what could not be removed, beside the reason of the failure.
fn note_left_over(progress: &mut Progress, what: &str) {
    let problem = Problem::new(
        Code::RollBackIncomplete,
        format!("not everything could be removed: {what}"),
        format!("remove by hand what is left: {what}"),
    );
    note(progress, problem);
}

pub(super) fn note(progress: &mut Progress, problem: Problem) {
    let failure = progress.failure.get_or_insert_with(Rejection::default);
    failure.problems.push(problem);
}
