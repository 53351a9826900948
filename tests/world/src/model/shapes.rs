//! Shapes that several EC2 operations share.

use std::fmt::Display;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A tag in a request.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct TagInput {
    /// The tag's key.
    pub key: String,
    /// The tag's value; `DeleteTags` without one means any value.
    pub value: Option<String>,
}

/// A tag in an answer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Tag {
    /// The tag's key.
    pub key: String,
    /// The tag's value.
    pub value: String,
}

/// The tags that a new resource is to carry.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct TagSpecification {
    /// The kind of resource, as `vpc-endpoint`.
    pub resource_type: String,
    /// The tags.
    #[serde(rename = "Tag")]
    pub tags: Vec<TagInput>,
}

/// A filter of a Describe call: it holds when any of its values matches.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct Filter {
    /// The filter's name.
    pub name: String,
    /// Its values; `*` and `?` are wildcards.
    #[serde(rename = "Value")]
    pub values: Vec<String>,
}

/// A security group's id and name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GroupIdentifier {
    /// The group's id.
    pub group_id: String,
    /// The group's name.
    pub group_name: String,
}

/// The answer of an operation that only says that it was done.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Done {
    /// Always true; a failure is an error.
    #[serde(rename = "return")]
    pub done: bool,
}

/// The whole answer where all is well.
pub(crate) const DONE: Done = Done { done: true };

impl TagInput {
    /// A tag.
    #[must_use]
    pub fn new(key: &str, value: &str) -> Self {
        Self {
            key: key.to_owned(),
            value: Some(value.to_owned()),
        }
    }
}

impl TagSpecification {
    /// Tags for a new resource of this kind.
    #[must_use]
    pub fn new(resource_type: &str, tags: &[(&str, &str)]) -> Self {
        let tags = tags
            .iter()
            .map(|(key, value)| TagInput::new(key, value))
            .collect();
        Self {
            resource_type: resource_type.to_owned(),
            tags,
        }
    }
}

impl Filter {
    /// A filter.
    #[must_use]
    pub fn new(name: &str, values: &[&str]) -> Self {
        Self {
            name: name.to_owned(),
            values: values.iter().map(|&value| value.to_owned()).collect(),
        }
    }
}

/// Reads a number or flag out of the text that EC2's Query protocol carries.
pub(crate) fn text<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr,
    T::Err: Display,
{
    let text = Option::<String>::deserialize(deserializer)?;
    text.map(|text| text.parse().map_err(serde::de::Error::custom))
        .transpose()
}

/// Reads a flag that counts as false when it is absent.
pub(crate) fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    Ok(text(deserializer)?.unwrap_or_default())
}

/// Flags that requests carry in a box, as `EnableDnsSupport.Value=true`.
pub(crate) mod boxed {
    use super::{Deserialize, Deserializer, Serialize, Serializer, text};

    #[derive(Serialize, Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Boxed {
        #[serde(deserialize_with = "text")]
        value: Option<bool>,
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
    pub(crate) fn serialize<S: Serializer>(
        value: &Option<bool>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        value
            .map(|value| Boxed { value: Some(value) })
            .serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<bool>, D::Error> {
        Ok(Option::<Boxed>::deserialize(deserializer)?.and_then(|boxed| boxed.value))
    }
}
