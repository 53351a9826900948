//! The whole workflow: the real state machine and steps against the world's model, on a virtual clock.

#![expect(clippy::unwrap_used, reason = "a test panics")]

use serde_json::{Value, json};
use tests::{Ended, Seen, Simulated, Stage, comparable, files, json as read, play, request};
use world::model::endpoints::{DeleteVpcEndpoints, DescribeVpcEndpoints};
use world::scenario;

fn detail(ended: &Ended) -> &Value {
    assert_eq!(
        ended.events.len(),
        1,
        "one result event: {:?}",
        ended.events
    );
    &ended.events[0]["Detail"]
}

fn code(ended: &Ended) -> &str {
    detail(ended)["code"].as_str().unwrap()
}

fn writes(outside: &Simulated) -> Vec<String> {
    outside
        .world()
        .writes()
        .map(|call| call.action.clone())
        .collect()
}

#[tokio::test]
async fn the_main_job_goes_from_event_to_result_in_this_order() {
    let (ended, outside) = play("default", request("aurora-dsql")).await;

    assert_eq!(ended.status, "SUCCEEDED");
    let mut path = ended.states.clone();
    path.retain(|state| !["Wait", "Poll the status", "What next?"].contains(&state.as_str()));
    let expected = [
        "Check the request",
        "Create the endpoint",
        "Enable private DNS",
        "Keep the endpoint",
        "Announce that it is ready",
        "Connected",
    ];
    assert_eq!(path, expected);
    assert_eq!(
        writes(&outside),
        ["CreateVpcEndpoint", "ModifyVpcEndpoint", "CreateTags"]
    );
}

#[tokio::test]
async fn what_the_result_says_is_what_the_world_shows() {
    let (ended, outside) = play("default", request("aurora-dsql")).await;

    let detail = detail(&ended);
    let seen = Seen::now(&mut outside.world());
    let [endpoint] = seen.ours()[..] else {
        panic!("one endpoint: {:?}", seen.ours())
    };
    assert_eq!(detail["endpoint"]["id"], endpoint.vpc_endpoint_id.as_str());
    assert_eq!(
        detail["connection"]["host"],
        "k3abtwmzqhv5xn7rjd2yfe6upi.dsql-fnh4.us-east-1.on.aws"
    );
    assert_eq!(detail["connection"]["port"], 5432);
    assert!(endpoint.private_dns_enabled);
    assert_eq!(endpoint.subnet_ids.len(), 3);
    assert_eq!(endpoint.groups[0].group_id, scenario::GROUP);
    let tag = |key: &str| {
        endpoint
            .tags
            .iter()
            .find(|tag| tag.key == key)
            .map(|tag| tag.value.clone())
    };
    assert_eq!(tag("team").as_deref(), Some("orders"));
    assert!(
        tag("tieline:request/orders-prod")
            .unwrap()
            .ends_with(".ready")
    );
    assert_eq!(detail["endpoint"]["zones"].as_array().unwrap().len(), 3);
    assert!(
        detail["endpoint"]["zones"][0]["privateIp"]
            .as_str()
            .unwrap()
            .starts_with("10.20.")
    );
    assert_eq!(detail["cost"]["usdPerMonth"], 21.9);
    assert!(
        detail["verified"]["connection"]
            .as_str()
            .unwrap()
            .starts_with("not tried")
    );
}

#[tokio::test]
async fn every_request_of_the_events_folder_ends_well() {
    let files = files("events/requests");
    assert!(files.len() >= 7, "{files:?}");
    for file in files {
        let (ended, outside) = play("default", read(&file)).await;

        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        let expected = if name.ends_with("dry-run") {
            "PLANNED"
        } else {
            "CONNECTED"
        };
        assert_eq!(
            (code(&ended), ended.status),
            (expected, "SUCCEEDED"),
            "{name}: {}",
            detail(&ended)
        );
        assert_eq!(writes(&outside).is_empty(), expected == "PLANNED", "{name}");
    }
}

#[tokio::test]
async fn the_whole_event_and_its_bare_detail_mean_the_same() {
    let bare = request("aurora-dsql");
    let event = json!({
        "version": "0", "id": "7bf73129-1428-4cd3-a780-95db273d1602", "source": "me", "account": "123456789012",
        "time": "2026-09-01T09:00:00Z", "region": "us-east-1", "resources": [],
        "detail-type": "Private Connection Requested", "detail": bare,
    });

    let (from_event, _) = play("default", event).await;
    let (from_bare, _) = play("default", bare).await;

    assert_eq!(
        comparable(&from_event.events[0]),
        comparable(&from_bare.events[0])
    );
}

