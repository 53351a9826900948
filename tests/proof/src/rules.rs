//! What must hold after every call, whatever happens.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tests::Seen;
use world::World;
use world::model::endpoints::VpcEndpoint;

/// After so many calls it is looked at in any case.
const SOMETIMES: usize = 16;

const REQUEST: &str = "tieline:request/";

/// What is watched.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rules(Arc<Mutex<Watched>>);

#[derive(Debug, Default)]
struct Watched {
    /// The requests that somebody has asked to remove: only their connections may go.
    to_go: BTreeSet<String>,
    /// The confirmed connections that were seen, as endpoint and request.
    confirmed: BTreeSet<(String, String)>,
    broken: Option<String>,
}

impl Rules {
    fn watched(&self) -> MutexGuard<'_, Watched> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn may_go(&self, id: &str) {
        self.watched().to_go.insert(id.to_owned());
    }

    /// The first rule that was broken, in words.
    pub(crate) fn broken(&self) -> Option<String> {
        self.watched().broken.clone()
    }

    /// Looks after what was written, and now and then: orders may take effect late.
    pub(crate) fn look(&self, world: &mut World) {
        let calls = world.calls();
        let is_read = calls.last().is_none_or(|call| !call.write);
        if is_read && !calls.len().is_multiple_of(SOMETIMES) {
            return;
        }
        let seen = Seen::now(world);
        let mut watched = self.watched();
        if watched.broken.is_none() {
            let broken = watched
                .one_endpoint(&seen)
                .or_else(|| watched.nothing_undone(&seen));
            watched.broken = broken;
        }
    }
}

impl Watched {
    /// Rule 1: at most one live endpoint of ours for a service in a VPC.
    fn one_endpoint(&self, seen: &Seen) -> Option<String> {
        let mut all: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
        for one in ours(seen) {
            let place = (one.vpc_id.as_str(), one.service_name.as_str());
            all.entry(place).or_default().push(&one.vpc_endpoint_id);
        }
        let twice = all.into_iter().find(|(_, ids)| ids.len() > 1);
        twice.map(|(place, ids)| format!("two endpoints of ours for {place:?}: {ids:?}"))
    }

    /// What was confirmed stands, as long as nobody asks to remove it.
    fn nothing_undone(&mut self, seen: &Seen) -> Option<String> {
        let now: BTreeSet<(String, String)> = ours(seen).flat_map(confirmed).collect();
        let lost = self.confirmed.difference(&now);
        let lost: Vec<(String, String)> = lost.cloned().collect();
        for one in &lost {
            self.confirmed.remove(one);
        }
        self.confirmed.extend(now);
        let (endpoint, id) = lost.into_iter().find(|(_, id)| !self.to_go.contains(id))?;
        Some(format!(
            "{id} was confirmed on {endpoint}, nobody asked to remove it, and it is gone"
        ))
    }
}

/// What carries the mark of the deployment that is played.
fn ours(seen: &Seen) -> impl Iterator<Item = &VpcEndpoint> {
    let all = seen.ours().into_iter();
    all.filter(|one| {
        let mut tags = one.tags.iter();
        tags.any(|tag| tag.key == "tieline:managed" && tag.value == "tieline")
    })
}

fn confirmed(one: &VpcEndpoint) -> Vec<(String, String)> {
    let marks = one.tags.iter();
    let marks = marks.filter(|tag| tag.value.split('.').nth(1) == Some("ready"));
    let ids = marks.filter_map(|tag| tag.key.strip_prefix(REQUEST));
    ids.map(|id| (one.vpc_endpoint_id.clone(), id.to_owned()))
        .collect()
}
