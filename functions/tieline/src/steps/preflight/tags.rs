//! Which tags a change takes away. Of the request of before only the fingerprint is known: its tags are those with which this
//! request would have that, if nothing else is different. What somebody else put there is not among them.

use crate::outside::Tags;
use crate::ownership::Owner;
use crate::request::Shape;

/// So many tags that this request does not have can be told apart: each of them doubles what is tried.
const MOST: usize = 10;

/// Tags of an endpoint that the request does not have.
pub(super) enum LeftOut {
    /// These were those of the request of before.
    Known(Tags),
    /// Whose these are is not known.
    Unknown(Vec<String>),
}

pub(super) fn left_out(shape: &Shape, owner: &Owner, there: &Tags) -> LeftOut {
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
