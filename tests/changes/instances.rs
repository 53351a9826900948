//! The replication instance of AWS DMS becomes a larger one in place, is tested anew, and becomes what it was if that fails.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tests::{Simulated, Stage, assert_connected, code, detail, request, writes};
use world::gate::{Fault, FaultKind};
use world::model::dms::{Inventory, TestOutlook};
use world::scenario;

use crate::{change, changed, connected, with};

const SIZE: &str = "/target/replicationInstance";

pub(super) fn larger() -> Value {
    tests::json("events/changes/dms-tidb-cloud-larger.json")
}

pub(super) fn dms(stage: &Stage) -> Inventory {
    stage.outside().world().state().dms
}

pub(super) fn size(stage: &Stage) -> (String, u32) {
    let dms = dms(stage);
    let [one] = &dms.instances[..] else {
        panic!("{} instances", dms.instances.len());
    };
    (
        one.replication_instance_class.clone(),
        one.allocated_storage,
    )
}

/// Whether it says that replication stands still.
fn warns(said: &Value) -> bool {
    let mut warnings = said["warnings"].as_array().unwrap().iter();
    warnings.any(|one| one["code"] == "CLIENTS_KEPT_OUT")
}

/// Which parameters everything of DMS's says.
pub(super) fn marks(stage: &Stage) -> Vec<String> {
    let all = dms(stage).tags.into_values();
    let mark = |tags: BTreeMap<String, String>| {
        let mark = tags.get("tieline:request/legacy-load")?;
        mark.split('.').next().map(str::to_owned)
    };
    all.filter_map(mark).collect()
}

#[tokio::test(start_paused = true)]
async fn an_instance_becomes_larger_and_is_tested_anew() {
    let before = request("dms-tidb-cloud");
    let simulated = Simulated::on(scenario::world("default"));
    let (mut stage, _) = connected(simulated, std::slice::from_ref(&before)).await;

    let mut asked = larger();
    asked["detail"]["dryRun"] = json!(true);
    stage.start(asked, None);
    let planned = stage.run().await.pop().unwrap();
    let said = detail(&planned);
    assert_eq!(code(&planned), "PLANNED", "{said:#}");
    assert_eq!(changed(said), ["target.replicationInstance.class"]);
    assert!(warns(said), "{said:#}");
    assert_eq!(writes(stage.outside()), [""; 0]);

    stage.start(larger(), None);
    let ended = stage.run().await.pop().unwrap();
    let said = detail(&ended);
    assert_eq!(code(&ended), "CONNECTED", "{said:#}");
    assert_eq!(changed(said), ["target.replicationInstance.class"]);
    assert_eq!(said["changes"][0]["before"], "dms.t3.medium", "{said:#}");
    assert!(warns(said), "{said:#}");
    assert_eq!(size(&stage), ("dms.r6i.large".to_owned(), 50));
    let calls = writes(stage.outside());
    let position = |action: &str| calls.iter().position(|call| call == action).unwrap();
    let order = [
        "DeleteConnection",
        "ModifyReplicationInstance",
        "TestConnection",
    ];
    assert!(order.map(position).is_sorted(), "{calls:?}");
    assert_eq!(dms(&stage).connections.len(), 1);

    // The same again, and the request as it is now, find all of it.
    for input in [larger(), larger()["detail"].clone()] {
        stage.outside().world().clear_calls();
        stage.start(input, None);
        let again = stage.run().await.pop().unwrap();
        assert_eq!(code(&again), "CONNECTED", "{:#}", detail(&again));
        assert_eq!(writes(stage.outside()), [""; 0]);
    }
    // The one of before is another one now.
    stage.start(before.clone(), None);
    let other = stage.run().await.pop().unwrap();
    assert_eq!(code(&other), "REQUEST_CONFLICT", "{:#}", detail(&other));
    // And back.
    stage.start(change(&before), None);
    let back = stage.run().await.pop().unwrap();
    assert_eq!(code(&back), "CONNECTED", "{:#}", detail(&back));
    assert_eq!(size(&stage), ("dms.t3.medium".to_owned(), 50));
}

