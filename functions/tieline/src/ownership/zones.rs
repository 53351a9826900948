//! How marks on an endpoint name the private zones that lead to it: a zone has room for few tags of its own. A word of a mark says
//! the zone's domain and who sees it, because VPCs that see nothing of each other may have a zone of the same domain each.

use std::collections::BTreeSet;

use super::{Owner, holders};
use crate::ids::VpcId;
use crate::json::canonical;
use crate::outside::Tags;

/// Begins such a word; an execution is hexadecimal.
pub(super) const ZONE: char = 'z';

/// Digits of a digest that stand for a domain, for a VPC and for a name in the zone.
const OF_DOMAIN: usize = 8;
const OF_VPC: usize = 4;
const OF_NAME: usize = 3;

/// What a tag's value has room for (EC2 User Guide, "Tag restrictions": 256), without what else a mark says; and where the names are
/// among it, without what checks write into it as well.
const ROOM: usize = 188;
const ROOM_WITH_NAMES: usize = 150;

/// The word for a private zone: its domain, who sees it, and which of its names are the request's.
pub fn zone_mark(domain: &str, vpcs: &[VpcId], names: &[String]) -> String {
    let together = |mut all: Vec<&str>, count: usize| -> String {
        all.sort_unstable();
        all.into_iter().map(|one| digits(one, count)).collect()
    };
    let seen_by = together(vpcs.iter().map(VpcId::as_str).collect(), OF_VPC);
    let names = together(names.iter().map(String::as_str).collect(), OF_NAME);
    format!("{ZONE}{}-{seen_by}-{names}", digits(domain, OF_DOMAIN))
}

/// Several words as one mark says them: without the names where they do not fit, and then without the VPCs. Then each zone of the
/// domain may be meant.
pub fn zone_marks(marks: &[String]) -> Option<String> {
    let of_parts = |count: usize| {
        let words = marks.iter().map(|mark| {
            let parts: Vec<&str> = mark.split('-').take(count).collect();
            parts.join("-")
        });
        words.collect::<Vec<_>>().join(".")
    };
    let (whole, seen_by) = (of_parts(3), of_parts(2));
    match (whole.len(), seen_by.len()) {
        (0, _) => None,
        (1..=ROOM_WITH_NAMES, _) => Some(whole),
        (_, 0..=ROOM) => Some(seen_by),
        _ => Some(of_parts(1)),
    }
}

fn digits(text: &str, count: usize) -> String {
    canonical::digest(&[text])[..count].to_owned()
}

/// A private zone as a mark names it.
#[derive(Debug, Clone, Copy)]
pub struct ZoneWord<'m>(&'m str);

impl<'m> ZoneWord<'m> {
    /// All of them in a mark.
    pub fn all_in(mark: &'m str) -> impl Iterator<Item = Self> {
        let words = mark.split('.').skip(1);
        words.filter(|word| word.starts_with(ZONE)).map(Self)
    }

    pub fn text(self) -> &'m str {
        self.0
    }

    /// The part that says the domain; versions before wrote no more, or only who sees it.
    fn domain(self) -> &'m str {
        self.part(0)
    }

    fn part(self, at: usize) -> &'m str {
        self.0.split('-').nth(at).unwrap_or_default()
    }

    /// Whether the zone is of this domain.
    pub fn is_of(self, domain: &str) -> bool {
        self.domain().strip_prefix(ZONE) == Some(digits(domain, OF_DOMAIN).as_str())
    }

    /// Whether it may mean the zone of this domain that these VPCs see.
    pub fn may_mean(self, domain: &str, vpcs: &[String]) -> bool {
        let seen_by = self.part(1);
        let unseen = self.unseen_by(vpcs);
        self.is_of(domain) && (seen_by.is_empty() || unseen < seen_by.len() / OF_VPC)
    }

    /// How many of the VPCs that see it are none of these.
    pub fn unseen_by(self, vpcs: &[String]) -> usize {
        let there: Vec<String> = vpcs.iter().map(|vpc| digits(vpc, OF_VPC)).collect();
        let seen_by = chunks(self.part(1), OF_VPC);
        seen_by
            .filter(|vpc| !there.iter().any(|one| one == vpc))
            .count()
    }

    /// The names of the request's that are none of these, as it says them; nothing is known where it says none.
    pub fn lacks(self, names: &[&str]) -> Option<Vec<&'m str>> {
        let own = self.part(2);
        let there: Vec<String> = names.iter().map(|name| digits(name, OF_NAME)).collect();
        let lacks = chunks(own, OF_NAME).filter(|name| !there.iter().any(|one| one == name));
        (!own.is_empty()).then(|| lacks.collect())
    }
}