#[tokio::test]
async fn the_same_request_again_writes_nothing_and_says_the_same() {
    let mut stage = Stage::on(Simulated::on(scenario::world("default")));
    stage.start(request("aurora-dsql-minimal"), None);
    stage.run().await;
    stage.outside().world().clear_calls();

    stage.start(request("aurora-dsql-minimal"), None);
    let ended = stage.run().await;

    assert_eq!(
        comparable(&ended[0].events[0]),
        comparable(&ended[1].events[0])
    );
    assert_eq!(writes(stage.outside()), [""; 0]);
}

#[tokio::test]
async fn twenty_at_once_make_one_endpoint_and_equal_results() {
    for seed in 0..20 {
        let mut stage = Stage::on(Simulated::on(scenario::world("default")));
        for _ in 0..20 {
            stage.start(request("aurora-dsql-minimal"), None);
        }
        let mut dice = fastrand::Rng::with_seed(seed);
        while stage.tick(&mut dice).await {}

        let ended = stage.ended();
        let first = comparable(&ended[0].events[0]);
        for one in &ended {
            assert_eq!(comparable(&one.events[0]), first, "seed {seed}");
        }
        assert_eq!(ended[0].status, "SUCCEEDED", "seed {seed}: {first}");
        let seen = Seen::at_last(&mut stage.outside().world());
        assert_eq!(
            (seen.ours().len(), seen.own_groups().len()),
            (1, 1),
            "seed {seed}"
        );
    }
}

#[tokio::test]
async fn the_same_id_with_other_parameters_is_refused_without_a_write() {
    let mut stage = Stage::on(Simulated::on(scenario::world("default")));
    stage.start(request("aurora-dsql"), None);
    stage.run().await;
    stage.outside().world().clear_calls();
    let mut other = request("aurora-dsql");
    other["tags"] = json!({"team": "billing"});
    let mut elsewhere = request("aws-service-monitoring");
    elsewhere["requestId"] = json!("orders-prod");

    stage.start(other, None);
    stage.start(elsewhere, None);
    let ended = stage.run().await;

    assert_eq!(
        (code(&ended[1]), code(&ended[2])),
        ("REQUEST_CONFLICT", "REQUEST_CONFLICT")
    );
    assert_eq!(writes(stage.outside()), [""; 0]);
}

#[tokio::test]
async fn every_scenario_ends_with_its_code_and_leaves_nothing() {
    let expected = [
        ("vpc-missing", "VPC_NOT_FOUND"),
        ("vpc-dns-off", "VPC_DNS_DISABLED"),
        ("no-common-zone", "NO_COMMON_ZONE"),
        ("two-subnets-in-one-zone", "SUBNETS_SHARE_ZONE"),
        ("subnet-full", "SUBNET_FULL"),
        ("subnet-shared", "SUBNET_NOT_OWNED"),
        ("group-closed", "SECURITY_GROUP_CLOSED"),
        ("dns-name-taken", "PRIVATE_DNS_TAKEN"),
        ("service-unknown", "SERVICE_NOT_FOUND"),
        ("dns-name-unverified", "PRIVATE_DNS_UNVERIFIED"),
        ("quota-reached", "ENDPOINT_QUOTA_REACHED"),
        ("cluster-missing", "CLUSTER_NOT_FOUND"),
        ("cluster-failed", "CLUSTER_NOT_READY"),
        ("cluster-pending-setup", "CLUSTER_NOT_READY"),
        ("endpoint-rejected", "ENDPOINT_REJECTED"),
        ("endpoint-expired", "ENDPOINT_EXPIRED"),
        ("endpoint-partial", "DEADLINE_EXCEEDED"),
        ("endpoint-fails", "ENDPOINT_FAILED"),
        ("endpoint-never-available", "DEADLINE_EXCEEDED"),
        ("access-denied", "PERMISSION_DENIED"),
    ];
    for (scenario, reason) in expected {
        let (ended, outside) = play(scenario, request("aurora-dsql")).await;

        let detail = detail(&ended);
        assert_eq!(
            (code(&ended), ended.status),
            (reason, "FAILED"),
            "{scenario}: {detail}"
        );
        assert!(
            !detail["nextStep"].as_str().unwrap().is_empty(),
            "{scenario}"
        );
        assert_eq!(detail["leftBehind"], json!([]), "{scenario}");
        assert_eq!(
            Seen::at_last(&mut outside.world()).left(),
            [""; 0],
            "{scenario}"
        );
    }
}

