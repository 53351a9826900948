//! Accesses as Confluent reads and describes them.

use serde::{Deserialize, Serialize};

use crate::model::confluent::{Id, Metadata, Reference};

/// The access that is wanted.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct NewAccess {
    /// Its name for people.
    pub display_name: Option<String>,
    /// The account.
    pub cloud: Option<NewAwsAccess>,
    /// The environment.
    pub environment: Option<Id>,
    /// The network.
    pub network: Option<Id>,
}

/// The account that is wanted.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct NewAwsAccess {
    /// `AwsPrivateLinkAccess`.
    pub kind: String,
    /// The account's id.
    pub account: String,
}

/// An access.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct PrivateLinkAccess {
    /// The API's version.
    pub api_version: &'static str,
    /// `PrivateLinkAccess`.
    pub kind: &'static str,
    /// Its id.
    pub id: String,
    /// What it is called.
    pub metadata: Metadata,
    /// What was wanted.
    pub spec: PrivateLinkAccessSpec,
    /// What it is.
    pub status: PrivateLinkAccessStatus,
}

/// What was wanted of an access.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct PrivateLinkAccessSpec {
    /// Its name for people.
    pub display_name: String,
    /// The account.
    pub cloud: AwsPrivateLinkAccess,
    /// The environment.
    pub environment: Reference,
    /// The network.
    pub network: Reference,
}

/// The account that may connect.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct AwsPrivateLinkAccess {
    /// `networking.v1.AwsPrivateLinkAccess`: recorded answers have the prefix, the spec has not.
    pub kind: &'static str,
    /// The account's id.
    pub account: String,
}

/// What an access is.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct PrivateLinkAccessStatus {
    /// `PROVISIONING`, `READY`, `FAILED` or `DEPROVISIONING`.
    pub phase: &'static str,
    /// Why it failed, for programs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_code: Option<&'static str>,
    /// Why it failed, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_message: Option<&'static str>,
}

/// Where the pages are.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ListMetadata {
    /// The next page's token; the wire makes a URL of it.
    pub next: Option<String>,
    /// How many there are on all pages.
    pub total_size: usize,
}

/// A page of accesses.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct PrivateLinkAccessList {
    /// The API's version.
    pub api_version: &'static str,
    /// `PrivateLinkAccessList`.
    pub kind: &'static str,
    /// Where the pages are.
    pub metadata: ListMetadata,
    /// The accesses.
    pub data: Vec<PrivateLinkAccess>,
}
