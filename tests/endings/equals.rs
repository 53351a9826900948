//! Several executions of one request at once: one that fails takes nothing from another that is at work, and one of those that
//! fail together removes what they made.

use std::time::Duration;

use serde_json::json;
use tests::{
    ATTEMPTS, Broken, Seen, Simulated, Stage, TRIES, code, detail, everything_now, request, writes,
};
use tieline::workflow::Function;
use world::gate::{Fault, FaultKind};
use world::model::endpoints::Decision;
use world::{World, scenario};

use crate::{begun, clean_up, created, deletes};

#[tokio::test(start_paused = true)]
pub(crate) async fn a_surplus_execution_that_is_aborted_leaves_what_its_equal_waits_for() {
    // Whichever of the two made the endpoint.
    for aborted in [0, 1] {
        let mut stage = begun("acceptance-after-hours", request("endpoint-service"));
        stage.until("a create", created).await;
        stage.start(request("endpoint-service"), None);
        stage.pass(Duration::from_secs(600)).await;
        stage.end(aborted, "ABORTED", None);
        clean_up(&mut stage, aborted);
        let ended = stage.run().await;

        let other = &ended[1 - aborted];
        assert_eq!(code(other), "CONNECTED", "{aborted}: {}", detail(other));
        assert_eq!(ended[2].status, "SUCCEEDED", "{aborted}");
        assert_eq!(deletes(&stage), 0, "{aborted}: {}", detail(&ended[2]));
    }
}

#[tokio::test(start_paused = true)]
async fn a_failure_of_one_takes_nothing_from_its_equal_that_waits() {
    // Whichever of the two was first: a function of one of them breaks for longer than it is tried.
    let broken = Broken {
        invocation: 4,
        times: TRIES,
    };
    for failing in [0, 1] {
        let world = scenario::world("acceptance-after-hours");
        let mut stage = Stage::on(Simulated::on(world));
        for number in 0..2 {
            let asked = request("endpoint-service");
            if number == failing {
                stage.start_broken_in(asked, broken, Function::StatusPolling);
            } else {
                stage.start(asked, None);
            }
            stage.pass(Duration::from_secs(30)).await;
        }
        let ended = stage.run().await;

        let [failed, other] = [&ended[failing], &ended[1 - failing]];
        assert_eq!(failed.status, "FAILED", "{failing}");
        assert_eq!(code(other), "CONNECTED", "{failing}: {}", detail(other));
        let writes = writes(stage.outside());
        let tags = writes.iter().filter(|one| *one == "CreateTags");
        // That of the confirmation: one that is written at the same moment could be lost under another one.
        assert_eq!(tags.count(), 1, "{failing}: {writes:?}");
        assert_eq!(deletes(&stage), 0, "{failing}: {}", detail(failed));
    }
}

