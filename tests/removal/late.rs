//! What shows late: an execution that is listed after it began, and an endpoint that a look leaves out.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::json;
use tests::{
    Ended, Seen, Simulated, Stage, assert_connected, code, detail, everything, everything_now,
    request, writes,
};
use world::gate::{Fault, FaultKind};
use world::{World, scenario};

use crate::{connected, removal, remove, with_id};

/// The removal did not see the request that began before it, and closes what that joins; then each would wait for the other one. Of an
/// endpoint that others hold it has taken its mark away by then.
#[tokio::test(start_paused = true)]
async fn a_request_that_was_listed_late_is_waited_for_with_everything_open() {
    let request = request("aurora-dsql");
    let alone = vec![request.clone()];
    let shared = vec![request.clone(), with_id(request.clone(), "another")];
    for holders in [alone, shared] {
        let (mut stage, _) = connected(scenario::world("default"), &holders).await;
        // So it comes to the endpoint once that is closed.
        for (action, kind) in [
            ("DescribeVpcAttribute", FaultKind::ErrorBeforeEffect),
            ("ListExecutions", FaultKind::Empty),
        ] {
            stage.outside().world().add_fault(Fault {
                seconds: Some(60.0),
                ..Fault::on(action, kind)
            });
        }
        stage.start(request.clone(), None);
        stage.pass(Duration::from_secs(2)).await;
        stage.remove(removal(&request), None);
        let ended = stage.run().await;

        let what = format!("held by {}", holders.len());
        let [again, removed] = &ended[ended.len() - 2..] else {
            panic!("two executions");
        };
        assert_eq!(code(again), "CONNECTED", "{what}: {}", detail(again));
        assert_eq!(code(removed), "REMOVED", "{what}: {}", detail(removed));
        assert!(again.seconds < 1000, "{what}: {}", again.seconds);
        let all = Seen::at_last(&mut stage.outside().world()).alive;
        let mut marks = all.iter().flat_map(|one| &one.tags);
        let is_marked = marks.any(|tag| tag.key == "tieline:request/orders-prod");
        assert!(!is_marked, "{what}: its mark is there");
    }
}

/// The removal has closed what that makes, opens it again, and ends with its name.
#[tokio::test(start_paused = true)]
async fn who_is_listed_late_and_works_for_days_is_named() {
    let mut world = scenario::world("acceptance-never");
    world.add_fault(Fault {
        seconds: Some(100.0),
        ..Fault::on("ListExecutions", FaultKind::Empty)
    });
    let mut stage = Stage::on(Simulated::on(world));
    let request = request("endpoint-service");
    stage.start(request.clone(), None);
    stage.pass(Duration::from_secs(60)).await;
    stage.remove(removal(&request), None);
    while stage.ended()[1].status == "RUNNING" {
        stage.pass(Duration::from_secs(60)).await;
    }
    let ended = stage.ended().pop().unwrap();

    let result = detail(&ended);
    assert_eq!(code(&ended), "REQUEST_IN_PROGRESS", "{result}");
    assert_eq!(result["leftBehind"], json!([]), "{result}");
    assert_eq!(stage.ended()[0].status, "RUNNING");
    assert!(writes(stage.outside()).contains(&"DeleteTags".to_owned()));
    let all = Seen::at_last(&mut stage.outside().world()).alive;
    let mut tags = all.iter().flat_map(|one| &one.tags);
    assert!(!tags.any(|tag| tag.key == "tieline:closing"), "{result}");
    stage.abort();
}

/// A request that had made nothing, and was not listed, when its removal began; with something more that goes wrong.
async fn unlisted(mut world: World, more: Option<Fault>) -> (Stage, Vec<Ended>, BTreeSet<String>) {
    let before = everything_now(&world);
    for (action, kind, seconds) in [
        ("ListExecutions", FaultKind::Empty, 30.0),
        ("CreateVpcEndpoint", FaultKind::ErrorBeforeEffect, 400.0),
    ] {
        world.add_fault(Fault {
            seconds: Some(seconds),
            ..Fault::on(action, kind)
        });
    }
    if let Some(fault) = more {
        world.add_fault(fault);
    }
    let mut stage = Stage::on(Simulated::on(world));
    let request = request("aurora-dsql");
    stage.start(request.clone(), None);
    stage.pass(Duration::from_secs(2)).await;
    stage.remove(removal(&request), None);
    let ended = stage.run().await;
    assert_connected(&ended[0], "it began first");
    (stage, ended, before)
}

fn looks(stage: &Stage) -> u32 {
    let world = stage.outside().world();
    let calls = world.calls().iter();
    let looks = calls.filter(|call| call.action == "DescribeVpcEndpoints");
    u32::try_from(looks.count()).unwrap()
}

/// Where it had nothing to remove until then, and wherever EC2 shows nothing once in the end.
#[tokio::test(start_paused = true)]
async fn a_removal_that_found_nothing_asks_once_more_before_it_says_so() {
    let (stage, ..) = unlisted(scenario::world("default"), None).await;
    let all = looks(&stage);
    for nth in all - 12..=all {
        let empty = Fault::nth("DescribeVpcEndpoints", nth, FaultKind::Empty);
        let (stage, ended, before) = unlisted(scenario::world("default"), Some(empty)).await;
        let result = detail(&ended[1]);
        assert_eq!(code(&ended[1]), "REMOVED", "{nth} of {all}: {result}");
        assert_ne!(result["removed"], json!([]), "{nth} of {all}: {result}");
        assert_eq!(everything(&mut stage.outside().world()), before, "{nth}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_removal_could_not_look_for_is_named_and_the_next_one_removes_it() {
    // Nothing says where its endpoint will be as the removal begins.
    let (mut stage, ended, before) = unlisted(scenario::world("cluster-creating"), None).await;
    let late = detail(&ended[1]);
    assert_eq!(code(&ended[1]), "UNDO_INCOMPLETE", "{late}");
    assert!(ended[1].seconds < 1000, "{late}");
    let left = (&late["stands"], &late["leftBehind"]);
    assert_eq!(left, (&json!(true), &json!([])), "{late}");

    let ended = remove(&mut stage, removal(&request("aurora-dsql"))).await;
    assert_eq!(code(&ended), "REMOVED", "{}", detail(&ended));
    assert_eq!(everything(&mut stage.outside().world()), before);
}
