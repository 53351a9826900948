//! Removals beside requests and other removals of the same id: whoever began first is waited for.

use std::time::Duration;

use serde_json::{Value, json};
use tests::{
    ATTEMPTS, Seen, Simulated, Stage, code, detail, everything, everything_now, request, writes,
};
use world::gate::{Fault, FaultKind};
use world::{World, scenario};

use crate::{connected, removal, remove, with_id};

/// It started after its request, and comes to its end after it.
#[tokio::test(start_paused = true)]
async fn a_removal_that_overtakes_its_request_waits_for_it() {
    let simulated = Simulated::on(scenario::world("default"));
    let before = everything(&mut simulated.world());
    let mut stage = Stage::on(simulated);
    let request = request("aurora-dsql");
    stage.start(request.clone(), None);
    stage.pass(Duration::from_secs(20)).await;
    stage.remove(removal(&request), None);
    let ended = stage.run().await;

    assert_eq!(code(&ended[0]), "CONNECTED", "{}", detail(&ended[0]));
    assert_eq!(code(&ended[1]), "REMOVED", "{}", detail(&ended[1]));
    assert_eq!(everything(&mut stage.outside().world()), before);
}

#[tokio::test(start_paused = true)]
async fn an_execution_whose_status_nobody_knows_is_not_taken_for_one_that_ended() {
    let request = request("aurora-dsql");
    let mut world = scenario::world("default");
    // So the request has made nothing yet.
    world.add_fault(Fault {
        seconds: Some(30.0),
        ..Fault::on("DescribeVpcAttribute", FaultKind::ErrorBeforeEffect)
    });
    world.add_fault(Fault::once("DescribeExecution", FaultKind::Unknown));
    let mut stage = Stage::on(Simulated::on(world));
    stage.start(request.clone(), None);
    stage.pass(Duration::from_secs(2)).await;
    // With other parameters, so that it finds nothing later that would have it wait.
    let mut other = request;
    other["tags"] = json!({"team": "another"});
    stage.remove(removal(&other), None);
    let ended = stage.run().await;

    assert_eq!(code(&ended[0]), "CONNECTED", "{}", detail(&ended[0]));
    assert_eq!(code(&ended[1]), "REQUEST_CONFLICT", "{}", detail(&ended[1]));
    assert_eq!(detail(&ended[1])["stands"], true, "{}", detail(&ended[1]));
}

/// The mark goes, and its answer is lost: the next try has no tag to name, and EC2 takes every tag away where none is named.
#[tokio::test(start_paused = true)]
async fn a_mark_that_is_gone_already_takes_no_others_with_it() {
    let first = request("aurora-dsql-minimal");
    let second = with_id(first.clone(), "billing");
    let both = [first.clone(), second.clone()];
    let (mut stage, before) = connected(scenario::world("default"), &both).await;
    let lost = Fault {
        count: Some(ATTEMPTS),
        ..Fault::nth("DeleteTags", 1, FaultKind::ErrorAfterEffect)
    };
    stage.outside().world().add_fault(lost);
    let ended = remove(&mut stage, removal(&second)).await;

    assert_eq!(code(&ended), "REMOVED", "{}", detail(&ended));
    let there = Seen::at_last(&mut stage.outside().world()).ours()[0].clone();
    let id = first["requestId"].as_str().unwrap();
    let mark = format!("tieline:request/{id}");
    assert!(
        there.tags.iter().any(|tag| tag.key == mark),
        "{:?}",
        there.tags
    );
    let ended = remove(&mut stage, removal(&first)).await;
    assert_eq!(code(&ended), "REMOVED", "{}", detail(&ended));
    assert_eq!(everything(&mut stage.outside().world()), before);
}

/// One that a person keeps waiting is named, with the way to end it.
#[tokio::test(start_paused = true)]
async fn a_request_that_waits_for_days_is_named() {
    let mut stage = Stage::on(Simulated::on(scenario::world("acceptance-never")));
    let request = request("endpoint-service");
    stage.start(request.clone(), None);
    stage.pass(Duration::from_secs(600)).await;
    stage.remove(removal(&request), None);
    while stage.ended()[1].status == "RUNNING" {
        stage.pass(Duration::from_secs(60)).await;
    }
    let ended = stage.ended().pop().unwrap();

    assert_eq!(code(&ended), "REQUEST_IN_PROGRESS", "{}", detail(&ended));
    let said = detail(&ended)["nextStep"].as_str().unwrap();
    assert!(said.contains("stop-execution"), "{said}");
    stage.abort();
}

