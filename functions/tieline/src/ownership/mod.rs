//! Whose a thing is: the one answer to it. Everything that is changed or removed was asked here first.
//!
//! Marks lie on the things themselves. What knows tags carries [`MANAGED`] with the deployment's name and, for each request that holds it,
//! `tieline:request/<request id>` with the fingerprint of the request's parameters: behind it the execution that makes it, and
//! `.ready` and a digest of what was read back once the connection is confirmed; then its private zones, the caller's tags, what a
//! vendor is asked about it with which secret's key, what the check has told of it, and when the verifier got through last. What knows no tags says as much in its name: `tieline <deployment> <request id>
//! <fingerprint>`.
//! What belongs to a connection that is confirmed on something else says that as well, behind the execution.
//! [`CLOSING`] says that the last holder is leaving.

mod at_vendor;
mod beside;
mod built;
mod callers_tags;
mod marks;
mod names;
mod noticed;
mod verified;
mod zones;

use serde::{Deserialize, Serialize};

use crate::ids::{Region, RequestId};
use crate::json::canonical;
use crate::outside::Tags;

pub use at_vendor::AtVendor;
pub use beside::{confirmed_beside, is_confirmed_beside, unconfirmed_beside};
pub use callers_tags::{says_tag, tags_gone};
pub use names::is_zone_of;
pub use noticed::{Noticed, built_in, since_in, with_built, with_noticed, with_since};
pub use verified::{Verified, say_the_same, with_verified};
use zones::ZONE;
pub use zones::{ZoneWord, is_name, zone_mark, zone_marks};

/// The tag that everything of ours carries, with the deployment's name; roles may change and delete only what has it.
pub const MANAGED: &str = "tieline:managed";

/// Begins the key of the tag that a request holds on its endpoint: `tieline:request/<request id>`.
pub const REQUEST: &str = "tieline:request/";

/// The tag of an endpoint that its last holder is leaving, with the execution that set it. Nobody claims it any more.
pub const CLOSING: &str = "tieline:closing";

/// Its value before deployments had names, which is understood and not written any more.
pub(crate) const UNNAMED: &str = "true";

/// What stands in the place of the execution once the connection is confirmed: from then on only a removal takes it away.
const CONFIRMED: &str = "ready";

/// A request, as far as what is made for it carries its marks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Owner {
    pub request_id: RequestId,
    /// What shapes the connection, as a short digest.
    pub fingerprint: String,
    /// The same of before, where what is there is changed: until the change is confirmed, its marks say that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprint_before: Option<String>,
    /// The deployment that makes it; empty in a plan from before deployments had names.
    #[serde(default)]
    pub deployment: String,
    /// Whether it was planned before deployments had names: its tokens and names have none in them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unnamed: bool,
    /// The execution that makes it, as [`run_mark`] writes it; empty in a plan of the version before.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub execution: String,
    /// The execution that plans: another one where it cleans up after the one that made it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub closer: String,
    /// Executions that ended, and that the planning one goes on for: what they let go of, it lets go of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub goes_on_for: Vec<String>,
    /// What else it holds through its mark on the endpoint, as [`zone_mark`] writes it: private zones, a point between them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// The account that everything is made in.
    pub account: String,
    pub region: Region,
    /// The caller's tags and a name.
    pub tags: Tags,
    /// The deployment's own tags, for what is created now: what is there already need not have them.
    #[serde(default, skip_serializing_if = "Tags::is_empty")]
    pub default_tags: Tags,
    /// Whether what is not ours may serve the request, unchanged.
    pub adopt: bool,
}

/// Whose something is, as a request sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ownership {
    /// Somebody else's, or others need it: it is never changed or removed by this request.
    Others,
    /// This request's, until it is confirmed.
    Ours,
    /// This request's, and confirmed: only a removal takes it away.
    Confirmed,
}

/// What a thing's tags say of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// They do not name it.
    None,
    /// They name it, with these parameters.
    Ours,
    /// They name it, with other parameters.
    Other,
}

