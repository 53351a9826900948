//! Changes: what is there becomes what is asked for, in place, and no client notices; what does not work is put back.

#![expect(clippy::unwrap_used, reason = "a test panics")]

mod changes {
    mod aborted;
    mod instances;
    mod left_open;
    mod races;
    mod refused;
    mod tags;
    mod zones;
}

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};
use tests::{Ended, Seen, Simulated, Stage, assert_connected, code, detail, request, writes};
use world::gate::{Fault, FaultKind};
use world::model::endpoints::{ModifyVpcEndpoint, VpcEndpoint};
use world::plane::{Client, Count, Place};
use world::scenario::{GROUP, SUBNETS};
use world::{World, scenario};

/// The change of a request, as it comes on the bus.
fn change(request: &Value) -> Value {
    json!({
        "id": "e-change", "source": "me", "detail-type": "Private Connection Change Requested", "detail": request,
    })
}

fn with(mut request: Value, pointer: &str, value: Value) -> Value {
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    request.pointer_mut(parent).unwrap()[key] = value;
    request
}

fn with_id(request: Value, id: &str) -> Value {
    with(request, "/requestId", json!(id))
}

/// A stage on which these requests are connected, and what was announced for the first one.
async fn connected(simulated: Simulated, requests: &[Value]) -> (Stage, Value) {
    let mut stage = Stage::on(simulated);
    let mut announced = Value::Null;
    for request in requests.iter().rev() {
        stage.start(request.clone(), None);
        let ended = stage.run().await.pop().unwrap();
        assert_connected(&ended, &request.to_string());
        announced = detail(&ended).clone();
    }
    stage.outside().world().clear_calls();
    (stage, announced)
}

fn ours(stage: &Stage) -> VpcEndpoint {
    let seen = Seen::now(&mut stage.outside().world());
    let [one] = seen.ours()[..] else {
        panic!("{} endpoints", seen.ours().len());
    };
    one.clone()
}

/// What of an endpoint a change may make different.
fn form(one: &VpcEndpoint) -> Value {
    let groups: Vec<&String> = one.groups.iter().map(|group| &group.group_id).collect();
    let subnets: BTreeSet<&String> = one.subnet_ids.iter().collect();
    json!([
        subnets,
        groups,
        one.policy_document,
        one.private_dns_enabled,
        one.ip_address_type,
        one.tags
    ])
}

/// Runs a change while a client opens a new connection to every announced name each second; how it ended, and what the client
/// counted.
async fn watched(stage: &mut Stage, announced: &Value, input: Value) -> (Ended, Count) {
    let place = Place {
        subnet_id: SUBNETS[3].to_owned(),
        group_ids: vec![GROUP.to_owned()],
    };
    let mut client = Client::of(place, announced).unwrap();
    let number = stage.ended().len();
    stage.start(input, None);
    while stage.ended()[number].status == "RUNNING" {
        stage.pass(Duration::from_secs(1)).await;
        client.open_all(&mut stage.outside().world());
    }
    let ended = stage.ended().remove(number);
    let result = detail(&ended).clone();
    let still = match result["connection"].is_null() {
        true => announced,
        false => &result,
    };
    let count = client.count(still);
    if count.failed > 0 {
        eprintln!("{client:#?}");
    }
    (ended, count)
}

fn changed(said: &Value) -> Vec<&str> {
    let all = said["changes"].as_array().unwrap().iter();
    all.map(|one| one["field"].as_str().unwrap()).collect()
}

#[tokio::test(start_paused = true)]
async fn a_third_zone_comes_and_no_client_notices() {
    let before = request("aurora-dsql");
    let after = tests::json("events/changes/aurora-dsql-third-zone.json");
    let simulated = Simulated::verified(scenario::world("default"));
    let (mut stage, announced) = connected(simulated, &[before]).await;
    let (ended, count) = watched(&mut stage, &announced, after.clone()).await;

    let said = detail(&ended);
    assert_eq!(code(&ended), "CONNECTED", "{said:#}");
    assert_eq!(changed(said), ["network.subnetIds", "zones"]);
    assert!(
        said["message"]
            .as_str()
            .unwrap()
            .contains("changed: network.subnetIds"),
        "{said:#}"
    );
    assert_eq!(said["verified"]["path"]["outcome"], "proven", "{said:#}");
    assert_eq!(said["verified"]["names"]["outcome"], "proven", "{said:#}");
    assert_eq!(ours(&stage).subnet_ids.len(), 3);
    // The new network interface gets the caller's tags as well.
    assert_eq!(
        writes(stage.outside()),
        ["ModifyVpcEndpoint", "CreateTags", "CreateTags"]
    );
    assert!(count.tried > 100 && count.failed == 0, "{count:?}");

    // The same again finds all of it, and so does the request as it is now.
    stage.outside().world().clear_calls();
    for input in [after.clone(), after["detail"].clone()] {
        stage.start(input, None);
        let again = stage.run().await.pop().unwrap();
        assert_eq!(code(&again), "CONNECTED", "{}", detail(&again));
        assert_eq!(writes(stage.outside()), [""; 0]);
    }
}

