//! The main job through real parts: the built functions, the deployed template, MiniStack's bus and state machines.
//!
//! What the state machine and the steps do in every corner is tested in one process (`tests/*.rs`); here it is seen
//! that the real parts fit together.

use std::process::Stdio;
use std::time::Duration;

use local::{Outcome, Settings, Stage};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;
use world::model::endpoints::{DescribeVpcEndpoints, VpcEndpoint};
use world::scenario::{CONNECTED_VPC, Scenario};

const LIMIT: Duration = Duration::from_secs(120);

fn request(name: &str) -> Value {
    let path = format!(
        "{}/../../events/requests/{name}.json",
        env!("CARGO_MANIFEST_DIR")
    );
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    serde_json::from_str(&text).expect("JSON")
}

/// Puts requests on the bus at once and waits for all results.
async fn results(stage: &mut Stage, requests: &[Value]) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    for execution in stage.put(requests).await.expect("the bus takes them") {
        outcomes.push(stage.outcome(&execution, LIMIT).await.expect("a result"));
    }
    outcomes
}

fn set_scene(stage: &Stage, name: &str) {
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .expect("after 1970");
    let now = u64::try_from(now.as_millis()).expect("not so late");
    let scenario = Scenario::named(name).expect("a scenario");
    *stage.world().lock().expect("the world") = scenario.world(now);
}

/// Every endpoint but the one that is there from the start, in a VPC of its own.
fn endpoints(stage: &Stage) -> Vec<VpcEndpoint> {
    let world = stage.world();
    let mut world = world.lock().expect("the world");
    let mut endpoints = world
        .arrange(DescribeVpcEndpoints::default())
        .expect("endpoints")
        .vpc_endpoints;
    endpoints.retain(|endpoint| endpoint.vpc_id != CONNECTED_VPC);
    endpoints
}

fn comparable(outcome: &Outcome) -> Value {
    let mut detail = outcome.event["detail"].clone();
    for name in ["phases", "seconds", "execution"] {
        detail[name] = json!(null);
    }
    detail
}

#[tokio::test]
async fn requests_for_every_kind_become_ready_and_are_read_back_from_the_world() {
    let mut stage = Stage::start(&Settings::default()).await.expect("a stage");
    let dry = results(&mut stage, &[request("aurora-dsql-dry-run")]).await;
    assert_eq!(dry[0].event["detail-type"], "Private Connection Planned");
    assert_eq!(dry[0].event["detail"]["cost"]["usdPerMonth"], 21.9);
    assert_eq!(stage.writes(), [""; 0]);

    let names = [
        "aurora-dsql",
        "aurora-dsql-management",
        "aws-service-monitoring",
        "aws-service-s3",
    ];
    let requests = names.map(request);
    let outcomes = results(&mut stage, &requests).await;

    let endpoints = endpoints(&stage);
    for ((name, request), outcome) in names.iter().zip(&requests).zip(&outcomes) {
        let detail = &outcome.event["detail"];
        assert_eq!(
            outcome.event["detail-type"], "Private Connection Ready",
            "{name}: {detail}"
        );
        let shown = endpoints
            .iter()
            .find(|one| detail["endpoint"]["id"] == one.vpc_endpoint_id.as_str());
        let shown = shown.unwrap_or_else(|| panic!("{name}: the world has no such endpoint"));
        assert_eq!(shown.state, "available", "{name}");
        assert!(shown.private_dns_enabled, "{name}");
        let inbound_only = shown
            .dns_options
            .private_dns_only_for_inbound_resolver_endpoint;
        assert!(!inbound_only.unwrap_or(false), "{name}");
        let mut subnets = shown.subnet_ids.clone();
        subnets.sort();
        assert_eq!(json!(subnets), request["network"]["subnetIds"], "{name}");
        let groups: Vec<&str> = shown
            .groups
            .iter()
            .map(|group| group.group_id.as_str())
            .collect();
        assert_eq!(
            json!(groups),
            request["network"]["securityGroupIds"],
            "{name}"
        );
        let ours = shown
            .tags
            .iter()
            .any(|tag| tag.key == "tieline:managed" && tag.value == "true");
        assert!(ours, "{name}");
    }
    let dsql = &outcomes[0].event["detail"];
    assert_eq!(
        dsql["connection"]["host"],
        "k3abtwmzqhv5xn7rjd2yfe6upi.dsql-fnh4.us-east-1.on.aws"
    );
    assert_eq!(dsql["connection"]["port"], 5432);
    assert!(
        dsql["connection"]["command"]
            .as_str()
            .expect("a command")
            .contains("psql")
    );
    let policy = &outcomes[1].event["detail"]["endpoint"]["policy"]["Statement"][0]["Action"];
    assert_eq!(
        *policy,
        json!(["dsql:CreateCluster", "dsql:GetCluster", "dsql:ListClusters"])
    );
    stage.stop().await;
}

