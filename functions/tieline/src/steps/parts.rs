//! Makes a plan's parts, in order.

use crate::execution::Phase;
use crate::outside::{Endpoint, Reply, Tags};
use crate::ownership::{Claim, Ownership};
use crate::parts::{Condition, Narrowed, Part, PartContext};
use crate::plan::Plan;
use crate::workflow::Work;

/// Makes the first part of a phase that is not there. Whatever else is in the way, the poll says.
pub(super) async fn make(work: &Work<'_>, endpoint: Option<&Endpoint>, phase: Phase) -> Reply<()> {
    let context = work.parts(endpoint);
    for part in &work.plan.parts {
        let kind = part.kind();
        if kind.made_in() != phase {
            continue;
        }
        match kind.look(&context).await?.condition {
            Condition::Ready => {}
            Condition::Absent | Condition::Incomplete => return kind.make(&context).await,
            Condition::Pending(_) | Condition::Going | Condition::Broken(_) => return Ok(()),
        }
    }
    Ok(())
}

/// Takes away what a change leaves out of a part. Those that were made last come first: names go before what they lead to.
pub(super) async fn narrow(work: &Work<'_>, endpoint: Option<&Endpoint>) -> Reply<Narrowed> {
    let context = work.parts(endpoint);
    for part in work.plan.parts.iter().rev() {
        match part.kind().narrow(&context).await? {
            Narrowed::Nothing => {}
            narrowed @ (Narrowed::Ordered | Narrowed::Refused(_)) => return Ok(narrowed),
        }
    }
    Ok(Narrowed::Nothing)
}

/// The first part on which something of a change is left that failed.
pub(super) async fn changed<'p>(
    plan: &'p Plan,
    context: &PartContext<'_>,
) -> Reply<Option<&'p Part>> {
    for part in plan.parts.iter().rev() {
        if part.kind().is_changed(context).await? {
            return Ok(Some(part));
        }
    }
    Ok(None)
}

/// The tags of the part that carries the request's mark.
pub(super) async fn marked(parts: &[Part], context: &PartContext<'_>) -> Reply<Option<Tags>> {
    for part in parts.iter().map(|part| part.kind()) {
        if part.carries_mark()
            && let Some(tags) = part.tags(context).await?
        {
            return Ok(Some(tags));
        }
    }
    Ok(None)
}

/// Things that carry the request's id and other parameters than its own, each by its name; none if one of them has its own. A change
/// that was aborted leaves both kinds.
pub(super) async fn of_others(parts: &[Part], context: &PartContext<'_>) -> Reply<Vec<String>> {
    let owner = context.owner;
    let mut others = Vec::new();
    for part in parts.iter().map(|part| part.kind()) {
        let tags = part.tags(context).await?;
        let Some(tags) = tags.filter(|tags| owner.is_ours(tags)) else {
            continue;
        };
        match owner.claim(&tags) {
            Claim::Ours => return Ok(Vec::new()),
            Claim::Other => others.push(part.name()),
            Claim::None => {}
        }
    }
    Ok(others)
}

/// Whether the request is confirmed, on its endpoint or on a part that carries its mark, as it shows at this moment.
pub(super) async fn is_confirmed(plan: &Plan, context: &PartContext<'_>) -> Reply<bool> {
    if let Some(id) = context.endpoint_id {
        let shown = super::look(context.outside, id).await?;
        return Ok(shown.is_some_and(|one| plan.owner.is_confirmed_on(&one.tags)));
    }
    for part in plan.parts.iter().map(|part| part.kind()) {
        if part.carries_mark() && part.look(context).await?.ownership == Ownership::Confirmed {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Marks the request as ready on every part that carries a mark.
pub(super) async fn mark(work: &Work<'_>) -> Reply<()> {
    let context = work.parts(None);
    for part in &work.plan.parts {
        // After a change, what carries no mark has to say the new parameters as well.
        if part.kind().carries_mark() || work.plan.change.is_some() {
            part.kind().mark(&context).await?;
        }
    }
    Ok(())
}
