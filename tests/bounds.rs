//! Whoever may put an event on the bus gets no more than the stack and the owners of VPCs and secrets allow.

#![expect(clippy::unwrap_used, reason = "a test panics")]

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};
use tests::{Ended, Seen, Simulated, Stage, Wrong, code, detail, play, request, writes};
use world::gate::{Fault, FaultKind};
use world::model::tags::{CreateTags, DeleteTags};
use world::{World, scenario};

/// The codes of all problems.
fn codes(ended: &Ended) -> Vec<String> {
    let problems = detail(ended)["problems"].as_array().cloned();
    let code = |problem: &Value| problem["code"].as_str().unwrap_or_default().to_owned();
    problems.unwrap_or_default().iter().map(code).collect()
}

#[tokio::test(start_paused = true)]
async fn what_is_not_allowed_is_refused_with_its_code_and_no_write() {
    for (scene, asked, wanted) in [
        ("vpc-not-enrolled", "aurora-dsql", vec!["VPC_NOT_ENROLLED"]),
        (
            "vpc-not-enrolled",
            "aurora-dsql-dry-run",
            vec!["VPC_NOT_ENROLLED"],
        ),
        (
            "vpc-not-enrolled",
            "endpoint-service-private-zone",
            vec!["VPC_NOT_ENROLLED"],
        ),
        (
            "vpc-not-enrolled",
            "tidb-cloud-dedicated",
            vec!["VPC_NOT_ENROLLED"],
        ),
        (
            "service-owner-not-allowed",
            "aurora-dsql",
            vec!["SERVICE_OWNER_NOT_ALLOWED"],
        ),
        (
            "service-owner-not-allowed",
            "endpoint-service",
            vec!["SERVICE_OWNER_NOT_ALLOWED"],
        ),
        (
            "zone-not-allowed",
            "endpoint-service-private-zone",
            vec!["ZONE_NOT_ALLOWED"],
        ),
        (
            "zone-not-allowed",
            "aurora-dsql-private-zone",
            vec!["ZONE_NOT_ALLOWED"],
        ),
        (
            "secret-of-another-vpc",
            "tidb-cloud-dedicated",
            vec!["SECRET_OF_ANOTHER_VPC"],
        ),
        (
            "secret-of-another-vpc",
            "tidb-cloud-serverless",
            vec!["SECRET_OF_ANOTHER_VPC"],
        ),
        (
            "secret-of-another-vpc",
            "tidb-cloud-to-confluent",
            vec!["SECRET_OF_ANOTHER_VPC"; 2],
        ),
        (
            "secret-of-another-vpc",
            "dms-tidb-cloud",
            vec!["SECRET_OF_ANOTHER_VPC"; 2],
        ),
        (
            "instance-not-allowed",
            "dms-tidb-cloud",
            vec!["INSTANCE_NOT_ALLOWED"; 2],
        ),
    ] {
        let (ended, outside) = play(scene, request(asked)).await;

        let what = format!("{scene}, {asked}: {}", detail(&ended));
        assert_eq!(codes(&ended), wanted, "{what}");
        assert_eq!(writes(&outside), [""; 0], "{what}");
    }
}