#[tokio::test(start_paused = true)]
async fn two_removals_at_once_come_to_one_end() {
    for seed in 0..20 {
        let request = request(match seed % 2 {
            0 => "aurora-dsql-minimal",
            _ => "tidb-cloud-dedicated",
        });
        let (mut stage, before) =
            connected(scenario::world("default"), std::slice::from_ref(&request)).await;
        stage.remove(removal(&request), None);
        stage.pass(Duration::from_secs(seed * 17)).await;
        stage.remove(removal(&request), None);
        let ended = stage.run().await;

        for one in &ended[1..] {
            assert_eq!(code(one), "REMOVED", "{seed}: {}", detail(one));
        }
        // Nothing at a vendor goes while names lead to it.
        let world = stage.outside().world();
        let orders: Vec<&str> = world.writes().map(|call| call.action.as_str()).collect();
        let at = |action: &str| orders.iter().position(|one| *one == action);
        if let Some(unregistered) = at("DeletePrivateEndpointConnection") {
            assert!(
                at("ModifyVpcEndpoint") < Some(unregistered),
                "{seed}: {orders:?}"
            );
        }
        drop(world);
        assert_eq!(everything(&mut stage.outside().world()), before, "{seed}");
    }
}

/// Whoever asks last has the last word.
#[tokio::test(start_paused = true)]
async fn a_request_during_its_removal_is_made_again() {
    for seconds in [1, 30, 90, 150, 200, 260, 400] {
        let request = request("aurora-dsql-minimal");
        let (mut stage, _) =
            connected(scenario::world("default"), std::slice::from_ref(&request)).await;
        stage.remove(removal(&request), None);
        stage.pass(Duration::from_secs(seconds)).await;
        stage.start(request.clone(), None);
        let ended = stage.run().await;

        assert_eq!(
            code(&ended[1]),
            "REMOVED",
            "{seconds}: {}",
            detail(&ended[1])
        );
        assert_eq!(
            code(&ended[2]),
            "CONNECTED",
            "{seconds}: {}",
            detail(&ended[2])
        );
        let ours = Seen::at_last(&mut stage.outside().world());
        assert_eq!(ours.ours().len(), 1, "{seconds}");
        assert!(ours.ours()[0].private_dns_enabled, "{seconds}");
    }
}

/// Another request that meets the removal has a connection at the end, whichever endpoint that is.
#[tokio::test(start_paused = true)]
async fn another_request_that_joins_meanwhile_is_served() {
    for seconds in (0..60)
        .step_by(3)
        .chain([120, 180, 190, 200, 220, 260, 300])
    {
        let first = request("aws-service-monitoring");
        let second = with_id(first.clone(), "other");
        let (mut stage, _) =
            connected(scenario::world("default"), std::slice::from_ref(&first)).await;
        stage.remove(removal(&first), None);
        stage.pass(Duration::from_secs(seconds)).await;
        stage.start(second.clone(), None);
        let ended = stage.run().await;

        assert_eq!(
            code(&ended[1]),
            "REMOVED",
            "{seconds}: {}",
            detail(&ended[1])
        );
        assert_eq!(
            code(&ended[2]),
            "CONNECTED",
            "{seconds}: {}",
            detail(&ended[2])
        );
        let seen = Seen::at_last(&mut stage.outside().world());
        let [one] = seen.ours()[..] else {
            panic!("{seconds}: {} endpoints", seen.ours().len());
        };
        assert!(one.private_dns_enabled, "{seconds}");
        let marks: Vec<&str> = one.tags.iter().map(|tag| tag.key.as_str()).collect();
        assert!(
            marks.contains(&"tieline:request/other"),
            "{seconds}: {marks:?}"
        );
        assert!(
            !marks.contains(&"tieline:request/metrics"),
            "{seconds}: {marks:?}"
        );
    }
}

