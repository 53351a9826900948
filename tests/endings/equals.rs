//! Several executions of one request at once: one that fails takes nothing from another that is at work, and one of those that
//! fail together removes what they made.

use std::time::Duration;

use serde_json::json;
use tests::{Broken, Seen, Simulated, Stage, TRIES, code, detail, request};
use tieline::workflow::Function;
use world::scenario;

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
        assert_eq!(deletes(&stage), 0, "{failing}: {}", detail(failed));
    }
}

#[tokio::test(start_paused = true)]
async fn what_equals_leave_to_each_other_is_removed_by_one_of_them() {
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
        for aborted in [0, 1] {
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
