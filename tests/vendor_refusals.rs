//! What cannot be connected, or fails on the way, at vendors and at AWS DMS: the reason, and nothing left behind.

use serde_json::{Value, json};
use tests::{
    Simulated, Stage, assert_connected, code, detail, everything, everything_now, play, request,
    writes,
};
use world::model::credentials::secret_arn;
use world::model::tidb::links::{DeletePrivateLinkConnection, DetachDomains};
use world::scenario::{self, TEST_FAILURE};

/// A scenario, a target, how it ends, and a word of its reason.
const FAILURES: [(&str, &str, &str, &str); 31] = [
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
        "confluent-network-peering",
        "tidb-cloud-to-confluent",
        "TARGET_UNSUITABLE",
        "PEERING",
    ),
    (
        "confluent-network-elsewhere",
        "tidb-cloud-to-confluent",
        "TARGET_UNSUITABLE",
        "us-west-2",
    ),
    (
        "confluent-no-common-zone",
        "tidb-cloud-to-confluent",
        "NO_COMMON_ZONE",
        "use1-az",
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
        "dms-role-without-policy",
        "dms-tidb-cloud",
        "DMS_ROLE_MISSING",
        "not configured properly",
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
        "acceptance-never",
        "endpoint-service",
        "NOT_ACCEPTED",
        "72 h",
    ),
    (
        "dms-endpoint-missing",
        "dms-tidb-cloud",
        "PRIVATE_ENDPOINT_MISSING",
        "private endpoint",
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

#[tokio::test(start_paused = true)]
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

#[tokio::test(start_paused = true)]
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

#[tokio::test(start_paused = true)]
async fn one_request_id_stands_for_one_set_of_parameters() {
    type Change = fn(&mut Value);
    let cases: [(&str, Change); 3] = [
        ("tidb-cloud-to-confluent", |input| {
            input["target"]["confluent"]["networkId"] = json!(scenario::CONFLUENT_GLOBAL)
        }),
        ("tidb-cloud-to-confluent", |input| {
            input["tags"] = json!({"team": "other"})
        }),
        ("dms-tidb-cloud", |input| {
            input["target"]["replicationInstance"] = json!({"class": "dms.r6i.large"})
        }),
    ];
    for (name, change) in cases {
        let mut stage = Stage::on(Simulated::on(scenario::world("default")));
        stage.start(request(name), None);
        assert_connected(&stage.run().await[0], name);
        stage.outside().world().clear_calls();
        let mut input = request(name);
        change(&mut input);
        stage.start(input, None);
        let second = stage.run().await.pop().unwrap();

        assert_eq!(
            code(&second),
            "REQUEST_CONFLICT",
            "{name}: {}",
            detail(&second)
        );
        assert_eq!(writes(stage.outside()), [""; 0], "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_access_alone_tells_what_a_request_id_was_used_for() {
    let mut input = request("tidb-cloud-to-confluent");
    let mut stage = Stage::on(Simulated::on(scenario::world("default")));
    stage.start(input.clone(), None);
    let first = stage.run().await.remove(0);
    assert_connected(&first, "the first one");
    // Somebody removes the other half by hand.
    let cluster_id = input["target"]["clusterId"].as_str().unwrap().to_owned();
    let id = |kind: &str| {
        let id = &detail(&first)["parts"][kind]["id"];
        id.as_str().unwrap().to_owned()
    };
    let private_link_connection_id = id("tidb-cloud-private-link-connection");
    {
        let mut world = stage.outside().world();
        world
            .call(DetachDomains {
                cluster_id: cluster_id.clone(),
                private_link_connection_id: private_link_connection_id.clone(),
                attach_domain_id: id("tidb-cloud-attached-domains"),
                ..DetachDomains::default()
            })
            .unwrap();
        everything(&mut world);
        world
            .call(DeletePrivateLinkConnection {
                cluster_id,
                private_link_connection_id,
                ..DeletePrivateLinkConnection::default()
            })
            .unwrap();
    }
    everything(&mut stage.outside().world());
    stage.outside().world().clear_calls();
    input["target"]["confluent"]["networkId"] = json!(scenario::CONFLUENT_GLOBAL);
    stage.start(input, None);
    let second = stage.run().await.pop().unwrap();

    assert_eq!(code(&second), "REQUEST_CONFLICT", "{}", detail(&second));
    assert_eq!(writes(stage.outside()), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_request_id_that_an_endpoint_carries_is_no_other_targets() {
    for name in ["tidb-cloud-to-confluent", "dms-tidb-cloud"] {
        let mut stage = Stage::on(Simulated::on(scenario::world("default")));
        stage.start(request("aurora-dsql"), None);
        assert_connected(&stage.run().await[0], name);
        stage.outside().world().clear_calls();
        let mut input = request(name);
        input["requestId"] = request("aurora-dsql")["requestId"].clone();
        stage.start(input, None);
        let second = stage.run().await.pop().unwrap();

        assert_eq!(
            code(&second),
            "REQUEST_CONFLICT",
            "{name}: {}",
            detail(&second)
        );
        assert_eq!(writes(stage.outside()), [""; 0], "{name}");
    }
}

#[tokio::test(start_paused = true)]
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
