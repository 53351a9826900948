//! Changes beside requests, removals and other changes of the same id, and such that are aborted.

use std::time::Duration;

use serde_json::json;
use tests::{Simulated, Stage, code, comparable, detail, request};
use world::scenario;
use world::scenario::SUBNETS;

use crate::{change, connected, ours, watched, with};

/// Whoever began first is waited for: changes, requests and removals of one id.
#[tokio::test(start_paused = true)]
async fn two_changes_at_once_come_one_after_the_other() {
    let with_subnets = |count: usize| {
        with(
            request("aws-service-monitoring"),
            "/network/subnetIds",
            json!(&SUBNETS[..count]),
        )
    };
    for seconds in [0, 1, 5, 20, 40, 70] {
        let simulated = Simulated::on(scenario::world("default"));
        let (mut stage, _) = connected(simulated, &[with_subnets(1)]).await;
        stage.start(change(&with_subnets(3)), None);
        stage.pass(Duration::from_millis(seconds * 1000 + 50)).await;
        stage.start(change(&with_subnets(2)), None);
        let ended = stage.run().await;
        for one in &ended[1..] {
            assert_eq!(code(one), "CONNECTED", "{seconds}: {:#}", detail(one));
        }
        assert_eq!(ours(&stage).subnet_ids.len(), 2, "{seconds}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_change_of_what_is_being_made_or_removed_waits() {
    let before = request("aurora-dsql");
    let after = tests::json("events/changes/aurora-dsql-third-zone.json");
    let mut stage = Stage::on(Simulated::on(scenario::world("default")));
    stage.start(before.clone(), None);
    stage.pass(Duration::from_secs(20)).await;
    stage.start(after.clone(), None);
    let ended = stage.run().await;
    assert_eq!(code(&ended[1]), "CONNECTED", "{:#}", detail(&ended[1]));
    assert_eq!(ours(&stage).subnet_ids.len(), 3);

    let removal = json!({"id": "e-removal", "source": "me", "detail-type": "Private Connection Removal Requested", "detail": after["detail"]});
    stage.remove(removal, None);
    stage.pass(Duration::from_secs(20)).await;
    stage.start(after, None);
    let ended = stage.run().await;
    assert_eq!(code(&ended[2]), "REMOVED", "{:#}", detail(&ended[2]));
    assert_eq!(
        code(&ended[3]),
        "NOTHING_TO_CHANGE",
        "{:#}",
        detail(&ended[3])
    );
}

/// One that is aborted is announced; sent again, it goes on with what is there.
#[tokio::test(start_paused = true)]
async fn a_change_that_is_aborted_is_announced_and_can_be_sent_again() {
    let before = with(
        request("aws-service-monitoring"),
        "/network/subnetIds",
        json!(&SUBNETS[..1]),
    );
    let mut after = with(before.clone(), "/network/subnetIds", json!(&SUBNETS[1..3]));
    after["network"]
        .as_object_mut()
        .unwrap()
        .remove("securityGroupIds");
    for seconds in [1, 6, 15, 40, 60, 80] {
        let simulated = Simulated::verified(scenario::world("default"));
        let (mut stage, announced) = connected(simulated, std::slice::from_ref(&before)).await;
        stage.start(change(&after), None);
        stage.pass(Duration::from_secs(seconds)).await;
        stage.end(1, "ABORTED", None);
        let told = stage.status_change(1);
        stage.start(told, None);
        let ended = stage.run().await.pop().unwrap();
        assert_eq!(
            code(&ended),
            "EXECUTION_ENDED",
            "{seconds}: {:#}",
            detail(&ended)
        );
        assert_eq!(detail(&ended)["stands"], true, "{seconds}");
        assert_eq!(detail(&ended)["resultId"], "e-change.result", "{seconds}");

        let (ended, count) = watched(&mut stage, &announced, change(&after)).await;
        assert_eq!(code(&ended), "CONNECTED", "{seconds}: {:#}", detail(&ended));
        assert_eq!(count.failed, 0, "{seconds}");
        let one = ours(&stage);
        assert_eq!(one.subnet_ids.len(), 2, "{seconds}");
        assert!(
            one.groups[0].group_name.starts_with("tieline-"),
            "{seconds}"
        );
        let (again, _) = watched(&mut stage, &announced, change(&after)).await;
        assert_eq!(
            comparable(&again.events[0])["Detail"]["changes"],
            json!([]),
            "{seconds}"
        );
    }
}
