//! Tags on what DMS has.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::model::Model;
use crate::{Failure, Operation, Service};

use super::groups::Nothing;
use super::{invalid_value, not_found};

/// A tag.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase", deny_unknown_fields)]
pub struct Tag {
    /// The tag's key.
    pub key: String,
    /// The tag's value.
    pub value: String,
    /// What it is on, where several are listed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_arn: Option<String>,
}

impl Tag {
    /// A tag.
    #[must_use]
    pub fn new(key: &str, value: &str) -> Self {
        Self {
            key: key.to_owned(),
            value: value.to_owned(),
            resource_arn: None,
        }
    }
}

/// Puts tags on something, replacing those with the same keys.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase", deny_unknown_fields)]
pub struct AddTagsToResource {
    /// Its ARN.
    pub resource_arn: String,
    /// The tags.
    pub tags: Vec<Tag>,
}

/// Takes tags off something.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase", deny_unknown_fields)]
pub struct RemoveTagsFromResource {
    /// Its ARN.
    pub resource_arn: String,
    /// The keys of the tags.
    pub tag_keys: Vec<String>,
}

/// Lists the tags of one thing or of several.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase", deny_unknown_fields)]
pub struct ListTagsForResource {
    /// The ARN of the one.
    pub resource_arn: Option<String>,
    /// The ARNs of the several.
    pub resource_arn_list: Vec<String>,
}

/// Tags.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListTagsForResourceAnswer {
    /// The tags.
    pub tag_list: Vec<Tag>,
}

impl Operation for AddTagsToResource {
    type Answer = Nothing;
    const SERVICE: Service = Service::Dms;
    const ACTION: &'static str = "AddTagsToResource";
    const WRITE: bool = true;

    fn perform(self, model: &mut Model) -> Result<Nothing, Failure> {
        model.check_dms_resource(&self.resource_arn)?;
        let tags = checked(&self.tags)?;
        model
            .dms
            .tags
            .entry(self.resource_arn)
            .or_default()
            .extend(tags);
        Ok(Nothing {})
    }
}

impl Operation for RemoveTagsFromResource {
    type Answer = Nothing;
    const SERVICE: Service = Service::Dms;
    const ACTION: &'static str = "RemoveTagsFromResource";
    const WRITE: bool = true;

    fn perform(self, model: &mut Model) -> Result<Nothing, Failure> {
        model.check_dms_resource(&self.resource_arn)?;
        if let Some(tags) = model.dms.tags.get_mut(&self.resource_arn) {
            tags.retain(|key, _| !self.tag_keys.contains(key));
        }
        Ok(Nothing {})
    }
}

impl Operation for ListTagsForResource {
    type Answer = ListTagsForResourceAnswer;
    const SERVICE: Service = Service::Dms;
    const ACTION: &'static str = "ListTagsForResource";
    const WRITE: bool = false;

    fn perform(self, model: &mut Model) -> Result<ListTagsForResourceAnswer, Failure> {
        let mut tag_list = Vec::new();
        if let Some(arn) = &self.resource_arn {
            tag_list.extend(model.dms_tags(arn)?);
        }
        for arn in &self.resource_arn_list {
            // DMS API reference, ResourceArnList: then each tag says what it is on.
            let named = |tag| Tag {
                resource_arn: Some(arn.clone()),
                ..tag
            };
            tag_list.extend(model.dms_tags(arn)?.into_iter().map(named));
        }
        Ok(ListTagsForResourceAnswer { tag_list })
    }
}

/// DMS API reference, `Tag`: a key has 1 to 128 characters and no prefix of AWS's own.
pub(super) fn checked(tags: &[Tag]) -> Result<BTreeMap<String, String>, Failure> {
    for Tag { key, value, .. } in tags {
        let reserved = |text: &str| text.starts_with("aws:") || text.starts_with("dms:");
        let is_long = key.chars().count() > 128 || value.chars().count() > 256;
        if key.is_empty() || is_long || reserved(key) || reserved(value) {
            return Err(invalid_value(format!("The tag {key} is not valid.")));
        }
    }
    let pairs = tags.iter().map(|tag| (tag.key.clone(), tag.value.clone()));
    Ok(pairs.collect())
}

impl Model {
    pub(super) fn dms_resource_exists(&self, arn: &str) -> bool {
        self.dms.groups.contains_key(arn)
            || self.dms.certificates.contains_key(arn)
            || self.dms_instance(arn).is_ok()
            || self.dms_endpoint(arn).is_ok()
    }

    fn check_dms_resource(&self, arn: &str) -> Result<(), Failure> {
        if self.dms_resource_exists(arn) {
            return Ok(());
        }
        Err(not_found(format!("Resource not found: {arn}")))
    }

    fn dms_tags(&self, arn: &str) -> Result<Vec<Tag>, Failure> {
        self.check_dms_resource(arn)?;
        let tags = self.dms.tags.get(arn).into_iter().flatten();
        Ok(tags.map(|(key, value)| Tag::new(key, value)).collect())
    }
}
