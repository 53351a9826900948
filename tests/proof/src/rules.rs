//! What must hold after every call, whatever happens.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use tests::Seen;
use world::World;
use world::gate::Call;
use world::model::endpoints::VpcEndpoint;
use world::scenario::{SUBNETS, VPC};

use crate::cast::{ANOTHER, FORMS};

/// After so many calls it is looked at in any case.
const SOMETIMES: usize = 16;

const REQUEST: &str = "tieline:request/";

const MANAGED: &str = "tieline:managed";

/// What is watched.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rules(Arc<Mutex<Watched>>);

#[derive(Debug, Default)]
struct Watched {
    /// The requests that somebody has asked to remove, by stack and id: only their connections may go.
    to_go: BTreeSet<(&'static str, String)>,
    /// The confirmed connections that were seen.
    confirmed: BTreeSet<Confirmed>,
    /// The endpoints that nobody held when all began.
    unheld: BTreeSet<String>,
    /// Which endpoints of ours names led to, as it was seen last.
    named: BTreeMap<String, bool>,
    /// The endpoints whose names somebody was not allowed to turn off when they last tried.
    may_not_turn_off: BTreeSet<String>,
    /// The endpoints that others than those who hold them did away with.
    dead: BTreeSet<String>,
    /// The endpoints from which somebody took a subnet by hand.
    thinned: BTreeSet<String>,
    /// Marks that were ordered without an answer, and may come late: endpoint, key, value.
    unanswered: BTreeSet<(String, String, String)>,
    /// How many calls were looked at.
    calls: usize,
    broken: Option<String>,
}

/// A connection that was confirmed: stack, endpoint, request.
pub(crate) type Confirmed = (&'static str, String, String);

impl Rules {
    fn watched(&self) -> MutexGuard<'_, Watched> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn may_go(&self, stack: &'static str, id: &str) {
        self.watched().to_go.insert((stack, id.to_owned()));
    }

    /// An endpoint of ours that no request holds: it stays, whoever fails.
    pub(crate) fn stays(&self, endpoint: &str) {
        self.watched().unheld.insert(endpoint.to_owned());
    }

    /// An endpoint that somebody else does away with, such as its service's owner: whoever has it loses it.
    pub(crate) fn dies(&self, endpoint: &str) {
        self.watched().dead.insert(endpoint.to_owned());
    }

    /// Whether somebody did that.
    pub(crate) fn has_dead(&self) -> bool {
        !self.watched().dead.is_empty()
    }

    /// An endpoint from which somebody takes a subnet by hand: then it has what nobody asked for.
    pub(crate) fn thins(&self, endpoint: &str) {
        self.watched().thinned.insert(endpoint.to_owned());
    }

    /// The first rule that was broken, in words.
    pub(crate) fn broken(&self) -> Option<String> {
        self.watched().broken.clone()
    }

    /// Looks after what was written, and now and then: orders may take effect late.
    pub(crate) fn look(&self, world: &mut World) {
        let calls = world.calls();
        self.watched().note(calls);
        let is_read = calls.last().is_none_or(|call| !call.write);
        if is_read && !calls.len().is_multiple_of(SOMETIMES) {
            return;
        }
        let seen = Seen::endpoints(world);
        let mut watched = self.watched();
        if watched.broken.is_none() {
            let broken = watched
                .one_endpoint(&seen)
                .or_else(|| watched.nothing_undone(&seen))
                .or_else(|| watched.unheld_stays(&seen))
                .or_else(|| watched.names_go_first(&seen))
                .or_else(|| watched.always_a_way(&seen));
            watched.broken = broken;
        }
    }
}

impl Watched {
    /// Who may not turn names off deletes what they lead to all the same. A mark without an answer may come late.
    fn note(&mut self, calls: &[Call]) {
        let off = &serde_json::json!(false);
        for call in calls.iter().skip(self.calls) {
            let parameters = &call.parameters;
            if call.action == "CreateTags" && call.outcome == "(no answer)" {
                let words = |of: &Value, name: &str| of[name].as_str().map(str::to_owned);
                let ids = parameters["ResourceId"].as_array().into_iter().flatten();
                let ids: Vec<&str> = ids.filter_map(Value::as_str).collect();
                for tag in parameters["Tag"].as_array().into_iter().flatten() {
                    let (key, value) = (words(tag, "Key"), words(tag, "Value"));
                    let both = key.zip(value).into_iter();
                    let all = both.flat_map(|(key, value)| {
                        let all = ids.iter();
                        all.map(move |id| ((*id).to_owned(), key.clone(), value.clone()))
                    });
                    self.unanswered.extend(all);
                }
            }
            let Some(id) = parameters["VpcEndpointId"].as_str() else {
                continue;
            };
            if call.action != "ModifyVpcEndpoint" || parameters["PrivateDnsEnabled"] != *off {
                continue;
            }
            if call.outcome == "UnauthorizedOperation" {
                self.may_not_turn_off.insert(id.to_owned());
            } else if call.outcome == "ok" || call.outcome.starts_with('(') {
                self.may_not_turn_off.remove(id);
            }
        }
        self.calls = calls.len();
    }

