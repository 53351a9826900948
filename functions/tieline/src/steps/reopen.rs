//! Opens again what a removal had closed that was stopped before anything went, and says that it ended.
//!
//! A mark of closing goes only if it still says the execution that was seen there (EC2 API reference, `DeleteTags`: a tag with a value is
//! deleted if it has that value), and only if that one does not run. Another removal that has closed the endpoint meanwhile keeps its
//! mark, and whoever has joined since has taken this one away. May be repeated.

use super::equals;
use super::marked::marked;
use crate::outside::CallError;
use crate::ownership::CLOSING;
use crate::result::Left;
use crate::workflow::{StepResult, Work};

pub(super) async fn step(work: Work<'_>) -> StepResult {
    let there = marked(work.outside, &work.plan.owner).await?;
    let mut left = Vec::new();
    for endpoint in there.iter().filter(|one| !one.state.is_dead()) {
        let closer = endpoint.tags.get(CLOSING).filter(|one| !one.is_empty());
        let Some(closer) = closer else {
            continue;
        };
        if equals::runs(work.outside, &work.execution, closer).await? {
            continue;
        }
        let closing = [(CLOSING.to_owned(), closer.clone())].into();
        match work.outside.ec2.untag(&endpoint.id, &closing).await {
            Err(CallError::Refused { .. }) => {
                left.push(format!("{} (nobody can join it)", endpoint.id));
            }
            opened => opened?,
        }
    }
    let owner = &work.plan.owner;
    let is_whole = |tags| owner.has_confirmed(tags);
    // What has no endpoint was seen to be whole.
    let is_confirmed = work.plan.endpoint.is_none() || there.iter().any(|one| is_whole(&one.tags));
    let removal = work.progress.removal.as_ref();
    let stands = is_confirmed && removal.is_none_or(|removal| !removal.is_broken);
    let left = Left {
        behind: &left,
        stands,
    };
    Ok(work.tell(left))
}