/// One that has taken something is gone on with; one that has not is only announced, and nothing is closing any more. Neither takes what was
/// asked for since: also late, and twice.
#[tokio::test(start_paused = true)]
async fn a_removal_that_is_aborted_is_gone_on_with_unless_it_was_asked_for_since() {
    for seconds in [0, 1, 60, 200, 215] {
        for is_wanted_again in [false, true] {
            let request = request("aurora-dsql-minimal");
            let (mut stage, before) =
                connected(scenario::world("default"), std::slice::from_ref(&request)).await;
            stage.remove(removal(&request), None);
            stage.pass(Duration::from_secs(seconds)).await;
            stage.end(1, "ABORTED", None);
            // Its last call is still under way.
            stage.pass(Duration::from_secs(5)).await;
            let taken = writes(stage.outside());
            let has_taken = taken.iter().any(|action| action == "ModifyVpcEndpoint");
            assert!(!has_taken || seconds > 60, "{seconds}: {taken:?}");
            assert!(has_taken || seconds < 215, "{seconds}: {taken:?}");
            let change = stage.status_change(1);
            if is_wanted_again {
                stage.start(request.clone(), None);
                let made = stage.run().await.pop().unwrap();
                assert_eq!(code(&made), "CONNECTED", "{seconds}: {}", detail(&made));
            }
            let expected = match has_taken && !is_wanted_again {
                true => "REMOVED",
                false => "EXECUTION_ENDED",
            };
            for _ in 0..2 {
                let told = remove(&mut stage, change.clone()).await;
                assert_eq!(code(&told), expected, "{seconds}: {}", detail(&told));
                assert_eq!(detail(&told)["resultId"], "e-removal.result");
            }
            if is_wanted_again || !has_taken {
                let seen = Seen::at_last(&mut stage.outside().world());
                assert!(seen.ours()[0].private_dns_enabled, "{seconds}");
                assert_eq!(closer(&stage), "", "{seconds}");
            }
            let ended = remove(&mut stage, removal(&request)).await;
            assert_eq!(code(&ended), "REMOVED", "{seconds}: {}", detail(&ended));
            assert_eq!(
                everything(&mut stage.outside().world()),
                before,
                "{seconds}"
            );
        }
    }
}

/// Which execution is letting go of the endpoint.
fn closer(stage: &Stage) -> String {
    let seen = Seen::now(&mut stage.outside().world());
    let mut tags = seen.ours()[0].tags.iter();
    let closing = tags.find(|tag| tag.key == "tieline:closing");
    closing.map(|tag| tag.value.clone()).unwrap_or_default()
}

/// Whoever joins, or leaves, while what a stopped removal had closed is opened again gets what they ask for.
#[tokio::test(start_paused = true)]
async fn nobody_is_disturbed_by_what_is_opened_again() {
    for seconds in [0, 60, 150, 176, 180, 184, 188, 192, 200, 220] {
        for joins in [true, false] {
            let what = format!("{seconds} {joins}");
            let first = request("aws-service-monitoring");
            let second = with_id(first.clone(), "other");
            let (mut stage, before) =
                connected(scenario::world("default"), std::slice::from_ref(&first)).await;
            stage.remove(removal(&first), None);
            stage.pass(Duration::from_secs(100)).await;
            assert_ne!(closer(&stage), "", "{what}");
            stage.end(1, "ABORTED", None);
            let change = stage.status_change(1);
            stage.remove(change, None);
            stage.pass(Duration::from_secs(seconds)).await;
            match joins {
                true => stage.start(second, None),
                false => stage.remove(removal(&first), None),
            }
            let ended = stage.run().await;
            if !joins {
                assert_eq!(code(&ended[3]), "REMOVED", "{what}: {}", detail(&ended[3]));
                assert_eq!(everything(&mut stage.outside().world()), before, "{what}");
                continue;
            }
            assert_eq!(
                code(&ended[2]),
                "EXECUTION_ENDED",
                "{what}: {}",
                detail(&ended[2])
            );
            assert_eq!(detail(&ended[2])["stands"], true, "{what}");
            assert_eq!(
                code(&ended[3]),
                "CONNECTED",
                "{what}: {}",
                detail(&ended[3])
            );
            assert_eq!(closer(&stage), "", "{what}");
            let seen = Seen::at_last(&mut stage.outside().world());
            let [one] = seen.ours()[..] else {
                panic!("{what}: {} endpoints", seen.ours().len());
            };
            assert!(one.private_dns_enabled, "{what}");
            for id in ["metrics", "other"] {
                let mark = format!("tieline:request/{id}");
                assert!(one.tags.iter().any(|tag| tag.key == mark), "{what}: {id}");
            }
        }
    }
}