    /// Rule 1: at most one live endpoint of ours for a service in a VPC.
    fn one_endpoint(&self, seen: &Seen) -> Option<String> {
        let mut all: BTreeMap<(&str, &str, &str), Vec<&str>> = BTreeMap::new();
        for (stack, one) in ours(seen) {
            let place = (stack, one.vpc_id.as_str(), one.service_name.as_str());
            all.entry(place).or_default().push(&one.vpc_endpoint_id);
        }
        let twice = all.into_iter().find(|(_, ids)| ids.len() > 1);
        twice.map(|(place, ids)| format!("two endpoints of ours for {place:?}: {ids:?}"))
    }

    /// What was confirmed stands, as long as nobody asks to remove it.
    fn nothing_undone(&mut self, seen: &Seen) -> Option<String> {
        let now: BTreeSet<Confirmed> = ours(seen)
            .flat_map(|(stack, one)| confirmed(stack, one))
            .collect();
        let lost = self.confirmed.difference(&now);
        let lost: Vec<Confirmed> = lost.cloned().collect();
        for one in &lost {
            self.confirmed.remove(one);
        }
        self.confirmed.extend(now);
        let mut lost = lost.into_iter();
        let (stack, endpoint, id) = lost.find(|(stack, endpoint, id)| {
            !self.to_go.contains(&(*stack, id.clone()))
                && !self.dead.contains(endpoint)
                && !self.has_late_mark(seen, endpoint, id)
        })?;
        Some(format!(
            "{id} was confirmed on {endpoint} of {stack}, nobody asked to remove it, and it is gone"
        ))
    }

    /// Whether EC2 has carried out, after the confirmation, what an execution ordered before it and got no answer to: no call can be
    /// taken back, and tags know no conditions. The endpoint stands, and README says what to do.
    fn has_late_mark(&self, seen: &Seen, endpoint: &str, id: &str) -> bool {
        let mut all = seen.alive.iter();
        let Some(one) = all.find(|one| one.vpc_endpoint_id == endpoint) else {
            return false;
        };
        let key = format!("{REQUEST}{id}");
        let mut marks = one.tags.iter().filter(|tag| tag.key == key);
        marks.any(|tag| {
            let late = (endpoint.to_owned(), key.clone(), tag.value.clone());
            self.unanswered.contains(&late)
        })
    }

    /// What nobody holds is reported, and never deleted. Once a request has joined it, it goes with that.
    fn unheld_stays(&mut self, seen: &Seen) -> Option<String> {
        let held = ours(seen).filter(|(_, one)| is_held(one));
        for (_, one) in held {
            self.unheld.remove(&one.vpc_endpoint_id);
        }
        let is_there = |id: &&String| seen.alive.iter().any(|one| one.vpc_endpoint_id == **id);
        let gone = self.unheld.iter().find(|id| !is_there(id))?;
        Some(format!("nobody held {gone}, and it is gone"))
    }

