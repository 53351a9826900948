//! The verifier's answer on a share of the connections: who does not get through any more is told once, and so is who does again; what
//! is not tried changes nothing, and what was proven last is in the inventory.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tests::{Simulated, Stage, assert_connected, invoke, request, writes};
use tieline::workflow::{Function, NextState};
use world::model::endpoints::CreateVpcEndpoint;
use world::scenario;
use world::scenario::{GROUP, SUBNETS, VPC};

use crate::{HOUR, check, check_in, connected, counts, of_type};

/// A connection that the verifier has proven.
async fn proven() -> Stage {
    let asked = request("aurora-dsql");
    connected(Simulated::verified(scenario::world("default")), &[asked]).await
}

/// The functions of the same deployment, as they are without a verifier.
fn without_verifier(stage: &Stage) -> Simulated {
    stage.outside().beside("tieline")
}

/// What the inventory says of the one connection.
fn connection(events: &[Value]) -> &Value {
    let [page] = of_type(events, "Checked")[..] else {
        panic!("{events:#?}");
    };
    let all = page["Detail"]["connections"].as_array().unwrap();
    assert_eq!(all.len(), 1, "{page:#}");
    &all[0]
}

#[tokio::test(start_paused = true)]
async fn a_path_that_is_closed_by_hand_is_told_once_and_so_is_that_it_is_open() {
    let mut stage = proven().await;
    assert_eq!(counts(&check(&mut stage).await), (0, 0));
    for round in 0..2 {
        stage.outside().world().close_paths(true);
        stage.pass(HOUR).await;
        let events = check(&mut stage).await;
        assert_eq!(counts(&events), (1, 0), "{round}: {events:#?}");
        let degraded = of_type(&events, "Degraded")[0];
        let drift = degraded["Detail"]["drift"].as_array().unwrap();
        assert_eq!(drift.len(), 1, "{degraded:#}");
        assert_eq!(drift[0]["field"], "path", "{degraded:#}");
        let now = drift[0]["now"].as_str().unwrap();
        assert!(now.starts_with("tcp failed on port 5432 of 10."), "{now}");
        assert_eq!(connection(&events)["condition"], "degraded");
        for _ in 0..3 {
            stage.pass(HOUR).await;
            let events = check(&mut stage).await;
            assert_eq!(counts(&events), (0, 0), "{round}: told again");
            assert_eq!(connection(&events)["condition"], "degraded");
        }

        stage.outside().world().close_paths(false);
        stage.pass(HOUR).await;
        let events = check(&mut stage).await;
        assert_eq!(counts(&events), (0, 1), "{round}: {events:#?}");
        assert_eq!(connection(&events)["condition"], "confirmed");
        stage.pass(HOUR).await;
        assert_eq!(counts(&check(&mut stage).await), (0, 0), "{round}");
    }
    let written = writes(stage.outside()).into_iter();
    let written: BTreeSet<String> = written.collect();
    assert_eq!(written, ["CreateTags".to_owned()].into());
}

/// Nobody tries: nothing is told, and what was told stays. Only a trial that gets through takes it back.
#[tokio::test(start_paused = true)]
async fn a_check_without_a_verifier_tells_nothing_of_paths_and_keeps_what_was_told() {
    let mut stage = proven().await;
    let bare = without_verifier(&stage);
    stage.outside().world().close_paths(true);
    let events = check_in(&mut stage, &bare).await;
    assert_eq!(counts(&events), (0, 0), "{events:#?}");
    assert_eq!(connection(&events)["condition"], "confirmed");
    assert_eq!(writes(stage.outside()), [""; 0]);

    assert_eq!(counts(&check(&mut stage).await), (1, 0));
    stage.outside().world().close_paths(false);
    for _ in 0..2 {
        stage.pass(HOUR).await;
        let events = check_in(&mut stage, &bare).await;
        assert_eq!(counts(&events), (0, 0), "{events:#?}");
        assert_eq!(connection(&events)["condition"], "degraded");
        let page = of_type(&events, "Checked")[0];
        assert_eq!(page["Detail"]["notLookedAt"], json!([]), "{page:#}");
    }
    stage.pass(HOUR).await;
    assert_eq!(counts(&check(&mut stage).await), (0, 1));
}

