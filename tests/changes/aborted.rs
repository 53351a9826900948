//! Changes of a replication instance that are aborted: each is gone on with, taken back or removed, and the connection that was confirmed
//! stands meanwhile.

use std::time::Duration;

use serde_json::{Value, json};
use tests::{Ended, Simulated, Stage, code, detail, everything, request, writes};
use world::gate::{Fault, FaultKind};
use world::model::dms::AddTagsToResource;
use world::{World, scenario};

use super::instances::{dms, larger, marks, size};
use crate::{change, connected, with};

const MARK: &str = "tieline:request/legacy-load";

/// The instance's ARN, and its mark without what is behind the fingerprint.
fn instance(world: &World) -> (String, String) {
    let dms = world.state().dms;
    let arn = &dms.instances[0].replication_instance_arn;
    let mark = &dms.tags[arn][MARK];
    let fingerprint = mark.split('.').next().unwrap();
    (arn.clone(), fingerprint.to_owned())
}

/// A stage on which a request is connected and its change has begun: so far, nothing but the instance's mark says so.
async fn begun(before: &Value) -> Stage {
    let simulated = Simulated::on(scenario::world("default"));
    let (mut stage, _) = connected(simulated, std::slice::from_ref(before)).await;
    let (_, mark) = instance(&stage.outside().world());
    let size = larger()["detail"]["target"]["replicationInstance"].clone();
    let asked = with(before.clone(), "/target/replicationInstance", size);
    stage.start(change(&asked), None);
    stage
        .until("the mark of the change", |world| instance(world).1 != mark)
        .await;
    stage
}

/// The same, ended so many seconds later.
async fn aborted(before: &Value, seconds: u64) -> Stage {
    let mut stage = begun(before).await;
    stage.pass(Duration::from_secs(seconds)).await;
    assert_eq!(stage.ended()[1].status, "RUNNING", "{seconds}");
    stage.end(1, "ABORTED", None);
    stage
}

fn removal(request: &Value) -> Value {
    json!({"id": "e-removal", "detail-type": "Private Connection Removal Requested", "detail": request})
}

async fn remove(stage: &mut Stage, request: &Value) -> Ended {
    stage.remove(removal(request), None);
    stage.run().await.pop().unwrap()
}

/// One that is aborted is gone on with when it is sent again.
#[tokio::test(start_paused = true)]
async fn a_change_of_an_instance_that_is_aborted_is_gone_on_with() {
    let before = request("dms-tidb-cloud");
    for seconds in [20, 60, 200, 400] {
        let simulated = Simulated::on(scenario::world("default"));
        let (mut stage, _) = connected(simulated, std::slice::from_ref(&before)).await;
        stage.start(larger(), None);
        stage.pass(Duration::from_secs(seconds)).await;
        stage.end(1, "ABORTED", None);
        stage.start(larger(), None);
        let ended = stage.run().await.pop().unwrap();
        assert_eq!(code(&ended), "CONNECTED", "{seconds}: {:#}", detail(&ended));
        assert_eq!(size(&stage).0, "dms.r6i.large", "{seconds}");
    }
}

/// What it had marked goes as well, with either form of the request.
#[tokio::test(start_paused = true)]
async fn a_removal_after_an_aborted_change_takes_everything() {
    let before = request("dms-tidb-cloud");
    for seconds in [0, 30, 90] {
        for asked in [&before, &larger()["detail"]] {
            let there = everything(&mut scenario::world("default"));
            let mut stage = aborted(&before, seconds).await;
            let ended = remove(&mut stage, asked).await;
            let said = detail(&ended);
            assert_eq!(code(&ended), "REMOVED", "{seconds}: {said:#}");
            assert_eq!(said["stays"], json!([]), "{seconds}: {said:#}");
            assert_eq!(
                everything(&mut stage.outside().world()),
                there,
                "{seconds}: {said:#}"
            );
        }
    }
}

/// It is gone on with although what said its parameters is gone already.
#[tokio::test(start_paused = true)]
async fn such_a_removal_is_gone_on_with_when_it_is_aborted_too() {
    let before = request("dms-tidb-cloud");
    let there = everything(&mut scenario::world("default"));
    let mut stage = aborted(&before, 0).await;
    stage.remove(removal(&larger()["detail"]), None);
    stage
        .until("an instance that goes", |world| {
            let mut writes = world.writes();
            writes.any(|call| call.action == "DeleteReplicationInstance" && call.outcome == "ok")
        })
        .await;
    stage.end(2, "ABORTED", None);
    stage.pass(Duration::from_secs(1800)).await;
    assert_eq!(dms(&stage).instances.len(), 0);
    let ended = stage.status_change(2);
    stage.remove(ended, None);
    let ended = stage.run().await.pop().unwrap();
    assert_eq!(code(&ended), "REMOVED", "{:#}", detail(&ended));
    assert_eq!(everything(&mut stage.outside().world()), there);
}