#[tokio::test(start_paused = true)]
async fn an_instance_that_fails_its_test_becomes_what_it_was() {
    let before = request("dms-tidb-cloud");
    let refused = [
        "DeleteConnection",
        "ModifyReplicationInstance",
        "TestConnection",
    ];
    let cases = refused.into_iter().map(Some).chain([None]);
    for action in cases {
        let simulated = Simulated::on(scenario::world("default"));
        let (mut stage, _) = connected(simulated, std::slice::from_ref(&before)).await;
        let marks_before = marks(&stage);
        let expected = match action {
            Some(action) => {
                let fault = Fault::nth(action, 1, FaultKind::AccessDenied);
                stage.outside().world().add_fault(fault);
                "PERMISSION_DENIED"
            }
            None => {
                let outlook = TestOutlook::Fails("no more memory".to_owned());
                stage.outside().world().foresee_tests(outlook);
                "DMS_TEST_FAILED"
            }
        };
        stage.start(larger(), None);
        let ended = stage.run().await.pop().unwrap();
        let said = detail(&ended);
        assert_eq!(code(&ended), expected, "{action:?}: {said:#}");
        assert_eq!(said["stands"], true, "{action:?}: {said:#}");
        assert_eq!(said["leftBehind"], json!([]), "{action:?}: {said:#}");
        assert_eq!(size(&stage).0, "dms.t3.medium", "{action:?}");
        assert_eq!(marks(&stage), marks_before, "{action:?}");

        // The connection stands for its own request.
        stage.outside().world().clear_faults();
        stage
            .outside()
            .world()
            .foresee_tests(TestOutlook::AsTheWorldIs);
        stage.start(before.clone(), None);
        let again = stage.run().await.pop().unwrap();
        assert_eq!(
            code(&again),
            "CONNECTED",
            "{action:?}: {:#}",
            detail(&again)
        );
        stage.start(larger(), None);
        let later = stage.run().await.pop().unwrap();
        assert_eq!(
            code(&later),
            "CONNECTED",
            "{action:?}: {:#}",
            detail(&later)
        );
        assert_eq!(size(&stage).0, "dms.r6i.large", "{action:?}");
    }
}

/// Storage becomes more, and never less: not by a change, and not when one fails.
#[tokio::test(start_paused = true)]
async fn storage_only_grows() {
    let before = request("dms-tidb-cloud");
    let of = |gib: u32| {
        let pointer = format!("{SIZE}/storageGib");
        change(&with(before.clone(), &pointer, json!(gib)))
    };
    let simulated = Simulated::on(scenario::world("default"));
    let (mut stage, _) = connected(simulated, std::slice::from_ref(&before)).await;
    stage.start(of(20), None);
    let ended = stage.run().await.pop().unwrap();
    let said = detail(&ended);
    assert_eq!(code(&ended), "CHANGE_NOT_IN_PLACE", "{said:#}");
    assert_eq!(said["stands"], true, "{said:#}");
    assert_eq!(writes(stage.outside()), [""; 0]);

    let outlook = TestOutlook::Fails("no way".to_owned());
    stage.outside().world().foresee_tests(outlook);
    stage.start(of(100), None);
    let failed = stage.run().await.pop().unwrap();
    let said = detail(&failed);
    assert_eq!(code(&failed), "DMS_TEST_FAILED", "{said:#}");
    assert_eq!(said["leftBehind"].as_array().unwrap().len(), 1, "{said:#}");
    assert_eq!(size(&stage).1, 100);

    let outlook = TestOutlook::AsTheWorldIs;
    stage.outside().world().foresee_tests(outlook);
    stage.start(of(120), None);
    let larger = stage.run().await.pop().unwrap();
    // It differs in storage only from what was confirmed, however much it has by now.
    assert_connected(&larger, "larger");
    assert_eq!(size(&stage).1, 120);
}

/// What else is different, and what the stack does not allow.
#[tokio::test(start_paused = true)]
async fn nothing_else_of_it_changes_in_place() {
    let before = request("dms-tidb-cloud");
    let cases = [
        ("/target/migrationType", json!("full-load")),
        ("/target/replicationInstance/multiAz", json!(true)),
        ("/tags", json!({"team": "loads"})),
    ];
    for (pointer, value) in cases {
        let simulated = Simulated::on(scenario::world("default"));
        let (mut stage, _) = connected(simulated, std::slice::from_ref(&before)).await;
        stage.start(change(&with(before.clone(), pointer, value)), None);
        let ended = stage.run().await.pop().unwrap();
        let said = detail(&ended);
        assert_eq!(code(&ended), "CHANGE_NOT_IN_PLACE", "{pointer}: {said:#}");
        assert_eq!(said["stands"], true, "{pointer}: {said:#}");
        assert_eq!(writes(stage.outside()), [""; 0], "{pointer}");
    }
    let small = json!({"class": "dms.t3.micro", "storageGib": 20});
    let small = with(before, SIZE, small);
    let simulated = Simulated::on(scenario::world("instance-not-allowed"));
    let (mut stage, _) = connected(simulated, std::slice::from_ref(&small)).await;
    let asked = change(&with(
        small,
        &format!("{SIZE}/class"),
        json!("dms.r6i.large"),
    ));
    stage.start(asked, None);
    let ended = stage.run().await.pop().unwrap();
    assert_eq!(code(&ended), "INSTANCE_NOT_ALLOWED", "{:#}", detail(&ended));
    assert_eq!(detail(&ended)["stands"], true);
    assert_eq!(writes(stage.outside()), [""; 0]);
}
