//! `ChangeResourceRecordSets`: all of a batch happens, or nothing.

use std::net::{Ipv4Addr, Ipv6Addr};

use serde::{Deserialize, Serialize};

use crate::clock::{self, Moment};
use crate::failure::refuse;
use crate::model::Model;
use crate::{Failure, Operation, Service};

use super::changes::ChangeAnswer;
use super::records::{Record, ResourceRecordSet};
use super::{invalid_input, names};

const KINDS: [&str; 17] = [
    "SOA", "A", "TXT", "NS", "CNAME", "MX", "NAPTR", "PTR", "SRV", "SPF", "AAAA", "CAA", "DS",
    "TLSA", "SSHFP", "SVCB", "HTTPS",
];

/// Changes the records of a zone.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase", deny_unknown_fields)]
pub struct ChangeResourceRecordSets {
    /// The zone's id.
    pub hosted_zone_id: String,
    /// The changes.
    pub change_batch: ChangeBatch,
}

/// Changes that happen together or not at all.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase", deny_unknown_fields)]
pub struct ChangeBatch {
    /// What they are for.
    pub comment: Option<String>,
    /// The changes.
    pub changes: Vec<Change>,
}

/// One change.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase", deny_unknown_fields)]
pub struct Change {
    /// `CREATE`, `DELETE` or `UPSERT`.
    pub action: String,
    /// The set of records.
    pub resource_record_set: ResourceRecordSet,
}

impl Change {
    /// A change.
    #[must_use]
    pub fn new(action: &str, resource_record_set: ResourceRecordSet) -> Self {
        Self {
            action: action.to_owned(),
            resource_record_set,
        }
    }
}

impl Operation for ChangeResourceRecordSets {
    type Answer = ChangeAnswer;
    const SERVICE: Service = Service::Route53;
    const ACTION: &'static str = "ChangeResourceRecordSets";
    const WRITE: bool = true;

    fn perform(self, model: &mut Model) -> Result<ChangeAnswer, Failure> {
        let zone = model.zone(&self.hosted_zone_id)?;
        let changes = &self.change_batch.changes;
        if changes.is_empty() {
            return Err(invalid_input("The change batch has no changes."));
        }
        changes.iter().try_for_each(check_form)?;

        let mut draft = Draft {
            zone: zone.name.clone(),
            records: zone.records.clone(),
            now: model.now,
            answers_from: clock::after(model.now, model.timing.dns_change),
        };
        let mut problems = Vec::new();
        for change in self.change_batch.changes {
            let set = change.resource_record_set.normalised();
            problems.extend(draft.apply(&change.action, set).err());
        }
        if !problems.is_empty() {
            // Observed: the messages stand in brackets with commas between them (ansible-collections
            // amazon.aws #2694).
            let message = format!("[{}]", problems.join(", "));
            return Err(refuse("InvalidChangeBatch", message));
        }
        model.change_zone(&self.hosted_zone_id, |zone| zone.records = draft.records);
        Ok(ChangeAnswer {
            change_info: model.begin_change(self.change_batch.comment),
        })
    }
}

/// Route 53 API reference, `ResourceRecordSet`: either values with a TTL or an alias.
fn check_form(change: &Change) -> Result<(), Failure> {
    let Change {
        action,
        resource_record_set: set,
    } = change;
    if !matches!(action.as_str(), "CREATE" | "DELETE" | "UPSERT") {
        return Err(invalid_input(format!("{action} is not an action.")));
    }
    if !KINDS.contains(&set.kind.as_str()) {
        return Err(invalid_input(format!(
            "{} is not a type of records.",
            set.kind
        )));
    }
    let has_values = set.ttl.is_some() && !set.resource_records.is_empty();
    let has_some = set.ttl.is_some() || !set.resource_records.is_empty();
    let found = match (&set.alias_target, has_values, has_some) {
        (None, true, _) | (Some(_), _, false) => return Ok(()),
        (None, false, _) => "none",
        (Some(_), _, true) => "more than one",
    };
    Err(invalid_input(format!(
        "Invalid request: Expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords], or \
         TrafficPolicyInstanceId], but found {found} in Change with [Action={action}, Name={}, Type={}, SetIdentifier=null]",
        set.name, set.kind
    )))
}

/// A zone's records while a batch is tried.
struct Draft {
    zone: String,
    records: Vec<Record>,
    now: Moment,
    answers_from: Moment,
}

