//! What a removal would do, to who only asks.

use crate::plan::Plan;
use crate::refusals;
use crate::result::{Left, Planned, ResultDetail};
use crate::steps::conclude;
use crate::workflow::{Disposition, Inventory, NextState, StepOutput, Work};

/// Says what would go, in order, and what would stay for whom.
pub(super) fn announce(mut work: Work<'_>, seen: &Inventory) -> StepOutput {
    let now = work.now();
    work.progress.close(now);
    let (goes, mut stays) = foretold(seen, &work.plan);
    if goes.is_empty()
        && let Some(other) = conclude::of_other_parameters(&work.progress)
    {
        work.progress.failure = Some(refusals::conflict(other.as_str()).into());
        return work.tell(Left::default());
    }
    let known = work.progress.removal.iter();
    stays.extend(known.flat_map(|one| one.stays.clone()));
    let event = Planned::of_removal(
        &work.plan,
        goes,
        stays,
        &work.progress,
        &work.execution,
        now,
    );
    work.announce(NextState::AnnouncePlan, event.event())
}

fn foretold(seen: &Inventory, plan: &Plan) -> (Vec<String>, Vec<String>) {
    let parts = seen.parts.parts.iter().rev();
    let mut goes: Vec<String> = parts.flat_map(|left| left.goes.clone()).collect();
    let unseen = seen.parts.unseen.iter().chain(&seen.parts.silent);
    let mut stays: Vec<String> = unseen
        .map(|what| format!("perhaps {what}: it could not be looked at"))
        .collect();
    let parts = &seen.parts;
    let others = parts
        .stays
        .iter()
        .chain(&parts.foreign)
        .chain(&parts.behind);
    stays.extend(others.map(|one| one.words.clone()));
    for (endpoint, disposition) in &seen.endpoints {
        match disposition {
            Disposition::LosesTags => {
                let id = endpoint.id.as_str();
                stays.push(plan.owner.with_others(id, &endpoint.tags));
            }
            Disposition::IsGone => {}
            Disposition::Stays
            | Disposition::IsAnothers
            | Disposition::Closes
            | Disposition::IsClosing
            | Disposition::Reopens
            | Disposition::IsDeleted
            | Disposition::IsGoing => goes.push(endpoint.id.to_string()),
        }
    }
    goes.extend(seen.group.iter().map(|group| group.id.to_string()));
    (goes, stays)
}
