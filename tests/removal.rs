//! Removals: what a request holds goes, in two steps and with its last holder only, and everything else stays.

#![expect(clippy::unwrap_used, reason = "a test panics")]

mod removal {
    mod aborted;
    mod late;
    mod races;
    mod refused;
    mod stays;
    mod zones;
}

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};
use tests::{
    Broken, Ended, Seen, Simulated, Stage, assert_connected, code, detail, everything, files,
    request, writes,
};
use world::gate::{Fault, FaultKind};
use world::model::endpoints::{CreateVpcEndpoint, DeleteVpcEndpoints};
use world::scenario::Scenario;
use world::{Service, World, scenario};

/// The removal of a request, as it comes on the bus.
fn removal(request: &Value) -> Value {
    json!({
        "id": "e-removal", "source": "me", "detail-type": "Private Connection Removal Requested", "detail": request,
    })
}

fn by_id(id: &str) -> Value {
    removal(&json!({"requestId": id, "region": "us-east-1"}))
}

/// A stage on which these requests are connected, and what there was before.
async fn connected(world: World, requests: &[Value]) -> (Stage, BTreeSet<String>) {
    let simulated = Simulated::on(world);
    let before = everything(&mut simulated.world());
    let mut stage = Stage::on(simulated);
    for request in requests {
        stage.start(request.clone(), None);
        let ended = stage.run().await.pop().unwrap();
        assert_connected(&ended, &request.to_string());
    }
    stage.outside().world().clear_calls();
    (stage, before)
}

async fn remove(stage: &mut Stage, input: Value) -> Ended {
    stage.remove(input, None);
    stage.run().await.pop().unwrap()
}

fn with_id(mut request: Value, id: &str) -> Value {
    request["requestId"] = json!(id);
    request
}

/// Every request file, but for those of a dry run.
fn requests() -> Vec<(String, Value)> {
    let all = files("events/requests").into_iter().map(|file| {
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        let request = request(&name);
        (name, request)
    });
    all.filter(|(_, request)| request["dryRun"] != true)
        .collect()
}

#[tokio::test(start_paused = true)]
async fn every_target_goes_and_the_world_is_as_it_was() {
    let mut kinds = BTreeSet::new();
    for (name, request) in requests() {
        let (mut stage, before) =
            connected(scenario::world("default"), std::slice::from_ref(&request)).await;
        let ended = remove(&mut stage, removal(&request)).await;

        let said = detail(&ended);
        assert_eq!(code(&ended), "REMOVED", "{name}: {said:#}");
        assert_eq!(ended.status, "SUCCEEDED", "{name}");
        assert_eq!(ended.events.len(), 1, "{name}");
        assert_eq!(said["resultId"], "e-removal.result", "{name}");
        assert!(
            !said["removed"].as_array().unwrap().is_empty(),
            "{name}: {said:#}"
        );
        assert_eq!(said["stays"], json!([]), "{name}: {said:#}");
        assert_eq!(
            everything(&mut stage.outside().world()),
            before,
            "{name}: {said:#}"
        );
        // Once more there is nothing to remove.
        stage.outside().world().clear_calls();
        let ended = remove(&mut stage, removal(&request)).await;
        let said = detail(&ended);
        assert_eq!(code(&ended), "REMOVED", "{name}: {said:#}");
        assert!(
            said["message"]
                .as_str()
                .unwrap()
                .contains("nothing to remove"),
            "{said:#}"
        );
        assert_eq!(writes(stage.outside()), [""; 0], "{name}");
        kinds.insert(request["target"]["kind"].as_str().unwrap().to_owned());
    }
    assert_eq!(kinds.len(), 8, "{kinds:?}");
}

/// It is said first that nobody is to claim it any more; and clients never see a name that leads to what is not there.
#[tokio::test(start_paused = true)]
async fn the_names_go_first_and_the_group_last() {
    let request = request("aurora-dsql-minimal");
    let (mut stage, _) =
        connected(scenario::world("default"), std::slice::from_ref(&request)).await;
    let ended = remove(&mut stage, by_id(request["requestId"].as_str().unwrap())).await;

    assert_eq!(code(&ended), "REMOVED", "{}", detail(&ended));
    // EC2 takes a while to let go of the group, whose deletion is tried meanwhile.
    let mut ordered = writes(stage.outside());
    ordered.dedup();
    assert_eq!(
        ordered,
        [
            "CreateTags",
            "ModifyVpcEndpoint",
            "DeleteVpcEndpoints",
            "DeleteSecurityGroup"
        ]
    );
    let world = stage.outside().world();
    let modified = world
        .writes()
        .find(|call| call.action == "ModifyVpcEndpoint");
    let modified = modified.unwrap();
    assert_eq!(
        modified.parameters["PrivateDnsEnabled"]
            .to_string()
            .trim_matches('"'),
        "false"
    );
}

