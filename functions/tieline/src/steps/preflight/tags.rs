//! Which tags a change gives and takes away. Of the request of before only the fingerprint is known: its tags are those with which this
//! request would have that, if nothing else is different. What somebody else put there is not among them.

use super::Check;
use super::serving::MOST_TAGS;
use crate::outside::{Endpoint, Tags};
use crate::ownership::{Owner, says_tag};
use crate::problem::{Code, Problem};
use crate::request::Shape;

/// So many tags that this request does not have can be told apart: each of them doubles what is tried.
const MOST: usize = 10;

impl Check<'_> {
    /// The tags that an endpoint gets: those of the request and, of the deployment's, those that it had for this request. Who shares it
    /// has no tags on it but the mark, unless it had some there before it was shared: what became of these is put right, and more of
    /// them would take room from others.
    pub(super) fn tags_given(&mut self, owner: &Owner, there: &Endpoint) -> Tags {
        let shared = owner.shares(&there.tags);
        let mark = there.tags.get(&owner.request_tag());
        let mark = mark.map_or("", String::as_str);
        let is_own = |key: &str, value: &str| says_tag(mark, key, value);
        let of_request = owner.tags.iter().filter(|(key, value)| {
            let is = there.tags.get(*key);
            !shared || is_own(key, value) || is.is_some_and(|is| is_own(key, is))
        });
        let of_deployment = owner.default_tags.iter();
        let of_deployment = of_deployment.filter(|(key, value)| is_own(key, value));
        let mut given: Tags = of_deployment
            .chain(of_request)
            .filter(|(key, value)| *key != "Name" && there.tags.get(*key) != Some(*value))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        if !shared {
            return given;
        }
        let mut room = MOST_TAGS.saturating_sub(there.tags.len());
        given.retain(|key, _| {
            let is_new = !there.tags.contains_key(key);
            let fits = !is_new || room > 0;
            room = room.saturating_sub(usize::from(is_new));
            fits
        });
        let missing = owner.tags.iter().filter(|(key, value)| {
            *key != "Name" && there.tags.get(*key) != Some(*value) && !given.contains_key(*key)
        });
        let missing: Vec<&str> = missing.map(|(key, _)| key.as_str()).collect();
        let stays = there.tags.iter().filter(|(key, value)| {
            is_own(key, value)
                && !owner.tags.contains_key(*key)
                && !owner.default_tags.contains_key(*key)
        });
        let stays: Vec<&str> = stays.map(|(key, _)| key.as_str()).collect();
        for (tags, what) in [
            (missing, "gets no further tags"),
            (stays, "keeps tags that the request leaves out"),
        ] {
            if !tags.is_empty() {
                let others = owner.with_others(there.id.as_str(), &there.tags);
                let message = format!("{others} is shared, and {what}: {}", tags.join(", "));
                let fix = "put it right by hand, or with a change once the others are gone";
                let warning = Problem::new(Code::TagsLeftOut, message, fix);
                self.warnings.push(warning.about("$.tags"));
            }
        }
        given
    }

    /// The tags that the request had and leaves out, as far as that is known.
    pub(super) fn tags_left_out(&mut self, owner: &Owner, there: &Endpoint) -> Tags {
        match left_out(&self.request.shape, owner, &there.tags) {
            LeftOut::Known(tags) => tags,
            LeftOut::Unknown(keys) => {
                let message = format!(
                    "{} has tags that are not in the request, and stay, as it is not known who put them there: {}",
                    there.id,
                    keys.join(", ")
                );
                let fix =
                    "take them away by hand, or with a change that makes nothing else different";
                let warning = Problem::new(Code::TagsLeftOut, message, fix);
                self.warnings.push(warning.about("$.tags"));
                Tags::new()
            }
        }
    }
}

/// Tags of an endpoint that the request does not have.
enum LeftOut {
    /// These were those of the request of before.
    Known(Tags),
    /// Whose these are is not known.
    Unknown(Vec<String>),
}

fn left_out(shape: &Shape, owner: &Owner, there: &Tags) -> LeftOut {
    let Some(before) = &owner.fingerprint_before else {
        // The request is the one of before, with all of its tags.
        return LeftOut::Known(Tags::new());
    };
    let is_reserved = |key: &str| {
        let key = key.to_lowercase();
        key.starts_with("aws:") || key.starts_with("tieline:")
    };
    let name = Owner::name_of(&owner.request_id);
    let others: Vec<(&String, &String)> = there
        .iter()
        .filter(|(key, _)| !is_reserved(key))
        .filter(|(key, value)| shape.tags.get(*key) != Some(*value))
        .filter(|(key, value)| owner.default_tags.get(*key) != Some(*value))
        .filter(|(key, value)| *key != "Name" || **value != name)
        .collect();
    // Values are replaced, and the name stays.
    let goes = |key: &str| !shape.tags.contains_key(key) && key != "Name";
    let gone = others.iter().filter(|(key, _)| goes(key));
    let gone: Vec<String> = gone.map(|(key, _)| (*key).clone()).collect();
    if gone.is_empty() {
        return LeftOut::Known(Tags::new());
    }
    if others.len() > MOST {
        return LeftOut::Unknown(gone);
    }
    let same = shape.tags.iter();
    let same = same.filter(|(key, value)| there.get(*key) == Some(*value) || *key == "Name");
    let same: Tags = same
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    for chosen in 0..(1_usize << others.len()) {
        let mut tags = same.clone();
        for (at, (key, value)) in others.iter().enumerate() {
            if chosen & (1 << at) != 0 {
                tags.insert((*key).clone(), (*value).clone());
            }
        }
        let one = Shape {
            tags: tags.clone(),
            ..shape.clone()
        };
        if one.fingerprint() == *before {
            tags.retain(|key, _| goes(key));
            return LeftOut::Known(tags);
        }
    }
    LeftOut::Unknown(gone)
}
