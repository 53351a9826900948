//! What requests that hold an endpoint were confirmed on, as their marks say it.

use super::{Owner, REQUEST, built_in, holders, with_built};
use crate::outside::Tags;

impl Owner {
    /// What this request was confirmed on.
    pub fn built_on<'t>(&self, tags: &'t Tags) -> Option<&'t str> {
        let mark = tags.get(&self.request_tag())?;
        built_in(mark)
    }

    /// The marks of the other requests on a thing.
    fn others<'t>(&self, tags: &'t Tags) -> impl Iterator<Item = &'t str> {
        let own = self.request_id.as_str().to_owned();
        let others = holders(tags).filter(move |(request, _)| *request != own);
        others.map(|(_, mark)| mark)
    }

    /// Whether another request was confirmed on what a thing is now, or is about to be.
    pub fn others_rely_on(&self, tags: &Tags, built: &str) -> bool {
        let mut others = self.others(tags);
        others.any(|mark| built_in(mark).is_none_or(|one| one == built))
    }

    /// Whether all other requests were confirmed on what a thing is to become: that takes nothing from them, it gives it back.
    pub fn others_had(&self, tags: &Tags, built: &str) -> bool {
        let mut others = self.others(tags);
        others.all(|mark| built_in(mark) == Some(built))
    }

    /// The marks of other requests on a thing, brought up to date: what they were confirmed on has become what it is now. What was
    /// something else before stays as they say it.
    pub fn others_on(&self, tags: &Tags, before: &str, built: &str) -> Tags {
        let own = self.request_tag();
        let others = tags
            .iter()
            .filter(|(key, _)| key.starts_with(REQUEST) && **key != own);
        let others = others.filter_map(|(key, mark)| {
            let was = built_in(mark)?;
            let words = was.split('-').zip(before.split('-')).zip(built.split('-'));
            let words = words.map(|((was, before), now)| if was == before { now } else { was });
            let now = Vec::from_iter(words).join("-");
            (now != was).then(|| (key.clone(), with_built(mark, &now)))
        });
        others.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::owner;
    use super::*;

    /// The mark of another request, which was confirmed on this.
    fn confirmed(built: &str) -> Tags {
        let mark = format!("4567.ready.{built}.t123");
        [(format!("{REQUEST}billing"), mark)].into()
    }

    #[test]
    fn what_others_were_confirmed_on_becomes_what_it_is_now_field_by_field() {
        for (was, now) in [
            ("1-2-3-4", Some("1-9-3-4")),
            // What was changed by hand is still told to them, and nothing else.
            ("7-2-3-4", Some("7-9-3-4")),
            ("1-8-3-4", None),
            ("1-9-3-4", None),
        ] {
            let after = owner().others_on(&confirmed(was), "1-2-3-4", "1-9-3-4");
            assert_eq!(after, now.map(confirmed).unwrap_or_default(), "{was}");
        }
    }

    #[test]
    fn what_all_others_had_takes_nothing_from_them() {
        let mut tags = confirmed("1-2-3-4");
        tags.extend(owner().confirmation("5-6-7-8"));
        assert!(owner().others_had(&tags, "1-2-3-4"));
        assert!(!owner().others_had(&tags, "5-6-7-8"));
        tags.insert(format!("{REQUEST}being-made"), "4567.89ab".to_owned());
        assert!(!owner().others_had(&tags, "1-2-3-4"));
    }
}
