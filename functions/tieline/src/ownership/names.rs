//! The marks of what knows no tags: they are in its name, or, of a hosted zone, in its comment.

use super::{CONFIRMED, MANAGED, Owner, Ownership, UNNAMED, is_confirmed};
use crate::json::canonical;
use crate::outside::Tags;

/// The longest deployment's name that stands as it is in the names of what knows no tags.
const LONGEST_NAME: usize = 32;

impl Owner {
    /// What a thing is called that knows no tags.
    pub fn vendor_name(&self) -> String {
        let (request, fingerprint) = (&self.request_id, &self.fingerprint);
        if self.unnamed {
            return format!("tieline {request} {fingerprint}");
        }
        format!("tieline {} {request} {fingerprint}", self.deployment_word())
    }

    /// The deployment in a name that has to be short.
    fn deployment_word(&self) -> String {
        let name = &self.deployment;
        if name.len() <= LONGEST_NAME {
            return name.clone();
        }
        let digest = canonical::digest(&[name]);
        format!("{}-{}", &name[..LONGEST_NAME - 9], &digest[..8])
    }

    /// The same once the connection is confirmed.
    pub fn confirmed_vendor_name(&self) -> String {
        format!("{}.{CONFIRMED}", self.vendor_name())
    }

    /// Whose a thing of this name is.
    pub fn of_vendor_name(&self, name: &str) -> Ownership {
        match self.mark_in(name) {
            Some(mark) if mark.split('.').next() != Some(&self.fingerprint) => Ownership::Others,
            Some(mark) if is_confirmed(mark) => Ownership::Confirmed,
            Some(_) => Ownership::Ours,
            None => Ownership::Others,
        }
    }

    /// Whether a name says that something is of this request, with whatever parameters.
    pub fn is_named_in(&self, name: &str) -> bool {
        self.mark_in(name).is_some()
    }

    /// What a name of this deployment says of this request; names from before deployments had names count as well.
    fn mark_in<'n>(&self, name: &'n str) -> Option<&'n str> {
        let words: Vec<&str> = name.split(' ').collect();
        let (request, mark) = match words[..] {
            ["tieline", request, mark] => (request, mark),
            ["tieline", deployment, request, mark] if deployment == self.deployment_word() => {
                (request, mark)
            }
            _ => return None,
        };
        (request == self.request_id.as_str()).then_some(mark)
    }

    /// What is written on a hosted zone, which cannot be tagged as it is made.
    pub fn zone_comment(&self) -> String {
        zone_comment(&self.deployment)
    }

    /// Whether a hosted zone with this comment and these tags is this deployment's.
    pub fn has_zone(&self, comment: &str, tags: &Tags) -> bool {
        is_zone_of(&self.deployment, comment, tags)
    }
}

fn zone_comment(deployment: &str) -> String {
    format!("{MANAGED} {deployment}")
}

/// Whether a hosted zone with this comment and these tags is a deployment's. Where somebody wrote something else over the comment, the tag
/// that the zone got once it was made says so.
pub fn is_zone_of(deployment: &str, comment: &str, tags: &Tags) -> bool {
    let mut words = comment.split_whitespace();
    if words.next() == Some(MANAGED) {
        // Behind that, somebody may have written more.
        return words.next().is_none_or(|named| named == deployment);
    }
    let said = tags.get(MANAGED);
    said.is_some_and(|said| said == deployment || said == UNNAMED)
}

#[cfg(test)]
mod tests {
    use super::super::tests::owner;
    use super::*;

    #[test]
    fn a_long_name_of_a_deployment_is_shortened_and_known_again() {
        let long = Owner {
            deployment: "network-platform-production-eu-central".to_owned(),
            ..owner()
        };
        assert_eq!(long.of_vendor_name(&long.vendor_name()), Ownership::Ours);
        assert!(long.deployment_word().len() <= LONGEST_NAME);
        assert_eq!(
            owner().of_vendor_name(&long.vendor_name()),
            Ownership::Others
        );
    }

    #[test]
    fn a_zone_is_known_by_its_comment_or_else_by_its_tag() {
        for (comment, tag, ours) in [
            ("tieline:managed net", None, true),
            ("tieline:managed", None, true),
            ("tieline:managed net (do not delete)", None, true),
            ("", None, false),
            ("names of the warehouse", None, false),
            ("names of the warehouse", Some("net"), true),
            ("", Some("true"), true),
            ("", Some("other"), false),
            // Two stacks never take each other's.
            ("tieline:managed other", Some("net"), false),
            ("tieline:managed net", Some("other"), true),
        ] {
            let tags = tag.map(|tag| (MANAGED.to_owned(), tag.to_owned()));
            let tags = tags.into_iter().collect();
            assert_eq!(
                owner().has_zone(comment, &tags),
                ours,
                "{comment:?} {tag:?}"
            );
        }
    }

    #[test]
    fn whose_a_thing_is_follows_from_its_name() {
        let owner = owner();
        for (name, whose, named) in [
            (owner.vendor_name(), Ownership::Ours, true),
            (owner.confirmed_vendor_name(), Ownership::Confirmed, true),
            ("tieline orders 0123".to_owned(), Ownership::Ours, true),
            (
                "tieline orders 0123.ready".to_owned(),
                Ownership::Confirmed,
                true,
            ),
            (
                "tieline net orders 4567".to_owned(),
                Ownership::Others,
                true,
            ),
            (
                "tieline other orders 0123".to_owned(),
                Ownership::Others,
                false,
            ),
            (
                "tieline net orders-2 0123".to_owned(),
                Ownership::Others,
                false,
            ),
            ("orders".to_owned(), Ownership::Others, false),
        ] {
            assert_eq!(owner.of_vendor_name(&name), whose, "{name}");
            assert_eq!(owner.is_named_in(&name), named, "{name}");
        }
    }
}
