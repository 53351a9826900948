//! The targets that vendors and partners own, from event to result: what is made, what is said, and what is left when it
//! does not work.

#![expect(clippy::unwrap_used, reason = "a test panics")]

use serde_json::{Value, json};
use tests::{
    Ended, Simulated, Stage, awaited, code, comparable, detail, everything, everything_now, play,
    request, writes,
};
use world::model::credentials::{CANARY, secret_arn};
use world::scenario::{self, TEST_FAILURE, VENDOR};

/// Each target with what it writes and where it leads.
const TARGETS: [(&str, &str, u64, &[&str]); 7] = [
    (
        "tidb-cloud-dedicated",
        "privatelink-1916873312349872128.muznnz1umf3p.clusters.tidb-cloud.com",
        4000,
        &[
            "CreateVpcEndpoint",
            "CreatePrivateEndpointConnection",
            "ModifyVpcEndpoint",
            "CreateTags",
        ],
    ),
    (
        "tidb-cloud-serverless",
        "gateway01-privatelink.us-east-1.prod.aws.tidbcloud.com",
        4000,
        &["CreateVpcEndpoint", "ModifyVpcEndpoint", "CreateTags"],
    ),
    (
        "tidb-cloud-to-confluent",
        "*.pr1jy6.us-east-1.aws.confluent.cloud",
        9092,
        &[
            "CreatePrivateLinkAccess",
            "CreatePrivateLinkConnection",
            "AttachDomains",
            "UpdatePrivateLinkAccess",
        ],
    ),
    (
        "dms-tidb-cloud",
        "gateway01-privatelink.us-east-1.prod.aws.tidbcloud.com",
        4000,
        &[
            "CreateReplicationSubnetGroup",
            "CreateReplicationInstance",
            "CreateEndpoint",
            "TestConnection",
            "AddTagsToResource",
        ],
    ),
    (
        "endpoint-service",
        "db.partner.example.com",
        443,
        &["CreateVpcEndpoint", "ModifyVpcEndpoint", "CreateTags"],
    ),
    (
        "endpoint-service-private-zone",
        "warehouse.partner.example.com",
        443,
        &[
            "CreateVpcEndpoint",
            "CreateHostedZone",
            "ChangeTagsForResource",
            "ChangeResourceRecordSets",
            "CreateTags",
        ],
    ),
    (
        "aurora-dsql-private-zone",
        "k3abtwmzqhv5xn7rjd2yfe6upi.dsql-fnh4.us-east-1.on.aws",
        5432,
        &[
            "CreateVpcEndpoint",
            "ModifyVpcEndpoint",
            "CreateHostedZone",
            "ChangeTagsForResource",
            "ChangeResourceRecordSets",
            "CreateTags",
        ],
    ),
];

/// What was written, but for the group of our own, whose rule may have to wait for it to show.
fn written(simulated: &Simulated) -> Vec<String> {
    let group = ["CreateSecurityGroup", "AuthorizeSecurityGroupIngress"];
    let mut all = writes(simulated);
    all.retain(|action| !group.contains(&action.as_str()));
    all
}

fn assert_connected(ended: &Ended, what: &str) {
    assert_eq!(code(ended), "CONNECTED", "{what}: {}", detail(ended));
    assert_eq!(ended.status, "SUCCEEDED", "{what}");
}

#[tokio::test]
async fn every_target_becomes_ready_by_the_writes_it_needs_and_no_other() {
    for (name, host, port, expected) in TARGETS {
        let (ended, simulated) = play("default", request(name)).await;

        assert_connected(&ended, name);
        let connection = &detail(&ended)["connection"];
        assert_eq!(
            (&connection["host"], &connection["port"]),
            (&json!(host), &json!(port)),
            "{name}"
        );
        assert_eq!(written(&simulated), expected, "{name}");
    }
}

#[tokio::test]
async fn the_same_request_again_is_ready_without_a_write() {
    for (name, ..) in TARGETS {
        let mut stage = Stage::on(Simulated::on(scenario::world("default")));
        stage.start(request(name), None);
        let first = stage.run().await.remove(0);
        stage.outside().world().clear_calls();
        stage.start(request(name), None);
        let second = stage.run().await.pop().unwrap();

        assert_connected(&second, name);
        assert_eq!(written(stage.outside()), [""; 0], "{name}");
        assert_eq!(
            comparable(&second.events[0])["Detail"]["parts"],
            comparable(first.events.last().unwrap())["Detail"]["parts"]
        );
    }
}

