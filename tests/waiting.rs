//! An outage, a throttle or somebody's request for time is waited out, in every phase, and undoes nothing.

use std::time::Duration;

use serde_json::json;
use tests::{Ended, Seen, Simulated, Stage, Wrong, code, detail, play, request, writes};
use world::gate::{Fault, FaultKind};
use world::model::endpoints::Decision;
use world::{Service, World, scenario};

/// What the deployment waits in all for services that do not answer, in seconds.
const OUTAGE: u64 = 6 * 3600;

/// The shipped clients try a call for some seconds, and the last wait may be a minute.
const SLACK: u64 = 120;

fn outage(service: Service, seconds: u32) -> Fault {
    Fault {
        seconds: Some(f64::from(seconds)),
        ..Fault::of(service, FaultKind::ErrorBeforeEffect)
    }
}

/// Runs a request during which a service is out for so long, from a certain call on.
async fn with_outage(name: &str, fault: Fault, from: usize) -> (Ended, Simulated) {
    let mut stage = Stage::on(Simulated::on(scenario::world("default")));
    stage.start(request(name), None);
    if from > 0 {
        let called = move |world: &mut World| world.calls().len() >= from;
        stage.until("that call", called).await;
    }
    stage.outside().world().add_fault(fault);
    (stage.run().await.remove(0), stage.outside().clone())
}

/// How many calls of a kind took effect.
fn done(outside: &Simulated, action: &str) -> usize {
    let world = outside.world();
    let calls = world.calls().iter();
    calls
        .filter(|call| call.action == action && call.outcome == "ok")
        .count()
}

#[tokio::test(start_paused = true)]
async fn ten_minutes_without_ec2_at_any_call_cost_ten_minutes() {
    let (calm, outside) = play("default", request("aurora-dsql")).await;
    let calls = outside.world().calls().len();
    assert!(calls > 20, "{calls}");
    for from in 0..calls {
        let (ended, outside) = with_outage("aurora-dsql", outage(Service::Ec2, 600), from).await;

        let what = format!("from call {from}: {}", detail(&ended));
        assert_eq!(code(&ended), "CONNECTED", "{what}");
        assert_eq!(done(&outside, "CreateVpcEndpoint"), 1, "{what}");
        assert!(
            !writes(&outside).iter().any(|one| one.starts_with("Delete")),
            "{what}"
        );
        assert!(ended.seconds <= calm.seconds + 600 + SLACK, "{what}");
    }
}

