//! What a removal asks once more before it says how it ended: Step Functions lists an execution seconds after it began, and what that
//! makes shows later still.

use super::marked::{Asked, marked, standing};
use super::{conclude, runs};
use crate::ids::EndpointId;
use crate::outside::Reply;
use crate::ownership::Claim;
use crate::problem::Problem;
use crate::refusals;
use crate::result::Left;
use crate::workflow::{Inventory, StepOutput, StepResult, Work};

/// What came of asking.
enum Answer {
    /// There is nothing.
    Nothing,
    /// Something is there, or may come.
    Wait(String),
    /// Something is there, or may come, that the removal does not take.
    Refused(Problem, Option<EndpointId>),
}

/// Says what came of a roll back, unless a removal has something to wait for.
pub(super) async fn announce(mut work: Work<'_>, inventory: &Inventory) -> StepResult {
    Ok(match ask(&mut work).await? {
        Answer::Nothing => conclude::announce(work, inventory),
        Answer::Wait(what) => work.pause(what),
        Answer::Refused(problem, what) => refuse(work, inventory, problem, what).await,
    })
}

async fn ask(work: &mut Work<'_>) -> Reply<Answer> {
    let Some(removal) = &work.progress.removal else {
        return Ok(Answer::Nothing);
    };
    let has_taken = removal.has_taken();
    let is_over = work.situation().is_over();
    let owner = &work.plan.owner;
    let (progress, id) = (&mut work.progress, &owner.request_id);
    let before = runs::before(work.outside, &work.execution, progress, id).await?;
    if let Some(problem) = before.in_progress(id) {
        return Ok(match is_over {
            true => Answer::Refused(problem, None),
            false => Answer::Wait(problem.message),
        });
    }
    // Of what is there after that, who asked since has made it.
    if has_taken {
        return Ok(Answer::Nothing);
    }
    let there = marked(work.outside, owner).await?;
    let Some(one) = there.into_iter().find(|one| !one.state.is_dead()) else {
        return Ok(Answer::Nothing);
    };
    if owner.claim(&one.tags) == Claim::Other {
        return Ok(Answer::Refused(refusals::conflict(one.id.as_str()), None));
    }
    // What was planned without it never looks there.
    let wanted = work.plan.endpoint.as_ref();
    let is_seen = wanted
        .is_some_and(|wanted| wanted.service == one.service && wanted.vpc_id.as_str() == one.vpc);
    Ok(if is_seen && !is_over {
        Answer::Wait(format!("{} to be looked at", one.id))
    } else {
        Answer::Refused(refusals::found_late(one.id.as_str()), Some(one.id))
    })
}

/// Says what is left when time is over; of a removal that took nothing, who makes that.
pub(super) async fn give_up(mut work: Work<'_>, inventory: &Inventory) -> StepResult {
    let removal = work.progress.removal.as_ref();
    if removal.is_some_and(|removal| !removal.has_taken()) {
        let (progress, id) = (&mut work.progress, &work.plan.owner.request_id);
        let before = runs::before(work.outside, &work.execution, progress, id).await?;
        if let Some(problem) = before.in_progress(id) {
            return Ok(refuse(work, &Inventory::default(), problem, None).await);
        }
    }
    Ok(conclude::give_up(work, inventory))
}

/// Ends a removal for this reason, with what there is of the request beside what the inventory knows.
async fn refuse(
    mut work: Work<'_>,
    inventory: &Inventory,
    problem: Problem,
    what: Option<EndpointId>,
) -> StepOutput {
    conclude::note(&mut work.progress, problem);
    let asked = Asked::ById(&work.plan.owner.request_id);
    let there = standing(work.outside, &work.execution, asked).await;
    let left = there.left();
    let mut behind = left.behind.to_vec();
    let is_named = |id: &EndpointId| behind.iter().any(|one| one.starts_with(id.as_str()));
    behind.extend(
        what.filter(|id| !left.stands && !is_named(id))
            .map(|id| id.to_string()),
    );
    let left = Left {
        behind: &behind,
        ..left
    };
    conclude::removed(work, inventory, left)
}
