//! Marks on what AWS DMS has for a connection. The connection is confirmed on its endpoint; the rest carries the request's parameters
//! all the same, and has to say the new ones once a change is confirmed.

use super::PartContext;
use crate::outside::{Reply, Tags};
use crate::ownership::{Claim, Ownership};

/// Whose a thing is. In a change, whatever carries the request's id is the connection's: a change that was aborted may have marked
/// a part of it.
pub(super) fn whose(context: &PartContext<'_>, tags: &Tags) -> Ownership {
    let owner = context.owner;
    let is_of_change =
        context.change.is_some() && owner.is_ours(tags) && owner.claim(tags) == Claim::Other;
    if is_of_change {
        return Ownership::Ours;
    }
    owner.of_tags(tags)
}

/// Whether a thing says the request's parameters.
pub(super) fn says(context: &PartContext<'_>, tags: &Tags) -> bool {
    context.owner.fingerprint_on(tags) == Some(&context.owner.fingerprint)
}

/// Has a thing say them.
pub(super) async fn write(context: &PartContext<'_>, arn: &str, tags: &Tags) -> Reply<()> {
    if says(context, tags) {
        return Ok(());
    }
    context.outside.dms.tag(arn, &context.owner.marks()).await
}

/// Whether a thing says the parameters of a change, and would have to say those of before.
pub(super) fn is_ahead(context: &PartContext<'_>, tags: &Tags) -> bool {
    let is_changed = context.change.is_some() && context.owner.fingerprint_before.is_some();
    is_changed && says(context, tags)
}

/// Has it say those.
pub(super) async fn write_back(context: &PartContext<'_>, arn: &str, tags: &Tags) -> Reply<()> {
    match context.owner.marks_before() {
        Some(marks) if is_ahead(context, tags) => context.outside.dms.tag(arn, &marks).await,
        Some(_) | None => Ok(()),
    }
}
