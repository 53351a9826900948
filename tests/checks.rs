//! The scheduled check: what is not any more what was confirmed is told once, and so is that it is again; what ended unheard is told
//! to whoever cleans up; the inventory is whole; nothing is deleted.

#![expect(clippy::unwrap_used, reason = "a test panics")]

mod checks {
    mod changed;
    mod confirmed;
    mod dms;
    mod ends;
    mod late;
    mod many;
    mod names;
    mod paths;
    mod tags;
    mod things;
    mod twice;
    mod vendors;
}

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Value, json};
use tests::{Seen, Simulated, Stage, assert_connected, code, detail, request, writes};
use world::gate::{Fault, FaultKind};
use world::model::endpoints::{CreateVpcEndpoint, ModifyVpcEndpoint, VpcEndpoint};
use world::scenario::{SUBNETS, VPC};
use world::{Service, World, scenario};

const HOUR: Duration = Duration::from_secs(3600);

async fn connected(simulated: Simulated, requests: &[Value]) -> Stage {
    let mut stage = Stage::on(simulated);
    for request in requests {
        stage.start(request.clone(), None);
        let ended = stage.run().await.pop().unwrap();
        assert_connected(&ended, &request.to_string());
    }
    stage.outside().world().clear_calls();
    stage
}

/// Runs a check; every event that it put on the bus.
async fn check(stage: &mut Stage) -> Vec<Value> {
    let stack = stage.outside().clone();
    check_in(stage, &stack).await
}

/// The same with other functions in the same world.
async fn check_in(stage: &mut Stage, stack: &Simulated) -> Vec<Value> {
    stage.check_in(stack);
    let ended = stage.run().await.pop().unwrap();
    assert_eq!(ended.status, "SUCCEEDED", "{ended:#?}");
    // EC2 shows marks seconds later.
    stage.pass(Duration::from_secs(60)).await;
    ended.events
}

fn of_type<'e>(events: &'e [Value], detail_type: &str) -> Vec<&'e Value> {
    let is_one =
        |event: &&Value| event["DetailType"] == format!("Private Connection {detail_type}");
    events.iter().filter(is_one).collect()
}

/// An hour later.
async fn next(stage: &mut Stage) -> Vec<Value> {
    stage.pass(HOUR).await;
    check(stage).await
}

/// The one thing that is told to be wrong: the field, and what it is.
fn wrong(events: &[Value]) -> (String, String) {
    let [degraded] = of_type(events, "Degraded")[..] else {
        panic!("{events:#?}");
    };
    let [drift] = &degraded["Detail"]["drift"].as_array().unwrap()[..] else {
        panic!("{degraded:#}");
    };
    let text = |field: &str| drift[field].as_str().unwrap().to_owned();
    (text("field"), text("now"))
}

/// It is told once, and once that it is as it was.
async fn told_once(
    stage: &mut Stage,
    break_it: impl Fn(&Stage),
    mend: impl Fn(&Stage),
) -> (String, String) {
    assert_eq!(counts(&next(stage).await), (0, 0));
    break_it(stage);
    let said = wrong(&next(stage).await);
    for _ in 0..2 {
        let events = next(stage).await;
        assert_eq!(counts(&events), (0, 0), "told again: {events:#?}");
        let page = &of_type(&events, "Checked")[0]["Detail"];
        assert_eq!(page["connections"][0]["condition"], "degraded", "{page:#}");
    }
    mend(stage);
    assert_eq!(counts(&next(stage).await), (0, 1));
    assert_eq!(counts(&next(stage).await), (0, 0));
    said
}

/// How many were told to be degraded, and how many to have recovered.
fn counts(events: &[Value]) -> (usize, usize) {
    (
        of_type(events, "Degraded").len(),
        of_type(events, "Recovered").len(),
    )
}

/// Somebody changes an endpoint of ours by hand.
fn modify(world: &mut World, change: Value) {
    let ours = Seen::now(world).ours()[0].vpc_endpoint_id.clone();
    let mut call = json!({"VpcEndpointId": ours});
    call.as_object_mut()
        .unwrap()
        .extend(change.as_object().unwrap().clone());
    let call: ModifyVpcEndpoint = serde_json::from_value(call).unwrap();
    world.arrange(call).unwrap();
    world.advance(Duration::from_secs(120));
}

