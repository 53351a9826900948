//! The whole workflow: the real state machine and steps against the world's model, on a virtual clock.

mod workflow {
    mod others;
}

use serde_json::json;
use tests::{
    Seen, Simulated, Stage, code, comparable, detail, files, json as read, play, request, writes,
};
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
    assert_eq!(endpoint.subnet_ids.len(), 2);
    assert_eq!(endpoint.groups[0].group_id, scenario::GROUP);
    let tag = |key: &str| {
        endpoint
            .tags
            .iter()
            .find(|tag| tag.key == key)
            .map(|tag| tag.value.clone())
    };
    assert_eq!(tag("team").as_deref(), Some("orders"));
    // Its parameters, that it is confirmed, and digests of subnets, groups, policy and names; then those of the caller's tags.
    let mark = tag("tieline:request/orders-prod").unwrap();
    let words: Vec<&str> = mark.split('.').collect();
    assert_eq!((words.len(), words[0].len(), words[1]), (4, 16, "ready"));
    assert!(
        words[2].split('-').all(|digest| digest.len() == 4) && words[3].starts_with('t'),
        "{mark}"
    );
    assert_eq!(detail["endpoint"]["zones"].as_array().unwrap().len(), 2);
    assert!(
        detail["endpoint"]["zones"][0]["privateIp"]
            .as_str()
            .unwrap()
            .starts_with("10.20.")
    );
    assert_eq!(detail["cost"]["usdPerMonth"], 14.6);
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