/// Whoever asks with parameters that it never had takes nothing, before and after a change that was aborted.
#[tokio::test(start_paused = true)]
async fn a_removal_with_other_parameters_is_refused_and_takes_nothing() {
    let before = request("dms-tidb-cloud");
    let other = with(before.clone(), "/target/migrationType", json!("full-load"));
    let simulated = Simulated::on(scenario::world("default"));
    let (whole, _) = connected(simulated, std::slice::from_ref(&before)).await;
    for mut stage in [whole, aborted(&before, 120).await] {
        stage.pass(Duration::from_secs(600)).await;
        stage.outside().world().clear_calls();
        let ended = remove(&mut stage, &other).await;
        let said = detail(&ended);
        assert_eq!(code(&ended), "REQUEST_CONFLICT", "{said:#}");
        assert_eq!(said["stands"], true, "{said:#}");
        assert_eq!(writes(stage.outside()), [""; 0]);
        let ended = remove(&mut stage, &before).await;
        assert_eq!(code(&ended), "REMOVED", "{:#}", detail(&ended));
    }
}

/// The request as it was, sent as a change, is what everything says in the end: also what the aborted change had marked as it confirmed.
#[tokio::test(start_paused = true)]
async fn the_request_of_before_takes_an_aborted_change_back() {
    let authority = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
    let before = request("dms-tidb-cloud");
    let before = with(before, "/target/caCertificate", json!(authority));
    for (seconds, confirms) in [(0, false), (0, true), (30, false), (90, false)] {
        let what = format!("{seconds} {confirms}");
        let mut stage = aborted(&before, seconds).await;
        stage.pass(Duration::from_secs(600)).await;
        if confirms {
            let mut world = stage.outside().world();
            let (_, mark) = instance(&world);
            let dms = world.state().dms;
            for arn in dms.tags.keys().filter(|arn| !arn.contains(":endpoint:")) {
                let tags = json!({"ResourceArn": arn, "Tags": [{"Key": MARK, "Value": mark}]});
                let tags: AddTagsToResource = serde_json::from_value(tags).unwrap();
                world.arrange(tags).unwrap();
            }
        }
        stage.start(change(&before), None);
        let ended = stage.run().await.pop().unwrap();
        assert_eq!(code(&ended), "CONNECTED", "{what}: {:#}", detail(&ended));
        let own: Vec<String> = marks(&stage);
        let confirmed = {
            let dms = dms(&stage);
            let tags = &dms.tags[&dms.endpoints[0].endpoint_arn];
            tags[MARK].split('.').next().unwrap().to_owned()
        };
        assert!(own.iter().all(|mark| *mark == confirmed), "{what}: {own:?}");
        assert_eq!(size(&stage), ("dms.t3.medium".to_owned(), 50), "{what}");

        // It is what the request itself finds, with nothing to do.
        stage.outside().world().clear_calls();
        stage.start(before.clone(), None);
        let again = stage.run().await.pop().unwrap();
        assert_eq!(code(&again), "CONNECTED", "{what}: {:#}", detail(&again));
        assert_eq!(writes(stage.outside()), [""; 0], "{what}");
    }
}

/// A test of the instance proves as much under another mark.
#[tokio::test(start_paused = true)]
async fn what_differs_in_its_mark_only_is_not_tested_anew() {
    let before = request("dms-tidb-cloud");
    let simulated = Simulated::on(scenario::world("default"));
    let (mut stage, _) = connected(simulated, std::slice::from_ref(&before)).await;
    {
        let mut world = stage.outside().world();
        let (arn, _) = instance(&world);
        let tags =
            json!({"ResourceArn": arn, "Tags": [{"Key": MARK, "Value": "0123456789abcdef"}]});
        let tags: AddTagsToResource = serde_json::from_value(tags).unwrap();
        world.arrange(tags).unwrap();
    }
    stage.start(change(&before), None);
    let ended = stage.run().await.pop().unwrap();
    assert_eq!(code(&ended), "CONNECTED", "{:#}", detail(&ended));
    assert_eq!(writes(stage.outside()), ["AddTagsToResource"]);
}

/// Its end is announced, and that the connection stands.
#[tokio::test(start_paused = true)]
async fn an_aborted_change_is_announced_and_the_connection_stands() {
    let before = request("dms-tidb-cloud");
    for seconds in [0, 90] {
        let mut stage = aborted(&before, seconds).await;
        let ended = stage.status_change(1);
        stage.start(ended, None);
        let ended = stage.run().await.pop().unwrap();
        let said = detail(&ended);
        assert_eq!(code(&ended), "EXECUTION_ENDED", "{seconds}: {said:#}");
        assert_eq!(said["stands"], true, "{seconds}: {said:#}");
        assert_eq!(said["leftBehind"], json!([]), "{seconds}: {said:#}");
    }
}

/// The request of before meets what it does not know: it waits for what becomes of that.
#[tokio::test(start_paused = true)]
async fn a_request_during_a_change_waits_for_it() {
    let before = request("dms-tidb-cloud");
    for fails in [true, false] {
        let mut stage = begun(&before).await;
        if fails {
            let fault = Fault::nth("ModifyReplicationInstance", 1, FaultKind::AccessDenied);
            stage.outside().world().add_fault(fault);
        }
        stage.start(before.clone(), None);
        let ended = stage.run().await;
        let (changed, asked) = match fails {
            true => ("PERMISSION_DENIED", "CONNECTED"),
            false => ("CONNECTED", "REQUEST_CONFLICT"),
        };
        assert_eq!(code(&ended[1]), changed, "{:#}", detail(&ended[1]));
        assert_eq!(code(&ended[2]), asked, "{:#}", detail(&ended[2]));
        assert!(ended[2].seconds > 5, "{fails}: {}", ended[2].seconds);
    }
}
