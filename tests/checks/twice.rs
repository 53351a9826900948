//! Two checks that see the same: the schedule starts twice, or one told it and could not note it.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tests::{Simulated, Stage, request};
use world::gate::{Fault, FaultKind};
use world::scenario;

use crate::{HOUR, check, connected, counts, modify, next, of_type};

fn names(is_on: bool) -> Value {
    json!({"PrivateDnsEnabled": is_on.to_string()})
}

/// The ids of results of a type: how many there were, and which.
fn ids(events: &[Value], detail_type: &str) -> (usize, BTreeSet<String>) {
    let told = of_type(events, detail_type).into_iter();
    let ids = told.map(|event| event["Detail"]["resultId"].as_str().unwrap().to_owned());
    let ids = Vec::from_iter(ids);
    (ids.len(), ids.into_iter().collect())
}

async fn begun() -> Stage {
    let asked = request("aurora-dsql");
    connected(Simulated::on(scenario::world("default")), &[asked]).await
}

/// Each of two checks tells each change, since no mark shows yet what the other one noted; who hears of both can tell that it is one
/// change, and that the same thing again is another one.
#[tokio::test(start_paused = true)]
async fn two_checks_at_once_tell_one_change_by_one_id() {
    let mut stage = begun().await;
    let mut seen = BTreeSet::new();
    for (is_on, detail_type) in [
        (false, "Degraded"),
        (true, "Recovered"),
        (false, "Degraded"),
        (true, "Recovered"),
    ] {
        modify(&mut stage.outside().world(), names(is_on));
        stage.check();
        stage.check();
        let ended = stage.run().await;
        let both = &ended[ended.len() - 2..];
        let events: Vec<Value> = both.iter().flat_map(|one| one.events.clone()).collect();
        let (told, ids) = ids(&events, detail_type);
        // Otherwise this shows nothing.
        assert_eq!(told, 2, "{detail_type}: {events:#?}");
        assert_eq!(ids.len(), 1, "{detail_type}: {ids:?}");
        for id in ids {
            assert!(seen.insert(id), "{detail_type}: {seen:?}");
        }
        stage.pass(HOUR).await;
        assert_eq!(counts(&check(&mut stage).await), (0, 0), "{detail_type}");
    }
}

/// What could not be noted is told by each check until it can, as one result.
#[tokio::test(start_paused = true)]
async fn what_could_not_be_noted_is_told_again_by_the_same_id() {
    let mut stage = begun().await;
    assert_eq!(counts(&next(&mut stage).await), (0, 0));
    modify(&mut stage.outside().world(), names(false));
    let refused = Fault::on("CreateTags", FaultKind::AccessDenied);
    stage.outside().world().add_fault(refused);
    let mut seen = BTreeSet::new();
    for is_noted in [false, false, true] {
        if is_noted {
            stage.outside().world().clear_faults();
        }
        stage.pass(HOUR).await;
        stage.check();
        let ended = stage.run().await.pop().unwrap();
        assert_eq!(ended.status == "SUCCEEDED", is_noted, "{ended:#?}");
        let (told, ids) = ids(&ended.events, "Degraded");
        assert_eq!(told, 1, "{is_noted}");
        seen.extend(ids);
    }
    assert_eq!(seen.len(), 1, "{seen:?}");
    assert_eq!(counts(&next(&mut stage).await), (0, 0));
}
