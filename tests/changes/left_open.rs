//! What a change leaves open is as a new request would have it: a network interface in every zone that the service and the VPC share.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};
use tests::{Simulated, Stage, code, detail, request, writes};
use world::gate::{Fault, FaultKind};
use world::model::endpoints::ModifyVpcEndpoint;
use world::model::network::CreateSubnet;
use world::model::tags::DeleteTags;
use world::scenario;
use world::scenario::{SUBNETS, VPC};

use crate::{change, changed, connected, ours, with};

fn with_subnets(ids: &[&str]) -> Value {
    let monitoring = request("aws-service-monitoring");
    with(monitoring, "/network/subnetIds", json!(ids))
}

/// The request that names no subnets: the service has a zone more than that of Aurora DSQL.
fn with_none() -> Value {
    let mut open = request("aws-service-monitoring");
    let network = open["network"].as_object_mut().unwrap();
    network.remove("subnetIds");
    open
}

fn subnets(stage: &Stage) -> BTreeSet<String> {
    ours(stage).subnet_ids.into_iter().collect()
}

fn those(at: &[usize]) -> BTreeSet<String> {
    at.iter().map(|at| SUBNETS[*at].to_owned()).collect()
}

/// Somebody takes a subnet from the endpoint.
async fn take(stage: &mut Stage, at: usize) {
    let by_hand =
        json!({"VpcEndpointId": ours(stage).vpc_endpoint_id, "RemoveSubnetId": [SUBNETS[at]]});
    let by_hand: ModifyVpcEndpoint = serde_json::from_value(by_hand).unwrap();
    stage.outside().world().arrange(by_hand).unwrap();
    stage.pass(Duration::from_secs(120)).await;
    assert!(!subnets(stage).contains(SUBNETS[at]));
}

/// Nothing says any more which of two subnets of a zone is for endpoints.
async fn untag(stage: &mut Stage) {
    let call = json!({"ResourceId": [SUBNETS[0]], "Tag": [{"Key": "tieline:endpoints"}]});
    let call: DeleteTags = serde_json::from_value(call).unwrap();
    stage.outside().world().arrange(call).unwrap();
    stage.pass(Duration::from_secs(120)).await;
}

/// What is said of a zone that gets nothing.
fn unclear(said: &Value) -> Option<&str> {
    let mut warnings = said["warnings"].as_array()?.iter();
    let one = warnings.find(|one| one["code"] == "SUBNETS_AMBIGUOUS")?;
    one["message"].as_str()
}

#[tokio::test(start_paused = true)]
async fn a_zone_that_was_taken_by_hand_comes_back() {
    let asked = request("aurora-dsql-minimal");
    let simulated = Simulated::verified(scenario::world("default"));
    let (mut stage, _) = connected(simulated, std::slice::from_ref(&asked)).await;
    assert_eq!(subnets(&stage), those(&[0, 1, 2]));
    take(&mut stage, 1).await;
    // Who only repeats the request changes nothing.
    stage.start(asked.clone(), None);
    stage.run().await;
    assert_eq!(writes(stage.outside()), [""; 0]);

    stage.start(change(&asked), None);
    let ended = stage.run().await.pop().unwrap();
    let said = detail(&ended);
    assert_eq!(code(&ended), "CONNECTED", "{said:#}");
    assert_eq!(changed(said), ["network.subnetIds", "zones"]);
    assert_eq!(subnets(&stage), those(&[0, 1, 2]));
}

/// Those that it has stay, also where another one of the zone is tagged for endpoints.
#[tokio::test(start_paused = true)]
async fn who_names_no_subnets_any_more_gets_every_zone() {
    for (before, after) in [
        (&[0, 1][..], &[0, 1, 2, 3][..]),
        (&[4, 1], &[4, 1, 2, 3]),
        (&[0, 1, 2, 3], &[0, 1, 2, 3]),
    ] {
        let named: Vec<&str> = before.iter().map(|at| SUBNETS[*at]).collect();
        let simulated = Simulated::on(scenario::world("default"));
        let (mut stage, _) = connected(simulated, &[with_subnets(&named)]).await;
        stage.start(change(&with_none()), None);
        let ended = stage.run().await.pop().unwrap();
        let said = detail(&ended);
        assert_eq!(code(&ended), "CONNECTED", "{before:?}: {said:#}");
        assert_eq!(unclear(said), None, "{before:?}: {said:#}");
        assert_eq!(subnets(&stage), those(after), "{before:?}");
    }
}

