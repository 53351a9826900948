//! What a removal does not do: with an id alone, with other parameters, and where it cannot look.

use std::time::Duration;

use serde_json::json;
use tests::{Seen, assert_connected, code, detail, everything, request, writes};
use world::Service;
use world::gate::{Fault, FaultKind};
use world::model::tags::CreateTags;
use world::model::tidb::connections::DeletePrivateEndpointConnection;
use world::scenario::{self, Scenario, TIDB_CLUSTER, TIDB_GROUP};

use crate::{by_id, connected, removal, remove};

#[tokio::test(start_paused = true)]
async fn an_id_alone_is_enough_where_marks_tell_the_rest_and_only_there() {
    for (name, expected) in [
        ("aurora-dsql", "REMOVED"),
        ("aws-service-s3", "REMOVED"),
        ("tidb-cloud-dedicated", "REQUEST_NEEDED"),
        ("aurora-dsql-private-zone", "REQUEST_NEEDED"),
    ] {
        let request = request(name);
        let (mut stage, before) =
            connected(scenario::world("default"), std::slice::from_ref(&request)).await;
        let ended = remove(&mut stage, by_id(request["requestId"].as_str().unwrap())).await;

        assert_eq!(code(&ended), expected, "{name}: {}", detail(&ended));
        if expected == "REMOVED" {
            assert_eq!(everything(&mut stage.outside().world()), before, "{name}");
        } else {
            assert_eq!(writes(stage.outside()), [""; 0], "{name}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_id_that_nobody_used_has_nothing_to_remove() {
    let (mut stage, before) = connected(scenario::world("default"), &[]).await;
    let ended = remove(&mut stage, by_id("unknown")).await;

    let said = detail(&ended);
    assert_eq!(code(&ended), "REMOVED", "{said:#}");
    assert!(
        said["message"]
            .as_str()
            .unwrap()
            .contains("nothing to remove"),
        "{said:#}"
    );
    // It is not known what else it may have had.
    let next = said["nextStep"].as_str().unwrap();
    assert!(next.contains("whole request"), "{next}");
    assert!(!next.contains("may be used again"), "{next}");
    let mut asks = by_id("unknown");
    asks["detail"]["dryRun"] = json!(true);
    let ended = remove(&mut stage, asks).await;
    let said = detail(&ended);
    assert_eq!(code(&ended), "PLANNED", "{said:#}");
    assert_eq!(ended.status, "SUCCEEDED");
    assert_eq!(said["removal"], json!({"goes": [], "stays": []}));
    assert!(ended.seconds < 30, "{} s", ended.seconds);
    assert_eq!(writes(stage.outside()), [""; 0]);
    assert_eq!(everything(&mut stage.outside().world()), before);
}

/// What a connection without an endpoint has in AWS DMS carries its id: it is not said to be gone, nor that nothing would go.
#[tokio::test(start_paused = true)]
async fn an_id_alone_is_not_enough_for_what_is_in_aws_dms() {
    let request = request("dms-tidb-cloud");
    let (mut stage, before) =
        connected(scenario::world("default"), std::slice::from_ref(&request)).await;
    for dry_run in [true, false] {
        let mut asks = by_id("legacy-load");
        asks["detail"]["dryRun"] = json!(dry_run);
        let ended = remove(&mut stage, asks).await;
        let said = detail(&ended);
        assert_eq!(code(&ended), "REQUEST_NEEDED", "{dry_run}: {said:#}");
        assert_eq!(said["stands"], true, "{dry_run}: {said:#}");
        let message = said["message"].as_str().unwrap();
        for thing in ["the DMS endpoint", "the DMS replication instance"] {
            let named = format!("{thing} tieline-legacy-load-");
            assert!(message.contains(&named), "{dry_run}: {message}");
        }
        assert_eq!(writes(stage.outside()), [""; 0], "{dry_run}");
    }
    let ended = remove(&mut stage, removal(&request)).await;
    assert_eq!(code(&ended), "REMOVED", "{:#}", detail(&ended));
    assert_eq!(everything(&mut stage.outside().world()), before);
    let ended = remove(&mut stage, by_id("legacy-load")).await;
    assert_eq!(code(&ended), "REMOVED", "{:#}", detail(&ended));
}

/// Where nobody may look at AWS DMS, as in an account that does not use it, that is said.
#[tokio::test(start_paused = true)]
async fn an_id_alone_says_that_aws_dms_was_not_looked_at() {
    let (mut stage, _) = connected(scenario::world("default"), &[]).await;
    let refused = Fault::of(Service::Dms, FaultKind::AccessDenied);
    stage.outside().world().add_fault(refused);
    let ended = remove(&mut stage, by_id("unknown")).await;

    let said = detail(&ended);
    assert_eq!(code(&ended), "REMOVED", "{said:#}");
    let message = said["message"].as_str().unwrap();
    assert!(
        message.contains("AWS DMS could not be looked at"),
        "{message}"
    );
}

/// An outage is none of these: it is waited out.
#[tokio::test(start_paused = true)]
async fn an_outage_of_aws_dms_does_not_hide_what_it_has() {
    let request = request("dms-tidb-cloud");
    let (mut stage, _) =
        connected(scenario::world("default"), std::slice::from_ref(&request)).await;
    let outage = Fault {
        seconds: Some(1200.0),
        ..Fault::of(Service::Dms, FaultKind::ErrorBeforeEffect)
    };
    stage.outside().world().add_fault(outage);
    let ended = remove(&mut stage, by_id("legacy-load")).await;

    assert_eq!(code(&ended), "REQUEST_NEEDED", "{:#}", detail(&ended));
    assert!(ended.seconds > 1200, "{} s", ended.seconds);
}

/// A registration is found by its endpoint's id only, and there is none any more that says it.
#[tokio::test(start_paused = true)]
async fn what_was_not_found_is_not_said_to_be_nothing() {
    let (mut stage, _) = connected(scenario::world("default"), &[]).await;
    let ended = remove(&mut stage, removal(&request("tidb-cloud-dedicated"))).await;

    let said = detail(&ended);
    assert_eq!(code(&ended), "REMOVED", "{said:#}");
    assert!(
        said["message"].as_str().unwrap().contains("is not found"),
        "{said:#}"
    );
    let next = said["nextStep"].as_str().unwrap();
    assert!(!next.contains("may be used again"), "{next}");
}

#[tokio::test(start_paused = true)]
async fn a_removal_of_other_parameters_or_of_nonsense_removes_nothing() {
    let request = request("aws-service-monitoring");
    let mut other = request.clone();
    other["privateDns"] = json!(false);
    let mut unknown = json!({"requestId": "metrics", "region": "us-east-1"});
    unknown["force"] = json!(true);
    let elsewhere = json!({"requestId": "metrics", "region": "eu-west-1"});
    for (detail_of, expected) in [
        (other, "REQUEST_CONFLICT"),
        (unknown, "REQUEST_INVALID"),
        (elsewhere, "REQUEST_INVALID"),
    ] {
        let (mut stage, _) =
            connected(scenario::world("default"), std::slice::from_ref(&request)).await;
        let ended = remove(&mut stage, removal(&detail_of)).await;

        assert_eq!(code(&ended), expected, "{}", detail(&ended));
        assert_eq!(writes(stage.outside()), [""; 0]);
    }
}

/// Also what its service's owner has cut off is there.
#[tokio::test(start_paused = true)]
async fn what_died_of_other_parameters_is_not_said_to_be_gone() {
    let request = request("tidb-cloud-dedicated");
    let (mut stage, before) =
        connected(scenario::world("default"), std::slice::from_ref(&request)).await;
    let registered = stage.outside().world().state().registrations;
    let call = DeletePrivateEndpointConnection {
        cluster_id: TIDB_CLUSTER.to_owned(),
        tidb_node_group_id: TIDB_GROUP.to_owned(),
        private_endpoint_connection_id: registered[0].private_endpoint_connection_id.clone(),
        ..DeletePrivateEndpointConnection::default()
    };
    stage.outside().world().arrange(call).unwrap();
    stage.pass(Duration::from_secs(600)).await;
    let there = stage.outside().world().state().endpoints;
    assert!(there.iter().any(|one| one.state == "rejected"));
    stage.outside().world().clear_calls();
    let mut other = request.clone();
    other["privateDns"] = json!(false);
    let ended = remove(&mut stage, removal(&other)).await;

    assert_eq!(code(&ended), "REQUEST_CONFLICT", "{}", detail(&ended));
    assert_eq!(writes(stage.outside()), [""; 0]);
    let mut asks = other.clone();
    asks["dryRun"] = json!(true);
    let ended = remove(&mut stage, removal(&asks)).await;
    assert_eq!(code(&ended), "REQUEST_CONFLICT", "{}", detail(&ended));

    // Connecting makes another one beside it, and each goes by its own parameters.
    stage.start(other.clone(), None);
    assert_connected(&stage.run().await.pop().unwrap(), "beside what died");
    for request in [other, request] {
        let ended = remove(&mut stage, removal(&request)).await;
        assert_eq!(code(&ended), "REMOVED", "{}", detail(&ended));
    }
    assert_eq!(everything(&mut stage.outside().world()), before);
}

/// Where nobody can look at what a vendor has, nothing is removed, and the connection stands.
#[tokio::test(start_paused = true)]
async fn what_cannot_be_seen_is_not_removed_by_half() {
    let request = request("tidb-cloud-dedicated");
    let (mut stage, _) =
        connected(scenario::world("default"), std::slice::from_ref(&request)).await;
    Scenario::named("tidb-key-refused")
        .unwrap()
        .befall(&mut stage.outside().world());
    let ended = remove(&mut stage, removal(&request)).await;

    let said = detail(&ended);
    assert_eq!(code(&ended), "CREDENTIALS_REFUSED", "{said:#}");
    assert_eq!(said["stands"], true, "{said:#}");
    assert_eq!(
        said["problems"][0]["path"], "$.target.apiKeySecretArn",
        "{said:#}"
    );
    assert_eq!(writes(stage.outside()), [""; 0]);
}

/// One whose check breaks says that the connection stands, too.
#[tokio::test(start_paused = true)]
async fn a_removal_that_breaks_says_what_stands() {
    let request = request("tidb-cloud-dedicated");
    let (mut stage, _) =
        connected(scenario::world("default"), std::slice::from_ref(&request)).await;
    let refusal = Fault::once("DescribeVpcEndpoints", FaultKind::AccessDenied);
    stage.outside().world().add_fault(refusal);
    let ended = remove(&mut stage, removal(&request)).await;

    let said = detail(&ended);
    assert_eq!(said["stands"], true, "{said:#}");
    assert_eq!(writes(stage.outside()), [""; 0]);
}

/// A mark from before deployments had names may be another one's: an id is not enough to know.
#[tokio::test(start_paused = true)]
async fn an_id_alone_takes_nothing_that_may_be_of_another_deployment() {
    let request = request("aurora-dsql-minimal");
    let (mut stage, _) =
        connected(scenario::world("default"), std::slice::from_ref(&request)).await;
    let ours = Seen::at_last(&mut stage.outside().world()).ours()[0]
        .vpc_endpoint_id
        .clone();
    let mark = json!({"ResourceId": [ours], "Tag": [{"Key": "tieline:managed", "Value": "true"}]});
    let mark: CreateTags = serde_json::from_value(mark).unwrap();
    stage.outside().world().arrange(mark).unwrap();
    stage.pass(Duration::from_secs(60)).await;
    stage.outside().world().clear_calls();
    let ended = remove(&mut stage, by_id(request["requestId"].as_str().unwrap())).await;

    assert_eq!(code(&ended), "REQUEST_NEEDED", "{}", detail(&ended));
    assert_eq!(writes(stage.outside()), [""; 0]);
}
