//! Endpoints that are shared, groups that let in a few, and answers that are none.

use std::time::Duration;

use serde_json::json;
use tests::{Simulated, Stage, code, detail, invoke, request};
use tieline::workflow::{Function, NextState};
use world::model::groups::{AuthorizeSecurityGroupIngress, CreateSecurityGroup};
use world::scenario::{PARTNER, SUBNETS, VPC};

use super::super::{play_on, with};

/// A group of our own that was made for other ports is opened before anybody tries.
#[tokio::test(start_paused = true)]
async fn who_shares_an_endpoint_on_another_port_is_let_in_before_it_is_tried() {
    let asked = |id: &str, port: u16| {
        json!({
            "requestId": id, "region": "us-east-1", "privateDns": false, "network": {"vpcId": VPC},
            "target": {"kind": "endpoint-service", "service": PARTNER, "port": port},
        })
    };
    let mut stage = Stage::on(Simulated::verified(world::scenario::world("default")));
    for (number, port) in [9092, 8443].into_iter().enumerate() {
        stage.start(asked(&format!("port-{port}"), port), None);
        let ended = stage.run().await.remove(number);

        assert_eq!(code(&ended), "CONNECTED", "{}", detail(&ended));
        assert_eq!(detail(&ended)["verified"]["path"]["outcome"], "proven");
    }
}

/// A group that lets in a part of the VPC may be meant so, and the verifier be none of that part.
#[tokio::test(start_paused = true)]
async fn a_verifier_that_is_not_to_get_through_proves_nothing() {
    for (verify, expected) in [("if-possible", "CONNECTED"), ("required", "PATH_CLOSED")] {
        let mut world = world::scenario::world("default");
        let group = CreateSecurityGroup {
            group_name: "a-few".to_owned(),
            description: "in a test".to_owned(),
            vpc_id: VPC.to_owned(),
            ..CreateSecurityGroup::default()
        };
        let group = world.arrange(group).unwrap().group_id;
        world.advance(Duration::from_secs(60));
        let rule = json!({"GroupId": group, "IpPermissions": [
            {"IpProtocol": "tcp", "FromPort": "443", "ToPort": "443", "IpRanges": [{"CidrIp": "10.20.3.0/24"}]},
        ]});
        let rule: AuthorizeSecurityGroupIngress = serde_json::from_value(rule).unwrap();
        world.arrange(rule).unwrap();
        world.advance(Duration::from_secs(60));
        let mut asked = with(request("aws-service-monitoring"), "verify", json!(verify));
        asked["network"]["securityGroupIds"] = json!([group]);
        let (ended, _) = play_on(Simulated::verified(world), asked).await;

        let said = detail(&ended);
        assert_eq!(code(&ended), expected, "{said:#}");
        if expected == "CONNECTED" {
            assert_eq!(said["warnings"][0]["code"], "CLIENTS_KEPT_OUT");
            let path = &said["verified"]["path"];
            assert_eq!(path["outcome"], "not-tried", "{path}");
            assert!(
                path["reason"].as_str().unwrap().contains("not to"),
                "{path}"
            );
        }
    }
}

/// What the check saw of a closed path is in the failure, which has no warnings.
#[tokio::test(start_paused = true)]
async fn a_network_acl_that_the_check_saw_is_named_once_the_path_is_closed() {
    let mut world = world::scenario::world("path-closed");
    world.clear_faults();
    let (ended, _) = play_on(Simulated::verified(world), request("aurora-dsql")).await;

    assert_eq!(code(&ended), "PATH_CLOSED");
    let message = detail(&ended)["message"].as_str().unwrap();
    assert!(message.contains("rule 50 of acl-"), "{message}");
}

/// Who shares an endpoint in one of its zones announces the names of all of them, and all of them are tried.
#[tokio::test(start_paused = true)]
async fn names_of_zones_that_a_sharer_does_not_name_are_tried_too() {
    let mut stage = Stage::on(Simulated::verified(world::scenario::world("default")));
    stage.start(request("aurora-dsql"), None);
    stage.run().await;
    let mut second = request("aurora-dsql");
    second["requestId"] = json!("one-zone");
    second["network"]["subnetIds"] = json!([SUBNETS[0]]);
    stage.start(second, None);
    let ended = stage.run().await.remove(1);

    assert_eq!(code(&ended), "CONNECTED", "{}", detail(&ended));
    let names = &detail(&ended)["verified"]["names"];
    assert_eq!(names["outcome"], "proven");
    let tried = names["seen"]["names"].to_string();
    for name in detail(&ended)["endpoint"]["dnsNames"].as_array().unwrap() {
        let name = name.as_str().unwrap();
        assert!(
            name.starts_with('*') || tried.contains(name),
            "{name}: {tried}"
        );
    }
}

/// Whatever a verifier says, and whatever EC2 shows meanwhile: nothing but a whole report is a proof, and nothing fails that
/// could do without.
#[tokio::test(start_paused = true)]
async fn what_is_no_report_proves_nothing_and_fails_nobody() {
    let simulated = Simulated::verified(world::scenario::world("default"));
    let mut stage = Stage::on(simulated.clone());
    stage.start(request("aurora-dsql"), None);
    stage
        .until("the path to be tried", |world| {
            world
                .calls()
                .iter()
                .any(|call| call.action == "DescribeNetworkInterfaces")
        })
        .await;
    stage.pass(Duration::from_secs(1)).await;
    let sent = stage.ended()[0].last_verify.clone().unwrap();
    for (answer, waits) in [
        (json!({"said": null}), true),
        (json!({"said": "nonsense"}), true),
        (
            json!({"said": {"vpcId": "vpc-0aa11bb22cc33dd44", "subnetIds": [], "securityGroupIds": []}}),
            true,
        ),
        (
            json!({"said": {"vpcId": VPC, "subnetIds": [], "securityGroupIds": []}}),
            true,
        ),
        (json!({"Error": "Lambda.Unknown", "Cause": "?"}), true),
        (json!(null), false),
    ] {
        let mut payload = sent.clone();
        payload["answer"] = answer.clone();
        let output = invoke(Function::StatusPolling, payload, &simulated)
            .await
            .unwrap();

        assert_eq!(output.progress.path, None, "{answer}");
        let expected = if waits {
            NextState::Wait
        } else {
            NextState::VerifyPath
        };
        assert_eq!(output.next, expected, "{answer}: {:?}", output.waiting_for);
    }
    stage.run().await;
}