#[tokio::test]
async fn every_other_scenario_ends_well() {
    let well = [
        "shared-service",
        "policy-unsupported",
        "cluster-creating",
        "cluster-idle",
        "cluster-inactive",
        "cluster-updating",
        "throttled",
        "s3-gateway",
        "create-answer-lost",
        "create-takes-effect-late",
    ];
    for scenario in well {
        let (ended, outside) = play(scenario, request("aurora-dsql")).await;

        assert_eq!(code(&ended), "CONNECTED", "{scenario}: {}", detail(&ended));
        let seen = Seen::at_last(&mut outside.world());
        assert_eq!(seen.ours().len(), 1, "{scenario}");
    }
}

#[tokio::test]
async fn throttled_creates_and_modifies_are_repeated_until_they_pass() {
    let (ended, outside) = play("throttled", request("aurora-dsql")).await;

    assert_eq!(code(&ended), "CONNECTED");
    let world = outside.world();
    let refused = |action: &str| {
        world
            .writes()
            .filter(|call| call.action == action && call.outcome == "RequestLimitExceeded")
            .count()
    };
    assert!(refused("CreateVpcEndpoint") >= 4 && refused("ModifyVpcEndpoint") >= 4);
}

#[tokio::test]
async fn every_change_of_the_request_that_does_not_fit_has_its_code() {
    let cases = [
        (
            "policy-unsupported",
            "aurora-dsql-management",
            "/policy",
            json!("restricted"),
            "POLICY_UNSUPPORTED",
        ),
        (
            "default",
            "aws-service-s3",
            "/target/inboundResolverOnly",
            json!(true),
            "GATEWAY_ENDPOINT_MISSING",
        ),
        (
            "default",
            "aws-service-monitoring",
            "/target/inboundResolverOnly",
            json!(true),
            "GATEWAY_ENDPOINT_MISSING",
        ),
        (
            "default",
            "aws-service-monitoring",
            "/target/service",
            json!("nowhere"),
            "SERVICE_NOT_FOUND",
        ),
        (
            "default",
            "aws-service-monitoring",
            "/target/fips",
            json!(true),
            "SERVICE_NOT_FOUND",
        ),
        (
            "default",
            "aws-service-monitoring",
            "/target/port",
            json!(9999),
            "SECURITY_GROUP_CLOSED",
        ),
        (
            "shared-service",
            "aurora-dsql",
            "/privateDns",
            json!(false),
            "ENDPOINT_DIFFERS",
        ),
        (
            "shared-service",
            "aurora-dsql",
            "/policy",
            json!({"Statement": []}),
            "ENDPOINT_DIFFERS",
        ),
        (
            "shared-service",
            "aurora-dsql",
            "/network/subnetIds",
            json!(["subnet-0e5a92b46d8f013c7"]),
            "ENDPOINT_DIFFERS",
        ),
    ];
    for (scenario, name, path, value, reason) in cases {
        let mut asked = request(name);
        let (parent, field) = path.rsplit_once('/').unwrap();
        asked.pointer_mut(parent).unwrap()[field] = value;

        let (ended, outside) = play(scenario, asked).await;

        assert_eq!(
            code(&ended),
            reason,
            "{scenario} {path}: {}",
            detail(&ended)
        );
        assert_eq!(writes(&outside), [""; 0], "{scenario} {path}");
    }
}

#[tokio::test]
async fn preflight_names_every_problem_at_once() {
    let mut asked = request("aurora-dsql");
    asked["network"]["subnetIds"] = json!([
        "subnet-0d4f81a35c7e902b6",
        "subnet-0a1c5e7092b4d6f81",
        "subnet-00000000000000000"
    ]);
    asked["network"]["securityGroupIds"] = json!(["sg-00000000000000000"]);

    let (ended, outside) = play("vpc-dns-off", asked).await;

    let problems = detail(&ended)["problems"].as_array().unwrap().clone();
    let mut codes: Vec<&str> = problems
        .iter()
        .map(|problem| problem["code"].as_str().unwrap())
        .collect();
    codes.sort_unstable();
    let all = [
        "SECURITY_GROUP_NOT_FOUND",
        "SUBNET_NOT_FOUND",
        "SUBNET_ZONE_UNSUPPORTED",
        "VPC_DNS_DISABLED",
    ];
    assert_eq!(codes, all);
    assert!(
        problems
            .iter()
            .all(|problem| problem["path"].is_string()
                && !problem["fix"].as_str().unwrap().is_empty())
    );
    assert_eq!(writes(&outside), [""; 0]);
}