impl Draft {
    /// Makes one change, or says in Route 53's words what is wrong with it.
    fn apply(&mut self, action: &str, set: ResourceRecordSet) -> Result<(), String> {
        let present = self
            .records
            .iter()
            .position(|record| record.set.is_same(&set));
        // Observed: widdix/node-route53-updater #3, boto/boto #2887, hashicorp/terraform #18509.
        let named = format!(
            "resource record set [name='{}', type='{}']",
            set.name, set.kind
        );
        match (action, present) {
            ("CREATE", Some(_)) => Err(format!("Tried to create {named} but it already exists")),
            ("DELETE", None) => Err(format!("Tried to delete {named} but it was not found")),
            ("DELETE", Some(at)) if self.records[at].set != set => Err(format!(
                "Tried to delete {named} but the values provided do not match the current values"
            )),
            ("DELETE", Some(at)) => {
                check_required(&self.records[at], &self.zone)?;
                self.records.remove(at);
                Ok(())
            }
            (_, Some(at)) if self.records[at].set == set => Ok(()),
            (_, present) => {
                self.check(&set)?;
                let before = present.map(|at| self.records.remove(at));
                let now = self.now;
                self.records.push(Record {
                    set,
                    answers_from: self.answers_from,
                    replaces: before.and_then(|before| before.answer(now).cloned()),
                });
                Ok(())
            }
        }
    }

    fn check(&self, set: &ResourceRecordSet) -> Result<(), String> {
        let ResourceRecordSet { name, kind, .. } = set;
        let zone = &self.zone;
        if let Some(problem) = names::problem(name) {
            return Err(problem);
        }
        if !names::is_within(name, zone) {
            return Err(format!(
                "RRSet with DNS name {name} is not permitted in zone {zone}"
            ));
        }
        let others = |is_cname: bool| {
            let records = self.records.iter();
            records
                .filter(|record| record.set.name == *name && record.set.kind != *kind)
                .any(|record| !is_cname || record.set.kind == "CNAME")
        };
        if kind == "CNAME" {
            if name == zone {
                return Err(format!(
                    "RRSet of type CNAME with DNS name {name} is not permitted at apex in zone {zone}"
                ));
            }
            if others(false) {
                // Observed: ansible-collections/amazon.aws #2694.
                return Err(format!(
                    "RRSet of type CNAME with DNS name {name} is not permitted as it conflicts with other records with the \
                     same DNS name in zone {zone}"
                ));
            }
        } else if others(true) {
            // Observed with these two spaces: hashicorp/terraform #9732.
            return Err(format!(
                "RRSet of type {kind} with DNS name {name} is not permitted because a conflicting RRSet of type  CNAME with \
                 the same DNS name already exists in zone {zone}"
            ));
        }
        check_values(set)
    }
}

/// Route 53 developer guide, "NS and SOA records": a zone is never without. Messages not verified.
fn check_required(record: &Record, zone: &str) -> Result<(), String> {
    match record.set.kind.as_str() {
        "SOA" if record.is_of(zone) => {
            Err("A HostedZone must contain exactly one SOA record.".to_owned())
        }
        "NS" if record.is_of(zone) => {
            Err("A HostedZone must contain at least one NS record for the zone itself.".to_owned())
        }
        _ => Ok(()),
    }
}

/// Route 53 developer guide, "Supported DNS record types". Messages not verified.
fn check_values(set: &ResourceRecordSet) -> Result<(), String> {
    if set.kind == "CNAME" && set.resource_records.len() > 1 {
        return Err("Invalid Resource Record: 'FATAL problem: TooManyRecords (A CNAME can have one value only)'".to_owned());
    }
    for record in &set.resource_records {
        let value = &record.value;
        let problem = match set.kind.as_str() {
            "A" if value.parse::<Ipv4Addr>().is_err() => {
                "ARRDATAIllegalIPv4Address (Value is not a valid IPv4 address)"
            }
            "AAAA" if value.parse::<Ipv6Addr>().is_err() => {
                "AAAARRDATAIllegalIPv6Address (Value is not a valid IPv6 address)"
            }
            "CNAME" if names::problem(&names::stored(value)).is_some() => {
                "CNAMERRDATAIllegalName (Value is not a valid domain name)"
            }
            "TXT" if !(value.len() >= 2 && value.starts_with('"') && value.ends_with('"')) => {
                "InvalidCharacterString (Value should be enclosed in quotation marks)"
            }
            _ => continue,
        };
        return Err(format!(
            "Invalid Resource Record: 'FATAL problem: {problem} encountered with '{value}''"
        ));
    }
    Ok(())
}