    /// Clients never see a name of an endpoint that is gone: names go first.
    fn names_go_first(&mut self, seen: &Seen) -> Option<String> {
        let now: BTreeMap<String, bool> = ours(seen)
            .map(|(_, one)| (one.vpc_endpoint_id.clone(), one.private_dns_enabled))
            .collect();
        let before = std::mem::replace(&mut self.named, now);
        let mut gone = before
            .iter()
            .filter(|(id, _)| !self.named.contains_key(*id));
        let (id, _) = gone.find(|(id, is_named)| {
            **is_named && !self.may_not_turn_off.contains(*id) && !self.dead.contains(*id)
        })?;
        Some(format!("{id} is gone, and names led to it until then"))
    }

    /// An endpoint always has all subnets of one of the forms that are asked for: what comes is there before anything goes.
    fn always_a_way(&self, seen: &Seen) -> Option<String> {
        // Of the services whose requests have forms.
        let has_forms = |one: &VpcEndpoint| {
            let name = &one.service_name;
            one.vpc_id == VPC && (name.contains("dsql") || name.ends_with(".monitoring"))
        };
        let has = |one: &VpcEndpoint, form: &[usize]| {
            let mut all = form.iter().map(|at| SUBNETS[*at]);
            all.all(|id| one.subnet_ids.iter().any(|has| has == id))
        };
        let is_wrong = |one: &VpcEndpoint| {
            let id = &one.vpc_endpoint_id;
            has_forms(one)
                && is_held(one)
                && !self.thinned.contains(id)
                && !FORMS.iter().any(|form| has(one, form))
        };
        let (_, one) = ours(seen).find(|(_, one)| is_wrong(one))?;
        let (id, subnets) = (&one.vpc_endpoint_id, &one.subnet_ids);
        Some(format!("{id} has {subnets:?}, which nobody has asked for"))
    }
}

/// What carries the mark of one of the stacks.
fn ours(seen: &Seen) -> impl Iterator<Item = (&'static str, &VpcEndpoint)> {
    seen.alive.iter().filter_map(|one| Some((stack(one)?, one)))
}

pub(crate) fn stack(one: &VpcEndpoint) -> Option<&'static str> {
    let mark = one.tags.iter().find(|tag| tag.key == MANAGED)?;
    let mut stacks = ["tieline", ANOTHER].into_iter();
    stacks.find(|stack| mark.value == *stack)
}

fn is_held(one: &VpcEndpoint) -> bool {
    let mut tags = one.tags.iter();
    tags.any(|tag| tag.key.starts_with(REQUEST) && !tag.value.is_empty())
}

/// The requests of a stack whose marks are on what is there.
pub(crate) fn marked(seen: &Seen, stack: &str) -> BTreeSet<String> {
    let of_stack = ours(seen).filter(|(name, _)| *name == stack);
    of_stack.flat_map(|(_, one)| marked_on(one)).collect()
}

/// The requests whose mark an endpoint carries.
pub(crate) fn marked_on(one: &VpcEndpoint) -> impl Iterator<Item = String> {
    let marks = one.tags.iter().filter(|tag| !tag.value.is_empty());
    let ids = marks.filter_map(|tag| tag.key.strip_prefix(REQUEST));
    ids.map(str::to_owned)
}

pub(crate) fn confirmed(stack: &'static str, one: &VpcEndpoint) -> Vec<Confirmed> {
    let marks = one.tags.iter();
    let marks = marks.filter(|tag| tag.value.split('.').nth(1) == Some("ready"));
    let ids = marks.filter_map(|tag| tag.key.strip_prefix(REQUEST));
    ids.map(|id| (stack, one.vpc_endpoint_id.clone(), id.to_owned()))
        .collect()
}
