//! What there is of this deployment's beside endpoints: one look at each kind, and none for a single thing. It is only reported, so what
//! cannot be looked at keeps nobody from the rest.

use std::collections::BTreeSet;

use super::dms::Replication;
use super::held::INSTANCE;
use super::is_ours;
use crate::outside::dms::{DmsState, DmsThing};
use crate::outside::{Endpoint, Outside, State};
use crate::ownership::{MANAGED, holders, is_confirmed};
use crate::result::{Beside, Thing};
use crate::time::Time;
use crate::workflow::Carrier;

pub(super) async fn look(
    outside: &Outside<'_>,
    ours: &[Endpoint],
    dms: Option<&Result<Replication, String>>,
    running: Option<&BTreeSet<String>>,
    now: Time,
) -> Beside {
    let groups = outside.ec2.tagged_groups(MANAGED).await;
    let mut found = Beside::default();
    match groups {
        Ok(groups) => {
            let alive = ours.iter().filter(|one| one.state != State::Deleted);
            let used: BTreeSet<&String> = alive.flat_map(|one| &one.group_ids).collect();
            let groups = groups.into_iter().filter(|group| {
                is_ours(outside, &group.tags) && !used.iter().any(|id| *id == group.id.as_str())
            });
            found.things.extend(groups.map(|group| Thing {
                kind: "security-group",
                id: group.id.to_string(),
                request_id: None,
                state: None,
                condition: "unheld",
            }));
        }
        Err(error) => found
            .not_looked_at
            .push(format!("security groups ({error})")),
    }
    match dms {
        Some(Ok(dms)) => found.things.extend(in_dms(outside, dms, running, now)),
        Some(Err(why)) => found.not_looked_at.push(why.clone()),
        None => {}
    }
    found
}

/// What there is in AWS DMS. Only an endpoint carries the mark of a confirmed connection.
fn in_dms(
    outside: &Outside<'_>,
    dms: &Replication,
    running: Option<&BTreeSet<String>>,
    now: Time,
) -> Vec<Thing> {
    let marks = dms.endpoints.iter().flat_map(|one| holders(&one.tags));
    let confirmed = marks.filter(|(_, mark)| is_confirmed(mark));
    let confirmed: BTreeSet<&str> = confirmed.map(|(request, _)| request).collect();
    let held = dms.held(now);
    let is_instance = |on: &Carrier| match on {
        Carrier::Dms(arn) => dms.instances.iter().any(|one| one.arn == *arn),
        Carrier::Endpoint(_) => false,
    };
    let degraded = |of_instance: bool| {
        let held = held.iter().filter(move |held| {
            let drift = held.all_drift();
            let mut fields = drift
                .iter()
                .map(|(field, _)| field.starts_with(INSTANCE) || is_instance(&held.on));
            fields.any(|is_of_instance| is_of_instance == of_instance)
        });
        held.map(|held| held.named.request_id.as_str()).collect()
    };
    let of_kind = |kind, things: &[DmsThing], degraded: BTreeSet<&str>| {
        let ours = things.iter().filter(|one| is_ours(outside, &one.tags));
        let all = ours.map(|one| of_dms(kind, one, &confirmed, &degraded, running));
        Vec::from_iter(all)
    };
    let instances = of_kind("dms-replication-instance", &dms.instances, degraded(true));
    let endpoints = of_kind("dms-endpoint", &dms.endpoints, degraded(false));
    instances.into_iter().chain(endpoints).collect()
}

fn of_dms(
    kind: &'static str,
    one: &DmsThing,
    confirmed: &BTreeSet<&str>,
    degraded: &BTreeSet<&str>,
    running: Option<&BTreeSet<String>>,
) -> Thing {
    let holder = holders(&one.tags).next();
    let request = holder.map(|(request, _)| request);
    // What names nobody, and what is not known, may run.
    let maker = holder.and_then(|(_, mark)| mark.split('.').nth(1));
    let runs = match (maker, running) {
        (Some(maker), Some(running)) => running.contains(maker),
        (None, _) | (_, None) => true,
    };
    let condition = match request {
        None => "unheld",
        Some(request) if degraded.contains(request) => "degraded",
        Some(_) if DmsState::of(&one.status) == DmsState::Going => "leaving",
        Some(request) if confirmed.contains(request) => "confirmed",
        Some(_) if runs => "being-made",
        Some(_) => "unheld",
    };
    Thing {
        kind,
        id: one.id.clone(),
        request_id: request.map(str::to_owned),
        state: Some(one.status.clone()),
        condition,
    }
}
