//! The targets that vendors and partners own, from event to result: what is made, what is said, and what is left when it
//! does not work.

use serde_json::{Value, json};
use tests::{
    Simulated, Stage, assert_connected, awaited, code, comparable, detail, everything,
    everything_now, play, request, writes,
};
use world::gate::{Fault, FaultKind};
use world::model::credentials::CANARY;
use world::scenario::{self, VENDOR};

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
        "<name>.pr1jy6.us-east-1.aws.confluent.cloud",
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
            // On the instance, and on the endpoint.
            "AddTagsToResource",
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
        "db.warehouse.partner.example.com",
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

#[tokio::test(start_paused = true)]
async fn every_target_becomes_ready_by_the_writes_it_needs_and_no_other() {
    for (name, host, port, expected) in TARGETS {
        let (ended, simulated) = play("default", request(name)).await;

        assert_connected(&ended, name);
        let connection = &detail(&ended)["connection"];
        let hosts = [&connection["host"], &connection["hostPattern"]];
        let announced = hosts.into_iter().find_map(|host| host.as_str());
        assert_eq!(
            (announced, &connection["port"]),
            (Some(host), &json!(port)),
            "{name}"
        );
        assert_eq!(written(&simulated), expected, "{name}");
    }
}

#[tokio::test(start_paused = true)]
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

#[tokio::test(start_paused = true)]
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

#[tokio::test(start_paused = true)]
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
        ("confluent-5xx-before", "tidb-cloud-to-confluent"),
        ("confluent-5xx-after", "tidb-cloud-to-confluent"),
        ("dms-throttled", "dms-tidb-cloud"),
        ("dms-5xx-before", "dms-tidb-cloud"),
        ("dms-5xx-after", "dms-tidb-cloud"),
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

#[tokio::test(start_paused = true)]
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

#[tokio::test(start_paused = true)]
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

#[tokio::test(start_paused = true)]
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

#[tokio::test(start_paused = true)]
async fn one_endpoint_serves_every_starter_and_essential_cluster() {
    let mut stage = Stage::on(Simulated::on(scenario::world("default")));
    stage.start(request("tidb-cloud-serverless"), None);
    let first = stage.run().await.remove(0);
    stage.outside().world().clear_calls();
    let mut other = request("tidb-cloud-serverless");
    other["requestId"] = json!("events");
    other["target"]["clusterId"] = json!(scenario::TIDB_ESSENTIAL);
    stage.start(other, None);
    let second = stage.run().await.pop().unwrap();

    assert_connected(&second, "the second cluster");
    assert_eq!(
        detail(&second)["endpoint"]["id"],
        detail(&first)["endpoint"]["id"]
    );
    assert_eq!(
        detail(&second)["about"]["userPrefix"],
        scenario::TIDB_ESSENTIAL_PREFIX
    );
    assert_eq!(written(stage.outside()), ["CreateTags", "CreateTags"]);
}

/// The parameters of the one call of an action.
fn parameters(simulated: &Simulated, action: &str) -> Value {
    let world = simulated.world();
    let mut calls = world.calls().iter().filter(|call| call.action == action);
    let call = calls.next().unwrap_or_else(|| panic!("no {action}"));
    call.parameters.clone()
}

#[tokio::test(start_paused = true)]
async fn dms_gets_what_tidb_needs_as_a_target_and_as_a_source() {
    let (ended, simulated) = play("default", request("dms-tidb-cloud")).await;
    assert_connected(&ended, "a target");
    let asked = parameters(&simulated, "CreateEndpoint");
    assert_eq!(asked["EndpointType"], "target");
    assert_eq!(
        asked["ExtraConnectionAttributes"],
        "Initstmt=SET FOREIGN_KEY_CHECKS=0;"
    );
    assert_eq!(asked["SslMode"], "none");
    let instance = parameters(&simulated, "CreateReplicationInstance");
    assert_eq!(instance["PubliclyAccessible"], false);

    let mut input = request("dms-tidb-cloud");
    input["target"]["endpointType"] = json!("source");
    input["target"]["migrationType"] = json!("full-load");
    input["target"]["caCertificate"] =
        json!("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n");
    let (ended, simulated) = play("default", input).await;
    assert_connected(&ended, "a source");
    let asked = parameters(&simulated, "CreateEndpoint");
    assert_eq!(asked["EndpointType"], "source");
    assert!(asked["ExtraConnectionAttributes"].is_null());
    assert_eq!(asked["SslMode"], "verify-full");
    assert!(asked["CertificateArn"].as_str().unwrap().contains(":cert:"));
}

