//! An endpoint that is changed in place: what EC2 changes of it, and in which order. What is added comes first and what is left
//! out goes last, so that clients have a way that works at every moment.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{EndpointPlan, GROUPS, Groups};
use crate::ids::Addressing;
use crate::json::policy;
use crate::outside::{Endpoint, EndpointChange, Tags};

/// What EC2 can change of an endpoint, as it is or as it shall be.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Form {
    pub subnets: BTreeSet<String>,
    pub groups: BTreeSet<String>,
    /// None for full access.
    pub policy: Option<String>,
    pub private_dns: bool,
    pub inbound_only: bool,
    /// None where EC2 says nothing.
    pub addressing: Option<Addressing>,
}

/// A change of a connection that is there.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    /// What its endpoint is put back to if the change does not work; empty where it has none.
    pub before: Form,
    /// The same of what else it is made of and becomes different, by its name and in words of its own.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parts: BTreeMap<String, Value>,
    /// Tags of the request that its endpoint had and shall not have.
    #[serde(default, skip_serializing_if = "Tags::is_empty")]
    pub tags: Tags,
    /// Those that it gets once it is confirmed.
    #[serde(default, skip_serializing_if = "Tags::is_empty")]
    pub given: Tags,
    /// The zone of every subnet that it has or shall have.
    pub zones: BTreeMap<String, String>,
    /// Whether the service's names may serve inbound resolvers only: then each order says whether they do.
    pub knows_inbound_only: bool,
    pub differences: Vec<Difference>,
}

/// One thing that a change makes different
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Difference {
    /// What, as the request calls it
    pub field: String,
    /// What it is
    pub before: Value,
    /// What it shall be
    pub after: Value,
}

impl Difference {
    /// The difference between two values, if there is one.
    pub fn of(field: &str, before: Value, after: Value) -> Option<Self> {
        (before != after).then(|| Self {
            field: field.to_owned(),
            before,
            after,
        })
    }
}

impl Change {
    /// The next call of EC2 that gives an endpoint back what this change has taken; none if it has that. What others have changed
    /// meanwhile stays theirs.
    pub fn gives_back(&self, there: &Form, wanted: Option<&Form>) -> Option<EndpointChange> {
        let back = self.undone(there, wanted.unwrap_or(&self.before));
        let names = || {
            (back.private_dns && !there.private_dns).then(|| EndpointChange {
                inbound_only: self.knows_inbound_only.then_some(back.inbound_only),
                ..EndpointChange::of_private_dns(true)
            })
        };
        there.lacks(&back, &self.zones).or_else(names)
    }

    /// The one that takes away what it has added.
    pub fn takes_back(&self, there: &Form, wanted: Option<&Form>) -> Option<EndpointChange> {
        there.exceeds(&self.undone(there, wanted.unwrap_or(&self.before)))
    }

    /// The tags that are still to be taken from an endpoint with these.
    pub fn tags_on(&self, there: &Tags) -> Tags {
        let mut tags = self.tags.clone();
        tags.retain(|key, value| there.get(key) == Some(value));
        tags
    }

    /// Those that it would have to get back.
    pub fn tags_off(&self, there: &Tags) -> Tags {
        let mut tags = self.tags.clone();
        tags.retain(|key, _| !there.contains_key(key));
        tags
    }

    /// What an endpoint is without this change: what it has added is not there, and what it has taken away is.
    fn undone(&self, there: &Form, wanted: &Form) -> Form {
        let before = &self.before;
        let ids = |of: fn(&Form) -> &BTreeSet<String>| -> BTreeSet<String> {
            let added: BTreeSet<&String> = of(wanted).difference(of(before)).collect();
            let kept = of(there).iter().filter(|id| !added.contains(id));
            let taken = of(before).difference(of(wanted));
            kept.chain(taken).cloned().collect()
        };
        let is_done = |is: &Option<String>| policy::same(is.as_deref(), wanted.policy.as_deref());
        Form {
            subnets: ids(|form| &form.subnets),
            groups: ids(|form| &form.groups),
            policy: if is_done(&there.policy) {
                before.policy.clone()
            } else {
                there.policy.clone()
            },
            private_dns: if there.private_dns == wanted.private_dns {
                before.private_dns
            } else {
                there.private_dns
            },
            inbound_only: if there.inbound_only == wanted.inbound_only {
                before.inbound_only
            } else {
                there.inbound_only
            },
            addressing: if there.addressing == wanted.addressing {
                before.addressing
            } else {
                there.addressing
            },
        }
    }
}