/// Has one of two equal executions fail at its look for something, once there is that much to take from the other.
async fn fails_beside_an_equal(name: &str, action: &str, after: &str) {
    let mut stage = begun("default", request(name));
    let made = |world: &mut World| world.writes().any(|call| call.action == after);
    stage.until(after, made).await;
    stage.start(request(name), None);
    stage.pass(Duration::from_secs(20)).await;
    stage
        .outside()
        .world()
        .add_fault(Fault::once(action, FaultKind::AccessDenied));
    let ended = stage.run().await;

    let failed = ended.iter().position(|one| one.status == "FAILED");
    let failed = failed.unwrap_or_else(|| panic!("{name}: nobody failed at {action}"));
    let (failed, other) = (&ended[failed], &ended[1 - failed]);
    let what = format!("{name}: {} {}", detail(failed), detail(other));
    assert_eq!(code(other), "CONNECTED", "{what}");
    assert_eq!(deletes(&stage), 0, "{what}");
    let behind = detail(failed)["leftBehind"].to_string();
    assert!(
        behind.contains("another execution of the same request goes on with it"),
        "{what}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_failure_takes_nothing_from_an_equal_whose_parts_name_no_execution() {
    fails_beside_an_equal(
        "dms-tidb-cloud",
        "DescribeReplicationInstances",
        "CreateReplicationInstance",
    )
    .await;
    fails_beside_an_equal(
        "tidb-cloud-to-confluent",
        "ListPrivateLinkAccesses",
        "CreatePrivateLinkAccess",
    )
    .await;
}

#[tokio::test(start_paused = true)]
pub(crate) async fn what_an_execution_made_is_not_left_to_one_that_only_waits_for_the_bus() {
    for name in ["aurora-dsql-minimal", "tidb-cloud-to-confluent"] {
        let mut world = scenario::world("endpoint-never-available");
        let before = everything_now(&world);
        let refused = Fault::on("UpdatePrivateLinkAccess", FaultKind::AccessDenied);
        world.add_fault(refused);
        let mut stage = Stage::on(Simulated::on(world));
        stage.outside().close_bus(true);
        stage.start(request(name), None);
        // It has removed what it made by then, and cannot say so.
        stage.pass(Duration::from_secs(2400)).await;
        stage.start(request(name), None);
        stage.pass(Duration::from_secs(2400)).await;
        assert_eq!(stage.ended()[0].status, "RUNNING");
        assert_eq!(everything_now(&stage.outside().world()), before, "{name}");

        stage.outside().close_bus(false);
        for ended in stage.run().await {
            assert_eq!(ended.status, "FAILED", "{}", detail(&ended));
            assert_eq!(
                detail(&ended)["leftBehind"],
                json!([]),
                "{}",
                detail(&ended)
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn of_two_that_fail_at_once_none_takes_anything_before_the_names_are_off() {
    let mut stage = begun("default", request("tidb-cloud-dedicated"));
    stage.start(request("tidb-cloud-dedicated"), None);
    {
        // The order of the one is carried out late, and that of the other is refused.
        let mut world = stage.outside().world();
        let late = FaultKind::LateEffect { seconds: 35.0 };
        let late = Fault::nth("ModifyVpcEndpoint", 1, late);
        let refused = Fault::nth("ModifyVpcEndpoint", ATTEMPTS + 1, FaultKind::AccessDenied);
        for (fault, count) in [(late, ATTEMPTS), (refused, 2)] {
            world.add_fault(Fault {
                count: Some(count),
                ..fault
            });
        }
    }
    for ended in stage.run().await {
        assert_eq!(code(&ended), "PERMISSION_DENIED", "{}", detail(&ended));
    }
    let world = stage.outside().world();
    let mut orders = world.writes().filter(|call| call.outcome == "ok");
    let first = orders.find(|call| {
        let off = call.action == "ModifyVpcEndpoint"
            && call.parameters["PrivateDnsEnabled"] == json!(false);
        off || call.action.starts_with("Delete")
    });
    let first = first.map(|call| call.action.as_str());
    assert_eq!(first, Some("ModifyVpcEndpoint"));
}

#[tokio::test(start_paused = true)]
async fn what_died_is_not_left_to_an_equal_that_has_another_one() {
    let mut stage = begun("acceptance-never", request("endpoint-service"));
    stage.until("a create", created).await;
    // Looked at every five minutes by then.
    stage.pass(Duration::from_secs(4 * 3600)).await;
    let dead = {
        let mut world = stage.outside().world();
        let id = Seen::now(&mut world).ours()[0].vpc_endpoint_id.clone();
        world.decide(&id, Decision::Reject).unwrap();
        let later = Duration::from_secs(1200);
        world.script_owner(scenario::PARTNER, Decision::Accept, later);
        id
    };
    stage.start(request("endpoint-service"), None);
    let ended = stage.run().await;

    assert_eq!(
        code(&ended[0]),
        "ENDPOINT_REJECTED",
        "{}",
        detail(&ended[0])
    );
    let left = detail(&ended[0])["leftBehind"].to_string();
    assert!(!left.contains(&dead), "{left}");
    assert_eq!(code(&ended[1]), "CONNECTED", "{}", detail(&ended[1]));
    let seen = Seen::at_last(&mut stage.outside().world());
    assert_eq!(seen.ours().len(), 1, "{:?}", seen.ours());
}

#[tokio::test(start_paused = true)]
async fn equals_that_may_not_be_asked_about_leave_nothing_to_each_other() {
    for action in ["GetExecutionHistory", "DescribeExecution", "ListExecutions"] {
        let mut world = scenario::world("endpoint-never-available");
        world.add_fault(Fault::on(action, FaultKind::AccessDenied));
        let mut stage = Stage::on(Simulated::on(world));
        for _ in 0..2 {
            stage.start(request("aurora-dsql-minimal"), None);
            stage.pass(Duration::from_secs(1)).await;
        }
        // Who may not see whether the connection is being removed does not begin.
        let expected = match action {
            "ListExecutions" => "REQUEST_IN_PROGRESS",
            _ => "DEADLINE_EXCEEDED",
        };
        for ended in stage.run().await {
            let said = detail(&ended);
            assert_eq!(code(&ended), expected, "{action}: {said}");
        }
        let left = Seen::at_last(&mut stage.outside().world());
        assert_eq!(left.left(), [""; 0], "{action}");
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_taken_from_an_equal_that_has_just_begun() {
    // From before the first one fails until long after, where everybody is slow to answer.
    for milliseconds in (0..40_000).step_by(1000) {
        let mut world = scenario::world("default");
        world.add_fault(Fault::once(
            "UpdatePrivateLinkAccess",
            FaultKind::AccessDenied,
        ));
        let mut stage = Stage::on(Simulated::with_latency(world, Duration::from_millis(1500)));
        stage.start(request("tidb-cloud-to-confluent"), None);
        let made = |world: &mut World| {
            world
                .calls()
                .iter()
                .any(|call| call.action == "UpdatePrivateLinkAccess")
        };
        stage.until("the mark", made).await;
        stage.pass(Duration::from_millis(milliseconds)).await;
        stage.start(request("tidb-cloud-to-confluent"), None);
        let ended = stage.run().await;

        let what = format!(
            "{milliseconds}: {} {}",
            detail(&ended[0]),
            detail(&ended[1])
        );
        assert_eq!(code(&ended[0]), "CREDENTIALS_REFUSED", "{what}");
        assert_eq!(code(&ended[1]), "CONNECTED", "{what}");
        if milliseconds == 0 {
            // It was in its check when the other one failed.
            let writes = writes(stage.outside());
            assert!(!writes.contains(&"DetachDomains".to_owned()), "{writes:?}");
        }
        // It is there still.
        stage.outside().world().clear_calls();
        stage.start(request("tidb-cloud-to-confluent"), None);
        assert_eq!(code(&stage.run().await[2]), "CONNECTED", "{what}");
        assert_eq!(writes(stage.outside()), [""; 0], "{what}");
    }
}

#[tokio::test(start_paused = true)]
pub(crate) async fn the_execution_at_work_on_a_thing_is_found_among_many_that_run() {
    let mut stage = begun("acceptance-after-hours", request("endpoint-service"));
    stage.until("a create", created).await;
    stage.start(request("endpoint-service"), None);
    stage.pass(Duration::from_secs(600)).await;
    for number in 0..60 {
        let arn = format!("arn:aws:states:us-east-1:123456789012:execution:connect:other-{number}");
        stage.outside().world().begin_execution(&arn, "{}");
    }
    stage.pass(Duration::from_secs(1)).await;
    stage.end(1, "ABORTED", None);
    clean_up(&mut stage, 1);
    let ended = stage.run().await;

    assert_eq!(code(&ended[0]), "CONNECTED", "{}", detail(&ended[0]));
    assert_eq!(deletes(&stage), 0, "{}", detail(&ended[2]));
}

#[tokio::test(start_paused = true)]
async fn what_equals_made_that_fail_together_is_removed() {
    for count in [2, 3] {
        let mut stage = begun("endpoint-never-available", request("aurora-dsql-minimal"));
        for _ in 1..count {
            stage.start(request("aurora-dsql-minimal"), None);
        }
        for ended in stage.run().await {
            assert_eq!(ended.status, "FAILED", "{}", detail(&ended));
        }
        let left = Seen::at_last(&mut stage.outside().world());
        assert_eq!(left.left(), [""; 0], "{count}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_execution_that_is_aborted_at_any_call_takes_nothing_from_its_equal() {
    let mut both = begun("default", request("aurora-dsql"));
    both.start(request("aurora-dsql"), None);
    both.run().await;
    let calls = both.outside().world().calls().len();
    for from in 1..calls - 8 {
        let aborted = from % 2;
        let mut stage = begun("default", request("aurora-dsql"));
        stage.start(request("aurora-dsql"), None);
        let called = move |world: &mut World| world.calls().len() >= from;
        stage.until("that call", called).await;
        stage.end(aborted, "ABORTED", None);
        clean_up(&mut stage, aborted);
        let ended = stage.run().await;

        let what = format!("at call {from}, {aborted}: {}", detail(&ended[1 - aborted]));
        assert_eq!(code(&ended[1 - aborted]), "CONNECTED", "{what}");
        let seen = Seen::at_last(&mut stage.outside().world());
        assert_eq!(seen.ours().len(), 1, "{what}");
        assert_eq!(deletes(&stage), 0, "{what}: {}", detail(&ended[2]));
    }
}

#[tokio::test(start_paused = true)]
pub(crate) async fn two_stacks_with_the_same_requests_take_nothing_from_each_other() {
    // Whichever stack's execution is aborted.
    for aborted in [0, 1] {
        // Both cannot have the names.
        let mut asked = request("endpoint-service");
        asked["privateDns"] = json!(false);
        let mut stage = begun("acceptance-after-hours", asked.clone());
        let stacks = [
            stage.outside().clone(),
            stage.outside().beside("other-stack"),
        ];
        stage.pass(Duration::from_secs(60)).await;
        stage.start_in(&stacks[1], asked);
        stage.pass(Duration::from_secs(600)).await;
        stage.end(aborted, "ABORTED", None);
        let event = stage.status_change(aborted);
        stage.start_in(&stacks[aborted], event);
        let ended = stage.run().await;

        let other = &ended[1 - aborted];
        assert_eq!(code(other), "CONNECTED", "{aborted}: {}", detail(other));
        assert_eq!(code(&ended[2]), "EXECUTION_ENDED", "{aborted}");
        let seen = Seen::at_last(&mut stage.outside().world());
        let marks: Vec<&str> = seen.ours()[0]
            .tags
            .iter()
            .map(|tag| tag.value.as_str())
            .collect();
        let name = ["other-stack", "tieline"][aborted];
        assert_eq!(seen.ours().len(), 1, "{aborted}: {marks:?}");
        assert!(marks.contains(&name), "{aborted}: {marks:?}");
    }
}