impl Owner {
    /// One of whose request no more is known than its id.
    pub fn by_id(
        request: &RequestId,
        region: &Region,
        account: &str,
        deployment: &str,
        closer: &str,
    ) -> Self {
        Self {
            request_id: request.clone(),
            fingerprint: String::new(),
            fingerprint_before: None,
            deployment: deployment.to_owned(),
            unnamed: false,
            execution: String::new(),
            closer: run_mark(closer),
            goes_on_for: Vec::new(),
            zone: None,
            account: account.to_owned(),
            region: region.clone(),
            tags: Tags::new(),
            default_tags: Tags::new(),
            adopt: false,
        }
    }

    /// The same in an execution that goes on for these.
    #[must_use]
    pub fn going_on_for(mut self, ended: &[String]) -> Self {
        self.goes_on_for = ended.to_vec();
        self
    }

    /// The same, with what its mark on an endpoint says.
    #[must_use]
    pub fn of_mark_on(mut self, tags: &Tags) -> Self {
        self.fingerprint = self.fingerprint_on(tags).unwrap_or_default().to_owned();
        self.zone = self.zone_in(tags);
        self
    }

    /// Names the deployment in a plan from before deployments had names.
    pub fn is_of(&mut self, deployment: &str) {
        if self.deployment.is_empty() {
            deployment.clone_into(&mut self.deployment);
            self.unnamed = true;
        }
    }

    /// Whether it is this execution that lets go of a thing.
    pub fn closes(&self, tags: &Tags) -> bool {
        !self.closer.is_empty() && tags.get(CLOSING) == Some(&self.closer)
    }

    /// Whether that one does, or one that it goes on for did and came no further.
    pub fn has_let_go(&self, tags: &Tags) -> bool {
        let closer = tags.get(CLOSING).filter(|closer| !closer.is_empty());
        closer.is_some_and(|closer| *closer == self.closer || self.goes_on_for.contains(closer))
    }

    /// The other execution that makes, for an equal request, what carries these tags.
    pub fn maker<'t>(&self, tags: &'t Tags) -> Option<&'t str> {
        let mark = tags.get(&self.request_tag())?.split('.').nth(1)?;
        // Before marks named executions, the zone came next.
        let is_run = mark != CONFIRMED && !mark.starts_with(ZONE);
        (is_run && mark != self.execution).then_some(mark)
    }

    /// Whether a thing's tags say that this request's connection is confirmed.
    pub fn is_confirmed_on(&self, tags: &Tags) -> bool {
        let mark = tags.get(&self.request_tag());
        mark.is_some_and(|mark| is_confirmed(mark) && fingerprint_in(mark) == self.fingerprint)
    }

    /// Whether they say that a connection of this request's id is confirmed, with whatever parameters.
    pub fn has_confirmed(&self, tags: &Tags) -> bool {
        let mark = tags.get(&self.request_tag());
        mark.is_some_and(|mark| is_confirmed(mark))
    }

    /// The fingerprint in this request's mark.
    pub fn fingerprint_on<'t>(&self, tags: &'t Tags) -> Option<&'t str> {
        tags.get(&self.request_tag())
            .map(|mark| fingerprint_in(mark))
    }

    /// What a thing's tags say of this request.
    pub fn claim(&self, tags: &Tags) -> Claim {
        match self.fingerprint_on(tags) {
            None => Claim::None,
            Some(one) if one == self.fingerprint => Claim::Ours,
            Some(one) if Some(one) == self.fingerprint_before.as_deref() => Claim::Ours,
            Some(_) => Claim::Other,
        }
    }

    /// Whether a thing with these tags is this deployment's.
    pub fn is_ours(&self, tags: &Tags) -> bool {
        tags.get(MANAGED)
            .is_some_and(|value| *value == self.deployment || value == UNNAMED)
    }

    /// Whose a thing with these tags is. One of ours that no request holds is not this request's to remove, unless it is
    /// this execution that let go of it, or one that it goes on for: anybody can have taken a mark away.
    pub fn of_tags(&self, tags: &Tags) -> Ownership {
        if !self.is_ours(tags) {
            return Ownership::Others;
        }
        match self.claim(tags) {
            Claim::Ours if self.has_confirmed(tags) => Ownership::Confirmed,
            Claim::Ours => Ownership::Ours,
            Claim::None if holders(tags).next().is_none() && self.has_let_go(tags) => {
                Ownership::Ours
            }
            Claim::None | Claim::Other => Ownership::Others,
        }
    }

    /// A thing with these tags that stays with other requests, and with which.
    pub fn with_others(&self, thing: &str, tags: &Tags) -> String {
        let others = holders(tags).map(|(request, _)| request);
        let others = others.filter(|request| *request != self.request_id.as_str());
        format!("{thing} (for {})", Vec::from_iter(others).join(", "))
    }

    /// Whether a thing with these tags serves other requests as well.
    pub fn shares(&self, tags: &Tags) -> bool {
        holders(tags).any(|(request, _)| request != self.request_id.as_str())
    }

    /// Whether a thing was made for a request before deployments had names.
    pub fn made_before(tags: &Tags, request: &RequestId) -> bool {
        let is_unnamed = tags.get(MANAGED).is_some_and(|value| value == UNNAMED);
        is_unnamed && tags.contains_key(&format!("{REQUEST}{request}"))
    }
}

