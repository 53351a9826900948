//! Executions that end without a result of their own: what they made is removed or announced, and nothing of others'.

mod endings {
    pub(crate) mod equals;
    mod own_group;
    mod redriven;
}

use std::time::Duration;

use serde_json::{Value, json};
use tests::{
    Broken, Seen, Simulated, Stage, Wrong, code, detail, everything, everything_now, play, request,
    writes,
};
use tieline::workflow::Function;
use world::gate::{Fault, FaultKind};
use world::{World, scenario};

use crate::endings::equals;

/// As long as a call of a function that was given up may still take effect.
const SETTLE: Duration = Duration::from_secs(180);

fn begun(scenario: &str, input: Value) -> Stage {
    let mut stage = Stage::on(Simulated::on(scenario::world(scenario)));
    stage.start(input, None);
    stage
}

fn created(world: &mut World) -> bool {
    world
        .writes()
        .any(|call| call.action == "CreateVpcEndpoint" && call.outcome == "ok")
}

fn deletes(stage: &Stage) -> usize {
    let writes = writes(stage.outside());
    writes
        .iter()
        .filter(|one| one.starts_with("Delete"))
        .count()
}

/// Has another execution clean up after one.
fn clean_up(stage: &mut Stage, number: usize) {
    let event = stage.status_change(number);
    stage.start(event, None);
}

#[tokio::test(start_paused = true)]
async fn an_aborted_dry_run_takes_nothing_from_the_execution_that_waits() {
    let mut stage = begun("default", request("aurora-dsql-minimal"));
    stage.until("a create", created).await;
    let mut dry = request("aurora-dsql-minimal");
    dry["dryRun"] = json!(true);
    stage.start(dry, None);
    stage.end(1, "ABORTED", None);
    clean_up(&mut stage, 1);
    let ended = stage.run().await;

    assert_eq!(code(&ended[0]), "CONNECTED", "{}", detail(&ended[0]));
    assert_eq!(
        (code(&ended[2]), ended[2].status),
        ("EXECUTION_ENDED", "SUCCEEDED")
    );
    assert_eq!(detail(&ended[2])["leftBehind"], json!([]));
    assert_eq!(deletes(&stage), 0);
}

/// At whichever look of the roll back that is.
#[tokio::test(start_paused = true)]
async fn one_look_that_shows_nothing_does_not_say_that_it_is_gone() {
    let mut strikes = 0;
    for nth in 15..45 {
        let mut world = scenario::world("default");
        let before = everything_now(&world);
        world.add_fault(Fault::once("ModifyVpcEndpoint", FaultKind::AccessDenied));
        world.add_fault(Fault {
            count: Some(1),
            ..Fault::nth("DescribeVpcEndpoints", nth, FaultKind::Empty)
        });
        let mut stage = Stage::on(Simulated::on(world));
        stage.start(request("aurora-dsql"), None);
        let ended = stage.run().await.remove(0);

        assert_eq!(code(&ended), "PERMISSION_DENIED", "{}", detail(&ended));
        let mut world = stage.outside().world();
        assert_eq!(everything(&mut world), before, "{nth}: {}", detail(&ended));
        let mut calls = world.calls().iter();
        strikes += usize::from(calls.any(|call| call.outcome == "(as it was)"));
    }
    assert!(strikes > 20, "{strikes}");
}

