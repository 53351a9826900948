//! Sets of records.

use serde::{Deserialize, Serialize};

use crate::clock::Moment;
use crate::model::shapes::text;

use super::names;

/// A set of records in a zone.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    pub(crate) set: ResourceRecordSet,
    /// From when on all of Route 53's servers answer with it.
    pub(crate) answers_from: Moment,
    /// What they answer with until then, where it takes the place of another one (Route 53 API reference,
    /// `ChangeResourceRecordSets`: changes propagate to all servers, usually within 60 seconds).
    pub(crate) replaces: Option<ResourceRecordSet>,
}

impl Record {
    /// What all servers answer with at a moment; nothing as long as it is new.
    pub(crate) fn answer(&self, now: Moment) -> Option<&ResourceRecordSet> {
        match self.answers_from <= now {
            true => Some(&self.set),
            false => self.replaces.as_ref(),
        }
    }

    /// What every zone has from the beginning (Route 53 developer guide, "NS and SOA records").
    pub(super) fn of_new_zone(zone: &str, servers: &[&str], now: Moment) -> Vec<Self> {
        let set = |kind: &str, ttl, values: Vec<String>| ResourceRecordSet {
            name: zone.to_owned(),
            kind: kind.to_owned(),
            ttl: Some(ttl),
            resource_records: values
                .into_iter()
                .map(|value| ResourceRecord { value })
                .collect(),
            ..Default::default()
        };
        let servers: Vec<_> = servers.iter().map(|server| format!("{server}.")).collect();
        let authority = format!(
            "{} awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400",
            servers.first().cloned().unwrap_or_default()
        );
        [
            set("NS", 172_800, servers),
            set("SOA", 900, vec![authority]),
        ]
        .map(|set| Record {
            set,
            answers_from: now,
            replaces: None,
        })
        .to_vec()
    }

    /// Whether it is one that a zone cannot be without.
    pub(super) fn is_of(&self, zone: &str) -> bool {
        self.set.name == zone && matches!(self.set.kind.as_str(), "NS" | "SOA")
    }
}

/// A set of records: one name, one type, one or more values.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase", deny_unknown_fields)]
pub struct ResourceRecordSet {
    /// The name.
    pub name: String,
    /// The type.
    #[serde(rename = "Type")]
    pub kind: String,
    /// How long it may be remembered, in seconds.
    #[serde(rename = "TTL", deserialize_with = "text")]
    pub ttl: Option<u32>,
    /// The values.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub resource_records: Vec<ResourceRecord>,
    /// What it stands for, instead of values.
    pub alias_target: Option<AliasTarget>,
}

/// A value.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase", deny_unknown_fields)]
pub struct ResourceRecord {
    /// The value.
    pub value: String,
}

/// What an alias stands for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase", deny_unknown_fields)]
pub struct AliasTarget {
    /// The zone of the name.
    pub hosted_zone_id: String,
    /// The name.
    #[serde(rename = "DNSName")]
    pub dns_name: String,
    /// Whether the target's health counts.
    pub evaluate_target_health: String,
}

impl ResourceRecordSet {
    /// A set with these values.
    #[must_use]
    pub fn new(name: &str, kind: &str, ttl: u32, values: &[&str]) -> Self {
        let value = |value: &&str| ResourceRecord {
            value: (*value).to_owned(),
        };
        Self {
            name: name.to_owned(),
            kind: kind.to_owned(),
            ttl: Some(ttl),
            resource_records: values.iter().map(value).collect(),
            alias_target: None,
        }
    }

    /// The set with its name as Route 53 stores it.
    pub(super) fn normalised(mut self) -> Self {
        self.name = names::stored(&self.name);
        if let Some(target) = &mut self.alias_target {
            target.dns_name = names::stored(&target.dns_name);
        }
        self
    }

    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.name == other.name && self.kind == other.kind
    }

    /// What orders sets: the name from its last label on, then the type.
    pub(super) fn order(&self) -> (Vec<String>, String) {
        (names::order(&self.name), self.kind.clone())
    }
}
