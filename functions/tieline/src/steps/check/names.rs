//! The names that private zones have for connections: one look at the list of all zones, and one at each zone of a few endpoints, in turn.
//! A mark on an endpoint says in digests which zones its request has, who sees them and which of their names are its own.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::leaving::leaves;
use super::turns::in_turn;
use crate::ids::EndpointId;
use crate::json::canonical;
use crate::outside::route53::{HostedZone, ListedZone};
use crate::outside::{Endpoint, Outside, Reply, State};
use crate::ownership::{ZoneWord, built_in, holders, is_name, is_zone_of};
use crate::parts::private_zone::led_to;
use crate::time::Time;
use crate::workflow::{Check, NamesSeen};

/// How many zones a check looks at, with three calls each: Route 53 takes five a second from an account. All of one endpoint's are
/// looked at, or none.
const MOST_ZONES: usize = 16;

/// How many things that are wrong with a connection's names are told, and in how many characters: a state of the machine hands them on.
const MOST_WRONG: usize = 3;
const MOST_CHARS: usize = 240;

/// What is known of the names of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Names {
    /// They are as they were when it was confirmed.
    Lead,
    /// They are not; this is what is wrong.
    Wrong(String),
    /// They were not looked at in this check, or there are none.
    Unknown,
}

impl Names {
    pub(super) fn of(endpoint: &Endpoint, request: &str, mark: &str, seen: &[NamesSeen]) -> Self {
        let its = seen.iter().find(|one| {
            one.endpoint == endpoint.id && one.request == request && one.zones == zones_in(mark)
        });
        match its {
            None => Self::Unknown,
            Some(NamesSeen { wrong: None, .. }) => Self::Lead,
            Some(NamesSeen {
                wrong: Some(wrong), ..
            }) => Self::Wrong(wrong.clone()),
        }
    }

    /// What a mark says of it.
    pub(super) fn digest(&self, before: String) -> String {
        match self {
            Self::Lead => String::new(),
            Self::Wrong(what) => canonical::digest(&[what])[..4].to_owned(),
            Self::Unknown => before,
        }
    }
}

/// The zones that a mark names.
fn zones_in(mark: &str) -> String {
    let words: Vec<&str> = ZoneWord::all_in(mark).map(ZoneWord::text).collect();
    words.join(".")
}

/// The confirmed connections through an endpoint that have private zones.
fn with_zones(endpoint: &Endpoint) -> impl Iterator<Item = (&str, &str)> {
    let all = holders(&endpoint.tags);
    all.filter(|(_, mark)| built_in(mark).is_some() && !zones_in(mark).is_empty())
}

/// The endpoints whose turn it is.
pub(super) fn candidates<'e>(
    ours: &'e [Endpoint],
    check: &Check,
    began: Time,
) -> Vec<&'e Endpoint> {
    let all = ours.iter().filter(|one| {
        let mut zoned = with_zones(one);
        let stays = |(request, _): (&str, &str)| !leaves(one, request, check);
        one.state == State::Available && zoned.any(stays)
    });
    in_turn(all.collect(), began)
}

/// Looks at their zones. What cannot be looked at keeps nobody from the rest.
pub(super) async fn look(outside: &Outside<'_>, chosen: Vec<&Endpoint>, check: &mut Check) {
    if chosen.is_empty() {
        return;
    }
    let looked = match outside.route53.all_zones().await {
        Ok(mut listed) => {
            listed.retain(|zone| zone.private);
            look_at(outside, &chosen, &listed, &mut check.names).await
        }
        Err(error) => Err(error),
    };
    if let Err(error) = looked {
        check.untried.push(format!("private zones ({error})"));
    }
}

/// What was seen until an error stays.
async fn look_at(
    outside: &Outside<'_>,
    chosen: &[&Endpoint],
    listed: &[ListedZone],
    seen: &mut Vec<NamesSeen>,
) -> Reply<()> {
    let mut there: BTreeMap<&str, Option<HostedZone>> = BTreeMap::new();
    for endpoint in chosen {
        let is_its = |zone: &&ListedZone| {
            let mut words = with_zones(endpoint).flat_map(|(_, mark)| ZoneWord::all_in(mark));
            words.any(|word| word.is_of(&zone.name))
        };
        let its: Vec<&ListedZone> = listed.iter().filter(is_its).collect();
        let new = its
            .iter()
            .filter(|zone| !there.contains_key(zone.id.as_str()));
        if !there.is_empty() && there.len() + new.count() > MOST_ZONES {
            continue;
        }
        for zone in &its {
            if let Entry::Vacant(place) = there.entry(&zone.id) {
                let found = outside.route53.zone(&zone.id).await?;
                let name = &outside.deployment.name;
                place.insert(found.filter(|zone| is_zone_of(name, &zone.comment, &zone.tags)));
            }
        }
        let its: Vec<&HostedZone> = its
            .iter()
            .filter_map(|zone| there.get(zone.id.as_str())?.as_ref())
            .collect();
        seen.extend(with_zones(endpoint).map(|(request, mark)| NamesSeen {
            endpoint: endpoint.id.clone(),
            request: request.to_owned(),
            zones: zones_in(mark),
            wrong: wrong(endpoint, mark, &its),
        }));
    }
    Ok(())
}

