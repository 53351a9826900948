//! What several requests hold: its limits are counted before anything is made, and it goes with the last of them.

#![expect(clippy::unwrap_used, reason = "a test panics")]

use std::ops::Range;
use std::time::Duration;

use serde_json::{Value, json};
use tests::{Seen, Simulated, Stage, Wrong, code, detail, play, request, writes};
use world::gate::{Fault, FaultKind};
use world::model::endpoints::CreateVpcEndpoint;
use world::model::route53::Inventory;
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

/// Another request for the connection with a private zone.
fn zoned(number: usize) -> Value {
    let mut input = request("endpoint-service-private-zone");
    input["requestId"] = json!(format!("team-{number}"));
    input
}

#[tokio::test(start_paused = true)]
async fn a_zone_serves_more_requests_than_it_has_room_for_tags() {
    let mut stage = Stage::on(Simulated::on(scenario::world("default")));
    for number in 0..12 {
        stage.start(zoned(number), None);
        let ended = stage.run().await;
        let last = &ended[number];
        assert_eq!(code(last), "CONNECTED", "{}", detail(last));
    }
    let zones = stage.outside().world().state().hosted_zones;
    let tagged = zones.iter().find(|zone| !zone.tags.is_empty()).unwrap();
    assert_eq!(tagged.tags.keys().collect::<Vec<_>>(), ["tieline:managed"]);

    // One more that fails takes nothing from them.
    let fault = Fault::on("DescribeNetworkInterfaces", FaultKind::AccessDenied);
    stage.outside().world().add_fault(fault);
    stage.start(zoned(12), None);
    assert_eq!(stage.run().await[12].status, "FAILED");
    stage.outside().world().clear_faults();
    stage.outside().world().clear_calls();
    stage.start(zoned(0), None);
    let ended = stage.run().await;
    assert_eq!(code(&ended[13]), "CONNECTED", "{}", detail(&ended[13]));
    assert_eq!(writes(stage.outside()), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_plan_of_before_has_what_it_made_left_alone() {
    for name in ["aurora-dsql", "endpoint-service-private-zone"] {
        let mut stage = Stage::on(Simulated::on(scenario::world("default")));
        stage.outside().age_plans(true);
        stage.start(request(name), None);
        let ended = stage.run().await;
        assert_eq!(code(&ended[0]), "CONNECTED", "{}", detail(&ended[0]));
        stage.outside().age_plans(false);
        let zones = stage.outside().world().state().hosted_zones;

        // One for the same names that fails.
        let fault = Fault::on("DescribeNetworkInterfaces", FaultKind::AccessDenied);
        stage.outside().world().add_fault(fault);
        let mut other = request(name);
        other["requestId"] = json!("another-team");
        stage.start(other, None);
        assert_eq!(stage.run().await[1].status, "FAILED", "{name}");
        stage.outside().world().clear_faults();
        let seen = Seen::at_last(&mut stage.outside().world());
        assert_eq!(seen.ours().len(), 1, "{name}");
        let left = stage.outside().world().state().hosted_zones;
        let count =
            |zones: &[Inventory]| zones.iter().map(|zone| zone.records.len()).sum::<usize>();
        assert_eq!(count(&left), count(&zones), "{name}");

        stage.start(request(name), None);
        let again = stage.run().await.remove(2);
        assert_eq!(code(&again), "CONNECTED", "{name}: {}", detail(&again));
        assert_eq!(
            detail(&again)["endpoint"]["id"],
            detail(&ended[0])["endpoint"]["id"]
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_zone_goes_with_the_last_request_whose_endpoint_its_names_lead_to() {
    let mut world = scenario::world("default");
    world.add_fault(Fault::on(
        "DescribeNetworkInterfaces",
        FaultKind::AccessDenied,
    ));
    let mut stage = Stage::on(Simulated::on(world));
    for number in 0..3 {
        // Each with a name of its own beside that of all.
        let mut input = zoned(number);
        input["target"]["privateZone"]["records"][format!("team-{number}")] = json!("regional");
        stage.start(input, None);
    }
    for ended in stage.run().await {
        assert_eq!(ended.status, "FAILED", "{}", detail(&ended));
        assert_eq!(
            detail(&ended)["leftBehind"],
            json!([]),
            "{}",
            detail(&ended)
        );
    }
    let left = Seen::at_last(&mut stage.outside().world());
    assert_eq!(left.left(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_claim_and_a_last_release_at_the_same_moment_end_in_one_truth() {
    claims_against_releases(0..80).await;
}

/// Enough of them to notice what is done wrongly.
#[tokio::test(start_paused = true)]
async fn a_few_claims_and_last_releases_are_met_in_both_orders() {
    claims_against_releases(200..220).await;
}

async fn claims_against_releases(seeds: Range<u64>) {
    let (mut kept, count) = (0, seeds.end - seeds.start);
    for seed in seeds {
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
        kept += u64::from(connected > 0 && !deleted);
        // Whichever of them could not have its names.
        assert!(connected >= 1, "{what}");
    }
    // Both orders were met.
    assert!((1..count).contains(&kept), "{kept}");
    println!("{kept} of {count} kept the endpoint");
}

#[tokio::test(start_paused = true)]
async fn a_claim_on_a_zone_and_its_last_release_at_the_same_moment_end_in_one_truth() {
    zone_claims_against_releases(0..30).await;
}

/// Enough of them to notice what is done wrongly.
#[tokio::test(start_paused = true)]
async fn a_few_claims_on_a_zone_and_last_releases_are_met_in_both_orders() {
    zone_claims_against_releases(200..220).await;
}

async fn zone_claims_against_releases(seeds: Range<u64>) {
    let (mut kept, count) = (0, seeds.end - seeds.start);
    for seed in seeds {
        let mut dice = fastrand::Rng::with_seed(seed);
        let mut world = scenario::world("default");
        // The first request cannot be confirmed, and leaves. What it orders then takes effect long after it was ordered.
        world.add_fault(Fault::once("CreateTags", FaultKind::AccessDenied));
        world.add_fault(Fault {
            nth: Some(2),
            count: Some(6),
            ..Fault::on(
                "ChangeResourceRecordSets",
                FaultKind::LateEffect { seconds: 90.0 },
            )
        });
        let mut stage = Stage::on(Simulated::seeded(world, seed));
        stage.start(zoned(0), None);
        stage
            .pass(Duration::from_millis(dice.u64(120_000..420_000)))
            .await;
        stage.start(zoned(1), None);
        stage.outside().watch(move |world| {
            let seen = Seen::now(world);
            let tags = seen.ours().into_iter().flat_map(|one| &one.tags);
            let confirmed = tags.filter(|tag| tag.value.contains(".ready")).count();
            let names = zone_names(world);
            assert!(
                confirmed == 0 || names > 0,
                "seed {seed}: {:?}",
                seen.ours()
            );
        });
        let ended = stage.run().await;

        let connected = ended.iter().filter(|one| code(one) == "CONNECTED").count();
        let what = format!("seed {seed}: {} {}", detail(&ended[0]), detail(&ended[1]));
        assert!(connected >= 1, "{what}");
        stage.pass(Duration::from_secs(180)).await;
        let world = stage.outside().world();
        assert_eq!(zone_names(&world), 2, "{what}");
        let made = world
            .writes()
            .filter(|call| call.action == "CreateHostedZone" && call.outcome == "ok")
            .count();
        kept += u64::from(made == 1);
        let closing = world.state().hosted_zones;
        let closing = closing
            .iter()
            .any(|zone| zone.tags.contains_key("tieline:closing"));
        assert!(!closing, "{what}");
    }
    // Both orders were met.
    assert!((1..count).contains(&kept), "{kept}");
    println!("{kept} of {count} kept the zone");
}

/// How many names zones of ours have.
fn zone_names(world: &World) -> usize {
    let zones = world.state().hosted_zones;
    let ours = zones
        .iter()
        .filter(|zone| zone.tags.contains_key("tieline:managed"));
    let names = ours.flat_map(|zone| &zone.records);
    names.filter(|record| record.kind == "CNAME").count()
}

#[tokio::test(start_paused = true)]
async fn what_the_last_two_leave_at_once_goes() {
    for seed in 0..16 {
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

#[test]
fn each_protocol_that_is_done_wrongly_is_noticed() {
    let guards: [(Wrong, fn()); 3] = [
        (
            Wrong::NothingSettles,
            a_few_claims_on_a_zone_and_last_releases_are_met_in_both_orders,
        ),
        (
            Wrong::LeavingIsNotSaid,
            a_few_claims_and_last_releases_are_met_in_both_orders,
        ),
        (
            Wrong::TagsAreNotCounted,
            one_request_more_is_refused_before_anything_is_made,
        ),
    ];
    for (wrong, guard) in guards {
        assert!(wrong.is_noticed_by(guard), "{wrong:?}");
    }
}
