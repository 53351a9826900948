//! Marks on what AWS DMS has for a connection. The connection is confirmed on its endpoint; the rest carries the request's parameters
//! all the same, and has to say the new ones once a change is confirmed.

use super::PartContext;
use crate::json::canonical;
use crate::outside::dms::Size;
use crate::outside::{CallError, Reply, Tags};
use crate::ownership::{
    Claim, Ownership, confirmed_beside, is_confirmed_beside, unconfirmed_beside,
};

/// Whose a thing is. In a change and in a removal, whatever carries the request's id is the connection's: a change that was aborted
/// may have marked a part of it. Before a removal begins, it is made sure that something says its parameters.
pub(super) fn whose(context: &PartContext<'_>, tags: &Tags) -> Ownership {
    whose_where(context.change.is_some() || context.removes, context, tags)
}

/// The same of what the connection is confirmed on: a change knows what that says, and marks it last.
pub(super) fn whose_confirmed(context: &PartContext<'_>, tags: &Tags) -> Ownership {
    whose_where(context.removes, context, tags)
}

fn whose_where(is_of_id: bool, context: &PartContext<'_>, tags: &Tags) -> Ownership {
    let owner = context.owner;
    if is_of_id && owner.is_ours(tags) && owner.claim(tags) == Claim::Other {
        return Ownership::Ours;
    }
    owner.of_tags(tags)
}

/// Whether a thing says the request's parameters.
pub(super) fn says(context: &PartContext<'_>, tags: &Tags) -> bool {
    context.owner.fingerprint_on(tags) == Some(&context.owner.fingerprint)
}

/// Whether a change still has to write a thing's mark. The endpoint says its parameters already where the request of before is sent
/// as a change, because another one was aborted: then nobody confirms them once more.
pub(super) fn is_behind(context: &PartContext<'_>, tags: &Tags) -> bool {
    let is_confirmed = context.change.is_some() && context.owner.fingerprint_before.is_none();
    is_confirmed && !says(context, tags)
}

/// Has a thing say them.
pub(super) async fn write(context: &PartContext<'_>, arn: &str, tags: &Tags) -> Reply<()> {
    if says(context, tags) {
        return Ok(());
    }
    let marks = as_confirmed(context, context.owner.marks(), tags);
    context.outside.dms.tag(arn, &marks).await
}

/// The same marks; where a thing says that its connection is confirmed, it says so with them as well.
fn as_confirmed(context: &PartContext<'_>, mut marks: Tags, there: &Tags) -> Tags {
    let key = context.owner.request_tag();
    if there
        .get(&key)
        .is_some_and(|mark| is_confirmed_beside(mark))
        && let Some(mark) = marks.get_mut(&key)
    {
        *mark = confirmed_beside(mark);
    }
    marks
}

/// Has a thing say that its connection is confirmed, before that is: one that is not after all goes, and this with it.
pub(super) async fn note_confirmed(context: &PartContext<'_>, arn: &str, tags: &Tags) -> Reply<()> {
    let owner = context.owner;
    let key = owner.request_tag();
    let own = owner.marks().remove(&key).unwrap_or_default();
    let mark = confirmed_beside(&own);
    let is_said = tags.get(&key).is_none_or(|there| *there == mark);
    if is_said || !is_confirmed_beside(&mark) || !owner.is_ours(tags) {
        return Ok(());
    }
    context.outside.dms.tag(arn, &[(key, mark)].into()).await
}

/// Has it say so no more, before what carries the confirmation goes: that is not missing then.
pub(super) async fn forget_confirmed(
    context: &PartContext<'_>,
    arn: &str,
    tags: &Tags,
) -> Reply<()> {
    let owner = context.owner;
    let key = owner.request_tag();
    let said = tags.get(&key).filter(|mark| is_confirmed_beside(mark));
    let Some(mark) = said.filter(|_| owner.is_ours(tags)) else {
        return Ok(());
    };
    let marks = [(key, unconfirmed_beside(mark))].into();
    match context.outside.dms.tag(arn, &marks).await {
        // That keeps nothing from going.
        Err(CallError::Refused { .. }) => Ok(()),
        said => said,
    }
}

/// Whether a thing says the parameters of a change, and would have to say those of before.
pub(super) fn is_ahead(context: &PartContext<'_>, tags: &Tags) -> bool {
    let is_changed = context.change.is_some() && context.owner.fingerprint_before.is_some();
    is_changed && says(context, tags)
}

/// Has it say those.
pub(super) async fn write_back(context: &PartContext<'_>, arn: &str, tags: &Tags) -> Reply<()> {
    match context.owner.marks_before() {
        Some(marks) if is_ahead(context, tags) => {
            let marks = as_confirmed(context, marks, tags);
            context.outside.dms.tag(arn, &marks).await
        }
        Some(_) | None => Ok(()),
    }
}

impl Size {
    /// As a mark says it.
    pub fn built(&self) -> String {
        let [class, storage] = self.digests();
        format!("{class}-{storage}")
    }

    /// What of it is not as a mark says it, as requests call it, with its value now.
    pub fn drift(&self, built: &str) -> Vec<(&'static str, String)> {
        let fields = [
            ("replicationInstance.class", self.class.clone()),
            ("replicationInstance.storageGib", self.storage.to_string()),
        ];
        let both = built.split('-').zip(self.digests()).zip(fields);
        let differ = both.filter(|((was, is), _)| was != is);
        differ.map(|(_, field)| field).collect()
    }

    fn digests(&self) -> [String; 2] {
        let digits = |text: &str| canonical::digest(&[text])[..4].to_owned();
        [digits(&self.class), digits(&self.storage.to_string())]
    }
}