#[tokio::test]
async fn the_same_request_at_once_makes_everything_once() {
    for (name, ..) in TARGETS {
        let mut stage = Stage::on(Simulated::on(scenario::world("default")));
        let before = everything_now(&stage.outside().world());
        for _ in 0..6 {
            stage.start(request(name), None);
        }
        let all = stage.run().await;

        for ended in &all {
            assert_connected(ended, name);
            assert_eq!(detail(ended)["parts"], detail(&all[0])["parts"], "{name}");
        }
        let made = everything(&mut stage.outside().world());
        let made: Vec<&String> = made.difference(&before).collect();
        let kinds: std::collections::BTreeSet<&str> = made
            .iter()
            .map(|one| one.rsplit_once(' ').unwrap().0)
            .collect();
        assert_eq!(made.len(), kinds.len(), "{name}: {made:?}");
    }
}

/// A scenario, a target, how it ends, and a word of its reason.
const FAILURES: [(&str, &str, &str, &str); 25] = [
    (
        "tidb-key-refused",
        "tidb-cloud-dedicated",
        "CREDENTIALS_REFUSED",
        "401",
    ),
    (
        "tidb-key-refused",
        "tidb-cloud-serverless",
        "CREDENTIALS_REFUSED",
        "401",
    ),
    (
        "tidb-key-refused",
        "tidb-cloud-to-confluent",
        "CREDENTIALS_REFUSED",
        "401",
    ),
    (
        "tidb-key-refused",
        "dms-tidb-cloud",
        "CREDENTIALS_REFUSED",
        "401",
    ),
    (
        "tidb-other-project",
        "tidb-cloud-dedicated",
        "CREDENTIALS_REFUSED",
        "403",
    ),
    (
        "secret-missing",
        "tidb-cloud-dedicated",
        "SECRET_UNUSABLE",
        "ResourceNotFoundException",
    ),
    (
        "secret-missing",
        "dms-tidb-cloud",
        "SECRET_UNUSABLE",
        "ResourceNotFoundException",
    ),
    (
        "tidb-cluster-paused",
        "tidb-cloud-dedicated",
        "CLUSTER_NOT_READY",
        "PAUSED",
    ),
    (
        "tidb-no-common-zone",
        "tidb-cloud-dedicated",
        "NO_COMMON_ZONE",
        "use1-az",
    ),
    (
        "tidb-no-common-zone",
        "tidb-cloud-serverless",
        "NO_COMMON_ZONE",
        "use1-az",
    ),
    (
        "tidb-registration-fails",
        "tidb-cloud-dedicated",
        "PROVIDER_FAILED",
        "could not connect",
    ),
    (
        "confluent-key-refused",
        "tidb-cloud-to-confluent",
        "CREDENTIALS_REFUSED",
        "401",
    ),
    (
        "confluent-access-fails",
        "tidb-cloud-to-confluent",
        "PROVIDER_FAILED",
        "PrivateLink Access",
    ),
    (
        "confluent-network-not-ready",
        "tidb-cloud-to-confluent",
        "TARGET_UNSUITABLE",
        "PROVISIONING",
    ),
    (
        "link-fails",
        "tidb-cloud-to-confluent",
        "PROVIDER_FAILED",
        "private link connection",
    ),
    (
        "domain-attach-fails",
        "tidb-cloud-to-confluent",
        "PROVIDER_FAILED",
        "could not attach",
    ),
    (
        "dms-role-missing",
        "dms-tidb-cloud",
        "DMS_ROLE_MISSING",
        "dms-vpc-role",
    ),
    (
        "dms-test-fails",
        "dms-tidb-cloud",
        "DMS_TEST_FAILED",
        TEST_FAILURE,
    ),
    (
        "dms-instance-fails",
        "dms-tidb-cloud",
        "PROVIDER_FAILED",
        "incompatible-network",
    ),
    (
        "acceptance-rejected",
        "endpoint-service",
        "ENDPOINT_REJECTED",
        "rejected",
    ),
    (
        "acceptance-expired",
        "endpoint-service",
        "ENDPOINT_EXPIRED",
        "expired",
    ),
    (
        "vpc-dns-off",
        "tidb-cloud-dedicated",
        "VPC_DNS_DISABLED",
        "enableDnsHostnames",
    ),
    (
        "vpc-missing",
        "tidb-cloud-serverless",
        "VPC_NOT_FOUND",
        "no VPC",
    ),
    (
        "quota-reached",
        "tidb-cloud-dedicated",
        "ENDPOINT_QUOTA_REACHED",
        "interface endpoints",
    ),
    (
        "endpoint-fails",
        "tidb-cloud-serverless",
        "ENDPOINT_FAILED",
        "failed",
    ),
];