impl EndpointPlan {
    /// What an endpoint that is there shall be; none while there is no group of our own and it is to have that.
    pub fn form(&self, own_group: Option<&str>, there: &Form) -> Option<Form> {
        let dns = self.private_dns.as_ref();
        let groups: BTreeSet<String> = match &self.groups {
            Groups::Named { ids } => ids.iter().map(ToString::to_string).collect(),
            Groups::Own { .. } => [own_group?.to_owned()].into(),
            Groups::Unchanged => there.groups.clone(),
        };
        // Nobody asks for another type of records but together with one of addresses.
        let is_same = |is: &Addressing| {
            self.addressing.is_usual() && is.ip_address_type == self.addressing.ip_address_type
        };
        let addressing = match there.addressing {
            None if self.addressing.is_usual() => None,
            Some(is) if is_same(&is) => Some(is),
            _ => Some(self.addressing),
        };
        Some(Form {
            subnets: self.subnets().iter().map(ToString::to_string).collect(),
            groups,
            policy: self.policy.document().map(str::to_owned),
            private_dns: dns.is_some(),
            inbound_only: dns
                .and_then(|dns| dns.inbound_only)
                .unwrap_or(there.inbound_only),
            addressing,
        })
    }
}

impl Form {
    pub fn of(endpoint: &Endpoint) -> Self {
        Self {
            subnets: endpoint.subnet_ids.iter().cloned().collect(),
            groups: endpoint.group_ids.iter().cloned().collect(),
            policy: endpoint.policy.clone(),
            private_dns: endpoint.private_dns,
            inbound_only: endpoint.inbound_only,
            addressing: endpoint.addressing,
        }
    }

    /// What it lacks of what is wanted, but for names: the next call of EC2, none if it has everything.
    ///
    /// A subnet whose zone it has another one in comes after everything else: EC2 takes one subnet a zone, so that one has to
    /// go first (AWS `PrivateLink` Guide, "Manage interface endpoints").
    pub fn lacks(&self, wanted: &Self, zones: &BTreeMap<String, String>) -> Option<EndpointChange> {
        let displaced = self.displaced(wanted, zones);
        let zone_is_taken = |id: &&String| {
            let mut all = displaced.iter();
            all.any(|one| zones.get(one) == zones.get(*id))
        };
        let missing = wanted.subnets.difference(&self.subnets);
        let (_, free): (Vec<&String>, Vec<&String>) = missing.partition(zone_is_taken);
        let change = EndpointChange {
            add_subnets: free.into_iter().cloned().collect(),
            add_groups: wanted.groups.difference(&self.groups).cloned().collect(),
            addressing: wanted.addressing.filter(|_| self.is_wider(wanted)),
            // Full access is more than any other policy allows.
            policy: (wanted.policy.is_none() && self.has_other_policy(wanted)).then_some(None),
            ..EndpointChange::default()
        };
        if !change.is_nothing() {
            return Some(change);
        }
        let swap = EndpointChange {
            remove_subnets: displaced,
            ..EndpointChange::default()
        };
        (!swap.is_nothing()).then_some(swap)
    }

    /// What it has and is not wanted any more.
    pub fn exceeds(&self, wanted: &Self) -> Option<EndpointChange> {
        let is_other = wanted.policy.is_some() && self.has_other_policy(wanted);
        let names_go = self.private_dns && !wanted.private_dns;
        let names_differ =
            self.private_dns && wanted.private_dns && self.inbound_only != wanted.inbound_only;
        let change = EndpointChange {
            remove_subnets: self.subnets.difference(&wanted.subnets).cloned().collect(),
            remove_groups: self.groups.difference(&wanted.groups).cloned().collect(),
            policy: is_other.then(|| wanted.policy.clone()),
            addressing: wanted
                .addressing
                .filter(|_| self.addressing != wanted.addressing && !self.is_wider(wanted)),
            private_dns: (names_go || names_differ).then_some(wanted.private_dns),
            inbound_only: names_differ.then_some(wanted.inbound_only),
            ..EndpointChange::default()
        };
        (!change.is_nothing()).then_some(change)
    }

    /// The subnets that have to go before another one of their zone can come.
    pub fn displaced(&self, wanted: &Self, zones: &BTreeMap<String, String>) -> Vec<String> {
        let coming = wanted.subnets.difference(&self.subnets);
        let coming: BTreeSet<&String> = coming.filter_map(|id| zones.get(id)).collect();
        let going = self.subnets.difference(&wanted.subnets);
        let displaced = going.filter(|id| zones.get(*id).is_some_and(|one| coming.contains(one)));
        displaced.cloned().collect()
    }

    fn has_other_policy(&self, wanted: &Self) -> bool {
        !policy::same(self.policy.as_deref(), wanted.policy.as_deref())
    }

    /// Whether the wanted addresses are those that it has and more.
    fn is_wider(&self, wanted: &Self) -> bool {
        let both = self.addressing.zip(wanted.addressing);
        both.is_some_and(|(is, wanted)| is != wanted && wanted.serves(is))
    }

    /// Whether neither of two kinds of addresses has all of the other: EC2 cannot change one into the other without taking
    /// something from clients first.
    pub fn has_other_addresses(&self, wanted: &Self) -> bool {
        let both = self.addressing.zip(wanted.addressing);
        both.is_some_and(|(is, wanted)| !wanted.serves(is) && !is.serves(wanted))
    }

