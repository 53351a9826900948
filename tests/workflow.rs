//! The whole workflow: the real state machine and steps against the world's model, on a virtual clock.

use std::time::Duration;

use serde_json::json;
use tests::{
    Seen, Simulated, Stage, TRIES, code, comparable, detail, files, json as read, play, request,
    writes,
};
use world::World;
use world::gate::{Fault, FaultKind};
use world::model::endpoints::{DeleteVpcEndpoints, DescribeVpcEndpoints};
use world::model::shapes::TagInput;
use world::model::tags::DeleteTags;
use world::scenario;

#[tokio::test(start_paused = true)]
async fn the_main_job_goes_from_event_to_result_in_this_order() {
    let (ended, outside) = play("default", request("aurora-dsql")).await;

    assert_eq!(ended.status, "SUCCEEDED");
    let mut path = ended.states.clone();
    path.retain(|state| !["Wait", "Poll the status", "What next?"].contains(&state.as_str()));
    let expected = [
        "Begin",
        "Check the request",
        "Create the endpoint",
        "Enable private DNS",
        "Confirm the connection",
        "Announce that it is ready",
        "Connected",
    ];
    assert_eq!(path, expected);
    assert_eq!(
        writes(&outside),
        // The caller's tags on the network interfaces, and the mark.
        [
            "CreateVpcEndpoint",
            "ModifyVpcEndpoint",
            "CreateTags",
            "CreateTags",
        ]
    );
}

#[tokio::test(start_paused = true)]
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
    // Its parameters, that it is confirmed, and digests of subnets, groups, policy and names.
    let mark = tag("tieline:request/orders-prod").unwrap();
    let words: Vec<&str> = mark.split('.').collect();
    assert_eq!((words.len(), words[0].len(), words[1]), (3, 16, "ready"));
    assert!(
        words[2].split('-').all(|digest| digest.len() == 4),
        "{mark}"
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

#[tokio::test(start_paused = true)]
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

#[tokio::test(start_paused = true)]
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

#[tokio::test(start_paused = true)]
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

#[tokio::test(start_paused = true)]
async fn twenty_at_once_make_one_endpoint_and_equal_results() {
    for seed in 0..20 {
        let mut stage = Stage::on(Simulated::seeded(scenario::world("default"), seed));
        for _ in 0..20 {
            stage.start(request("aurora-dsql-minimal"), None);
        }
        stage.run().await;

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

#[tokio::test(start_paused = true)]
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

#[tokio::test(start_paused = true)]
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

#[tokio::test(start_paused = true)]
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

#[tokio::test(start_paused = true)]
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

#[tokio::test(start_paused = true)]
async fn an_endpoint_that_serves_two_requests_survives_the_failure_of_one() {
    let (ended, outside) = play("shared-service", request("aurora-dsql")).await;
    assert_eq!(code(&ended), "CONNECTED");
    let seen = Seen::now(&mut outside.world());
    assert_eq!(seen.ours().len(), 1);

    // The second request breaks before, while or after it puts its tags on the endpoint.
    for invocation in [2, 3, 4] {
        let mut stage = Stage::on(Simulated::on(scenario::world("shared-service")));
        stage.start(
            request("aurora-dsql"),
            Some(tests::Broken {
                invocation,
                times: TRIES,
            }),
        );
        let ended = stage.run().await;

        assert_eq!(code(&ended[0]), "STEP_FAILED");
        let tagged = stage
            .outside()
            .world()
            .writes()
            .any(|call| call.action == "CreateTags");
        assert_eq!(tagged, invocation > 2);
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
}

#[tokio::test(start_paused = true)]
async fn a_tag_that_somebody_took_away_comes_back_with_the_same_request() {
    let mut stage = Stage::on(Simulated::on(scenario::world("default")));
    stage.start(request("aurora-dsql"), None);
    assert_eq!(code(&stage.run().await[0]), "CONNECTED");
    let endpoint = Seen::now(&mut stage.outside().world()).ours()[0].clone();
    stage
        .outside()
        .world()
        .call(DeleteTags {
            resources: vec![endpoint.vpc_endpoint_id.clone()],
            tags: vec![TagInput {
                key: "team".to_owned(),
                value: None,
            }],
            ..DeleteTags::default()
        })
        .unwrap();
    // EC2 shows it seconds later.
    stage.pass(Duration::from_secs(60)).await;
    stage.start(request("aurora-dsql"), None);
    let second = stage.run().await.pop().unwrap();

    assert_eq!(code(&second), "CONNECTED", "{}", detail(&second));
    let seen = Seen::at_last(&mut stage.outside().world());
    assert_eq!(seen.ours()[0].tags, endpoint.tags);
}

#[tokio::test(start_paused = true)]
async fn a_foreign_endpoint_serves_only_if_asked_and_is_never_touched() {
    let mut asked = request("aurora-dsql");
    asked["adopt"] = json!(true);
    asked["network"] = json!({"vpcId": scenario::VPC});

    let (ended, outside) = play("dns-name-taken", asked).await;

    assert_eq!(code(&ended), "CONNECTED", "{}", detail(&ended));
    assert_eq!(detail(&ended)["endpoint"]["adopted"], true);
    assert_eq!(writes(&outside), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn on_failure_keep_leaves_the_endpoint_and_says_so() {
    let mut asked = request("aurora-dsql");
    asked["onFailure"] = json!("keep");

    let (ended, outside) = play("endpoint-never-available", asked).await;

    let left = detail(&ended)["leftBehind"].as_array().unwrap();
    let seen = Seen::at_last(&mut outside.world());
    assert_eq!(left[0], seen.ours()[0].vpc_endpoint_id.as_str());
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_deleted_under_our_hands_is_made_again_with_another_token() {
    let mut stage = Stage::on(Simulated::on(scenario::world("default")));
    stage.start(request("aurora-dsql"), None);
    let created = |world: &mut World| world.writes().count() > 0;
    stage.until("a write", created).await;
    stage.pass(Duration::from_secs(1)).await;
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

#[tokio::test(start_paused = true)]
async fn a_connection_that_was_announced_is_not_undone_by_a_late_second_run() {
    let mut stage = Stage::on(Simulated::on(scenario::world("default")));
    stage.start(request("aurora-dsql"), None);
    stage.run().await;

    // The same event again, and every one of its looks is lost.
    stage.start(
        request("aurora-dsql"),
        Some(tests::Broken {
            invocation: 3,
            times: TRIES,
        }),
    );
    let ended = stage.run().await;

    assert_eq!(
        (code(&ended[0]), code(&ended[1])),
        ("CONNECTED", "STEP_FAILED")
    );
    assert_eq!(Seen::at_last(&mut stage.outside().world()).ours().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_an_aborted_execution_made_is_undone_and_announced() {
    let mut stage = Stage::on(Simulated::on(scenario::world("default")));
    stage.start(request("aurora-dsql-minimal"), None);
    let created = |world: &mut World| {
        world
            .writes()
            .any(|call| call.action == "CreateVpcEndpoint")
    };
    stage.until("a create", created).await;
    stage.abort();
    stage.pass(Duration::from_secs(5)).await;
    assert_eq!(Seen::now(&mut stage.outside().world()).ours().len(), 1);
    // A look that only warns must not keep anybody from cleaning up.
    let fault = Fault::on("ListHostedZonesByVPC", FaultKind::AccessDenied);
    stage.outside().world().add_fault(fault);

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