/// Whether each has asked whether the other runs: a removal the one machine, a request the other.
fn have_both_looked(world: &mut World) -> bool {
    let calls = world.calls().iter();
    let lists = calls.filter(|call| call.action == "ListExecutions");
    let asked: Vec<&str> = lists
        .filter_map(|call| call.parameters["stateMachineArn"].as_str())
        .collect();
    let machines = ["connect", "remove"];
    machines
        .iter()
        .all(|machine| asked.iter().any(|arn| arn.ends_with(machine)))
}

/// Step Functions lists who began moments later (API reference, `ListExecutions`: "eventually consistent"), so neither sees the other when
/// it first looks, and no mark says that a connection without an endpoint is leaving. One waits for the other all the same, and whoever
/// counts as the second has the last word: of two that begin in the same moment that is the request.
#[tokio::test(start_paused = true)]
async fn a_dms_request_and_its_removal_at_once_come_to_one_truth() {
    let request = request("dms-tidb-cloud");
    for (removes_first, milliseconds) in [(true, 0), (false, 100), (false, 3000)] {
        let what = format!("{removes_first} {milliseconds}");
        // Where the removal comes first there is something for it to remove.
        let there: &[Value] = match removes_first {
            true => std::slice::from_ref(&request),
            false => &[],
        };
        let (mut stage, before) = connected(scenario::world("default"), there).await;
        let made = everything_now(&stage.outside().world());
        let unlisted = Fault::on("ListExecutions", FaultKind::Empty);
        stage.outside().world().add_fault(unlisted);
        for removes in [removes_first, !removes_first] {
            match removes {
                true => stage.remove(removal(&request), None),
                false => stage.start(request.clone(), None),
            }
            if removes == removes_first {
                stage.pass(Duration::from_millis(milliseconds)).await;
            }
        }
        stage.until("a look of each", have_both_looked).await;
        stage.outside().world().clear_faults();
        let ended = stage.run().await;

        let (codes, last) = match removes_first {
            true => (["REMOVED", "CONNECTED"], made),
            false => (["CONNECTED", "REMOVED"], before),
        };
        for (one, expected) in ended[ended.len() - 2..].iter().zip(codes) {
            assert_eq!(code(one), expected, "{what}: {:#}", detail(one));
        }
        // Neither undoes what the other one does meanwhile.
        let orders = writes(stage.outside());
        let made_or_taken = orders.iter().filter(|one| *one != "AddTagsToResource");
        let mut takes: Vec<bool> = made_or_taken.map(|one| one.starts_with("Delete")).collect();
        takes.dedup();
        assert_eq!(takes, [removes_first, !removes_first], "{what}: {orders:?}");
        assert_eq!(everything(&mut stage.outside().world()), last, "{what}");
    }
}

/// Each machine does its own.
#[tokio::test(start_paused = true)]
async fn an_event_for_the_other_machine_is_refused() {
    let request = request("aurora-dsql-minimal");
    let (mut stage, _) =
        connected(scenario::world("default"), std::slice::from_ref(&request)).await;
    let event = json!({"detail-type": "Private Connection Requested", "detail": request});
    let ended = remove(&mut stage, event).await;
    assert_eq!(code(&ended), "REQUEST_INVALID", "{}", detail(&ended));
    stage.start(removal(&request), None);
    let ended = stage.run().await.pop().unwrap();
    assert_eq!(code(&ended), "REQUEST_INVALID", "{}", detail(&ended));
    assert_eq!(writes(stage.outside()), [""; 0]);
}
