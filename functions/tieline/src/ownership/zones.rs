//! How marks on an endpoint name the private zones that lead to it: a zone has room for few tags of its own. A word of a mark says
//! the zone's domain and who sees it, because VPCs that see nothing of each other may have a zone of the same domain each.

use std::collections::BTreeSet;

use super::{Owner, holders};
use crate::ids::VpcId;
use crate::json::canonical;
use crate::outside::Tags;

/// Begins such a word; an execution is hexadecimal.
pub(super) const ZONE: char = 'z';

/// Digits of a digest that stand for a domain, and for a VPC.
const OF_DOMAIN: usize = 8;
const OF_VPC: usize = 4;

/// What a tag's value has room for (EC2 User Guide, "Tag restrictions": 256), without what else a mark says.
const ROOM: usize = 200;

/// The word for a private zone.
pub fn zone_mark(domain: &str, vpcs: &[VpcId]) -> String {
    let mut vpcs: Vec<&str> = vpcs.iter().map(VpcId::as_str).collect();
    vpcs.sort_unstable();
    let seen_by: String = vpcs.into_iter().map(|vpc| digits(vpc, OF_VPC)).collect();
    format!("{ZONE}{}-{seen_by}", digits(domain, OF_DOMAIN))
}

/// Several words as one mark says them: without the VPCs where they do not fit. Then each zone of the domain may be meant.
pub fn zone_marks(marks: &[String]) -> Option<String> {
    let all = marks.join(".");
    let short = |mark: &String| domain_in(mark).to_owned();
    match all.len() {
        0 => None,
        1..=ROOM => Some(all),
        _ => Some(marks.iter().map(short).collect::<Vec<_>>().join(".")),
    }
}

fn digits(text: &str, count: usize) -> String {
    canonical::digest(&[text])[..count].to_owned()
}

/// The part of a word that says the domain; the version before wrote no more.
fn domain_in(word: &str) -> &str {
    word.split('-').next().unwrap_or(word)
}

/// Whether a word may mean the zone of this domain that these VPCs see.
fn may_mean(word: &str, domain: &str, vpcs: &[String]) -> bool {
    let of_domain = format!("{ZONE}{}", digits(domain, OF_DOMAIN));
    let seen_by = word.split_once('-').map_or("", |(_, seen_by)| seen_by);
    let is_seen = |vpc: &String| {
        let wanted = digits(vpc, OF_VPC);
        let mut all = seen_by.as_bytes().chunks(OF_VPC);
        all.any(|one| one == wanted.as_bytes())
    };
    domain_in(word) == of_domain && (seen_by.is_empty() || vpcs.iter().any(is_seen))
}

impl Owner {
    /// The private zones that this request's mark on an endpoint with these tags names.
    pub fn zone_in(&self, tags: &Tags) -> Option<String> {
        let words = tags.get(&self.request_tag())?.split('.').skip(1);
        let zones: Vec<&str> = words.filter(|word| word.starts_with(ZONE)).collect();
        (!zones.is_empty()).then(|| zones.join("."))
    }

    /// Whether that mark names the private zones of the same domains that this request's are of.
    pub fn has_same_zones_in(&self, tags: &Tags) -> bool {
        let domains = |zones: Option<&str>| -> BTreeSet<String> {
            let words = zones.into_iter().flat_map(|zones| zones.split('.'));
            words.map(|word| domain_in(word).to_owned()).collect()
        };
        domains(self.zone_in(tags).as_deref()) == domains(self.zone.as_deref())
    }

    /// Whether that mark says of a VPC that it sees the zone of a domain. Where it names no VPCs, nothing is known.
    pub fn names_vpc_of_zone(&self, tags: &Tags, domain: &str, vpc: &str) -> bool {
        let own = self.zone_in(tags).unwrap_or_default();
        let vpcs = [vpc.to_owned()];
        let mut words = own.split('.').filter(|word| word.contains('-'));
        words.any(|word| may_mean(word, domain, &vpcs))
    }

    /// Whether that mark names every zone of this request's; the version before said only their domains.
    pub fn names_zones_in(&self, tags: &Tags) -> bool {
        let there = self.zone_in(tags).unwrap_or_default();
        let is_there = |word: &str| {
            there
                .split('.')
                .any(|one| domain_in(one) == domain_in(word))
        };
        let mut own = self.zone.iter().flat_map(|own| own.split('.'));
        own.all(is_there)
    }

    /// Whether an endpoint with these tags serves other requests that hold, through it, the private zone of this domain that
    /// these VPCs see.
    pub fn shares_zone(&self, tags: &Tags, domain: &str, vpcs: &[String]) -> bool {
        holders(tags).any(|(request, mark)| {
            request != self.request_id.as_str()
                && mark.split('.').any(|word| may_mean(word, domain, vpcs))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::owner;
    use super::*;

    #[test]
    fn a_mark_names_the_zone_that_its_vpcs_see() {
        let vpc = |id: &str| -> VpcId { id.parse().unwrap() };
        let (first, second) = (vpc("vpc-0f3a9c51d7e2b8640"), vpc("vpc-0b7d2e9f4a6c81350"));
        let mark = zone_mark("db.example", &[second.clone(), first.clone()]);
        let holder = Owner {
            zone: Some(mark.clone()),
            request_id: "billing".parse().unwrap(),
            ..owner()
        };
        let old = holder.zone.as_deref().map(domain_in).map(str::to_owned);
        let before = Owner {
            zone: old,
            ..holder.clone()
        };
        let seen =
            |ids: &[&VpcId]| -> Vec<String> { ids.iter().map(|id| id.to_string()).collect() };
        let third = vpc("vpc-0c1d2e3f4a5b6c7d8");
        for (holder, domain, vpcs, shares) in [
            (&holder, "db.example", seen(&[&first]), true),
            (&holder, "db.example", seen(&[&third]), false),
            (&holder, "db.example", seen(&[&third, &second]), true),
            (&holder, "example", seen(&[&first]), false),
            (&before, "db.example", seen(&[&third]), true),
            (&before, "example", seen(&[&third]), false),
        ] {
            let tags = holder.marks();
            let what = format!("{domain} {vpcs:?}");
            assert_eq!(owner().shares_zone(&tags, domain, &vpcs), shares, "{what}");
            assert!(!holder.shares_zone(&tags, domain, &vpcs), "{what}");
        }
        assert!(holder.names_zones_in(&before.marks()));
        let (now, old) = (holder.marks(), before.marks());
        let without = Owner {
            zone: None,
            ..holder.clone()
        };
        assert!(holder.has_same_zones_in(&old) && !without.has_same_zones_in(&now));
        for (vpc, named) in [(&first, true), (&second, true), (&third, false)] {
            let vpc = vpc.as_str();
            assert_eq!(holder.names_vpc_of_zone(&now, "db.example", vpc), named);
            assert!(!holder.names_vpc_of_zone(&now, "example", vpc));
            // The version before named none.
            assert!(!holder.names_vpc_of_zone(&old, "db.example", vpc));
        }
        assert_eq!(holder.zone_in(&holder.marks()).as_ref(), Some(&mark));
        let many = vec![mark; 20];
        assert_eq!(zone_marks(&many).unwrap().len(), 20 * 10 - 1);
    }
}