#[tokio::test]
async fn every_documented_failure_has_its_reason_and_leaves_nothing_behind() {
    for (scene, name, expected, reason) in FAILURES {
        let what = format!("{name} in {scene}");
        let world = scenario::world(scene);
        let before = everything_now(&world);
        let mut stage = Stage::on(Simulated::on(world));
        stage.start(request(name), None);
        let ended = stage.run().await.remove(0);

        assert_eq!(code(&ended), expected, "{what}: {}", detail(&ended));
        assert!(
            detail(&ended)["message"].to_string().contains(reason),
            "{what}: {}",
            detail(&ended)
        );
        assert_eq!(detail(&ended)["leftBehind"], json!([]), "{what}");
        let after = everything(&mut stage.outside().world());
        assert_eq!(after, before, "{what}");
    }
}

#[tokio::test]
async fn storms_pass_and_effects_without_an_answer_are_found() {
    for (scene, name) in [
        ("tidb-throttled", "tidb-cloud-dedicated"),
        ("tidb-throttled", "tidb-cloud-to-confluent"),
        ("tidb-5xx-before", "tidb-cloud-dedicated"),
        ("tidb-5xx-after", "tidb-cloud-dedicated"),
        ("tidb-5xx-before", "tidb-cloud-to-confluent"),
        ("tidb-5xx-after", "tidb-cloud-to-confluent"),
        ("tidb-registration-exists", "tidb-cloud-dedicated"),
        ("tidb-cluster-creating", "tidb-cloud-dedicated"),
        ("confluent-throttled", "tidb-cloud-to-confluent"),
        ("dms-throttled", "dms-tidb-cloud"),
    ] {
        let what = format!("{name} in {scene}");
        let mut stage = Stage::on(Simulated::on(scenario::world(scene)));
        let before = everything_now(&stage.outside().world());
        stage.start(request(name), None);
        let ended = stage.run().await.remove(0);

        assert_connected(&ended, &what);
        let made = everything(&mut stage.outside().world());
        let made: Vec<&String> = made.difference(&before).collect();
        let kinds: std::collections::BTreeSet<&str> = made
            .iter()
            .map(|one| one.rsplit_once(' ').unwrap().0)
            .collect();
        assert_eq!(made.len(), kinds.len(), "{what}: {made:?}");
    }
}

#[tokio::test]
async fn who_has_to_accept_is_said_once_and_waited_for_without_a_function() {
    let (ended, simulated) = play("acceptance-after-hours", request("endpoint-service")).await;

    assert_connected(&ended, "after hours");
    let [notice] = awaited(&ended)[..] else {
        panic!("{:?}", ended.events)
    };
    let acceptance = &notice["acceptance"];
    assert_eq!(acceptance["owner"], "210987654321");
    assert!(
        acceptance["command"]
            .as_str()
            .unwrap()
            .contains("accept-vpc-endpoint-connections")
    );
    assert_eq!(notice["cost"]["usdPerMonth"], 14.6);
    assert!(ended.seconds > 5 * 3600, "{} s", ended.seconds);
    // Five hours at up to five minutes each.
    assert!(
        ended.invoked.len() < 150,
        "{} invocations",
        ended.invoked.len()
    );
    assert!(detail(&ended)["phases"].to_string().contains("accept"));
    drop(simulated);
}

#[tokio::test]
async fn nobody_accepts_within_the_requests_own_time() {
    let mut input = request("endpoint-service");
    input["target"]["service"] = json!(VENDOR);
    input["target"]["acceptanceHours"] = json!(3);
    let world = scenario::world("default");
    let before = everything_now(&world);
    let mut stage = Stage::on(Simulated::on(world));
    stage.start(input, None);
    let ended = stage.run().await.remove(0);

    assert_eq!(code(&ended), "NOT_ACCEPTED");
    assert!(
        (3 * 3600..4 * 3600).contains(&ended.seconds),
        "{} s",
        ended.seconds
    );
    assert_eq!(everything(&mut stage.outside().world()), before);
}