#[tokio::test(start_paused = true)]
async fn what_changes_is_told_once_and_so_is_that_it_is_again() {
    let asked = request("aurora-dsql");
    let mut stage = connected(Simulated::on(scenario::world("default")), &[asked]).await;
    let added = json!({"AddSubnetId": [SUBNETS[2]]});
    let removed = json!({"RemoveSubnetId": [SUBNETS[2]]});
    let policy = json!({"PolicyDocument": "{\"Statement\": []}"});
    let reset = json!({"ResetPolicy": "true"});
    for (change, back, field) in [
        (added, removed, "network.subnetIds"),
        (policy, reset, "policy"),
        (
            json!({"PrivateDnsEnabled": "false"}),
            json!({"PrivateDnsEnabled": "true"}),
            "privateDns",
        ),
    ] {
        assert_eq!(
            of_type(&check(&mut stage).await, "Degraded").len(),
            0,
            "{field}"
        );
        modify(&mut stage.outside().world(), change);
        let events = check(&mut stage).await;
        let [degraded] = of_type(&events, "Degraded")[..] else {
            panic!("{field}: {events:#?}");
        };
        assert_eq!(
            degraded["Detail"]["drift"][0]["field"], field,
            "{degraded:#}"
        );
        assert_eq!(degraded["Detail"]["requestId"], "orders-prod");
        let page = of_type(&events, "Checked")[0];
        assert_eq!(
            page["Detail"]["connections"][0]["condition"], "degraded",
            "{page:#}"
        );
        for _ in 0..3 {
            assert_eq!(check(&mut stage).await.len(), 1, "{field}: told again");
        }
        modify(&mut stage.outside().world(), back);
        let events = check(&mut stage).await;
        assert_eq!(
            of_type(&events, "Recovered").len(),
            1,
            "{field}: {events:#?}"
        );
        assert_eq!(of_type(&events, "Degraded").len(), 0, "{field}");
        assert_eq!(check(&mut stage).await.len(), 1, "{field}");
    }
    // Nothing but marks was written by any of it.
    let world = stage.outside().world();
    let written: BTreeSet<String> = world.writes().map(|call| call.action.clone()).collect();
    assert_eq!(written, ["CreateTags".to_owned()].into());
}

/// A sharer's change is no drift of the others.
#[tokio::test(start_paused = true)]
async fn what_a_request_changes_is_no_drift_of_those_that_share_it() {
    let mut first = request("aws-service-monitoring");
    first["network"]["subnetIds"] = json!(&SUBNETS[..2]);
    let mut second = first.clone();
    second["requestId"] = json!("other");
    let mut stage = connected(
        Simulated::on(scenario::world("default")),
        &[first.clone(), second],
    )
    .await;
    first["network"]["subnetIds"] = json!(&SUBNETS[..3]);
    stage.start(
        json!({"detail-type": "Private Connection Change Requested", "detail": first}),
        None,
    );
    let ended = stage.run().await.pop().unwrap();
    assert_eq!(code(&ended), "CONNECTED", "{:#}", detail(&ended));

    let events = check(&mut stage).await;
    assert_eq!(of_type(&events, "Degraded").len(), 0, "{events:#?}");
    let connections = &of_type(&events, "Checked")[0]["Detail"]["connections"];
    assert_eq!(connections.as_array().unwrap().len(), 2, "{connections:#}");
    assert_eq!(connections[0]["holders"], 2);
    assert_eq!(connections[0]["usdPerMonth"], 21.9);
}

/// What nobody holds is told, and stays; what somebody else has is not ours to tell.
#[tokio::test(start_paused = true)]
async fn what_nobody_holds_is_reported_and_never_deleted() {
    let asked = request("aurora-dsql");
    let mut stage = connected(Simulated::on(scenario::world("default")), &[asked]).await;
    for (service, deployment) in [("sts", "tieline"), ("secretsmanager", "somebody")] {
        let call = json!({
            "VpcEndpointType": "Interface", "VpcId": VPC, "PrivateDnsEnabled": "false",
            "ServiceName": format!("com.amazonaws.us-east-1.{service}"), "SubnetId": [SUBNETS[0]],
            "TagSpecification": [{"ResourceType": "vpc-endpoint", "Tag": [{"Key": "tieline:managed", "Value": deployment}]}],
        });
        let call: CreateVpcEndpoint = serde_json::from_value(call).unwrap();
        stage.outside().world().arrange(call).unwrap();
    }
    stage.pass(Duration::from_secs(300)).await;
    stage.outside().world().clear_calls();
    let events = check(&mut stage).await;
    let connections = events[0]["Detail"]["connections"].as_array().unwrap();
    let conditions: BTreeMap<&str, &str> = connections
        .iter()
        .map(|one| {
            (
                one["serviceName"].as_str().unwrap(),
                one["condition"].as_str().unwrap(),
            )
        })
        .collect();
    let expected = [
        (scenario::SERVICE, "confirmed"),
        ("com.amazonaws.us-east-1.sts", "unheld"),
    ];
    assert_eq!(conditions, expected.into());
    assert_eq!(writes(stage.outside()), [""; 0]);
}