#[tokio::test(start_paused = true)]
async fn what_others_hold_stays_with_them() {
    let first = request("aws-service-monitoring");
    let second = with_id(first.clone(), "other");
    let (mut stage, before) =
        connected(scenario::world("default"), &[first.clone(), second.clone()]).await;
    let endpoint = Seen::at_last(&mut stage.outside().world()).ours()[0].clone();
    let ended = remove(&mut stage, removal(&first)).await;

    let said = detail(&ended);
    assert_eq!(code(&ended), "REMOVED", "{said:#}");
    let stays = said["stays"].to_string();
    assert!(
        stays.contains(&endpoint.vpc_endpoint_id) && stays.contains("other"),
        "{stays}"
    );
    let there = Seen::at_last(&mut stage.outside().world()).ours()[0].clone();
    assert!(there.private_dns_enabled);
    let marks: Vec<&String> = there.tags.iter().map(|tag| &tag.key).collect();
    assert!(
        marks.iter().any(|key| *key == "tieline:request/other"),
        "{marks:?}"
    );
    assert!(
        !marks.iter().any(|key| *key == "tieline:request/metrics"),
        "{marks:?}"
    );
    assert!(
        there.tags.iter().all(|tag| tag.key != "tieline:closing"),
        "{:?}",
        there.tags
    );

    let ended = remove(&mut stage, removal(&second)).await;
    assert_eq!(code(&ended), "REMOVED", "{}", detail(&ended));
    assert_eq!(everything(&mut stage.outside().world()), before);
}

#[tokio::test(start_paused = true)]
async fn what_is_not_ours_is_not_touched() {
    let mut request = request("aws-service-monitoring");
    request["adopt"] = json!(true);
    let by_hand = serde_json::from_value(json!({
        "VpcEndpointType": "Interface", "VpcId": scenario::VPC, "PrivateDnsEnabled": "true",
        "ServiceName": "com.amazonaws.us-east-1.monitoring",
        "SubnetId": request["network"]["subnetIds"], "SecurityGroupId": request["network"]["securityGroupIds"],
    }));
    let by_hand: CreateVpcEndpoint = by_hand.unwrap();
    let mut world = scenario::world("default");
    world.arrange(by_hand).unwrap();
    world.advance(Duration::from_secs(300));
    let (mut stage, before) = connected(world, std::slice::from_ref(&request)).await;
    let ended = remove(&mut stage, removal(&request)).await;

    let said = detail(&ended);
    assert_eq!(code(&ended), "REMOVED", "{said:#}");
    assert!(
        said["stays"].to_string().contains("it is not ours"),
        "{said:#}"
    );
    assert_eq!(writes(stage.outside()), [""; 0]);
    assert_eq!(everything(&mut stage.outside().world()), before);
}

#[tokio::test(start_paused = true)]
async fn a_dry_run_says_what_would_go_and_what_would_stay() {
    let first = request("aurora-dsql-minimal");
    let second = with_id(first.clone(), "other");
    for shared in [false, true] {
        let requests = match shared {
            false => vec![first.clone()],
            true => vec![first.clone(), second.clone()],
        };
        let (mut stage, _) = connected(scenario::world("default"), &requests).await;
        let mut asked = first.clone();
        asked["dryRun"] = json!(true);
        let ended = remove(&mut stage, removal(&asked)).await;

        let said = detail(&ended);
        assert_eq!(code(&ended), "PLANNED", "{said:#}");
        assert_eq!(writes(stage.outside()), [""; 0]);
        let endpoint = Seen::at_last(&mut stage.outside().world()).ours()[0].clone();
        let (goes, stays) = (&said["removal"]["goes"], &said["removal"]["stays"]);
        let listed = if shared { stays } else { goes };
        assert!(
            listed.to_string().contains(&endpoint.vpc_endpoint_id),
            "{said:#}"
        );
        assert_eq!(stays.as_array().unwrap().is_empty(), !shared, "{said:#}");
    }
}