/// Everything that EC2 changes in place, forth and back.
#[tokio::test(start_paused = true)]
async fn everything_that_ec2_changes_in_place_is_changed_and_changed_back() {
    let policy = json!({"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "cloudwatch:*", "Resource": "*"}]});
    let monitoring = request("aws-service-monitoring");
    let with_subnets = |ids: &[&str]| with(monitoring.clone(), "/network/subnetIds", json!(ids));
    let mut without_groups = monitoring.clone();
    without_groups["network"]
        .as_object_mut()
        .unwrap()
        .remove("securityGroupIds");
    let cases = [
        (
            "subnetIds",
            with_subnets(&SUBNETS[..1]),
            with_subnets(&SUBNETS[..3]),
        ),
        ("groups", monitoring.clone(), without_groups),
        (
            "policy",
            monitoring.clone(),
            with(monitoring.clone(), "/policy", policy),
        ),
        (
            "privateDns",
            monitoring.clone(),
            with(monitoring.clone(), "/privateDns", json!(false)),
        ),
        (
            "tags",
            with(monitoring.clone(), "/tags", json!({"team": "one"})),
            with(monitoring.clone(), "/tags", json!({"team": "another"})),
        ),
    ];
    for (name, one, other) in cases {
        let simulated = Simulated::verified(scenario::world("default"));
        let (mut stage, mut announced) = connected(simulated, std::slice::from_ref(&one)).await;
        let mut before = form(&ours(&stage));
        for after in [&other, &one] {
            let (ended, count) = watched(&mut stage, &announced, change(after)).await;
            let said = detail(&ended);
            assert_eq!(code(&ended), "CONNECTED", "{name}: {said:#}");
            assert!(
                changed(said)
                    .iter()
                    .any(|field| field.contains(name) || name == "groups"),
                "{name}: {said:#}"
            );
            assert_eq!(count.failed, 0, "{name}: {count:?}");
            let there = form(&ours(&stage));
            assert_ne!(there, before, "{name}");
            (before, announced) = (there, said.clone());
            // It is what the same request would have made.
            stage.outside().world().clear_calls();
            stage.start(after.clone(), None);
            let again = stage.run().await.pop().unwrap();
            assert_eq!(code(&again), "CONNECTED", "{name}: {}", detail(&again));
            assert_eq!(writes(stage.outside()), [""; 0], "{name}");
        }
        let groups = Seen::at_last(&mut stage.outside().world()).groups;
        let left = groups
            .iter()
            .filter(|one| one.group_name.starts_with("tieline-"));
        assert_eq!(left.count(), 0, "{name}");
    }
}

/// More addresses come first, and go last.
#[tokio::test(start_paused = true)]
async fn a_dual_stack_endpoint_is_made_of_one_and_back() {
    let mut request = request("aws-service-monitoring");
    request["network"]["subnetIds"] = json!(&SUBNETS[..2]);
    let both = with(
        request.clone(),
        "/network/ipAddressType",
        json!("dualstack"),
    );
    let simulated = Simulated::on(scenario::world("dual-stack"));
    let (mut stage, announced) = connected(simulated, std::slice::from_ref(&request)).await;
    for (after, expected) in [(&both, "dualstack"), (&request, "ipv4")] {
        let (ended, count) = watched(&mut stage, &announced, change(after)).await;
        assert_eq!(
            code(&ended),
            "CONNECTED",
            "{expected}: {:#}",
            detail(&ended)
        );
        assert_eq!(ours(&stage).ip_address_type, expected);
        assert_eq!(count.failed, 0, "{expected}: {count:?}");
    }
}

/// EC2 takes one subnet a zone: the other zones serve while one is changed for another, and where there is none it is refused.
#[tokio::test(start_paused = true)]
async fn another_subnet_of_a_zone_takes_the_place_of_the_one_before() {
    let with_subnets = |ids: &[&str]| {
        with(
            request("aws-service-monitoring"),
            "/network/subnetIds",
            json!(ids),
        )
    };
    let simulated = Simulated::verified(scenario::world("default"));
    let before = with_subnets(&[SUBNETS[0], SUBNETS[1]]);
    let (mut stage, _) = connected(simulated, &[before]).await;
    stage.start(change(&with_subnets(&[SUBNETS[4], SUBNETS[1]])), None);
    let ended = stage.run().await.pop().unwrap();
    let said = detail(&ended);
    assert_eq!(code(&ended), "CONNECTED", "{said:#}");
    assert_eq!(said["warnings"][0]["code"], "CLIENTS_KEPT_OUT", "{said:#}");
    assert!(ours(&stage).subnet_ids.contains(&SUBNETS[4].to_owned()));

    let simulated = Simulated::on(scenario::world("default"));
    let (mut stage, _) = connected(simulated, &[with_subnets(&SUBNETS[..1])]).await;
    stage.start(change(&with_subnets(&SUBNETS[4..])), None);
    let ended = stage.run().await.pop().unwrap();
    assert_eq!(code(&ended), "CHANGE_NOT_IN_PLACE", "{:#}", detail(&ended));
    assert_eq!(writes(stage.outside()), [""; 0]);
}

/// What does not work is put back, whatever failed, and the connection stands as it was.
#[tokio::test(start_paused = true)]
async fn what_does_not_work_is_put_back() {
    let before = with(
        request("aws-service-monitoring"),
        "/network/subnetIds",
        json!(&SUBNETS[..2]),
    );
    let mut after = with(before.clone(), "/network/subnetIds", json!(&SUBNETS[1..3]));
    after["network"]
        .as_object_mut()
        .unwrap()
        .remove("securityGroupIds");
    after["privateDns"] = json!(false);
    let closed = |world: &mut World| world.close_paths(true);
    let refused = |action: &'static str, nth| {
        move |world: &mut World| world.add_fault(Fault::nth(action, nth, FaultKind::AccessDenied))
    };
    type Event = Box<dyn Fn(&mut World)>;
    let events: [(&str, Event); 5] = [
        ("the path is closed", Box::new(closed)),
        (
            "the first order is refused",
            Box::new(refused("ModifyVpcEndpoint", 1)),
        ),
        (
            "the second one is",
            Box::new(refused("ModifyVpcEndpoint", 2)),
        ),
        ("the mark is", Box::new(refused("CreateTags", 1))),
        ("the group is", Box::new(refused("CreateSecurityGroup", 1))),
    ];
    for (what, event) in events {
        let simulated = Simulated::verified(scenario::world("default"));
        let (mut stage, _) = connected(simulated, std::slice::from_ref(&before)).await;
        let was = form(&ours(&stage));
        event(&mut stage.outside().world());
        stage.start(change(&after), None);
        let ended = stage.run().await.pop().unwrap();

        let said = detail(&ended);
        // The group's creation has tags of its own, in the same call.
        assert_eq!(ended.status, "FAILED", "{what}: {said:#}");
        assert_eq!(said["stands"], true, "{what}: {said:#}");
        assert_eq!(said["leftBehind"], json!([]), "{what}: {said:#}");
        let seen = Seen::at_last(&mut stage.outside().world());
        assert_eq!(form(seen.ours()[0]), was, "{what}");
        let left = seen
            .groups
            .iter()
            .filter(|one| one.group_name.starts_with("tieline-"));
        assert_eq!(left.count(), 0, "{what}");
    }
}

/// The same request, sent as a change, puts right what somebody changed by hand; what fails of that is put back as well.
#[tokio::test(start_paused = true)]
async fn what_was_changed_by_hand_is_put_right_or_left_as_it_was() {
    let asked = with(
        request("aws-service-monitoring"),
        "/network/subnetIds",
        json!(&SUBNETS[..2]),
    );
    for refused in [false, true] {
        let simulated = Simulated::verified(scenario::world("default"));
        let (mut stage, _) = connected(simulated, std::slice::from_ref(&asked)).await;
        let by_hand = json!({
            "VpcEndpointId": ours(&stage).vpc_endpoint_id, "AddSubnetId": [SUBNETS[2]], "RemoveSubnetId": [SUBNETS[1]],
        });
        let by_hand: ModifyVpcEndpoint = serde_json::from_value(by_hand).unwrap();
        stage.outside().world().arrange(by_hand).unwrap();
        stage.pass(Duration::from_secs(120)).await;
        let drifted = form(&ours(&stage));
        if refused {
            let refusal = Fault::nth("ModifyVpcEndpoint", 2, FaultKind::AccessDenied);
            stage.outside().world().add_fault(refusal);
        }
        stage.start(change(&asked), None);
        let ended = stage.run().await.pop().unwrap();
        let there = form(Seen::at_last(&mut stage.outside().world()).ours()[0]);
        if refused {
            assert_eq!(code(&ended), "PERMISSION_DENIED", "{:#}", detail(&ended));
            assert_eq!(there, drifted);
        } else {
            assert_eq!(code(&ended), "CONNECTED", "{:#}", detail(&ended));
            assert_eq!(there[0], json!(&SUBNETS[..2]));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_dry_run_names_the_differences_and_writes_nothing() {
    let before = request("aurora-dsql");
    let mut after = tests::json("events/changes/aurora-dsql-third-zone.json");
    after["detail"]["dryRun"] = json!(true);
    let (mut stage, _) = connected(Simulated::on(scenario::world("default")), &[before]).await;
    stage.start(after, None);
    let ended = stage.run().await.pop().unwrap();

    let said = detail(&ended);
    assert_eq!(code(&ended), "PLANNED", "{said:#}");
    assert_eq!(changed(said), ["network.subnetIds", "zones"]);
    assert_eq!(
        said["changes"][0]["after"].as_array().unwrap().len(),
        3,
        "{said:#}"
    );
    assert_eq!(writes(stage.outside()), [""; 0]);
}