#[tokio::test]
async fn twenty_of_one_event_make_one_endpoint_and_a_later_one_writes_nothing() {
    let mut stage = Stage::start(&Settings::default()).await.expect("a stage");

    let outcomes = results(&mut stage, &vec![request("aurora-dsql-minimal"); 20]).await;

    assert_eq!(outcomes.len(), 20);
    for outcome in &outcomes {
        assert_eq!(outcome.status, "SUCCEEDED", "{}", outcome.event);
        assert_eq!(comparable(outcome), comparable(&outcomes[0]));
    }
    assert_eq!(endpoints(&stage).len(), 1);
    stage.world().lock().expect("the world").clear_calls();
    let again = results(&mut stage, &[request("aurora-dsql-minimal")]).await;
    assert_eq!(comparable(&again[0]), comparable(&outcomes[0]));
    assert_eq!(stage.writes(), [""; 0]);
    stage.stop().await;
}

#[tokio::test]
async fn what_goes_wrong_is_named_and_undone_and_what_passes_is_waited_for() {
    let mut stage = Stage::start(&Settings {
        phase_deadline: 150.0,
        ..Settings::default()
    })
    .await
    .expect("a stage");
    for (scene, code) in [
        ("group-closed", "SECURITY_GROUP_CLOSED"),
        ("quota-reached", "ENDPOINT_QUOTA_REACHED"),
        ("endpoint-fails", "ENDPOINT_FAILED"),
        ("endpoint-never-available", "DEADLINE_EXCEEDED"),
        ("access-denied", "PERMISSION_DENIED"),
        ("throttled", "CONNECTED"),
        ("cluster-creating", "CONNECTED"),
        ("create-answer-lost", "CONNECTED"),
    ] {
        set_scene(&stage, scene);

        let outcome = results(&mut stage, &[request("aurora-dsql")])
            .await
            .remove(0);

        let detail = &outcome.event["detail"];
        assert_eq!(detail["code"], code, "{scene}: {detail}");
        let ours = |one: &VpcEndpoint| one.tags.iter().any(|tag| tag.key == "tieline:managed");
        let alive = endpoints(&stage)
            .into_iter()
            .filter(|one| ours(one) && one.state != "deleted")
            .count();
        assert_eq!(alive, usize::from(code == "CONNECTED"), "{scene}");
    }
    stage.stop().await;
}

#[tokio::test]
async fn what_is_no_request_is_refused_without_a_call() {
    let mut stage = Stage::start(&Settings::default()).await.expect("a stage");
    let mut huge = request("aurora-dsql");
    huge["note"] = json!("x".repeat(300_000));
    let from_bus = results(&mut stage, &[huge, json!({})]).await;
    let by_hand = stage
        .start_execution(&json!(["not", "an", "object"]))
        .await
        .expect("an execution");
    let by_hand = stage.outcome(&by_hand, LIMIT).await.expect("a result");

    for outcome in from_bus.iter().chain([&by_hand]) {
        let detail = &outcome.event["detail"];
        assert_eq!(
            (&outcome.status[..], &detail["code"]),
            ("FAILED", &json!("REQUEST_INVALID")),
            "{detail}"
        );
        assert!(!detail["problems"].as_array().expect("problems").is_empty());
    }
    assert!(stage.world().lock().expect("the world").calls().is_empty());

    // From the console: the bare detail.
    let mut bare = request("aurora-dsql");
    bare["dryRun"] = json!(true);
    let execution = stage.start_execution(&bare).await.expect("an execution");
    let outcome = stage.outcome(&execution, LIMIT).await.expect("a result");
    assert_eq!(outcome.event["detail"]["code"], "PLANNED");
    stage.stop().await;
}

#[tokio::test]
async fn the_command_prints_exactly_the_result_and_ctrl_c_leaves_nothing_running() {
    let event = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../events/requests/aurora-dsql-dry-run.json"
    );
    let output = Command::new(env!("CARGO_BIN_EXE_local"))
        .args(["--json", event])
        .output()
        .await
        .expect("local runs");
    let stdout = String::from_utf8(output.stdout).expect("text");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert_eq!(stdout.lines().count(), 1, "{stdout}");
    let printed: Value = serde_json::from_str(&stdout).expect("JSON");
    assert_eq!(printed["detail-type"], "Private Connection Planned");

    let mut kept = Command::new(env!("CARGO_BIN_EXE_local"))
        .args(["--json", "--keep", "--no-build", event])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("local runs");
    let mut lines = BufReader::new(kept.stderr.take().expect("stderr")).lines();
    let mut urls = Vec::new();
    while let Ok(Some(line)) = lines.next_line().await {
        urls.extend(
            line.split(' ')
                .map(|word| word.trim_matches('\''))
                .filter(|word| word.starts_with("http://127.0.0.1:"))
                .map(str::to_owned),
        );
        if line.contains("_world/calls") {
            break;
        }
    }
    let ports: std::collections::BTreeSet<&str> = urls
        .iter()
        .filter_map(|url| url.split('/').nth(2))
        .collect();
    assert_eq!(ports.len(), 2, "MiniStack and the world: {urls:?}");
    assert!(urls.iter().all(|url| listens(url)), "{urls:?}");

    let pid = i32::try_from(kept.id().expect("it runs")).expect("a pid");
    nix::sys::signal::kill(
        nix::unistd::Pid::from_raw(pid),
        nix::sys::signal::Signal::SIGINT,
    )
    .expect("a signal");
    kept.wait().await.expect("it ends");

    assert!(!urls.iter().any(|url| listens(url)), "{urls:?}");
}

fn listens(url: &str) -> bool {
    let address = url
        .trim_start_matches("http://")
        .split('/')
        .next()
        .expect("an address");
    std::net::TcpStream::connect(address).is_ok()
}