#[tokio::test(start_paused = true)]
async fn every_step_of_a_removal_may_come_twice() {
    let request = request("endpoint-service-private-zone");
    for invocation in 1..12 {
        let (mut stage, before) =
            connected(scenario::world("default"), std::slice::from_ref(&request)).await;
        let broken = Broken {
            invocation,
            times: 1,
        };
        stage.remove(removal(&request), Some(broken));
        let ended = stage.run().await.pop().unwrap();

        assert_eq!(code(&ended), "REMOVED", "{invocation}: {}", detail(&ended));
        assert_eq!(
            everything(&mut stage.outside().world()),
            before,
            "{invocation}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn an_outage_of_an_hour_is_waited_out() {
    for service in [Service::Ec2, Service::TidbCloud] {
        let request = request("tidb-cloud-dedicated");
        let (mut stage, before) =
            connected(scenario::world("default"), std::slice::from_ref(&request)).await;
        let outage = Fault {
            seconds: Some(3600.0),
            ..Fault::of(service, FaultKind::ErrorBeforeEffect)
        };
        stage.outside().world().add_fault(outage);
        let ended = remove(&mut stage, removal(&request)).await;

        assert_eq!(code(&ended), "REMOVED", "{service:?}: {}", detail(&ended));
        assert!(ended.seconds > 3600, "{service:?}");
        assert_eq!(
            everything(&mut stage.outside().world()),
            before,
            "{service:?}"
        );
    }
}

/// What cannot be connected to any more has left what was made for it.
#[tokio::test(start_paused = true)]
async fn what_could_not_be_connected_today_goes_as_well() {
    let lose_endpoint = |world: &mut World| {
        let there = world.state().endpoints;
        let served = there.iter().find(|one| {
            [scenario::TIDB_SERVICE, scenario::TIDB_SHARED_SERVICE]
                .contains(&one.service_name.as_str())
        });
        let call = DeleteVpcEndpoints {
            vpc_endpoint_ids: vec![served.unwrap().vpc_endpoint_id.clone()],
            ..DeleteVpcEndpoints::default()
        };
        world.arrange(call).unwrap();
    };
    let befall = |name| move |world: &mut World| Scenario::named(name).unwrap().befall(world);
    type Event = Box<dyn Fn(&mut World)>;
    let events: [(&str, Event); 6] = [
        (
            "tidb-cloud-dedicated",
            Box::new(befall("tidb-cluster-paused")),
        ),
        (
            "tidb-cloud-serverless",
            Box::new(befall("tidb-key-refused")),
        ),
        (
            "endpoint-service-private-zone",
            Box::new(|world| {
                let there = world.state().endpoints;
                let ours = there
                    .iter()
                    .find(|one| one.tags.iter().any(|tag| tag.key == "tieline:managed"));
                world.withdraw(&ours.unwrap().service_name);
            }),
        ),
        (
            "aurora-dsql",
            Box::new(|world| world.lose_cluster(scenario::CLUSTER)),
        ),
        (
            "aurora-dsql-private-zone",
            Box::new(|world| world.lose_cluster(scenario::CLUSTER)),
        ),
        ("dms-tidb-cloud", Box::new(lose_endpoint)),
    ];
    for (name, event) in events {
        let request = request(name);
        let (mut stage, _) =
            connected(scenario::world("default"), std::slice::from_ref(&request)).await;
        event(&mut stage.outside().world());
        let ended = remove(&mut stage, removal(&request)).await;

        let said = detail(&ended);
        assert_eq!(code(&ended), "REMOVED", "{name}: {said:#}");
        let mut world = stage.outside().world();
        world.advance(Duration::from_secs(900));
        assert_eq!(Seen::at_last(&mut world).left(), [""; 0], "{name}");
        let all = everything(&mut world);
        let ours: Vec<&String> = all.iter().filter(|one| is_of_request(one)).collect();
        assert!(ours.is_empty(), "{name}: {ours:?}");
    }
}

/// Whether nothing but a request of this file's makes such a thing.
fn is_of_request(thing: &str) -> bool {
    ["registration", "zone", "link", "access", "instance"]
        .iter()
        .any(|kind| thing.starts_with(kind))
}

/// The same id with other parameters, after a removal, is another connection; the one before is still shown as deleted.
#[tokio::test(start_paused = true)]
async fn an_id_that_is_used_again_can_be_removed_again() {
    let first = request("aws-service-monitoring");
    let mut second = first.clone();
    second["privateDns"] = json!(false);
    let (mut stage, before) =
        connected(scenario::world("default"), std::slice::from_ref(&first)).await;
    for request in [&first, &second] {
        stage.start(request.clone(), None);
        stage.run().await;
        let ended = remove(&mut stage, removal(request)).await;
        assert_eq!(code(&ended), "REMOVED", "{}", detail(&ended));
    }
    assert_eq!(everything(&mut stage.outside().world()), before);
}

/// What a vendor does not let go of is named; AWS's side goes.
#[tokio::test(start_paused = true)]
async fn what_a_vendor_keeps_is_named() {
    let request = request("tidb-cloud-dedicated");
    let (mut stage, _) =
        connected(scenario::world("default"), std::slice::from_ref(&request)).await;
    let refusal = Fault::on("DeletePrivateEndpointConnection", FaultKind::AccessDenied);
    stage.outside().world().add_fault(refusal);
    let ended = remove(&mut stage, removal(&request)).await;

    let said = detail(&ended);
    assert_eq!(code(&ended), "UNDO_INCOMPLETE", "{said:#}");
    assert!(
        said["leftBehind"].to_string().contains("TiDB Cloud"),
        "{said:#}"
    );
    assert_eq!(Seen::at_last(&mut stage.outside().world()).ours().len(), 0);
}