/// A thing that stays because a request only used it.
pub fn not_ours(thing: &str) -> String {
    format!("{thing} (it is not ours)")
}

/// The requests that hold a thing, with the values of their tags.
pub fn holders(tags: &Tags) -> impl Iterator<Item = (&str, &str)> {
    tags.iter()
        .filter_map(|(key, value)| Some((key.strip_prefix(REQUEST)?, value.as_str())))
}

/// Whether somebody is letting go of a thing, so that nobody claims it.
pub fn is_closing(tags: &Tags) -> bool {
    tags.get(CLOSING).is_some_and(|closer| !closer.is_empty())
}

/// Whether every request that holds a thing is confirmed.
pub fn is_settled(tags: &Tags) -> bool {
    holders(tags).all(|(_, value)| is_confirmed(value))
}

/// How marks name an execution: 8 hexadecimal digits of its name.
pub fn run_mark(execution: &str) -> String {
    let name = execution.rsplit(':').next().unwrap_or_default();
    canonical::digest(&[name])[..8].to_owned()
}

fn fingerprint_in(mark: &str) -> &str {
    mark.split('.').next().unwrap_or_default()
}

/// Whether a mark says that its request is confirmed.
pub fn is_confirmed(mark: &str) -> bool {
    mark.split('.').nth(1) == Some(CONFIRMED)
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn owner() -> Owner {
        Owner {
            request_id: "orders".parse().unwrap(),
            fingerprint: "0123".to_owned(),
            fingerprint_before: None,
            deployment: "net".to_owned(),
            unnamed: false,
            execution: "89ab".to_owned(),
            closer: "89ab".to_owned(),
            goes_on_for: Vec::new(),
            zone: None,
            account: "123456789012".to_owned(),
            region: "us-east-1".parse().unwrap(),
            tags: Tags::new(),
            default_tags: Tags::new(),
            adopt: false,
        }
    }

    fn tags(pairs: &[(&str, &str)]) -> Tags {
        pairs
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn whose_a_thing_is_follows_from_its_tags() {
        let (managed, own) = ((MANAGED, "net"), "tieline:request/orders");
        let other = ("tieline:request/billing", "4567.ready");
        for (marks, whose) in [
            (vec![], Ownership::Others),
            (vec![(own, "0123")], Ownership::Others),
            (vec![(MANAGED, "other"), (own, "0123")], Ownership::Others),
            (vec![(MANAGED, "true"), (own, "0123.89ab")], Ownership::Ours),
            (vec![managed], Ownership::Others),
            (vec![managed, (CLOSING, "89ab")], Ownership::Ours),
            (vec![managed, (CLOSING, "cdef")], Ownership::Others),
            (vec![managed, (CLOSING, "89ab"), other], Ownership::Others),
            (vec![managed, (own, "0123.89ab")], Ownership::Ours),
            (vec![managed, (own, "0123.cdef")], Ownership::Ours),
            (
                vec![managed, (own, "0123.ready.4567")],
                Ownership::Confirmed,
            ),
            (vec![managed, (own, "01234.ready")], Ownership::Others),
            (vec![managed, other], Ownership::Others),
            (vec![managed, (own, "0123")], Ownership::Ours),
            (vec![managed, (own, "0123"), other], Ownership::Ours),
            (vec![managed, (own, "0123.ready")], Ownership::Confirmed),
            (vec![managed, (own, "4567")], Ownership::Others),
            (vec![managed, (own, "4567.ready")], Ownership::Others),
        ] {
            assert_eq!(owner().of_tags(&tags(&marks)), whose, "{marks:?}");
        }
    }

    #[test]
    fn what_an_execution_let_go_of_whoever_goes_on_for_it_has_let_go_of() {
        let after = owner().going_on_for(&["cdef".to_owned()]);
        for (closer, of_own, of_after) in [
            ("89ab", true, true),
            ("cdef", false, true),
            ("4567", false, false),
            ("", false, false),
        ] {
            let there = tags(&[(MANAGED, "net"), (CLOSING, closer)]);
            assert_eq!(owner().has_let_go(&there), of_own, "{closer}");
            assert_eq!(after.has_let_go(&there), of_after, "{closer}");
            let is_ours = |owner: &Owner| owner.of_tags(&there) == Ownership::Ours;
            assert_eq!(is_ours(&owner()), of_own, "{closer}");
            assert_eq!(is_ours(&after), of_after, "{closer}");
            // It says itself that it does before it goes on.
            assert_eq!(after.closes(&there), closer == "89ab", "{closer}");
        }
        let nobody = Owner {
            closer: String::new(),
            ..owner()
        };
        assert!(!nobody.has_let_go(&tags(&[(CLOSING, "")])));
    }

    #[test]
    fn what_is_written_is_what_is_read_back() {
        let owner = owner();
        let mut tags = owner.all_tags();
        assert_eq!(owner.of_tags(&tags), Ownership::Ours);
        assert!(!owner.is_confirmed_on(&tags) && !owner.shares(&tags) && !is_settled(&tags));

        tags.extend(owner.confirmation("1a2b-3c4d"));
        assert_eq!(owner.of_tags(&tags), Ownership::Confirmed);
        assert!(owner.is_confirmed_on(&tags) && is_settled(&tags));
    }

    #[test]
    fn a_mark_on_an_endpoint_names_the_zone_that_leads_to_it() {
        let vpc = "vpc-0f3a9c51d7e2b8640";
        let zone = zone_mark("db.example", &[vpc.parse().unwrap()], &[]);
        let holder = Owner {
            zone: Some(zone),
            request_id: "billing".parse().unwrap(),
            ..owner()
        };
        let seen_by = [vpc.to_owned()];
        for mut tags in [holder.all_tags(), holder.confirmation("")] {
            tags.extend(owner().all_tags());
            assert!(owner().shares_zone(&tags, "db.example", &seen_by));
            assert!(!owner().shares_zone(&tags, "example", &seen_by));
        }
        assert!(
            holder.is_confirmed_on(
                &[(MANAGED.to_owned(), "net".to_owned())]
                    .into_iter()
                    .chain(holder.confirmation(""))
                    .collect()
            )
        );
    }

    #[test]
    fn a_mark_names_the_execution_at_work() {
        for (mark, anothers) in [
            ("0123", false),
            ("0123.89ab", false),
            ("0123.cdef", true),
            ("0123.ready", false),
            ("0123.ready.cdef", false),
        ] {
            let tags = tags(&[("tieline:request/orders", mark)]);
            assert_eq!(owner().maker(&tags).is_some(), anothers, "{mark}");
        }
        assert_eq!(run_mark("arn:x:execution:connect:1").len(), 8);
    }
}