/// A change of something else is not kept from it by a zone that the endpoint never had; one that it has lost is not given up.
#[tokio::test(start_paused = true)]
async fn a_zone_of_which_nothing_says_which_subnet_is_left_out_or_asked_about() {
    for is_lost in [false, true] {
        let before = match is_lost {
            true => with_none(),
            false => with_subnets(&SUBNETS[1..3]),
        };
        let simulated = Simulated::on(scenario::world("default"));
        let (mut stage, _) = connected(simulated, &[before]).await;
        if is_lost {
            take(&mut stage, 0).await;
        }
        untag(&mut stage).await;
        stage.outside().world().clear_calls();
        stage.start(change(&with_none()), None);
        let ended = stage.run().await.pop().unwrap();
        let said = detail(&ended);
        assert_eq!(subnets(&stage), those(&[1, 2, 3]), "{said:#}");
        if is_lost {
            assert_eq!(code(&ended), "SUBNETS_AMBIGUOUS", "{said:#}");
            assert_eq!(said["stands"], true, "{said:#}");
            assert_eq!(writes(stage.outside()), [""; 0]);
            continue;
        }
        assert_eq!(code(&ended), "CONNECTED", "{said:#}");
        let message = unclear(said).unwrap();
        assert!(
            message.contains("use1-az4") && message.contains(SUBNETS[4]),
            "{message}"
        );
        // Sent again it finds all of it, and so it does where something more has come.
        stage.outside().world().clear_calls();
        stage.start(change(&with_none()), None);
        let again = stage.run().await.pop().unwrap();
        assert_eq!(code(&again), "CONNECTED", "{:#}", detail(&again));
        assert_eq!(writes(stage.outside()), [""; 0]);
    }
}

/// EC2 may answer from before a subnet was made: that the endpoint's is not shown is no reason to give it another one.
#[tokio::test(start_paused = true)]
async fn a_subnet_that_a_look_does_not_show_is_not_taken_away() {
    let simulated = Simulated::on(scenario::world("default"));
    let (mut stage, _) = connected(simulated, &[with_subnets(&SUBNETS[1..3])]).await;
    let new = {
        let mut world = stage.outside().world();
        world.add_fault(Fault::nth("DescribeSubnets", 2, FaultKind::Empty));
        let call = CreateSubnet {
            vpc_id: VPC.to_owned(),
            cidr_block: "10.20.9.0/24".to_owned(),
            // That of the fourth subnet.
            availability_zone_id: Some("use1-az2".to_owned()),
            ..CreateSubnet::default()
        };
        world.arrange(call).unwrap().subnet.subnet_id
    };
    stage.pass(Duration::from_secs(120)).await;
    let named = with_subnets(&[SUBNETS[1], SUBNETS[2], &new]);
    stage.start(change(&named), None);
    let ended = stage.run().await.pop().unwrap();
    assert_eq!(code(&ended), "CONNECTED", "{:#}", detail(&ended));
    assert!(subnets(&stage).contains(&new));

    stage.outside().world().clear_calls();
    stage.start(change(&with_none()), None);
    let ended = stage.run().await.pop().unwrap();
    assert_eq!(code(&ended), "CONNECTED", "{:#}", detail(&ended));
    let mut expected = those(&[0, 1, 2]);
    expected.insert(new);
    assert_eq!(subnets(&stage), expected);
    let world = stage.outside().world();
    let mut calls = world.calls().iter();
    let is_from_before =
        calls.any(|call| call.action == "DescribeSubnets" && call.outcome == "(as it was)");
    assert!(is_from_before, "no look was from before");
}
