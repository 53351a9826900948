//! Tags on EC2 resources.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::clock::Moment;
use crate::failure::{invalid_value, missing, refuse};
use crate::{Failure, Operation, Service};

use super::Model;
use super::listing::{Described, Listed, describe};
use super::shapes::{DONE, Done, Tag, TagInput, TagSpecification, flag};

/// EC2 user guide, "Tag restrictions": at most 50 tags per resource.
const MAX_TAGS: usize = 50;

/// Puts tags on resources, replacing those with the same keys.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct CreateTags {
    /// Only check the permission.
    #[serde(deserialize_with = "flag")]
    pub dry_run: bool,
    /// The ids of the resources.
    #[serde(rename = "ResourceId")]
    pub resources: Vec<String>,
    /// The tags.
    #[serde(rename = "Tag")]
    pub tags: Vec<TagInput>,
}

/// Takes tags off resources.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct DeleteTags {
    /// Only check the permission.
    #[serde(deserialize_with = "flag")]
    pub dry_run: bool,
    /// The ids of the resources.
    #[serde(rename = "ResourceId")]
    pub resources: Vec<String>,
    /// The tags; one with a value goes only if it has that value. None at all means all of the
    /// user's tags.
    #[serde(rename = "Tag")]
    pub tags: Vec<TagInput>,
}

describe! {
    /// Lists tags.
    DescribeTags {},
    /// A page of tags.
    DescribeTagsAnswer { tags: "tagSet" of TagDescription }
}

/// A tag and the resource that carries it.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TagDescription {
    /// The tag's key.
    pub key: String,
    /// The resource's id.
    pub resource_id: String,
    /// The kind of resource.
    pub resource_type: String,
    /// The tag's value.
    pub value: String,
}

impl Operation for CreateTags {
    type Answer = Done;
    const SERVICE: Service = Service::Ec2;
    const ACTION: &'static str = "CreateTags";
    const WRITE: bool = true;

    fn dry_run(&self) -> bool {
        self.dry_run
    }

    fn perform(self, model: &mut Model) -> Result<Done, Failure> {
        if self.tags.is_empty() {
            return Err(missing("Tag"));
        }
        check_tags(&self.tags)?;
        model.check_taggable(&self.resources)?;
        let merged = self
            .resources
            .iter()
            .map(|id| Ok((id, merge(model.latest_tags(id), &self.tags)?)));
        let merged = merged.collect::<Result<Vec<_>, Failure>>()?;
        for (id, tags) in merged {
            model.put_tags(id, tags, model.visible());
        }
        Ok(DONE)
    }
}

impl Operation for DeleteTags {
    type Answer = Done;
    const SERVICE: Service = Service::Ec2;
    const ACTION: &'static str = "DeleteTags";
    const WRITE: bool = true;

    fn dry_run(&self) -> bool {
        self.dry_run
    }

    fn perform(self, model: &mut Model) -> Result<Done, Failure> {
        model.check_taggable(&self.resources)?;
        for id in &self.resources {
            let mut tags = model.latest_tags(id);
            tags.retain(|key, value| !self.concerns(key, value));
            model.put_tags(id, tags, model.visible());
        }
        Ok(DONE)
    }
}

impl DeleteTags {
    fn concerns(&self, key: &str, value: &str) -> bool {
        let wanted = |tag: &TagInput| {
            tag.key == key && tag.value.as_deref().is_none_or(|only| only == value)
        };
        self.tags.is_empty() || self.tags.iter().any(wanted)
    }
}

impl Listed for TagDescription {
    const FILTERS: &'static [&'static str] = &["key", "resource-id", "resource-type", "value"];

    fn id(&self) -> String {
        format!("{} {}", self.resource_id, self.key)
    }

    fn values(&self, filter: &str) -> Vec<String> {
        match filter {
            "key" => vec![self.key.clone()],
            "resource-id" => vec![self.resource_id.clone()],
            "resource-type" => vec![self.resource_type.clone()],
            _ => vec![self.value.clone()],
        }
    }
}

impl Described for TagDescription {
    fn asked_for(model: &Model, _ids: &[String]) -> Result<Vec<Self>, Failure> {
        Ok(model.tag_descriptions())
    }
}

/// The tags that a new resource of this kind is to carry, once they have been checked.
pub(crate) fn from_specifications(
    kind: &str,
    specifications: &[TagSpecification],
) -> Result<BTreeMap<String, String>, Failure> {
    for specification in specifications {
        if specification.resource_type != kind {
            let message = format!(
                "'{}' is not a valid taggable resource type for this operation.",
                specification.resource_type
            );
            return Err(invalid_value(message));
        }
        check_tags(&specification.tags)?;
    }
    let tags: Vec<TagInput> = specifications
        .iter()
        .flat_map(|specification| specification.tags.clone())
        .collect();
    merge(BTreeMap::new(), &tags)
}