#[tokio::test]
async fn a_node_group_of_its_own_has_its_own_service_and_port() {
    let mut input = request("tidb-cloud-dedicated");
    input["target"]["nodeGroupId"] = json!(scenario::TIDB_OTHER_GROUP);

    let (ended, _) = play("default", input).await;

    assert_connected(&ended, "the other group");
    assert_eq!(detail(&ended)["connection"]["port"], 4100);
    assert_eq!(
        detail(&ended)["endpoint"]["serviceName"],
        scenario::TIDB_OTHER_SERVICE
    );
}

#[tokio::test]
async fn a_network_of_confluents_that_does_not_fit_is_refused_with_every_reason() {
    for (network, reason) in [
        (scenario::CONFLUENT_PROVISIONING, "PROVISIONING"),
        (scenario::CONFLUENT_PEERING, "PEERING"),
        (scenario::CONFLUENT_ELSEWHERE, "us-west-2"),
        (scenario::CONFLUENT_OTHER_ZONES, "use1-az"),
        ("n-nosuch", "no network"),
    ] {
        let mut input = request("tidb-cloud-to-confluent");
        input["target"]["confluent"]["networkId"] = json!(network);

        let (ended, simulated) = play("default", input).await;

        assert!(
            ["TARGET_UNSUITABLE", "NO_COMMON_ZONE"].contains(&code(&ended)),
            "{network}"
        );
        assert!(
            detail(&ended)["problems"].to_string().contains(reason),
            "{network}: {}",
            detail(&ended)
        );
        assert_eq!(writes(&simulated), [""; 0], "{network}");
    }
    let mut input = request("tidb-cloud-to-confluent");
    input["target"]["confluent"]["networkId"] = json!(scenario::CONFLUENT_GLOBAL);
    let (ended, _) = play("default", input).await;
    assert_connected(&ended, "a domain with glb");
}

#[tokio::test]
async fn dms_is_refused_what_cannot_work_before_anything_is_made() {
    type Change = fn(&mut Value);
    let cases: [(&str, Change, &str); 6] = [
        (
            "no private endpoint",
            |input| input["network"] = json!({"vpcId": scenario::VPC}),
            "PRIVATE_ENDPOINT_MISSING",
        ),
        (
            "one zone",
            |input| input["network"]["subnetIds"] = json!([scenario::CONNECTED_SUBNETS[0]]),
            "NO_COMMON_ZONE",
        ),
        (
            "another host in the secret",
            |input| input["target"]["databaseSecretArn"] = json!(secret_arn("tieline/database")),
            "SECRET_UNUSABLE",
        ),
        (
            "no secret",
            |input| input["target"]["databaseSecretArn"] = json!(secret_arn("tieline/malformed")),
            "SECRET_UNUSABLE",
        ),
        (
            "changes out of TiDB",
            |input| input["target"]["endpointType"] = json!("source"),
            "REQUEST_INVALID",
        ),
        (
            "an instance that is not there",
            |input| {
                input["target"]["replicationInstance"] =
                    json!({"arn": "arn:aws:dms:us-east-1:123456789012:rep:NOSUCH"})
            },
            "TARGET_UNSUITABLE",
        ),
    ];
    for (what, change, expected) in cases {
        let mut input = request("dms-tidb-cloud");
        change(&mut input);

        let (ended, simulated) = play("default", input).await;

        assert_eq!(code(&ended), expected, "{what}: {}", detail(&ended));
        assert_eq!(writes(&simulated), [""; 0], "{what}");
    }
}

/// Rule 10 is held by the machine in every test, state by state; this looks at what the world saw and what was announced.
#[tokio::test]
async fn no_secret_is_anywhere() {
    for scene in scenario::Scenario::all() {
        for name in [
            "tidb-cloud-dedicated",
            "tidb-cloud-serverless",
            "tidb-cloud-to-confluent",
            "dms-tidb-cloud",
        ] {
            let (ended, simulated) = play(scene.name, request(name)).await;

            let world = simulated.world();
            let seen = json!([ended.events, world.calls(), world.state()]);
            assert!(
                !seen.to_string().contains(CANARY),
                "{name} in {}",
                scene.name
            );
        }
    }
}