    /// What becomes different, as requests call it.
    pub fn differences(&self, wanted: &Self, zones: &BTreeMap<String, String>) -> Vec<Difference> {
        let zones_of = |form: &Self| {
            let all = form.subnets.iter().filter_map(|id| zones.get(id));
            json!(all.collect::<BTreeSet<_>>())
        };
        let document = |policy: &Option<String>| {
            policy.as_deref().map_or_else(
                || json!("full"),
                |text| serde_json::from_str(text).unwrap_or_else(|_| json!(text)),
            )
        };
        let policy = self
            .has_other_policy(wanted)
            .then(|| Difference::of("policy", document(&self.policy), document(&wanted.policy)));
        let addresses = |form: &Self| json!(form.addressing.map(|one| one.ip_address_type));
        let records = |form: &Self| json!(form.addressing.map(|one| one.dns_record_ip_type));
        let of = |field: &str, value: fn(&Self) -> Value| {
            Difference::of(field, value(self), value(wanted))
        };
        let all = [
            of("network.subnetIds", |form| json!(form.subnets)),
            Difference::of("zones", zones_of(self), zones_of(wanted)),
            of(GROUPS, |form| json!(form.groups)),
            Difference::of("network.ipAddressType", addresses(self), addresses(wanted)),
            Difference::of("network.dnsRecordIpType", records(self), records(wanted)),
            of("privateDns", |form| json!(form.private_dns)),
            policy.flatten(),
        ];
        all.into_iter().flatten().collect()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::ids::{DnsRecordIpType, IpAddressType};

    pub(in crate::endpoint) fn form(subnets: &[&str], groups: &[&str]) -> Form {
        let set = |all: &[&str]| all.iter().map(|one| (*one).to_owned()).collect();
        Form {
            subnets: set(subnets),
            groups: set(groups),
            policy: None,
            private_dns: true,
            inbound_only: false,
            addressing: None,
        }
    }

    fn zones() -> BTreeMap<String, String> {
        let all = [("a", "1"), ("a2", "1"), ("b", "2"), ("c", "3")];
        let all = all.map(|(id, zone)| (id.to_owned(), zone.to_owned()));
        all.into()
    }

    #[test]
    fn what_is_added_comes_before_what_goes() {
        let (is, wanted) = (form(&["a", "b"], &["old"]), form(&["b", "c"], &["new"]));
        let lacks = is.lacks(&wanted, &zones()).unwrap();
        assert_eq!(
            (lacks.add_subnets, lacks.add_groups),
            (vec!["c".to_owned()], vec!["new".to_owned()])
        );
        assert!(lacks.remove_subnets.is_empty() && lacks.remove_groups.is_empty());

        let both = form(&["a", "b", "c"], &["old", "new"]);
        assert_eq!(both.lacks(&wanted, &zones()), None);
        let exceeds = both.exceeds(&wanted).unwrap();
        assert_eq!(
            (exceeds.remove_subnets, exceeds.remove_groups),
            (vec!["a".to_owned()], vec!["old".to_owned()])
        );
        assert_eq!(wanted.exceeds(&wanted), None);
    }

    #[test]
    fn another_subnet_of_a_zone_comes_after_everything_else() {
        let (mut is, wanted) = (form(&["a", "b"], &["g"]), form(&["a2", "b", "c"], &["g"]));
        let first = is.lacks(&wanted, &zones()).unwrap();
        assert_eq!(first.add_subnets, ["c"]);
        is.subnets.insert("c".to_owned());
        let second = is.lacks(&wanted, &zones()).unwrap();
        assert_eq!(
            (second.add_subnets.len(), second.remove_subnets),
            (0, vec!["a".to_owned()])
        );
        is.subnets.remove("a");
        assert_eq!(is.lacks(&wanted, &zones()).unwrap().add_subnets, ["a2"]);
    }

    #[test]
    fn addresses_become_more_first_and_fewer_last() {
        let of = |ip_address_type| {
            Some(Addressing {
                ip_address_type,
                dns_record_ip_type: DnsRecordIpType::of(ip_address_type),
            })
        };
        let (mut four, mut both) = (form(&["a"], &["g"]), form(&["a"], &["g"]));
        four.addressing = of(IpAddressType::Ipv4);
        both.addressing = of(IpAddressType::Dualstack);
        assert_eq!(
            four.lacks(&both, &zones()).unwrap().addressing,
            both.addressing
        );
        assert_eq!(four.exceeds(&both), None);
        assert_eq!(both.lacks(&four, &zones()), None);
        assert_eq!(both.exceeds(&four).unwrap().addressing, four.addressing);
        let mut six = form(&["a"], &["g"]);
        six.addressing = of(IpAddressType::Ipv6);
        assert!(four.has_other_addresses(&six) && !four.has_other_addresses(&both));
    }
}