/// What is not as a mark says it, for a person to read.
fn wrong(endpoint: &Endpoint, mark: &str, zones: &[&HostedZone]) -> Option<String> {
    let words = ZoneWord::all_in(mark);
    let found: Vec<String> = words
        .filter_map(|word| wrong_in(&endpoint.id, word, zones))
        .collect();
    if found.is_empty() {
        return None;
    }
    let told: Vec<&str> = found.iter().take(MOST_WRONG).map(String::as_str).collect();
    Some(told.join("; ").chars().take(MOST_CHARS).collect())
}

fn wrong_in(endpoint: &EndpointId, word: ZoneWord<'_>, zones: &[&HostedZone]) -> Option<String> {
    let of_domain = || zones.iter().filter(|zone| word.is_of(&zone.name));
    let Some(any) = of_domain().next() else {
        return Some("a private zone of the request's is gone".to_owned());
    };
    let meant: Vec<_> = of_domain()
        .filter(|zone| word.may_mean(&zone.name, &zone.vpcs))
        .collect();
    let Some(first) = meant.first() else {
        let HostedZone { id, name, .. } = any;
        return Some(format!("no VPC of the request's sees {name} ({id})"));
    };
    // Versions before did not say who sees it: then any zone of the domain may be the one.
    if meant
        .iter()
        .any(|zone| wrong_with(endpoint, word, zone).is_none())
    {
        return None;
    }
    wrong_with(endpoint, word, first)
}

fn wrong_with(endpoint: &EndpointId, word: ZoneWord<'_>, zone: &HostedZone) -> Option<String> {
    let HostedZone { id, name, .. } = zone;
    let unseen = word.unseen_by(&zone.vpcs);
    if unseen > 0 {
        return Some(format!(
            "{unseen} VPCs of the request's do not see {name} ({id})"
        ));
    }
    let leads = zone
        .names
        .iter()
        .filter(|one| led_to(one).as_ref() == Some(endpoint));
    let leads: Vec<&str> = leads.map(|one| one.name.as_str()).collect();
    // Versions before did not say which names are the request's.
    let Some(lacks) = word.lacks(&leads) else {
        return leads
            .is_empty()
            .then(|| format!("no name in {name} ({id}) leads to {endpoint}"));
    };
    let said = lacks.iter().take(MOST_WRONG).map(|lacking| {
        let mut names = zone.names.iter();
        match names.find(|one| is_name(&one.name, lacking)) {
            Some(there) => format!("{} leads to {}", there.name, there.leads_to),
            None => format!("a name in {name} ({id}) is missing"),
        }
    });
    (!lacks.is_empty()).then(|| said.collect::<Vec<_>>().join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::VpcId;
    use crate::outside::route53::ZoneName;
    use crate::ownership::zone_mark;

    const VPC: &str = "vpc-0f3a9c51d7e2b8640";
    const OTHER: &str = "vpc-0b7d2e9f4a6c81350";

    fn zone(id: &str, vpc: &str, names: &[(&str, &str)]) -> HostedZone {
        let name = |(name, leads_to): &(&str, &str)| ZoneName {
            name: (*name).to_owned(),
            leads_to: (*leads_to).to_owned(),
            ttl: 60,
            alias: None,
        };
        HostedZone {
            id: id.to_owned(),
            name: "db.example".to_owned(),
            comment: String::new(),
            vpcs: vec![vpc.to_owned()],
            tags: BTreeMap::new(),
            names: names.iter().map(name).collect(),
            taken: Vec::new(),
        }
    }

    /// VPCs that see nothing of each other may have a zone of the same domain each.
    #[test]
    fn of_two_zones_of_a_domain_the_one_that_the_vpc_sees_is_judged() {
        let endpoint = "vpce-0123456789abcdef0".parse().unwrap();
        let own = "vpce-0123456789abcdef0-0a1b2c3d.example";
        let vpc: VpcId = VPC.parse().unwrap();
        let names = ["a.db.example".to_owned(), "b.db.example".to_owned()];
        let mark = format!(
            "0123.ready.1-2-3-4.{}",
            zone_mark("db.example", &[vpc], &names)
        );
        let word = || ZoneWord::all_in(&mark).next().unwrap();
        let other = zone("Z2", OTHER, &[]);
        let both = [("a.db.example", own), ("b.db.example", own)];
        for (names, said) in [
            (&both[..], None),
            (&both[..1], Some("a name in db.example (Z1) is missing")),
            (
                &[("a.db.example", own), ("b.db.example", "elsewhere.example")][..],
                Some("b.db.example leads to elsewhere.example"),
            ),
        ] {
            let first = zone("Z1", VPC, names);
            for zones in [[&first, &other], [&other, &first]] {
                assert_eq!(wrong_in(&endpoint, word(), &zones).as_deref(), said);
            }
        }
        let unseen = wrong_in(&endpoint, word(), &[&other]);
        assert_eq!(
            unseen.as_deref(),
            Some("no VPC of the request's sees db.example (Z2)")
        );
        let gone = wrong_in(&endpoint, word(), &[]);
        assert_eq!(
            gone.as_deref(),
            Some("a private zone of the request's is gone")
        );
    }
}
