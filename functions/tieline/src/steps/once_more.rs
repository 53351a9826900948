//! What a removal that found nothing asks once more before it says so: Step Functions lists an execution seconds after it began, and what
//! that makes shows later still.

use super::marked::marked;
use super::runs::{self, Works};
use crate::execution::Removal;
use crate::outside::Reply;
use crate::ownership::Claim;
use crate::workflow::Work;

/// What there is to wait for before it is said that there was nothing. What carries the id with other parameters is noted.
pub(super) async fn ask(work: &mut Work<'_>) -> Reply<Option<String>> {
    let found_something = |removal: &Removal| removal.has_taken();
    if work.progress.removal.as_ref().is_none_or(found_something) || work.situation().is_over() {
        return Ok(None);
    }
    let owner = &work.plan.owner;
    let (progress, id) = (&mut work.progress, &owner.request_id);
    let before = runs::before(work.outside, &work.execution, progress, id).await?;
    if !matches!(before, Works::Nobody) {
        return Ok(Some(
            "an execution that makes it to come to its end".to_owned(),
        ));
    }
    let there = marked(work.outside, owner).await?;
    let mut alive = there.into_iter().filter(|one| !one.state.is_dead());
    let other = alive.find(|one| owner.claim(&one.tags) == Claim::Other);
    if let (Some(other), Some(removal)) = (other, &mut work.progress.removal) {
        removal.others.push(other.id);
    }
    Ok(None)
}
