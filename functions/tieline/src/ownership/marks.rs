//! What is written on the things of a request, before it is confirmed and then.

use super::{CLOSING, CONFIRMED, MANAGED, Owner, REQUEST};
use crate::ids::RequestId;
use crate::outside::Tags;

impl Owner {
    /// The key of this request's tag.
    pub fn request_tag(&self) -> String {
        format!("{REQUEST}{}", self.request_id)
    }

    /// Every tag that what is made for this request carries before it is confirmed.
    pub fn all_tags(&self) -> Tags {
        let mut tags = self.default_tags.clone();
        tags.extend(self.own_tags());
        tags
    }

    fn own_tags(&self) -> Tags {
        let mut tags = self.tags.clone();
        tags.extend(self.marks());
        tags
    }

    /// What the endpoint's network interfaces and private zones are to carry: the caller's tags and whose they are. Nothing where
    /// the caller has none.
    pub fn tags_without_request(&self) -> Tags {
        let mut tags = self.tags.clone();
        if tags.get("Name") == Some(&Self::name_of(&self.request_id)) {
            tags.remove("Name");
        }
        for (key, value) in &self.default_tags {
            tags.entry(key.clone()).or_insert_with(|| value.clone());
        }
        if !tags.is_empty() {
            tags.insert(MANAGED.to_owned(), self.deployment.clone());
        }
        tags
    }

    /// The value of the tag `Name` where the caller gives none.
    pub fn name_of(request: &RequestId) -> String {
        format!("tieline {request}")
    }

    /// The marks alone, for what has no room for more tags.
    pub fn marks(&self) -> Tags {
        [
            (MANAGED.to_owned(), self.deployment.clone()),
            (self.request_tag(), self.mark_of(&self.execution)),
        ]
        .into()
    }

    /// The same with the parameters of before, where what is there is changed.
    pub fn marks_before(&self) -> Option<Tags> {
        let before = Self {
            fingerprint: self.fingerprint_before.clone()?,
            ..self.clone()
        };
        Some(before.marks())
    }

    /// What a thing with these tags is to carry for this request: one that serves others has room for the mark only.
    pub fn tags_beside(&self, there: &Tags) -> Tags {
        if self.shares(there) {
            self.marks()
        } else {
            self.own_tags()
        }
    }

    /// The mark of a connection that an execution makes.
    fn mark_of(&self, execution: &str) -> String {
        self.mark(&[execution])
    }

    fn mark(&self, said: &[&str]) -> String {
        let words = [self.fingerprint.as_str()]
            .into_iter()
            .chain(said.iter().copied());
        let words = words.chain(self.zone.as_deref());
        let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
        words.join(".")
    }

    /// The mark of a last holder that is leaving.
    pub fn closing(&self) -> Tags {
        [(CLOSING.to_owned(), self.closer.clone())].into()
    }

    /// The mark of a confirmed connection, with a digest of what was read back.
    pub fn confirmation(&self, built: &str) -> Tags {
        [(self.request_tag(), self.mark(&[CONFIRMED, built]))].into()
    }
}