#[tokio::test(start_paused = true)]
async fn what_was_made_for_a_target_that_is_gone_is_found_by_its_marks() {
    let mut stage = begun("default", request("aurora-dsql-minimal"));
    stage.until("a create", created).await;
    stage.pass(Duration::from_secs(5)).await;
    stage.end(0, "ABORTED", None);
    {
        let mut world = stage.outside().world();
        world.lose_cluster(scenario::CLUSTER);
        world.advance(Duration::from_secs(300));
    }
    clean_up(&mut stage, 0);
    let ended = stage.run().await;

    let result = detail(&ended[1]);
    assert_eq!(
        (code(&ended[1]), ended[1].status),
        ("EXECUTION_ENDED", "SUCCEEDED")
    );
    assert_eq!(result["leftBehind"], json!([]), "{result}");
    assert!(
        result["problems"].to_string().contains("CLUSTER_NOT_FOUND"),
        "{result}"
    );
    assert_eq!(Seen::at_last(&mut stage.outside().world()).left(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn every_end_that_nobody_can_catch_is_cleaned_up_and_announced() {
    for (status, error) in [
        ("ABORTED", None),
        ("TIMED_OUT", None),
        ("FAILED", Some("States.Runtime")),
        ("FAILED", Some("States.DataLimitExceeded")),
        ("FAILED", Some("Lambda.AccessDeniedException")),
        ("FAILED", None),
    ] {
        let mut stage = begun("endpoint-never-available", request("aurora-dsql-minimal"));
        stage.until("a create", created).await;
        stage.pass(Duration::from_secs(60)).await;
        stage.end(0, status, error);
        clean_up(&mut stage, 0);
        let ended = stage.run().await;

        let what = format!("{status} {error:?}: {}", detail(&ended[1]));
        assert_eq!(
            (code(&ended[1]), ended[1].status),
            ("EXECUTION_ENDED", "SUCCEEDED"),
            "{what}"
        );
        assert_eq!(detail(&ended[1])["requestId"], "orders-minimal", "{what}");
        assert_eq!(
            Seen::at_last(&mut stage.outside().world()).left(),
            [""; 0],
            "{what}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_failure_that_was_announced_needs_no_cleanup() {
    let mut stage = begun("endpoint-fails", request("aurora-dsql"));
    assert_eq!(stage.run().await[0].status, "FAILED");
    stage.outside().world().clear_calls();
    clean_up(&mut stage, 0);
    let ended = stage.run().await;

    assert_eq!((ended[1].status, ended[1].events.len()), ("SUCCEEDED", 0));
    assert_eq!(writes(stage.outside()), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_cleanup_that_cannot_remove_anything_says_so_and_ends_in_success() {
    let mut stage = begun("endpoint-never-available", request("aurora-dsql-minimal"));
    stage.until("a create", created).await;
    stage.pass(Duration::from_secs(60)).await;
    stage.end(0, "ABORTED", None);
    let event = stage.status_change(0);
    let broken = Broken::for_good(1);
    stage.start_broken_in(event, broken, Function::DeleteEndpoint);
    let ended = stage.run().await;

    assert_eq!(
        (code(&ended[1]), ended[1].status),
        ("UNDO_INCOMPLETE", "SUCCEEDED")
    );
}

#[tokio::test(start_paused = true)]
async fn a_connection_whose_announcement_was_lost_is_announced_again() {
    for (status, error) in [
        ("ABORTED", None),
        ("FAILED", Some("EventBridge.EventBridgeException")),
    ] {
        let mut stage = begun("default", request("aurora-dsql"));
        stage.outside().close_bus(true);
        let confirmed = |world: &mut World| world.writes().any(|call| call.action == "CreateTags");
        stage.until("the mark", confirmed).await;
        stage.pass(Duration::from_secs(60)).await;
        stage.end(0, status, error);
        stage.outside().close_bus(false);
        stage.outside().world().clear_calls();
        clean_up(&mut stage, 0);
        let ended = stage.run().await;

        assert_eq!(
            (code(&ended[1]), ended[1].status),
            ("CONNECTED", "SUCCEEDED"),
            "{status}"
        );
        assert_eq!(writes(stage.outside()), [""; 0], "{status}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_bus_that_takes_nothing_for_an_hour_loses_no_result() {
    let mut stage = begun("default", request("aurora-dsql"));
    stage.outside().close_bus(true);
    stage.pass(Duration::from_secs(3600)).await;
    stage.outside().close_bus(false);
    let ended = stage.run().await.remove(0);

    assert_eq!((code(&ended), ended.status), ("CONNECTED", "SUCCEEDED"));
}

#[tokio::test(start_paused = true)]
async fn a_bus_that_takes_nothing_for_good_ends_in_a_failure_that_can_be_redriven() {
    for is_redriven in [true, false] {
        let mut stage = begun("default", request("aurora-dsql"));
        stage.outside().close_bus(true);
        let ended = stage.run().await.remove(0);

        assert_eq!((ended.status, ended.events.len()), ("FAILED", 0));
        // A redrive begins where it ended.
        assert_eq!(ended.states.last().unwrap(), "Announce that it is ready");
        stage.outside().close_bus(false);
        stage.outside().world().clear_calls();
        if is_redriven {
            stage.redrive(0);
        } else {
            clean_up(&mut stage, 0);
        }
        let ended = stage.run().await.pop().unwrap();
        assert_eq!((code(&ended), ended.status), ("CONNECTED", "SUCCEEDED"));
        assert_eq!(writes(stage.outside()), [""; 0]);
    }
}

/// Whatever state a person stops it in, and however late that is thought better of: nobody else has heard of it.
#[tokio::test(start_paused = true)]
async fn an_execution_that_is_stopped_and_redriven_at_any_call_is_as_if_it_had_not_been() {
    let (_, outside) = play("default", request("aurora-dsql")).await;
    let calls = outside.world().calls().len();
    for from in (1..calls).step_by(3) {
        let mut stage = begun("default", request("aurora-dsql"));
        let called = move |world: &mut World| world.calls().len() >= from;
        stage.until("that call", called).await;
        stage.end(0, ["ABORTED", "TIMED_OUT"][from % 2], None);
        stage.pass(Duration::from_secs(3600)).await;
        stage.redrive(0);
        let ended = stage.run().await.remove(0);

        let what = format!("at call {from}: {}", detail(&ended));
        assert_eq!(code(&ended), "CONNECTED", "{what}");
        let seen = Seen::at_last(&mut stage.outside().world());
        assert_eq!((seen.ours().len(), deletes(&stage)), (1, 0), "{what}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_create_that_takes_effect_after_its_execution_ended_is_waited_for() {
    let mut world = scenario::world("default");
    // Groups that the request names: without one of our own, nothing else stops it.
    let late = FaultKind::LateEffect { seconds: 90.0 };
    world.add_fault(Fault::on("CreateVpcEndpoint", late));
    let mut stage = Stage::on(Simulated::on(world));
    stage.start(request("aurora-dsql"), None);
    let called = |world: &mut World| {
        world
            .calls()
            .iter()
            .any(|call| call.action == "CreateVpcEndpoint")
    };
    stage.until("a create", called).await;
    stage.end(0, "ABORTED", None);
    clean_up(&mut stage, 0);
    let ended = stage.run().await.remove(1);

    stage.pass(SETTLE).await;
    let what = detail(&ended);
    assert_eq!(code(&ended), "EXECUTION_ENDED", "{what}");
    let left = Seen::at_last(&mut stage.outside().world());
    assert_eq!(left.left(), [""; 0], "{what}");
}

#[tokio::test(start_paused = true)]
async fn an_execution_that_is_aborted_at_any_call_leaves_nothing_unsaid() {
    let (_, outside) = play("default", request("aurora-dsql")).await;
    let calls = outside.world().calls().len();
    for from in 1..calls {
        let mut stage = begun("default", request("aurora-dsql"));
        let called = move |world: &mut World| world.calls().len() >= from;
        stage.until("that call", called).await;
        stage.end(0, "ABORTED", None);
        clean_up(&mut stage, 0);
        let ended = stage.run().await.remove(1);

        let seen = Seen::at_last(&mut stage.outside().world());
        let what = format!("at call {from}: {}", detail(&ended));
        match code(&ended) {
            "CONNECTED" => assert_eq!(seen.ours().len(), 1, "{what}"),
            "EXECUTION_ENDED" => assert_eq!(seen.left(), [""; 0], "{what}"),
            other => panic!("{other}: {what}"),
        }
        assert_eq!(ended.status, "SUCCEEDED", "{what}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_that_nobody_claims_is_not_deleted_by_a_strangers_failure() {
    let mut world = scenario::world("endpoint-fails");
    world.add_fault(Fault::on("CreateVpcEndpoint", FaultKind::AccessDenied));
    let by_hand = serde_json::from_value(json!({
        "VpcEndpointType": "Interface", "VpcId": scenario::VPC, "PrivateDnsEnabled": "false",
        "ServiceName": scenario::SERVICE, "SubnetId": [scenario::SUBNETS[4]],
        "SecurityGroupId": [scenario::GROUP],
        "TagSpecification": [{"ResourceType": "vpc-endpoint", "Tag": [{"Key": "tieline:managed", "Value": "true"}]}],
    }));
    world
        .arrange::<world::model::endpoints::CreateVpcEndpoint>(by_hand.unwrap())
        .unwrap();
    world.advance(Duration::from_secs(300));
    let mut stage = Stage::on(Simulated::on(world));
    stage.start(request("aurora-dsql"), None);
    let ended = stage.run().await.remove(0);

    assert_eq!(ended.status, "FAILED", "{}", detail(&ended));
    stage.pass(SETTLE).await;
    assert_eq!(deletes(&stage), 0, "{}", detail(&ended));
}

#[tokio::test(start_paused = true)]
async fn one_event_that_is_delivered_three_times_has_one_result_id() {
    let event = json!({
        "version": "0", "id": "7bf73129-1428-4cd3-a780-95db273d1602", "source": "me", "account": "123456789012",
        "time": "2026-09-01T09:00:00Z", "region": "us-east-1", "resources": [],
        "detail-type": "Private Connection Requested", "detail": request("aurora-dsql-minimal"),
    });
    let mut stage = begun("default", event.clone());
    stage.start(event.clone(), None);
    stage.start(event, None);
    for ended in stage.run().await {
        let result = detail(&ended);
        assert_eq!(code(&ended), "CONNECTED", "{result}");
        assert_eq!(result["eventId"], "7bf73129-1428-4cd3-a780-95db273d1602");
        assert_eq!(
            result["resultId"],
            "7bf73129-1428-4cd3-a780-95db273d1602.result"
        );
    }
}

#[test]
fn each_protocol_that_is_done_wrongly_is_noticed() {
    let guards: [(Wrong, fn()); 11] = [
        (
            Wrong::FailuresAreAtWork,
            equals::what_an_execution_made_is_not_left_to_one_that_only_waits_for_the_bus,
        ),
        (
            Wrong::NothingSettles,
            a_create_that_takes_effect_after_its_execution_ended_is_waited_for,
        ),
        (
            Wrong::MarksNameNoExecution,
            equals::the_execution_at_work_on_a_thing_is_found_among_many_that_run,
        ),
        (
            Wrong::NobodyElseRuns,
            equals::a_surplus_execution_that_is_aborted_leaves_what_its_equal_waits_for,
        ),
        (
            Wrong::FailedStartsFailed,
            a_failure_that_was_announced_needs_no_cleanup,
        ),
        (
            Wrong::ConfirmationIsForgotten,
            a_connection_whose_announcement_was_lost_is_announced_again,
        ),
        (
            Wrong::UnheldIsRemoved,
            an_endpoint_that_nobody_claims_is_not_deleted_by_a_strangers_failure,
        ),
        (
            Wrong::ResultsAreTriedOnce,
            a_bus_that_takes_nothing_for_an_hour_loses_no_result,
        ),
        (
            Wrong::ResultsHaveIdsOfTheirOwn,
            one_event_that_is_delivered_three_times_has_one_result_id,
        ),
        (
            Wrong::TokensNameNoStack,
            equals::two_stacks_with_the_same_requests_take_nothing_from_each_other,
        ),
        (
            Wrong::MarksNameNoStack,
            equals::two_stacks_with_the_same_requests_take_nothing_from_each_other,
        ),
    ];
    for (wrong, guard) in guards {
        assert!(wrong.is_noticed_by(guard), "{wrong:?}");
    }
}