#[tokio::test(start_paused = true)]
async fn a_replication_instance_that_is_there_serves_and_stays() {
    let mut stage = Stage::on(Simulated::on(scenario::world("default")));
    stage.start(request("dms-tidb-cloud"), None);
    let first = stage.run().await.remove(0);
    stage.outside().world().clear_calls();
    let mut other = request("dms-tidb-cloud");
    other["requestId"] = json!("second-load");
    let arn = &detail(&first)["parts"]["dms-replication-instance"]["arn"];
    other["target"]["replicationInstance"] = json!({"arn": arn});
    stage.start(other, None);
    let second = stage.run().await.pop().unwrap();

    assert_connected(&second, "the second load");
    let expected = ["CreateEndpoint", "TestConnection", "AddTagsToResource"];
    assert_eq!(written(stage.outside()), expected);
}

#[tokio::test(start_paused = true)]
async fn a_key_that_is_revoked_on_the_way_does_not_keep_the_rest_from_being_removed() {
    let mut world = scenario::world("default");
    let before = everything_now(&world);
    world.add_fault(Fault {
        nth: Some(2),
        ..Fault::on("ListPrivateEndpointConnections", FaultKind::AccessDenied)
    });
    let mut stage = Stage::on(Simulated::on(world));
    stage.start(request("tidb-cloud-dedicated"), None);
    let ended = stage.run().await.remove(0);

    let detail = detail(&ended);
    assert_eq!(detail["code"], "CREDENTIALS_REFUSED", "{detail}");
    assert!(
        detail["problems"].to_string().contains("UNDO_INCOMPLETE"),
        "{detail}"
    );
    assert!(
        detail["leftBehind"]
            .to_string()
            .contains("private endpoint connection"),
        "{detail}"
    );
    let after = everything(&mut stage.outside().world());
    let left: Vec<&String> = after.difference(&before).collect();
    assert!(
        left.iter().all(|one| one.starts_with("registration")),
        "{left:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_request_that_shares_an_endpoint_and_fails_leaves_its_registration() {
    let mut stage = Stage::on(Simulated::on(scenario::world("default")));
    stage.start(request("tidb-cloud-dedicated"), None);
    assert_connected(&stage.run().await[0], "the first one");
    let before = everything_now(&stage.outside().world());
    let registrations = stage.outside().world().state().registrations;
    let mut second = request("tidb-cloud-dedicated");
    second["requestId"] = json!("second-reporting");
    // At the very end, when it is to be marked on the endpoint.
    let fault = Fault::nth("CreateTags", 2, FaultKind::AccessDenied);
    stage.outside().world().add_fault(fault);
    stage.start(second, None);
    let failed = stage.run().await.pop().unwrap();

    assert_eq!(code(&failed), "PERMISSION_DENIED", "{}", detail(&failed));
    assert_eq!(detail(&failed)["leftBehind"], json!([]));
    assert_eq!(everything(&mut stage.outside().world()), before);
    assert_eq!(stage.outside().world().state().registrations, registrations);
}

#[tokio::test(start_paused = true)]
async fn what_may_be_announced_stays_while_nobody_can_look_whether_it_is() {
    for (name, action) in [
        ("dms-tidb-cloud", "DescribeEndpoints"),
        ("tidb-cloud-to-confluent", "ListPrivateLinkAccesses"),
    ] {
        let mut stage = Stage::on(Simulated::on(scenario::world("default")));
        stage.start(request(name), None);
        assert_connected(&stage.run().await[0], name);
        let before = everything_now(&stage.outside().world());
        // Preflight sees it (in DMS under what it was called once, too), and then nobody may.
        stage.outside().world().add_fault(Fault {
            nth: Some(if name == "dms-tidb-cloud" { 4 } else { 2 }),
            ..Fault::on(action, FaultKind::AccessDenied)
        });
        stage.start(request(name), None);
        let failed = stage.run().await.pop().unwrap();

        let result = detail(&failed);
        assert!(
            failed.states.contains(&"Roll back".to_owned()),
            "{name}: {result}"
        );
        let problems = result["problems"].to_string();
        assert!(problems.contains("UNDO_INCOMPLETE"), "{name}: {result}");
        assert!(!problems.contains("remove by hand"), "{name}: {result}");
        assert_eq!(everything(&mut stage.outside().world()), before, "{name}");
    }
}

/// That no secret travels is held by the machine in every test, state by state; this looks at what the world saw and what was announced.
#[tokio::test(start_paused = true)]
async fn no_secret_is_anywhere() {
    const TARGETS: [&str; 4] = [
        "tidb-cloud-dedicated",
        "tidb-cloud-serverless",
        "tidb-cloud-to-confluent",
        "dms-tidb-cloud",
    ];
    const VENDORS: [&str; 4] = ["tidb", "confluent", "dms", "secret"];
    for (at, scene) in scenario::Scenario::all().iter().enumerate() {
        // Where nothing is different at a vendor, one target after the other.
        let is_vendors = VENDORS.iter().any(|one| scene.name.starts_with(one));
        let step = if is_vendors { 1 } else { TARGETS.len() };
        for name in TARGETS.into_iter().skip(at % step).step_by(step) {
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
