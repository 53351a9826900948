//! Marks on what AWS DMS has for a connection. The connection is confirmed on its endpoint; the rest carries the request's parameters
//! all the same, and has to say the new ones once a change is confirmed.

use super::PartContext;
use crate::json::canonical;
use crate::outside::dms::Size;
use crate::outside::{Reply, Tags};
use crate::ownership::{Claim, Ownership};

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
