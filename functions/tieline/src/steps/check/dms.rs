//! What confirmed connections have in AWS DMS: one look at each kind. A connection's mark is on its endpoint there, and an instance that was
//! made for it has that one's identifier, and says in its own mark that the connection is confirmed.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::future::join;

use super::held::{Held, INSTANCE, Shown};
use super::is_ours;
use super::names::Names;
use super::paths::Path;
use super::vendors::Vendor;
use crate::outside::dms::{DmsState, DmsThing};
use crate::outside::{CallError, Outside, Reply, Tags};
use crate::ownership::{
    Noticed, Owner, built_in, holders, is_confirmed, is_confirmed_beside, since_in,
};
use crate::result::{GONE, Named};
use crate::targets::DMS_NAMES;
use crate::time::Time;
use crate::workflow::{Carrier, MarkChange};

/// What passes takes no longer: an instance that becomes larger takes minutes, one that is upgraded or moved perhaps an hour (not
/// verified).
const LASTS: Duration = Duration::from_secs(3 * 3600);

/// For how long an endpoint has to be missing: what one look does not show may be there all the same.
const MISSING: Duration = Duration::from_secs(600);

/// Replication instances and endpoints, as far as they may be this deployment's.
#[derive(Default)]
pub(super) struct Replication {
    pub(super) instances: Vec<DmsThing>,
    pub(super) endpoints: Vec<DmsThing>,
    /// The ARNs of instances, and the identifiers of endpoints, that are not.
    others: BTreeSet<String>,
}

impl Replication {
    /// Looks; what is said otherwise is why it cannot.
    pub(super) async fn now(outside: &Outside<'_>) -> Result<Self, String> {
        let looked = Self::look(outside).await;
        looked.map_err(|error| format!("AWS DMS ({error})"))
    }

    async fn look(outside: &Outside<'_>) -> Reply<Self> {
        let (instances, endpoints) = join(
            outside.dms.instances(DMS_NAMES),
            outside.dms.endpoints(DMS_NAMES),
        )
        .await;
        let instances = instances?;
        let is_other = |one: &&DmsThing| !is_ours(outside, &one.tags);
        let others = instances.iter().filter(is_other);
        let others = others.map(|one| one.arn.clone());
        let (mut endpoints, foreign): (Vec<_>, Vec<_>) = endpoints?
            .into_iter()
            .partition(|one| is_ours(outside, &one.tags));
        endpoints.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(Self {
            others: others
                .chain(foreign.into_iter().map(|one| one.id))
                .collect(),
            instances,
            endpoints,
        })
    }

    /// The confirmed connections.
    pub(super) fn held(&self, now: Time) -> Vec<Held<'_>> {
        let all = self.endpoints.iter().flat_map(|endpoint| {
            let confirmed = holders(&endpoint.tags).filter(|(_, mark)| is_confirmed(mark));
            confirmed.map(move |(request, mark)| {
                held_on(endpoint, request, mark, self.shown(endpoint, mark, now))
            })
        });
        let instances = self.instances.iter();
        let ours = instances.filter(|one| !self.others.contains(&one.arn));
        all.chain(ours.flat_map(|one| self.held_by_instance(one, now)))
            .collect()
    }

    /// The same of which the instance says so, where its endpoint is missing, or where it was said to be.
    fn held_by_instance<'d>(
        &'d self,
        instance: &'d DmsThing,
        now: Time,
    ) -> impl Iterator<Item = Held<'d>> {
        let endpoint = self.endpoints.iter().find(|one| one.id == instance.id);
        let is_there = endpoint.is_some() || self.others.contains(&instance.id);
        // What somebody else made in its place, or was not confirmed, is not what was.
        let is_again = move |request: &str| {
            let mut its = endpoint.into_iter().flat_map(|one| holders(&one.tags));
            its.any(|(other, mark)| other == request && is_confirmed(mark))
        };
        let is_going = DmsState::of(&instance.status) == DmsState::Going;
        let its = holders(&instance.tags).filter(move |(_, mark)| {
            let is_noted = since_in(mark).is_some() || Noticed::in_mark(mark) != Noticed::default();
            is_confirmed_beside(mark) && !is_going && (!is_there || is_noted)
        });
        its.map(move |(request, mark)| {
            let shown = match (is_again(request), is_there) {
                (true, _) => Shown::Drift(Vec::new()),
                (false, true) => Shown::Passing(since_in(mark).unwrap_or(now)),
                (false, false) => missing(since_in(mark).unwrap_or(now), now),
            };
            held_on(instance, request, mark, shown)
        })
    }

    /// What is not as it was of a connection that is confirmed on an endpoint.
    fn shown(&self, endpoint: &DmsThing, mark: &str, now: Time) -> Shown {
        let instance = self.instances.iter().find(|one| one.id == endpoint.id);
        let built = built_in(mark);
        let mut drift = Vec::new();
        let mut passing = Vec::new();
        let both = [("state", Some(endpoint)), (INSTANCE, instance)];
        for (field, thing) in both {
            let Some(DmsThing { status, .. }) = thing else {
                continue;
            };
            match DmsState::of(status) {
                DmsState::Works => {}
                DmsState::Going | DmsState::Broken => drift.push((field, status.clone())),
                DmsState::Passing => passing.push((field, status)),
            }
        }
        match (instance, built) {
            // It was there when the connection was confirmed.
            (None, Some(_)) => drift.push((INSTANCE, GONE.to_owned())),
            (Some(instance), Some(built)) if passing.is_empty() => {
                let size = instance.size.iter();
                drift.extend(size.flat_map(|size| size.drift(built)));
            }
            (Some(_), _) | (None, None) => {}
        }
        if passing.is_empty() || !drift.is_empty() {
            return Shown::Drift(drift);
        }
        let since = since_in(mark).unwrap_or(now);
        if now.since(since) < LASTS {
            return Shown::Passing(since);
        }
        let lasting = passing.into_iter().map(|(field, status)| {
            let now = format!("{status} since {}", since.to_rfc3339());
            (field, now)
        });
        Shown::Lasting(since, lasting.collect())
    }
}