#[tokio::test(start_paused = true)]
async fn everything_else_is_allowed_in_these_worlds() {
    for (scene, asked) in [
        ("vpc-not-enrolled", "tidb-cloud-to-confluent"),
        ("service-owner-not-allowed", "tidb-cloud-to-confluent"),
        ("zone-not-allowed", "aurora-dsql"),
        ("secret-of-another-vpc", "aurora-dsql"),
    ] {
        let (ended, _) = play(scene, request(asked)).await;
        assert_eq!(
            code(&ended),
            "CONNECTED",
            "{scene}, {asked}: {}",
            detail(&ended)
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_secret_of_another_vpc_is_not_used_to_look_at_anything() {
    let (_, outside) = play("secret-of-another-vpc", request("tidb-cloud-dedicated")).await;
    let world = outside.world();
    let called: BTreeMap<String, usize> =
        world.calls().iter().fold(BTreeMap::new(), |mut all, call| {
            *all.entry(call.action.clone()).or_default() += 1;
            all
        });
    assert!(called.contains_key("DescribeSecret"), "{called:?}");
    assert!(!called.contains_key("GetSecretValue"), "{called:?}");
}

#[tokio::test(start_paused = true)]
async fn every_vpc_that_a_request_names_has_to_take_part() {
    let mut world = scenario::world("default");
    disenroll(&mut world, scenario::PEER_VPC);
    let mut asked = request("endpoint-service-private-zone");
    asked["target"]["privateZone"]["vpcIds"] = json!([scenario::PEER_VPC]);
    let mut stage = Stage::on(Simulated::on(world));
    stage.start(asked, None);
    let ended = stage.run().await.remove(0);

    let problem = &detail(&ended)["problems"][0];
    assert_eq!(codes(&ended), ["VPC_NOT_ENROLLED"], "{problem}");
    let fix = problem["fix"].as_str().unwrap();
    assert!(
        fix.contains(&format!(
            "aws ec2 create-tags --region us-east-1 --resources {} --tags Key=tieline:enrolled,Value=true",
            scenario::PEER_VPC
        )),
        "{fix}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_vpc_takes_part_only_if_the_tag_says_true() {
    let mut world = scenario::world("default");
    let tags = json!({"ResourceId": [scenario::VPC], "Tag": [{"Key": "tieline:enrolled", "Value": "false"}]});
    let tags: CreateTags = serde_json::from_value(tags).unwrap();
    world.arrange(tags).unwrap();
    world.advance(Duration::from_secs(60));
    let mut stage = Stage::on(Simulated::on(world));
    stage.start(request("aurora-dsql"), None);
    assert_eq!(code(&stage.run().await[0]), "VPC_NOT_ENROLLED");
}

#[tokio::test(start_paused = true)]
async fn a_role_of_another_name_is_not_handed_on() {
    for role in ["admin", "teams/tieline-dms"] {
        let mut asked = request("dms-tidb-cloud");
        let arn = format!("arn:aws:iam::123456789012:role/{role}");
        asked["target"]["secretAccessRoleArn"] = json!(arn);
        let (ended, outside) = play("default", asked).await;
        assert_eq!(codes(&ended), ["ROLE_NOT_ALLOWED"], "{}", detail(&ended));
        assert_eq!(writes(&outside), [""; 0]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_secret_whose_tags_may_not_be_read_is_named_and_not_used() {
    let mut world = scenario::world("default");
    world.add_fault(Fault::on("DescribeSecret", FaultKind::AccessDenied));
    let mut stage = Stage::on(Simulated::on(world));
    stage.start(request("tidb-cloud-dedicated"), None);
    let ended = stage.run().await.remove(0);
    let problem = &detail(&ended)["problems"][0];
    assert_eq!(codes(&ended), ["SECRET_UNUSABLE"], "{problem}");
    assert_eq!(problem["path"], "$.target.apiKeySecretArn");
}

#[tokio::test(start_paused = true)]
async fn aws_own_names_are_not_hidden_from_a_vpc() {
    for (zone, wanted) in [
        ("us-east-1.amazonaws.com", "ZONE_NOT_ALLOWED"),
        ("sqs.us-east-1.amazonaws.com", "ZONE_NOT_ALLOWED"),
        ("com", "ZONE_NOT_ALLOWED"),
        ("db.corp.example", "CONNECTED"),
    ] {
        let mut asked = request("endpoint-service-private-zone");
        asked["target"]["privateZone"]["name"] = json!(zone);
        let (ended, _) = play("acceptance-after-a-minute", asked).await;
        let found = code(&ended);
        // A name of one word is no name of a zone at all.
        let fits = found == wanted || (zone == "com" && found == "REQUEST_INVALID");
        assert!(fits, "{zone}: {found} {}", detail(&ended));
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_allowed_when_it_was_made_is_cleaned_up() {
    let mut stage = Stage::on(Simulated::on(scenario::world("endpoint-never-available")));
    stage.start(request("aurora-dsql-minimal"), None);
    let created = |world: &mut World| {
        world
            .writes()
            .any(|call| call.action == "CreateVpcEndpoint" && call.outcome == "ok")
    };
    stage.until("a create", created).await;
    stage.pass(Duration::from_secs(30)).await;
    disenroll(&mut stage.outside().world(), scenario::VPC);
    stage.end(0, "ABORTED", None);
    let event = stage.status_change(0);
    stage.start(event, None);
    let ended = stage.run().await.remove(1);

    assert_eq!(codes(&ended), ["EXECUTION_ENDED"], "{}", detail(&ended));
    let left = Seen::at_last(&mut stage.outside().world());
    assert_eq!(left.left(), [""; 0], "{}", detail(&ended));
}

fn disenroll(world: &mut World, vpc: &str) {
    let tags = json!({"ResourceId": [vpc], "Tag": [{"Key": "tieline:enrolled"}]});
    let tags: DeleteTags = serde_json::from_value(tags).unwrap();
    world.arrange(tags).unwrap();
    world.advance(Duration::from_secs(60));
}

#[test]
fn each_protocol_that_is_done_wrongly_is_noticed() {
    let guards: [(Wrong, fn()); 2] = [
        (
            Wrong::EveryVpcTakesPart,
            a_vpc_takes_part_only_if_the_tag_says_true,
        ),
        (
            Wrong::SecretsServeEveryVpc,
            a_secret_of_another_vpc_is_not_used_to_look_at_anything,
        ),
    ];
    for (wrong, guard) in guards {
        assert!(wrong.is_noticed_by(guard), "{wrong:?}");
    }
}