#[tokio::test]
async fn an_endpoint_that_serves_two_requests_survives_the_failure_of_one() {
    let (ended, outside) = play("shared-service", request("aurora-dsql")).await;
    assert_eq!(code(&ended), "CONNECTED");
    let seen = Seen::now(&mut outside.world());
    assert_eq!(seen.ours().len(), 1);

    // The second request breaks after it put its tag on the endpoint.
    let mut stage = Stage::on(Simulated::on(scenario::world("shared-service")));
    stage.start(
        request("aurora-dsql"),
        Some(tests::Broken {
            invocation: 3,
            times: 7,
        }),
    );
    let ended = stage.run().await;

    assert_eq!(code(&ended[0]), "STEP_FAILED");
    let seen = Seen::at_last(&mut stage.outside().world());
    let [endpoint] = seen.ours()[..] else {
        panic!("the shared endpoint is gone")
    };
    let keys: Vec<&str> = endpoint.tags.iter().map(|tag| tag.key.as_str()).collect();
    assert!(keys.contains(&"tieline:request/billing-prod"), "{keys:?}");
    assert!(
        !keys.contains(&"tieline:request/orders-prod") && !keys.contains(&"team"),
        "{keys:?}"
    );
}

#[tokio::test]
async fn a_foreign_endpoint_serves_only_if_asked_and_is_never_touched() {
    let mut asked = request("aurora-dsql");
    asked["adopt"] = json!(true);
    asked["network"] = json!({"vpcId": scenario::VPC});

    let (ended, outside) = play("dns-name-taken", asked).await;

    assert_eq!(code(&ended), "CONNECTED", "{}", detail(&ended));
    assert_eq!(detail(&ended)["endpoint"]["adopted"], true);
    assert_eq!(writes(&outside), [""; 0]);
}

#[tokio::test]
async fn on_failure_keep_leaves_the_endpoint_and_says_so() {
    let mut asked = request("aurora-dsql");
    asked["onFailure"] = json!("keep");

    let (ended, outside) = play("endpoint-never-available", asked).await;

    let left = detail(&ended)["leftBehind"].as_array().unwrap();
    let seen = Seen::at_last(&mut outside.world());
    assert_eq!(left[0], seen.ours()[0].vpc_endpoint_id.as_str());
}

#[tokio::test]
async fn an_endpoint_deleted_under_our_hands_is_made_again_with_another_token() {
    let mut stage = Stage::on(Simulated::on(scenario::world("default")));
    stage.start(request("aurora-dsql"), None);
    let mut dice = fastrand::Rng::with_seed(1);
    while stage.outside().world().writes().count() == 0 {
        stage.tick(&mut dice).await;
    }
    stage
        .outside()
        .world()
        .advance(std::time::Duration::from_secs(5));
    let ids = stage
        .outside()
        .world()
        .arrange(DescribeVpcEndpoints::default())
        .unwrap()
        .vpc_endpoints;
    let vpc_endpoint_ids = ids.into_iter().map(|one| one.vpc_endpoint_id).collect();
    let delete = DeleteVpcEndpoints {
        vpc_endpoint_ids,
        ..DeleteVpcEndpoints::default()
    };
    stage.outside().world().arrange(delete).unwrap();

    let ended = stage.run().await;

    assert_eq!(code(&ended[0]), "CONNECTED", "{}", detail(&ended[0]));
    assert_eq!(Seen::at_last(&mut stage.outside().world()).ours().len(), 1);
}

#[tokio::test]
async fn a_connection_that_was_announced_is_not_undone_by_a_late_second_run() {
    let mut stage = Stage::on(Simulated::on(scenario::world("default")));
    stage.start(request("aurora-dsql"), None);
    stage.run().await;

    // The same event again, and every one of its looks is lost.
    stage.start(
        request("aurora-dsql"),
        Some(tests::Broken {
            invocation: 3,
            times: 7,
        }),
    );
    let ended = stage.run().await;

    assert_eq!(
        (code(&ended[0]), code(&ended[1])),
        ("CONNECTED", "STEP_FAILED")
    );
    assert_eq!(Seen::at_last(&mut stage.outside().world()).ours().len(), 1);
}

