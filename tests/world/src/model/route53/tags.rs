//! Tags on hosted zones.

use serde::{Deserialize, Serialize};

use crate::failure::refuse_as;
use crate::model::Model;
use crate::{Failure, Operation, Service};

use super::invalid_input;

/// A tag.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase", deny_unknown_fields)]
pub struct Tag {
    /// The tag's key.
    pub key: String,
    /// The tag's value.
    pub value: String,
}

impl Tag {
    /// A tag.
    #[must_use]
    pub fn new(key: &str, value: &str) -> Self {
        Self {
            key: key.to_owned(),
            value: value.to_owned(),
        }
    }
}

/// Puts tags on a zone and takes others off.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase", deny_unknown_fields)]
pub struct ChangeTagsForResource {
    /// `hostedzone`.
    pub resource_type: String,
    /// The zone's id.
    pub resource_id: String,
    /// The tags to put on.
    pub add_tags: Vec<Tag>,
    /// The keys of the tags to take off.
    pub remove_tag_keys: Vec<String>,
}

/// Lists the tags of a zone.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct ListTagsForResource {
    /// `hostedzone`.
    pub resource_type: String,
    /// The zone's id.
    pub resource_id: String,
}

/// The answer of an operation that only says that it was done.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Nothing {}

/// The tags of a zone.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListTagsForResourceAnswer {
    /// The tags and whose they are.
    pub resource_tag_set: ResourceTagSet,
}

/// Tags and whose they are.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ResourceTagSet {
    /// `hostedzone`.
    pub resource_type: String,
    /// The zone's id.
    pub resource_id: String,
    /// The tags.
    pub tags: Vec<Tag>,
}

impl Operation for ChangeTagsForResource {
    type Answer = Nothing;
    const SERVICE: Service = Service::Route53;
    const ACTION: &'static str = "ChangeTagsForResource";
    const WRITE: bool = true;

    /// Route 53 API reference, `ChangeTagsForResource`: at most ten tags and ten keys in a call, and at most ten tags on a
    /// zone in all. The messages are not verified.
    fn perform(self, model: &mut Model) -> Result<Nothing, Failure> {
        check_kind(&self.resource_type, &self.resource_id)?;
        let mut tags = model.zone(&self.resource_id)?.tags.clone();
        if self.add_tags.len() > 10 || self.remove_tag_keys.len() > 10 {
            return Err(invalid_input(
                "At most 10 tags can be added or removed at once.",
            ));
        }
        let is_bad = |tag: &Tag| {
            tag.key.is_empty()
                || tag.key.len() > 128
                || tag.value.len() > 256
                || tag.key.to_lowercase().starts_with("aws:")
        };
        if self.add_tags.iter().any(is_bad) {
            return Err(invalid_input("A tag is not valid."));
        }
        tags.retain(|key, _| !self.remove_tag_keys.contains(key));
        tags.extend(self.add_tags.into_iter().map(|tag| (tag.key, tag.value)));
        if tags.len() > 10 {
            return Err(invalid_input("A hosted zone can have at most 10 tags."));
        }
        model.change_zone(&self.resource_id, |zone| zone.tags = tags);
        Ok(Nothing {})
    }
}

impl Operation for ListTagsForResource {
    type Answer = ListTagsForResourceAnswer;
    const SERVICE: Service = Service::Route53;
    const ACTION: &'static str = "ListTagsForResource";
    const WRITE: bool = false;

    fn perform(self, model: &mut Model) -> Result<ListTagsForResourceAnswer, Failure> {
        check_kind(&self.resource_type, &self.resource_id)?;
        let zone = model.zone(&self.resource_id)?;
        let tags = zone.tags.iter().map(|(key, value)| Tag::new(key, value));
        Ok(ListTagsForResourceAnswer {
            resource_tag_set: ResourceTagSet {
                resource_type: self.resource_type,
                resource_id: zone.id.clone(),
                tags: tags.collect(),
            },
        })
    }
}

fn check_kind(kind: &str, id: &str) -> Result<(), Failure> {
    match kind {
        "hostedzone" => Ok(()),
        "healthcheck" => {
            let message = format!("A health check with id {id} does not exist.");
            Err(refuse_as(404, "NoSuchHealthCheck", message))
        }
        other => Err(invalid_input(format!("{other} is not a type of resource."))),
    }
}