/// What a verifier never proved is no different for not being proven: it may be one of those who are not to get through.
#[tokio::test(start_paused = true)]
async fn what_was_never_proven_is_no_drift_until_it_was() {
    let mut stage = Stage::on(Simulated::verified(scenario::world("default")));
    let bare = without_verifier(&stage);
    stage.start_in(&bare, request("aurora-dsql"));
    let ended = stage.run().await.pop().unwrap();
    assert_connected(&ended, "without a verifier");
    stage.outside().world().close_paths(true);
    let events = check(&mut stage).await;
    assert_eq!(counts(&events), (0, 0), "{events:#?}");
    assert_eq!(connection(&events).get("lastVerified"), None);

    stage.outside().world().close_paths(false);
    stage.pass(HOUR).await;
    let events = check(&mut stage).await;
    assert_eq!(counts(&events), (0, 0), "{events:#?}");
    assert!(connection(&events)["lastVerified"].is_string());
    stage.outside().world().close_paths(true);
    stage.pass(HOUR).await;
    assert_eq!(counts(&check(&mut stage).await), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn when_a_connection_was_proven_last_shows_and_moves_on() {
    let mut stage = proven().await;
    let bare = without_verifier(&stage);
    let last = |events: &[Value]| {
        let last = &connection(events)["lastVerified"];
        last.as_str().expect("a time").to_owned()
    };
    // The request's own execution has proven it.
    let at_first = last(&check_in(&mut stage, &bare).await);
    stage.pass(HOUR).await;
    stage.outside().world().clear_calls();
    let first = last(&check(&mut stage).await);
    assert!(at_first < first, "{at_first}, and then {first}");
    assert_eq!(writes(stage.outside()), ["CreateTags"]);
    let kept = last(&check_in(&mut stage, &bare).await);
    assert_eq!(kept, first);

    // An equal request writes nothing, also where it proves it once more.
    stage.outside().world().clear_calls();
    stage.start(request("aurora-dsql"), None);
    let ended = stage.run().await.pop().unwrap();
    assert_connected(&ended, "an equal request");
    assert_eq!(writes(stage.outside()), [""; 0]);

    stage.outside().world().close_paths(true);
    stage.pass(HOUR).await;
    assert_eq!(last(&check(&mut stage).await), first);
    stage.outside().world().close_paths(false);
    stage.pass(HOUR).await;
    let second = last(&check(&mut stage).await);
    assert!(first < second, "{first}, and then {second}");
}

/// Eight in each check, all of them in three, and one look at the network interfaces of all that are tried.
#[tokio::test(start_paused = true)]
async fn a_check_tries_a_few_and_each_comes_round() {
    let mut world = scenario::world("default");
    world.set_quota(200);
    for number in 0..20 {
        let call = json!({
            "VpcEndpointType": "Interface", "VpcId": VPC, "PrivateDnsEnabled": "false",
            "ServiceName": "com.amazonaws.us-east-1.monitoring", "SubnetId": [SUBNETS[number % 4]],
            "SecurityGroupId": [GROUP],
            "TagSpecification": [{"ResourceType": "vpc-endpoint", "Tag": [
                {"Key": "tieline:managed", "Value": "tieline"},
                {"Key": format!("tieline:request/request-{number}"), "Value": "0123456789abcdef.ready.1111-2222-3333-4444"},
            ]}],
        });
        let call: CreateVpcEndpoint = serde_json::from_value(call).unwrap();
        world.arrange(call).unwrap();
    }
    world.advance(HOUR);
    let mut stage = Stage::on(Simulated::verified(world));
    let mut all = BTreeSet::new();
    for round in 0..3 {
        stage.outside().world().clear_calls();
        check(&mut stage).await;
        {
            let world = stage.outside().world();
            let calls = |action: &'static str| {
                let calls = world.calls().iter();
                calls.filter(move |call| call.action == action)
            };
            assert_eq!(calls("DescribeNetworkInterfaces").count(), 1, "{round}");
            let tried = calls("Connect").map(|call| call.parameters["To"].to_string());
            let tried: BTreeSet<String> = tried.collect();
            assert_eq!(tried.len(), 8, "{round}: {tried:?}");
            all.extend(tried);
        }
        stage.pass(HOUR).await;
    }
    assert_eq!(all.len(), 20);
}

/// Checks that began under the definition before have no state for it.
#[tokio::test(start_paused = true)]
async fn a_check_without_a_state_for_verifiers_asks_none() {
    let stage = proven().await;
    for (check, asks) in [(json!({}), false), (json!({"verifies": true}), true)] {
        let payload = json!({
            "execution": {
                "id": "arn:aws:states:us-east-1:123456789012:execution:tieline-check:before",
                "startedAt": "2026-09-01T10:00:00Z", "definition": 5,
                "connects": "arn:aws:states:us-east-1:123456789012:stateMachine:connect",
            },
            "check": check.clone(),
        });
        let output = invoke(Function::Preflight, payload, stage.outside())
            .await
            .unwrap();
        assert_eq!(output.next == NextState::VerifyPath, asks, "{check}");
        assert_eq!(output.verify.is_some(), asks, "{check}");
    }
}