/// Whether a name is the one that a mark says so.
pub fn is_name(name: &str, said: &str) -> bool {
    digits(name, OF_NAME) == said
}

fn chunks(text: &str, size: usize) -> impl Iterator<Item = &str> {
    (0..text.len() / size).filter_map(move |at| text.get(at * size..(at + 1) * size))
}

impl Owner {
    /// The private zones that this request's mark on an endpoint with these tags names.
    pub fn zone_in(&self, tags: &Tags) -> Option<String> {
        let words = ZoneWord::all_in(tags.get(&self.request_tag())?);
        let zones: Vec<&str> = words.map(ZoneWord::text).collect();
        (!zones.is_empty()).then(|| zones.join("."))
    }

    /// Whether that mark names the private zones of the same domains that this request's are of.
    pub fn has_same_zones_in(&self, tags: &Tags) -> bool {
        let domains = |zones: Option<&str>| -> BTreeSet<String> {
            let words = zones.into_iter().flat_map(|zones| zones.split('.'));
            words
                .map(|word| ZoneWord(word).domain().to_owned())
                .collect()
        };
        domains(self.zone_in(tags).as_deref()) == domains(self.zone.as_deref())
    }

    /// Whether that mark says of a VPC that it sees the zone of a domain. Where it names no VPCs, nothing is known.
    pub fn names_vpc_of_zone(&self, tags: &Tags, domain: &str, vpc: &str) -> bool {
        let own = self.zone_in(tags).unwrap_or_default();
        let vpcs = [vpc.to_owned()];
        let mut words = own.split('.').filter(|word| word.contains('-'));
        words.any(|word| ZoneWord(word).may_mean(domain, &vpcs))
    }

    /// Whether that mark names every zone of this request's; the version before said only their domains.
    pub fn names_zones_in(&self, tags: &Tags) -> bool {
        let there = self.zone_in(tags).unwrap_or_default();
        let is_there = |word: &str| {
            there
                .split('.')
                .any(|one| ZoneWord(one).domain() == ZoneWord(word).domain())
        };
        let mut own = self.zone.iter().flat_map(|own| own.split('.'));
        own.all(is_there)
    }

    /// Whether an endpoint with these tags serves other requests that hold, through it, the private zone of this domain that
    /// these VPCs see.
    pub fn shares_zone(&self, tags: &Tags, domain: &str, vpcs: &[String]) -> bool {
        holders(tags).any(|(request, mark)| {
            request != self.request_id.as_str()
                && ZoneWord::all_in(mark).any(|word| word.may_mean(domain, vpcs))
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
        let names = ["db.example", "*.db.example"].map(str::to_owned);
        let mark = zone_mark("db.example", &[second.clone(), first.clone()], &names);
        let holder = Owner {
            zone: Some(mark.clone()),
            request_id: "billing".parse().unwrap(),
            ..owner()
        };
        let old = holder
            .zone
            .as_deref()
            .map(|zone| ZoneWord(zone).domain().to_owned());
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
        let word = ZoneWord(&mark);
        assert_eq!(
            word.lacks(&["db.example", "*.db.example"]),
            Some(Vec::new())
        );
        let lacks = word.lacks(&["db.example", "other.db.example"]).unwrap();
        assert!(lacks.len() == 1 && is_name("*.db.example", lacks[0]));
        assert_eq!(word.unseen_by(&[first.to_string()]), 1);
        let (without_names, _) = mark.rsplit_once('-').unwrap();
        for before in [word.domain(), without_names] {
            assert_eq!(ZoneWord(before).lacks(&[]), None);
        }
        let words = |count: usize| zone_marks(&vec![mark.clone(); count]).unwrap();
        assert_eq!(words(4).len(), 4 * mark.len() + 3);
        assert_eq!(words(8).len(), 8 * without_names.len() + 7);
        assert_eq!(words(20).len(), 20 * 10 - 1);
    }
}
