//! A confirmed connection as a check sees it: what is not any more as it was, and what its mark is to say of that.

use super::leaving::leaves;
use super::names::Names;
use super::paths::{self, Path};
use super::vendors::Vendor;
use crate::endpoint::drift;
use crate::execution::{Execution, Progress};
use crate::json::canonical;
use crate::outside::{Endpoint, State, Tags};
use crate::ownership::{
    Noticed, REQUEST, Verified, built_in, holders, since_in, tags_gone, with_noticed, with_since,
    with_verified,
};
use crate::result::{Degraded, Named, Recovered, ResultDetail as _, ResultEvent};
use crate::time::Time;
use crate::workflow::{Carrier, Check, MarkChange};

/// How requests call the instance of AWS DMS's.
pub(super) const INSTANCE: &str = "replicationInstance";

/// A confirmed connection, and what is not any more as it was.
pub(super) struct Held<'e> {
    pub(super) named: Named,
    /// What carries its mark, and with which tags.
    pub(super) on: Carrier,
    pub(super) tags: &'e Tags,
    pub(super) mark: &'e str,
    pub(super) shown: Shown,
    pub(super) path: Path,
    pub(super) names: Names,
    pub(super) vendor: Vendor,
    /// The ports that it is tried on.
    pub(super) ports: Vec<u16>,
}

pub(super) type Drift = Vec<(&'static str, String)>;

/// What a look shows of it.
pub(super) enum Shown {
    /// What is not as it was, with what it is now.
    Drift(Drift),
    /// The same, since something that it needs is in a state that should have passed since then.
    Lasting(Time, Drift),
    /// Nothing can be said yet: since then, something that it needs is in a state that passes.
    Passing(Time),
}

impl Held<'_> {
    /// Digests of what is not as it was. What was not looked at is as it was told last.
    fn noticed(&self) -> Noticed {
        let before = Noticed::in_mark(self.mark);
        let shown = match &self.shown {
            Shown::Drift(drift) if drift.is_empty() => String::new(),
            Shown::Drift(drift) | Shown::Lasting(_, drift) => {
                let said = drift.iter();
                let said: Vec<String> = said.map(|(field, now)| format!("{field} {now}")).collect();
                let said: Vec<&str> = said.iter().map(String::as_str).collect();
                canonical::digest(&said)[..8].to_owned()
            }
            Shown::Passing(_) => before.shown,
        };
        let path = match &self.path {
            Path::Works(_) => String::new(),
            Path::Broken(what) => canonical::digest(&[what])[..4].to_owned(),
            Path::Unknown => before.path,
        };
        let names = self.names.digest(before.names);
        let vendor = self.vendor.digest(before.vendor);
        Noticed {
            shown,
            path,
            names,
            vendor,
        }
    }

    pub(super) fn is_news(&self) -> bool {
        self.noticed() != Noticed::in_mark(self.mark)
    }

    /// Whether its mark is to say something that nobody is told.
    pub(super) fn is_to_note(&self) -> bool {
        let is_proven = matches!(self.path, Path::Works(_));
        (is_proven || self.since() != since_in(self.mark)) && self.mark_change().is_some()
    }

    fn since(&self) -> Option<Time> {
        match self.shown {
            Shown::Drift(_) => None,
            Shown::Lasting(since, _) | Shown::Passing(since) => Some(since),
        }
    }

    pub(super) fn mark_change(&self) -> Option<MarkChange> {
        let mut after = with_noticed(self.mark, &self.noticed());
        after = with_since(&after, self.since());
        if let Path::Works(at) = self.path {
            after = with_verified(&after, &Verified::of(at, self.ports.iter().copied()));
        }
        (after != self.mark).then(|| MarkChange {
            on: self.on.clone(),
            key: format!("{REQUEST}{}", self.named.request_id),
            before: self.mark.to_owned(),
            after,
        })
    }

    /// Everything that is not as it was, with what it is now.
    pub(super) fn all_drift(&self) -> Drift {
        let told = Noticed::in_mark(self.mark);
        let mut all = match &self.shown {
            Shown::Drift(drift) | Shown::Lasting(_, drift) => drift.clone(),
            Shown::Passing(_) if told.shown.is_empty() => Vec::new(),
            Shown::Passing(_) => {
                let now = "not as it was confirmed when it was told; AWS DMS is at work on it";
                vec![(INSTANCE, now.to_owned())]
            }
        };
        match &self.path {
            Path::Broken(what) => all.push(("path", what.clone())),
            Path::Unknown if !told.path.is_empty() => {
                let now = "closed when it was tried last; in this check it was not";
                all.push(("path", now.to_owned()));
            }
            Path::Works(_) | Path::Unknown => {}
        }
        match &self.names {
            Names::Wrong(what) => all.push(("names", what.clone())),
            Names::Unknown if !told.names.is_empty() => {
                let now =
                    "not as they were when they were looked at last; in this check they were not";
                all.push(("names", now.to_owned()));
            }
            Names::Lead | Names::Unknown => {}
        }
        match &self.vendor {
            Vendor::Wrong(wrong) => {
                let (field, now) = wrong.drift();
                all.push((field, now.to_owned()));
            }
            Vendor::Unknown if !told.vendor.is_empty() => {
                let now = "the vendor or its key was not as it should be when it was asked last; in this check it was not";
                all.push(("vendor", now.to_owned()));
            }
            Vendor::Fine | Vendor::Unknown => {}
        }
        all
    }

    /// What is told of it. `since` is the check that succeeded last: until another one does, whoever sees the same tells the same result,
    /// also where its mark could not be written or does not show yet.
    pub(super) fn event(
        &self,
        since: &str,
        progress: &Progress,
        execution: &Execution,
        now: Time,
    ) -> ResultEvent {
        let (named, drift) = (self.named.clone(), self.all_drift());
        let change = format!("{since}.{}.{}", named.key(), self.noticed().digest());
        match drift.is_empty() {
            true => Recovered::of(named, &change, progress, execution, now).event(),
            false => Degraded::of(named, drift, &change, progress, execution, now).event(),
        }
    }
}

/// The confirmed connections through an endpoint. While somebody works on it, it is not judged, nor is one that may be leaving it.
pub(super) fn held_by<'e>(endpoint: &'e Endpoint, check: &Check) -> Vec<Held<'e>> {
    // A change is under way.
    if matches!(endpoint.state, State::Pending | State::Unknown) {
        return Vec::new();
    }
    let stays = holders(&endpoint.tags).filter(|(request, _)| !leaves(endpoint, request, check));
    let confirmed = stays.filter_map(|(request, mark)| {
        let built = built_in(mark)?;
        let (drift, path, names, vendor) = if endpoint.state == State::Available {
            let mut drift = drift(built, endpoint);
            match tags_gone(mark, &endpoint.tags) {
                0 => {}
                gone => drift.push(("tags", format!("{gone} are gone or have another value"))),
            }
            (
                drift,
                Path::of(endpoint, mark, &check.tried),
                Names::of(endpoint, request, mark, &check.names),
                Vendor::of(endpoint, mark, &check.vendors),
            )
        } else {
            // Nothing else matters of one that lets nobody through.
            let state = vec![("state", endpoint.raw_state.clone())];
            (state, Path::Unknown, Names::Unknown, Vendor::Unknown)
        };
        Some(Held {
            named: Named::of(request, endpoint),
            on: Carrier::Endpoint(endpoint.id.clone()),
            tags: &endpoint.tags,
            mark,
            shown: Shown::Drift(drift),
            path,
            names,
            vendor,
            ports: paths::ports(endpoint, mark),
        })
    });
    confirmed.collect()
}
