//! What several requests hold: its limits are counted before anything is made, and it goes with the last of them.

#![expect(clippy::unwrap_used, reason = "a test panics")]

use std::time::Duration;

use serde_json::{Value, json};
use tests::{Seen, Simulated, Stage, code, detail, play, request, writes};
use world::gate::{Fault, FaultKind};
use world::model::endpoints::CreateVpcEndpoint;
use world::{World, scenario};

/// An endpoint of ours for the clusters' service that so many requests hold.
fn held_by(count: usize) -> World {
    let mut world = scenario::world("default");
    let mut tags = vec![json!({"Key": "tieline:managed", "Value": "true"})];
    for number in 0..count {
        let key = format!("tieline:request/team-{number}");
        tags.push(json!({"Key": key, "Value": "0123456789abcdef.ready"}));
    }
    let asked = request("aurora-dsql");
    let endpoint: CreateVpcEndpoint = serde_json::from_value(json!({
        "VpcEndpointType": "Interface", "VpcId": scenario::VPC, "ServiceName": scenario::SERVICE,
        "SubnetId": asked["network"]["subnetIds"], "SecurityGroupId": [scenario::GROUP],
        "TagSpecification": [{"ResourceType": "vpc-endpoint", "Tag": tags}],
    }))
    .unwrap();
    world.arrange(endpoint).unwrap();
    world.advance(Duration::from_secs(300));
    world
}

async fn run(world: World, input: Value) -> (tests::Ended, Simulated) {
    let mut stage = Stage::on(Simulated::on(world));
    stage.start(input, None);
    (stage.run().await.remove(0), stage.outside().clone())
}

#[tokio::test(start_paused = true)]
async fn the_last_request_that_an_endpoint_has_room_for_adds_its_mark_and_nothing_else() {
    let (ended, outside) = run(held_by(47), request("aurora-dsql")).await;

    assert_eq!(code(&ended), "CONNECTED", "{}", detail(&ended));
    let seen = Seen::at_last(&mut outside.world());
    assert_eq!(seen.ours()[0].tags.len(), 49);
}

#[tokio::test(start_paused = true)]
async fn one_request_more_is_refused_before_anything_is_made() {
    let (ended, outside) = run(held_by(48), request("aurora-dsql")).await;

    assert_eq!(code(&ended), "SHARED_BY_TOO_MANY", "{}", detail(&ended));
    let message = detail(&ended)["message"].as_str().unwrap();
    assert!(message.contains("48 requests"), "{message}");
    assert_eq!(writes(&outside), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_tenth_request_that_shares_a_zone_is_refused_before_anything_is_made() {
    let mut stage = Stage::on(Simulated::on(scenario::world("default")));
    for number in 0..9 {
        let mut input = request("endpoint-service-private-zone");
        input["requestId"] = json!(format!("team-{number}"));
        stage.start(input, None);
        let ended = stage.run().await;
        assert_eq!(
            code(&ended[number]),
            "CONNECTED",
            "{}",
            detail(&ended[number])
        );
    }
    stage.outside().world().clear_calls();
    let mut input = request("endpoint-service-private-zone");
    input["requestId"] = json!("team-9");
    stage.start(input, None);
    let ended = stage.run().await.pop().unwrap();

    assert_eq!(code(&ended), "SHARED_BY_TOO_MANY", "{}", detail(&ended));
    assert_eq!(writes(stage.outside()), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_claim_and_a_last_release_at_the_same_moment_end_in_one_truth() {
    let mut kept = 0;
    for seed in 0..200 {
        let mut dice = fastrand::Rng::with_seed(seed);
        let mut world = scenario::world("default");
        // The first request cannot have its names, and leaves.
        world.add_fault(Fault::once("ModifyVpcEndpoint", FaultKind::AccessDenied));
        let mut stage = Stage::on(Simulated::seeded(world, seed));
        stage.start(request("aurora-dsql-minimal"), None);
        stage
            .pass(Duration::from_millis(dice.u64(0..400_000)))
            .await;
        let mut second = request("aurora-dsql-minimal");
        second["requestId"] = json!("billing");
        stage.start(second, None);
        stage.outside().watch(move |world| {
            let seen = Seen::now(world);
            assert!(seen.ours().len() <= 1, "seed {seed}: {:?}", seen.ours());
        });
        let ended = stage.run().await;

        let connected = ended.iter().filter(|one| code(one) == "CONNECTED").count();
        let seen = Seen::at_last(&mut stage.outside().world());
        let what = format!("seed {seed}: {} {}", detail(&ended[0]), detail(&ended[1]));
        assert_eq!(seen.ours().len(), usize::from(connected > 0), "{what}");
        // Whoever was told that it works has it.
        for one in ended.iter().filter(|one| code(one) == "CONNECTED") {
            let id = &detail(one)["endpoint"]["id"];
            assert_eq!(*id, seen.ours()[0].vpc_endpoint_id.as_str(), "{what}");
        }
        let deleted = writes(stage.outside())
            .iter()
            .any(|one| one == "DeleteVpcEndpoints");
        kept += usize::from(connected > 0 && !deleted);
        // Whichever of them could not have its names.
        assert!(connected >= 1, "{what}");
    }
    // Both orders were met.
    assert!((1..200).contains(&kept), "{kept}");
    println!("{kept} of 200 kept the endpoint");
}

#[tokio::test(start_paused = true)]
async fn what_the_last_two_leave_at_once_goes() {
    for seed in 0..100 {
        let mut dice = fastrand::Rng::with_seed(seed);
        let mut stage = Stage::on(Simulated::seeded(
            scenario::world("endpoint-never-available"),
            seed,
        ));
        stage.start(request("aurora-dsql-minimal"), None);
        stage.pass(Duration::from_millis(dice.u64(0..20_000))).await;
        let mut second = request("aurora-dsql-minimal");
        second["requestId"] = json!("billing");
        stage.start(second, None);
        let ended = stage.run().await;

        let left = Seen::at_last(&mut stage.outside().world());
        let what = format!("seed {seed}: {} {}", detail(&ended[0]), detail(&ended[1]));
        assert_eq!(left.left(), [""; 0], "{what}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_shared_endpoint_is_open_again_once_one_of_its_requests_has_left() {
    let mut world = held_by(2);
    world.add_fault(Fault::on(
        "DescribeNetworkInterfaces",
        FaultKind::AccessDenied,
    ));
    let (ended, outside) = run(world, request("aurora-dsql")).await;

    assert_eq!(ended.status, "FAILED");
    let seen = Seen::at_last(&mut outside.world());
    let keys: Vec<&str> = seen.ours()[0]
        .tags
        .iter()
        .map(|tag| tag.key.as_str())
        .collect();
    assert_eq!(
        keys,
        [
            "tieline:managed",
            "tieline:request/team-0",
            "tieline:request/team-1"
        ]
    );
    outside.world().clear_faults();
    let (again, _) = play("shared-service", request("aurora-dsql")).await;
    assert_eq!(code(&again), "CONNECTED");
}