/// What is to be said of an endpoint that is missing since then.
fn missing(since: Time, now: Time) -> Shown {
    if now.since(since) < MISSING {
        return Shown::Passing(since);
    }
    let gone = format!("{GONE} since {}", since.to_rfc3339());
    Shown::Lasting(since, vec![("state", gone)])
}

/// A connection that something in AWS DMS remembers.
fn held_on<'d>(thing: &'d DmsThing, request: &'d str, mark: &'d str, shown: Shown) -> Held<'d> {
    Held {
        named: Named::of_dms(request, thing),
        on: Carrier::Dms(thing.arn.clone()),
        tags: &thing.tags,
        mark,
        shown,
        path: Path::Unknown,
        names: Names::Unknown,
        vendor: Vendor::Unknown,
        ports: Vec::new(),
    }
}

/// What carries a request's mark in AWS DMS, each by its name, and whether its connection is confirmed; or why that cannot be looked at.
/// What is being deleted counts as gone.
pub(in crate::steps) async fn of_request(
    outside: &Outside<'_>,
    owner: &Owner,
) -> Reply<Result<(Vec<String>, bool), String>> {
    let there = match Replication::look(outside).await {
        Err(error) if error.is_missing() => {
            let reason = "something of AWS DMS's went while it was looked at";
            return Err(CallError::unavailable("dms:ListTagsForResource", reason));
        }
        Err(error @ CallError::Refused { .. }) => return Ok(Err(error.to_string())),
        there => there?,
    };
    let is_its = |one: &&DmsThing| {
        let is_going = DmsState::of(&one.status) == DmsState::Going;
        owner.is_ours(&one.tags) && owner.fingerprint_on(&one.tags).is_some() && !is_going
    };
    let endpoints = there.endpoints.iter().filter(is_its);
    let endpoints = Vec::from_iter(endpoints);
    let stands = endpoints.iter().any(|one| owner.has_confirmed(&one.tags));
    let endpoints = endpoints.iter();
    let names = endpoints.map(|one| format!("the DMS endpoint {}", one.id));
    let instances = there.instances.iter().filter(is_its);
    let instances = instances.map(|one| format!("the DMS replication instance {}", one.id));
    Ok(Ok((names.chain(instances).collect(), stands)))
}

