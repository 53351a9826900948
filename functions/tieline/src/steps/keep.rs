//! *Keep the endpoint*: marks the request as ready on the endpoint, before anybody is told.
//!
//! From here on only a removal takes the connection away. Without the mark, a second delivery of the same event whose
//! execution fails would undo a connection that the first one announced.

use std::collections::BTreeMap;

use crate::error::StepError;
use crate::outside::Outside;
use crate::step::{Answer, Next, Phase, StepInput};

/// Carries the step out. It is part of the create-endpoint function, whose role may tag.
///
/// # Errors
///
/// `Tieline.Retryable` if EC2 does not answer, `Tieline.Rejected` if it refuses.
pub(super) async fn handle(outside: &Outside<'_>, input: StepInput) -> Result<Answer, StepError> {
    let (plan, mut progress, _) = input.planned()?;
    progress.enter(Phase::Keep, outside.clock.now());
    if let Some(id) = &progress.endpoint {
        let (key, value) = (plan.request_tag(), plan.ready_value());
        let there = super::look(outside, id).await?;
        // One that does not show is the next look's business: it waits for it, or finds that it is gone.
        if there.is_some_and(|endpoint| endpoint.tags.get(&key) != Some(&value)) {
            outside.ec2.tag(id, &BTreeMap::from([(key, value)])).await?;
            progress.marked = true;
        }
    }
    Ok(Answer::go(Next::Poll, plan, progress))
}