#[tokio::test]
async fn what_an_aborted_execution_made_is_undone_and_announced() {
    let mut stage = Stage::on(Simulated::on(scenario::world("default")));
    stage.start(request("aurora-dsql-minimal"), None);
    let mut dice = fastrand::Rng::with_seed(1);
    while !writes(stage.outside()).contains(&"CreateVpcEndpoint".to_owned()) {
        stage.tick(&mut dice).await;
    }
    stage.abort();
    stage
        .outside()
        .world()
        .advance(std::time::Duration::from_secs(5));
    assert_eq!(Seen::now(&mut stage.outside().world()).ours().len(), 1);

    stage.start(
        json!({
            "source": "aws.states", "detail-type": "Step Functions Execution Status Change",
            "detail": {
                "executionArn": "arn:aws:states:us-east-1:123456789012:execution:connect:0", "status": "ABORTED",
                "input": request("aurora-dsql-minimal").to_string(),
            },
        }),
        None,
    );
    let ended = stage.run().await;

    assert_eq!(code(&ended[1]), "EXECUTION_ENDED", "{}", detail(&ended[1]));
    assert_eq!(detail(&ended[1])["requestId"], "orders-minimal");
    assert_eq!(Seen::at_last(&mut stage.outside().world()).left(), [""; 0]);
}

#[tokio::test]
async fn what_is_no_request_is_refused_with_every_path_and_without_a_call() {
    let good = request("aurora-dsql");
    let with = |path: &str, value: Value| {
        let mut bad = good.clone();
        *bad.pointer_mut(path).unwrap() = value;
        bad
    };
    let mut unknown = good.clone();
    unknown["subnets"] = json!([]);
    unknown["network"]["vpc"] = json!("vpc-1");
    let sixty: serde_json::Map<String, Value> =
        (0..60).map(|n| (format!("key-{n}"), json!("x"))).collect();
    let long = json!({"Statement": [{"Sid": "x".repeat(20_480)}]});
    let mut wrong = with("/network/vpcId", json!(7));
    wrong["network"]["subnetIds"] = json!("subnet-1");
    wrong["privateDns"] = json!("yes");
    wrong["dryRun"] = json!(null);
    let names: serde_json::Map<String, Value> = (0..1_000)
        .map(|n| (format!("{n}{}", "x".repeat(150)), json!(1)))
        .collect();
    let mut huge = good.clone();
    huge["note"] = json!("x".repeat(300_000));
    let cases: Vec<(&str, Value, Vec<&str>)> = vec![
        ("a text", json!("connect me"), vec!["$"]),
        ("a list", json!([good]), vec!["$"]),
        ("null", json!(null), vec!["$"]),
        (
            "nothing",
            json!({}),
            vec!["$.requestId", "$.region", "$.target", "$.network"],
        ),
        (
            "unknown fields",
            unknown,
            vec!["$.network.vpc", "$.subnets"],
        ),
        (
            "unknown kind",
            with("/target/kind", json!("oracle")),
            vec!["$.target.kind"],
        ),
        (
            "malformed ids",
            with("/network/subnetIds", json!(["subnet-1", "x"])),
            vec!["$.network.subnetIds[0]", "$.network.subnetIds[1]"],
        ),
        (
            "malformed cluster",
            with("/target/clusterId", json!("SHORT")),
            vec!["$.target.clusterId"],
        ),
        (
            "wrong types",
            wrong,
            vec![
                "$.network.vpcId",
                "$.network.subnetIds",
                "$.privateDns",
                "$.dryRun",
            ],
        ),
        (
            "another Region",
            with("/region", json!("eu-west-1")),
            vec!["$.region"],
        ),
        ("a long policy", with("/policy", long), vec!["$.policy"]),
        (
            "no policy",
            with("/policy", json!("open")),
            vec!["$.policy"],
        ),
        ("60 tags", with("/tags", json!(sixty)), vec!["$.tags"]),
        (
            "a reserved tag",
            with("/tags", json!({"aws:x": "1", "tieline:managed": "no"})),
            vec!["$.tags[\"aws:x\"]", "$.tags[\"tieline:managed\"]"],
        ),
        ("300 KB", huge, vec!["$", "$.note"]),
    ];
    let (ended, _) = play("default", json!(names)).await;
    assert_eq!(detail(&ended)["problems"].as_array().unwrap().len(), 50);
    for (name, input, paths) in cases {
        let (ended, outside) = play("default", input).await;

        assert_eq!(
            (code(&ended), ended.status),
            ("REQUEST_INVALID", "FAILED"),
            "{name}"
        );
        let problems = detail(&ended)["problems"].as_array().unwrap();
        let found: Vec<&str> = problems
            .iter()
            .map(|problem| problem["path"].as_str().unwrap())
            .collect();
        assert_eq!(found, paths, "{name}: {problems:?}");
        assert!(outside.world().calls().is_empty(), "{name}");
    }
}
