//! The names that private zones have for connections: one look at the list of all zones, and one at each zone of a few endpoints, in turn.
//! A mark on an endpoint says in digests which zones its request has, who sees them and which of their names are its own.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::turns::in_turn;
use crate::json::canonical;
use crate::outside::route53::{HostedZone, ListedZone};
use crate::outside::{Endpoint, Outside, Reply, State};
use crate::ownership::{ZoneWord, built_in, has_written, holders, is_closing, is_name};
use crate::parts::private_zone::led_to;
use crate::time::Time;
use crate::workflow::{Check, NamesSeen};

/// How many zones a check looks at, with three calls each: Route 53 takes five a second from an account. All of one endpoint's are
/// looked at, or none.
const MOST_ZONES: usize = 16;

/// How many things that are wrong with a connection's names are told.
const MOST_WRONG: usize = 3;

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
pub(super) fn candidates(ours: &[Endpoint], began: Time) -> Vec<&Endpoint> {
    let all = ours.iter().filter(|one| {
        let is_there = one.state == State::Available && !is_closing(&one.tags);
        is_there && with_zones(one).next().is_some()
    });
    in_turn(all.collect(), began)
}

/// Looks at their zones. What cannot be looked at keeps nobody from the rest.
pub(super) async fn look(outside: &Outside<'_>, chosen: Vec<&Endpoint>, check: &mut Check) {
    if chosen.is_empty() {
        return;
    }
    let seen = match outside.route53.all_zones().await {
        Ok(mut listed) => {
            listed.retain(|zone| has_written(&outside.deployment.name, &zone.comment));
            look_at(outside, &chosen, &listed).await
        }
        Err(error) => Err(error),
    };
    match seen {
        Ok(seen) => check.names = seen,
        Err(error) => check.untried.push(format!("private zones ({error})")),
    }
}

async fn look_at(
    outside: &Outside<'_>,
    chosen: &[&Endpoint],
    listed: &[ListedZone],
) -> Reply<Vec<NamesSeen>> {
    let mut there: BTreeMap<&str, Option<HostedZone>> = BTreeMap::new();
    let mut seen = Vec::new();
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
                place.insert(outside.route53.zone(&zone.id).await?);
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
    Ok(seen)
}

/// What is not as a mark says it, for a person to read.
fn wrong(endpoint: &Endpoint, mark: &str, zones: &[&HostedZone]) -> Option<String> {
    let words = ZoneWord::all_in(mark);
    let found: Vec<String> = words
        .filter_map(|word| wrong_in(endpoint, word, zones))
        .collect();
    let told = found.iter().take(MOST_WRONG).map(String::as_str);
    (!found.is_empty()).then(|| told.collect::<Vec<_>>().join("; "))
}

fn wrong_in(endpoint: &Endpoint, word: ZoneWord<'_>, zones: &[&HostedZone]) -> Option<String> {
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

fn wrong_with(endpoint: &Endpoint, word: ZoneWord<'_>, zone: &HostedZone) -> Option<String> {
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
        .filter(|one| led_to(one).as_ref() == Some(&endpoint.id));
    let leads: Vec<&str> = leads.map(|one| one.name.as_str()).collect();
    // Versions before did not say which names are the request's.
    let Some(lacks) = word.lacks(&leads) else {
        return leads
            .is_empty()
            .then(|| format!("no name in {name} ({id}) leads to {}", endpoint.id));
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