#[tokio::test(start_paused = true)]
async fn ten_minutes_of_throttles_are_waited_out_in_every_phase() {
    let (_, outside) = play("default", request("aurora-dsql")).await;
    let calls = outside.world().calls().len();
    for from in (0..calls).step_by(4) {
        let throttle = Fault {
            seconds: Some(600.0),
            ..Fault::of(Service::Ec2, FaultKind::Throttle)
        };
        let (ended, outside) = with_outage("aurora-dsql", throttle, from).await;

        let what = format!("from call {from}: {}", detail(&ended));
        assert_eq!(code(&ended), "CONNECTED", "{what}");
        assert_eq!(done(&outside, "CreateVpcEndpoint"), 1, "{what}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_look_that_is_refused_and_not_needed_is_not_known() {
    let mut world = scenario::world("default");
    for look in ["GetServiceQuota", "ListHostedZonesByVPC"] {
        world.add_fault(Fault::on(look, FaultKind::AccessDenied));
    }
    let mut stage = Stage::on(Simulated::on(world));
    stage.start(request("aurora-dsql"), None);
    let ended = stage.run().await.remove(0);
    assert_eq!(code(&ended), "CONNECTED", "{}", detail(&ended));
}

#[tokio::test(start_paused = true)]
async fn zones_are_found_by_their_names_where_their_ids_are_missing() {
    let (ended, _) = play("zone-names-only", request("aurora-dsql")).await;
    assert_eq!(code(&ended), "CONNECTED", "{}", detail(&ended));
    let zones = detail(&ended)["endpoint"]["zones"].as_array().unwrap();
    assert_eq!(zones.len(), 2);
    let (ended, _) = play("zone-names-only", request("aurora-dsql-minimal")).await;
    assert_eq!(code(&ended), "CONNECTED", "{}", detail(&ended));
}

#[tokio::test(start_paused = true)]
async fn an_hour_without_any_other_service_is_waited_out_in_every_phase() {
    let out = [
        ("aurora-dsql", Service::Dsql),
        ("tidb-cloud-dedicated", Service::TidbCloud),
        ("tidb-cloud-dedicated", Service::SecretsManager),
        ("tidb-cloud-to-confluent", Service::TidbCloud),
        ("tidb-cloud-to-confluent", Service::Confluent),
        ("dms-tidb-cloud", Service::Dms),
        ("endpoint-service-private-zone", Service::Route53),
    ];
    for (name, service) in out {
        let (_, outside) = play("default", request(name)).await;
        let calls = outside.world().calls().len();
        let before = writes(&outside);
        for from in (0..calls).step_by(9) {
            let (ended, outside) = with_outage(name, outage(service, 3600), from).await;

            let what = format!("{name}: {service:?} from call {from}: {}", detail(&ended));
            assert_eq!(code(&ended), "CONNECTED", "{what}");
            let removed = writes(&outside).iter().any(|one| one.starts_with("Delete"));
            assert_eq!(
                removed,
                before.iter().any(|one| one.starts_with("Delete")),
                "{what}"
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_outage_in_several_pieces_does_not_count_against_a_phase() {
    let mut stage = Stage::on(Simulated::on(scenario::world("acceptance-after-hours")));
    stage.start(request("endpoint-service"), None);
    for _ in 0..4 {
        stage.pass(Duration::from_secs(15)).await;
        let fault = outage(Service::Ec2, 1000);
        stage.outside().world().add_fault(fault);
        stage.pass(Duration::from_secs(1200)).await;
    }
    let ended = stage.run().await.remove(0);

    assert_eq!(code(&ended), "CONNECTED", "{}", detail(&ended));
}

#[tokio::test(start_paused = true)]
async fn an_outage_without_end_fails_within_the_cap_and_names_what_is_left() {
    for (name, after) in [
        ("aurora-dsql", "CreateVpcEndpoint"),
        ("aurora-dsql", "ModifyVpcEndpoint"),
        ("aurora-dsql-minimal", "CreateTags"),
    ] {
        let mut world = scenario::world("default");
        world.add_fault(Fault {
            after: Some(after.to_owned()),
            ..Fault::of(Service::Ec2, FaultKind::ErrorBeforeEffect)
        });
        let mut stage = Stage::on(Simulated::on(world));
        stage.start(request(name), None);
        let ended = stage.run().await.remove(0);

        let result = detail(&ended);
        let what = format!("{name} after {after}: {result}");
        assert_eq!(code(&ended), "SERVICE_UNAVAILABLE", "{what}");
        // Beyond the time for outages, the phase and the roll back have theirs.
        let seconds = ended.seconds;
        assert!(
            (OUTAGE..OUTAGE + 2 * 1200 + 3 * SLACK).contains(&seconds),
            "{seconds}: {what}"
        );
        let outside = stage.outside();
        assert_eq!(done(outside, "CreateVpcEndpoint"), 1, "{what}");
        let writes = writes(outside);
        assert!(
            !writes.iter().any(|one| one.starts_with("Delete")),
            "{what}"
        );
        let left = Seen::now(&mut outside.world());
        let [endpoint] = left.ours()[..] else {
            panic!("{what}: {:?}", left.ours())
        };
        let named = result["leftBehind"].as_array().unwrap();
        assert_eq!(named[0], endpoint.vpc_endpoint_id.as_str(), "{what}");
        assert!(
            result["problems"].to_string().contains("UNDO_INCOMPLETE"),
            "{what}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn before_anything_was_made_an_outage_without_end_leaves_nothing() {
    let mut world = scenario::world("default");
    world.add_fault(Fault::of(Service::Ec2, FaultKind::Throttle));
    let mut stage = Stage::on(Simulated::on(world));
    stage.start(request("aurora-dsql"), None);
    let ended = stage.run().await.remove(0);

    assert_eq!(code(&ended), "SERVICE_UNAVAILABLE");
    assert_eq!(detail(&ended)["requestId"], "orders-prod");
    assert_eq!(detail(&ended)["leftBehind"], json!([]));
    assert!(
        (OUTAGE..OUTAGE + 1200 + SLACK).contains(&ended.seconds),
        "{}",
        ended.seconds
    );
}

#[tokio::test(start_paused = true)]
async fn a_roll_back_waits_an_outage_out_as_well() {
    for service in [Service::Ec2, Service::TidbCloud] {
        let mut world = scenario::world("default");
        world.add_fault(Fault::on("ModifyVpcEndpoint", FaultKind::AccessDenied));
        world.add_fault(Fault {
            after: Some("ModifyVpcEndpoint".to_owned()),
            ..outage(service, 5 * 3600)
        });
        let mut stage = Stage::on(Simulated::on(world));
        stage.start(request("tidb-cloud-dedicated"), None);
        let ended = stage.run().await.remove(0);

        let what = format!("{service:?}: {}", detail(&ended));
        assert_eq!(code(&ended), "PERMISSION_DENIED", "{what}");
        assert_eq!(detail(&ended)["leftBehind"], json!([]), "{what}");
        assert!(ended.seconds >= 5 * 3600, "{what}");
        let left = Seen::at_last(&mut stage.outside().world());
        assert_eq!(left.left(), [""; 0], "{what}");
    }
}

/// The longest history that we know of, played: a week for a person, six hours of outage, a server whose certificate is right in
/// the last moment (silence would be told later), and names that never come, so that all of it is rolled back.
#[tokio::test(start_paused = true)]
async fn the_longest_history_fits() {
    let mut asked = request("endpoint-service");
    asked["target"]["acceptanceHours"] = json!(168);
    asked["target"]["protocol"] = json!("https");
    let service = asked["target"]["service"].as_str().expect("a service");
    let mut world = scenario::world("acceptance-never");
    let week = Duration::from_secs(168 * 3600);
    // EC2 is more patient than the request.
    world.timing().acceptance_expires = 4 * week;
    let outages = 6 * 3600 - 600;
    let accepted = week + Duration::from_secs(u64::from(outages)) - Duration::from_secs(900);
    world.script_owner(service, Decision::Accept, accepted);
    world.spoil_certificates(true);
    world.remember_missing_names(week);
    let mut stage = Stage::on(Simulated::verified(world));
    stage.start(asked, None);
    stage.pass(Duration::from_secs(600)).await;
    let fault = outage(Service::Ec2, outages);
    stage.outside().world().add_fault(fault);
    // Its certificate is right shortly before the path counts as wrong.
    let is_tried = |world: &mut World| world.calls().iter().any(|call| call.action == "Connect");
    stage.until("a path tried", is_tried).await;
    stage.pass(Duration::from_secs(280)).await;
    stage.outside().world().spoil_certificates(false);
    let ended = stage.run().await.remove(0);

    assert_eq!(code(&ended), "NAME_NOT_RESOLVING", "{}", detail(&ended));
    assert_eq!(detail(&ended)["leftBehind"], json!([]));
    let asked = |state: &str| ended.invoked.iter().filter(|one| *one == state).count();
    let (path, names) = (asked("Verify the path"), asked("Verify the names"));
    println!(
        "{} events, the path tried {path} times, the names {names} times",
        ended.history
    );
    // 300 s and 1,200 s, a tenth of the time waited between two tries, 5 s at least.
    assert!(path > 25 && names > 40, "{path} {names}");
    assert!(ended.seconds >= 174 * 3600 - 1200, "{}", ended.seconds);
    assert!(ended.history < 25_000, "{}", ended.history);
}

#[test]
fn each_protocol_that_is_done_wrongly_is_noticed() {
    let guards: [(Wrong, fn()); 2] = [
        (
            Wrong::OutagesAreErrors,
            an_outage_in_several_pieces_does_not_count_against_a_phase,
        ),
        (
            Wrong::OutagesCount,
            an_hour_without_any_other_service_is_waited_out_in_every_phase,
        ),
    ];
    for (wrong, guard) in guards {
        assert!(wrong.is_noticed_by(guard), "{wrong:?}");
    }
}
