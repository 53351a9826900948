//! What there is of this deployment's beside endpoints: one look at each kind, and none for a single thing. It is only reported, so what
//! cannot be looked at keeps nobody from the rest.

use std::collections::BTreeSet;

use futures_util::future::join3;

use super::is_ours;
use crate::outside::dms::DmsThing;
use crate::outside::{Endpoint, Outside, State};
use crate::ownership::{MANAGED, holders, is_confirmed};
use crate::result::{Beside, Thing};
use crate::targets::DMS_NAMES;

pub(super) async fn look(outside: &Outside<'_>, ours: &[Endpoint]) -> Beside {
    let (groups, instances, endpoints) = join3(
        outside.ec2.tagged_groups(MANAGED),
        outside.dms.instances(DMS_NAMES),
        outside.dms.endpoints(DMS_NAMES),
    )
    .await;
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
    match (instances, endpoints) {
        (Ok(instances), Ok(endpoints)) => {
            let mut both = [instances, endpoints];
            for things in &mut both {
                things.retain(|one| is_ours(outside, &one.tags));
            }
            let [instances, endpoints] = both;
            // Only its endpoint carries the mark of a confirmed connection.
            let marks = endpoints.iter().flat_map(|one| holders(&one.tags));
            let confirmed = marks.filter(|(_, mark)| is_confirmed(mark));
            let confirmed: BTreeSet<&str> = confirmed.map(|(request, _)| request).collect();
            let instances = instances
                .iter()
                .map(|one| of_dms("dms-replication-instance", one, "available", &confirmed));
            found.things.extend(instances);
            let endpoints = endpoints
                .iter()
                .map(|one| of_dms("dms-endpoint", one, "active", &confirmed));
            found.things.extend(endpoints);
        }
        (Err(error), _) | (_, Err(error)) => {
            found.not_looked_at.push(format!("AWS DMS ({error})"));
        }
    }
    found
}

/// Something in AWS DMS, which is as it should be in one state only.
fn of_dms(kind: &'static str, one: &DmsThing, good: &str, confirmed: &BTreeSet<&str>) -> Thing {
    let request = holders(&one.tags).map(|(request, _)| request).next();
    let condition = match request {
        None => "unheld",
        Some(_) if one.status == "deleting" => "leaving",
        Some(request) if !confirmed.contains(request) => "being-made",
        Some(_) if one.status == good => "confirmed",
        Some(_) => "degraded",
    };
    Thing {
        kind,
        id: one.id.clone(),
        request_id: request.map(str::to_owned),
        state: Some(one.status.clone()),
        condition,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_confirmed_is_degraded_in_any_state_but_one() {
        for (holder, status, condition) in [
            (Some("orders"), "available", "confirmed"),
            (Some("orders"), "storage-full", "degraded"),
            (Some("orders"), "incompatible-network", "degraded"),
            (Some("orders"), "deleting", "leaving"),
            (Some("other"), "available", "being-made"),
            (None, "available", "unheld"),
        ] {
            let tag = holder.map(|request| (format!("tieline:request/{request}"), String::new()));
            let one = DmsThing {
                id: "tieline-orders".to_owned(),
                status: status.to_owned(),
                tags: tag.into_iter().collect(),
            };
            let thing = of_dms("dms", &one, "available", &["orders"].into());
            assert_eq!(thing.condition, condition, "{holder:?} {status}");
        }
    }
}