/// EC2 user guide, "Tag restrictions".
fn check_tags(tags: &[TagInput]) -> Result<(), Failure> {
    let mut keys = BTreeSet::new();
    for TagInput { key, value } in tags {
        if key.is_empty() || key.chars().count() > 128 {
            return Err(invalid_value(
                "Tag keys must be between 1 and 128 characters long.",
            ));
        }
        if value
            .as_ref()
            .is_some_and(|value| value.chars().count() > 256)
        {
            return Err(invalid_value(
                "Tag values must be at most 256 characters long.",
            ));
        }
        if key.to_ascii_lowercase().starts_with("aws:") {
            return Err(invalid_value(
                "Tag keys starting with 'aws:' are reserved for internal use",
            ));
        }
        if !keys.insert(key) {
            return Err(invalid_value(format!(
                "Duplicate tag key '{key}' specified."
            )));
        }
    }
    Ok(())
}

fn merge(
    mut tags: BTreeMap<String, String>,
    new: &[TagInput],
) -> Result<BTreeMap<String, String>, Failure> {
    tags.extend(
        new.iter()
            .map(|tag| (tag.key.clone(), tag.value.clone().unwrap_or_default())),
    );
    if tags.len() > MAX_TAGS {
        return Err(refuse(
            "TagLimitExceeded",
            "You have reached the maximum number of tags (50) for this resource.",
        ));
    }
    Ok(tags)
}

impl Model {
    /// A resource's tags as a reader sees them now.
    pub(crate) fn seen_tags(&self, id: &str) -> Vec<Tag> {
        let tags = self.tags.seen(id, self.now);
        let tag = |(key, value): (&String, &String)| Tag {
            key: key.clone(),
            value: value.clone(),
        };
        tags.map(|tags| tags.iter().map(tag).collect())
            .unwrap_or_default()
    }

    /// A resource's tags as they are.
    pub(crate) fn latest_tag_list(&self, id: &str) -> Vec<Tag> {
        self.latest_tags(id)
            .into_iter()
            .map(|(key, value)| Tag { key, value })
            .collect()
    }

    pub(crate) fn put_tags(
        &mut self,
        id: &str,
        tags: BTreeMap<String, String>,
        visible_from: Moment,
    ) {
        self.tags.put(id, tags, visible_from);
    }

    fn latest_tags(&self, id: &str) -> BTreeMap<String, String> {
        self.tags.latest(id).cloned().unwrap_or_default()
    }

    fn tag_descriptions(&self) -> Vec<TagDescription> {
        let ids = self.tagged_ids();
        let describe = |id: &String| {
            let kind = kind(id).unwrap_or_default();
            let tags = self.seen_tags(id).into_iter();
            let describe = |tag: Tag| TagDescription {
                key: tag.key,
                resource_id: id.clone(),
                resource_type: kind.to_owned(),
                value: tag.value,
            };
            tags.map(describe).collect::<Vec<_>>()
        };
        ids.iter().flat_map(describe).collect()
    }

    fn tagged_ids(&self) -> Vec<String> {
        let endpoints = self
            .endpoints
            .all_seen(self.now)
            .filter(|endpoint| !endpoint.is_forgotten(self));
        let endpoints = endpoints.map(|endpoint| endpoint.id.clone());
        let groups = self.groups.all_seen(self.now).map(|group| group.id.clone());
        let vpcs = self.vpcs.all_seen(self.now).map(|vpc| vpc.id.clone());
        let subnets = self
            .subnets
            .all_seen(self.now)
            .map(|subnet| subnet.id.clone());
        endpoints.chain(groups).chain(vpcs).chain(subnets).collect()
    }

    fn check_taggable(&self, ids: &[String]) -> Result<(), Failure> {
        if ids.is_empty() {
            return Err(missing("ResourceId"));
        }
        ids.iter().try_for_each(|id| match kind(id) {
            Some("vpc-endpoint") => self.seen_endpoint(id).map(drop),
            Some("security-group") => self.seen_group(id).map(drop),
            Some("vpc") => self.seen_vpc(id).map(drop),
            Some("subnet") => self.seen_subnet(id).map(drop),
            // Requester-managed ones take tags of their account's (terraform-aws-vpc #1303 and others set them by hand).
            Some("network-interface") => self.seen_interface(id).map(drop),
            Some(_) | None => Err(refuse("InvalidID", format!("The ID '{id}' is not valid"))),
        })
    }
}

fn kind(id: &str) -> Option<&'static str> {
    match id.split_once('-')?.0 {
        "vpce" => Some("vpc-endpoint"),
        "sg" => Some("security-group"),
        "vpc" => Some("vpc"),
        "subnet" => Some("subnet"),
        "eni" => Some("network-interface"),
        _ => None,
    }
}