/// Notes on what AWS DMS has what was told of its connections. A mark that says something else by now is left alone.
pub(super) async fn note(outside: &Outside<'_>, changes: &[MarkChange]) -> Reply<()> {
    let of_dms = changes.iter().filter_map(|change| match &change.on {
        Carrier::Dms(arn) => Some((arn, change)),
        Carrier::Endpoint(_) => None,
    });
    let of_dms: Vec<(&String, &MarkChange)> = of_dms.collect();
    if of_dms.is_empty() {
        return Ok(());
    }
    let mut there = outside.dms.endpoints(DMS_NAMES).await?;
    let is_endpoint = |arn: &String| there.iter().any(|one| one.arn == *arn);
    if !of_dms.iter().all(|(arn, _)| is_endpoint(arn)) {
        there.extend(outside.dms.instances(DMS_NAMES).await?);
    }
    let mut marks: BTreeMap<&String, Tags> = BTreeMap::new();
    for (arn, change) in of_dms {
        let mut all = there.iter().filter(|one| one.arn == *arn);
        if all.any(|one| one.tags.get(&change.key) == Some(&change.before)) {
            let its = marks.entry(arn).or_default();
            its.insert(change.key.clone(), change.after.clone());
        }
    }
    for (arn, marks) in marks {
        match outside.dms.tag(arn, &marks).await {
            Err(error) if error.is_missing() => {}
            noted => noted?,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outside::dms::Size;
    use crate::ownership::REQUEST;

    fn thing(status: &str, size: Option<Size>) -> DmsThing {
        DmsThing {
            id: "tieline-orders-01234567".to_owned(),
            arn: "arn:aws:dms:us-east-1:123456789012:endpoint:A".to_owned(),
            status: status.to_owned(),
            size,
            tags: Tags::new(),
        }
    }

    fn size(storage: u32) -> Size {
        Size {
            class: "dms.t3.medium".to_owned(),
            storage,
        }
    }

    /// What is not as it was, or a question mark where nothing can be said yet.
    fn said(instance: Option<(&str, u32)>, endpoint: &str, mark: &str, now: Time) -> Vec<String> {
        let instance = instance.map(|(status, storage)| thing(status, Some(size(storage))));
        let endpoint = thing(endpoint, None);
        let there = Replication {
            instances: instance.into_iter().collect(),
            ..Replication::default()
        };
        match there.shown(&endpoint, mark, now) {
            Shown::Drift(drift) | Shown::Lasting(_, drift) => drift
                .into_iter()
                .map(|(field, now)| format!("{field} {now}"))
                .collect(),
            Shown::Passing(_) => vec!["?".to_owned()],
        }
    }

    #[test]
    fn a_passing_state_is_no_drift_unless_it_lasts() {
        let mark = format!("0123.ready.{}", size(50).built());
        let since = format!("{mark}.s1");
        let (now, later) = (Time(60_000), Time(4 * 3_600_000));
        let none: [&str; 0] = [];
        let fine = Some(("available", 50));
        assert_eq!(said(fine, "active", &mark, now), none);
        assert_eq!(said(Some(("modifying", 50)), "active", &mark, now), ["?"]);
        assert_eq!(said(Some(("modifying", 50)), "active", &since, now), ["?"]);
        let lasting = said(Some(("modifying", 50)), "active", &since, later);
        assert_eq!(
            lasting,
            ["replicationInstance modifying since 1970-01-01T00:01:00Z"]
        );
        assert_eq!(said(fine, "active", &since, later), none);
        assert_eq!(said(fine, "testing", &mark, now), ["?"]);
    }

    /// How an instance's connection is said to be, whose endpoint is there with this mark, or is not.
    fn of_instance(mark: &str, status: &str, endpoint: Option<&str>, now: Time) -> Vec<String> {
        let key = format!("{REQUEST}orders");
        let marked = |mark: &str, status, size| DmsThing {
            tags: [(key.clone(), mark.to_owned())].into(),
            ..thing(status, size)
        };
        let instance = marked(mark, status, Some(size(50)));
        let there = Replication {
            instances: vec![instance],
            endpoints: endpoint
                .map(|mark| marked(mark, "active", None))
                .into_iter()
                .collect(),
            ..Replication::default()
        };
        let instances = there.instances.iter();
        let held = instances.flat_map(|one| there.held_by_instance(one, now));
        held.map(|one| {
            let after = one.mark_change().map(|change| change.after);
            format!("{:?} {}", one.all_drift(), after.unwrap_or_default())
        })
        .collect()
    }

    #[test]
    fn an_endpoint_that_stays_missing_is_and_one_look_says_nothing() {
        let mark = "0123.89ab.ready";
        let confirmed = Some("0123.ready");
        let none: [&str; 0] = [];
        let (now, later) = (Time(60_000), Time(3_660_000));
        assert_eq!(of_instance(mark, "available", confirmed, now), none);
        let first = of_instance(mark, "available", None, now);
        assert_eq!(first, ["[] 0123.89ab.ready.s1"]);
        let since = "0123.89ab.ready.s1";
        let told = of_instance(since, "available", None, later);
        let gone = r#"[("state", "it is gone since 1970-01-01T00:01:00Z")] 0123.89ab.ready.d"#;
        assert!(
            told[0].starts_with(gone) && told[0].ends_with(".s1"),
            "{told:?}"
        );
        // It shows again: what was noted goes.
        let back = of_instance(since, "available", confirmed, later);
        assert_eq!(back, ["[] 0123.89ab.ready"]);
        // What was made in its place says nothing yet.
        let other = of_instance(since, "available", Some("0123.89ab"), later);
        assert_eq!(other, ["[] "]);
        // It was never confirmed, or is going itself.
        assert_eq!(of_instance("0123.89ab", "available", None, now), none);
        assert_eq!(of_instance(mark, "deleting", None, now), none);
    }

    #[test]
    fn what_is_broken_gone_or_of_another_size_is() {
        let mark = format!("0123.ready.{}", size(50).built());
        let now = Time(60_000);
        for (instance, endpoint, expected) in [
            (
                Some(("storage-full", 50)),
                "active",
                "replicationInstance storage-full",
            ),
            (Some(("available", 50)), "deleting", "state deleting"),
            (
                Some(("available", 60)),
                "active",
                "replicationInstance.storageGib 60",
            ),
            (None, "active", "replicationInstance it is gone"),
        ] {
            assert_eq!(said(instance, endpoint, &mark, now), [expected]);
        }
        // The version before said nothing of an instance; and there may never have been one.
        let none: [&str; 0] = [];
        assert_eq!(said(None, "active", "0123.ready", now), none);
        assert_eq!(
            said(Some(("available", 60)), "active", "0123.ready", now),
            none
        );
    }
}