/// Thirty days with a check each hour: a removal, a change by hand and back, an outage of a vendor, and an end that nobody heard of.
#[tokio::test(start_paused = true)]
async fn thirty_days_of_checks_tell_each_thing_once() {
    let (kept, gone) = (request("aurora-dsql"), request("aws-service-monitoring"));
    let mut stage = connected(
        Simulated::on(scenario::world("default")),
        &[kept.clone(), gone.clone()],
    )
    .await;
    let mut told: BTreeMap<String, usize> = BTreeMap::new();
    let mut calls: BTreeMap<String, usize> = BTreeMap::new();
    for hour in 0..720 {
        match hour {
            100 => stage.remove(
                json!({"detail-type": "Private Connection Removal Requested", "detail": gone}),
                None,
            ),
            200 | 300 => {
                let change = if hour == 200 {
                    "AddSubnetId"
                } else {
                    "RemoveSubnetId"
                };
                let mut world = stage.outside().world();
                modify(&mut world, json!({change: [SUBNETS[2]]}));
            }
            400 => stage.outside().world().add_fault(Fault {
                seconds: Some(36_000.0),
                ..Fault::of(Service::TidbCloud, FaultKind::ErrorBeforeEffect)
            }),
            500 => {
                stage.start(request("endpoint-service"), None);
                stage.pass(Duration::from_secs(30)).await;
                let number = stage.ended().len() - 1;
                stage.end(number, "ABORTED", None);
            }
            _ => {}
        }
        stage.run().await;
        stage.outside().world().clear_calls();
        let events = check(&mut stage).await;
        for call in stage.outside().world().calls() {
            *calls.entry(call.action.clone()).or_default() += 1;
        }
        for event in &events {
            let name = event["DetailType"].as_str().unwrap();
            *told
                .entry(name.trim_start_matches("Private Connection ").to_owned())
                .or_default() += 1;
        }
        // The bus has the machine clean up.
        for event in of_type(&events, "Execution Ended") {
            stage.start(
                json!({"detail-type": event["DetailType"], "detail": event["Detail"]}),
                None,
            );
            let cleaned = stage.run().await.pop().unwrap();
            assert_eq!(code(&cleaned), "EXECUTION_ENDED", "{:#}", detail(&cleaned));
        }
        stage.pass(HOUR).await;
    }
    println!("720 checks told {told:?} and called {calls:?}");
    let expected = [
        ("Checked", 720),
        ("Degraded", 1),
        ("Execution Ended", 1),
        ("Recovered", 1),
    ];
    assert_eq!(
        told,
        expected
            .map(|(name, count)| (name.to_owned(), count))
            .into()
    );
    let seen = Seen::at_last(&mut stage.outside().world());
    let [one] = seen.ours()[..] else {
        panic!("{} endpoints", seen.ours().len());
    };
    assert_eq!(one.service_name, scenario::SERVICE);
    // One page of endpoints a look, and no call for any of them.
    assert!(calls["DescribeVpcEndpoints"] <= 2 * 720 + 20, "{calls:?}");
    assert_eq!(calls["CreateTags"], 2);
}

/// An endpoint of request `number`'s, with the mark that is given.
fn marked_endpoint(world: &mut World, number: usize, mark: &str) -> VpcEndpoint {
    let call = json!({
        "VpcEndpointType": "Interface", "VpcId": VPC, "PrivateDnsEnabled": "false",
        "ServiceName": "com.amazonaws.us-east-1.monitoring", "SubnetId": [SUBNETS[number % 4]],
        "TagSpecification": [{"ResourceType": "vpc-endpoint", "Tag": [
            {"Key": "tieline:managed", "Value": "tieline"},
            {"Key": format!("tieline:request/request-{number}"), "Value": mark},
        ]}],
    });
    let call: CreateVpcEndpoint = serde_json::from_value(call).unwrap();
    world.arrange(call).unwrap().vpc_endpoint
}

/// A check of a thousand connections has pages, and takes what the buckets of the describe calls allow.
#[tokio::test(start_paused = true)]
async fn a_thousand_connections_are_checked_within_the_buckets() {
    let mut world = scenario::world("default");
    world.set_quota(2000);
    for number in 0..1000 {
        // A tenth of them is not what its mark says; of the others, marks of versions before say nothing.
        let mark = match number % 10 {
            0 => "0123456789abcdef.ready.1111-2222-3333-4444",
            _ => "0123456789abcdef.ready",
        };
        marked_endpoint(&mut world, number, mark);
    }
    world.advance(Duration::from_secs(600));
    let mut stage = Stage::on(Simulated::on(world));
    stage.check();
    let ended = stage.run().await.pop().unwrap();

    assert_eq!(ended.status, "SUCCEEDED");
    assert_eq!(of_type(&ended.events, "Degraded").len(), 100);
    let pages = of_type(&ended.events, "Checked");
    assert!(pages.len() > 1, "{} pages", pages.len());
    let told: BTreeSet<&str> = pages
        .iter()
        .flat_map(|page| page["Detail"]["connections"].as_array().unwrap())
        .map(|one| one["requestId"].as_str().unwrap())
        .collect();
    assert_eq!(told.len(), 1000);
    for page in &pages {
        let size = page["Detail"].to_string().len();
        assert!(size <= 200_000, "{size} bytes");
    }
    println!(
        "1,000 connections, 100 of them drifted: {} s",
        ended.seconds
    );
    assert!(ended.seconds < 900, "{} s", ended.seconds);
    stage.pass(HOUR).await;
    stage.check();
    let again = stage.run().await.pop().unwrap();
    assert_eq!(again.events.len(), pages.len());
    println!("1,000 connections, nothing new: {} s", again.seconds);
}
