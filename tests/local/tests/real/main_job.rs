//! The main job through real parts: the built functions, the deployed template, MiniStack's bus and state machines.
//!
//! What the state machine and the steps do in every corner is tested in one process (`tests/*.rs`); here it is seen
//! that the real parts fit together.

use std::time::Duration;

use crate::runner::{EVENT, Runner};
use crate::stage::{put, request, start};
use local::{Outcome, Settings, Stage};
use nix::sys::signal::Signal;
use serde_json::{Value, json};
use tokio::process::Command;
use world::model::endpoints::{DescribeVpcEndpoints, VpcEndpoint};
use world::scenario::{CONNECTED_VPC, Scenario};

const LIMIT: Duration = Duration::from_secs(120);

/// The command may have to compile the functions first; each step of it has a limit of its own.
const COMMAND_LIMIT: Duration = Duration::from_secs(3600);

/// Puts requests on the bus at once and waits for all results.
async fn results(stage: &mut Stage, requests: &[Value]) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    for execution in put(stage, requests).await {
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
    for name in ["phases", "seconds", "execution", "resultId", "eventId"] {
        detail[name] = json!(null);
    }
    // How long each layer took.
    for half in ["path", "names"] {
        detail["verified"][half]["seen"] = json!(null);
    }
    detail
}

#[tokio::test]
async fn requests_for_every_kind_become_ready_and_are_read_back_from_the_world() {
    let mut stage = start(&Settings::default()).await;
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
            .any(|tag| tag.key == "tieline:managed" && tag.value == "tieline");
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
    let mut stage = start(&Settings::default()).await;

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
    let mut stage = start(&Settings {
        phase_deadline: 150.0,
        ..Settings::default()
    })
    .await;
    // One of each way to end; `tests/workflow.rs` and `tests/endings.rs` have more of them, in one process.
    for (scene, code) in [
        ("group-closed", "SECURITY_GROUP_CLOSED"),
        ("endpoint-never-available", "DEADLINE_EXCEEDED"),
        ("access-denied", "PERMISSION_DENIED"),
        ("throttled", "CONNECTED"),
        ("create-answer-lost", "CONNECTED"),
    ] {
        set_scene(&stage, scene);

        let count = if code == "DEADLINE_EXCEEDED" { 3 } else { 1 };
        for outcome in results(&mut stage, &vec![request("aurora-dsql"); count]).await {
            let detail = &outcome.event["detail"];
            assert_eq!(detail["code"], code, "{scene}: {detail}");
        }
        let ours = |one: &VpcEndpoint| one.tags.iter().any(|tag| tag.key == "tieline:managed");
        let alive = endpoints(&stage)
            .into_iter()
            .filter(|one| ours(one) && one.state != "deleted")
            .count();
        assert_eq!(alive, usize::from(code == "CONNECTED"), "{scene}");
        // Those that fail together find each other in MiniStack's Step Functions, so none of them says once more that it goes.
        let writes = stage.writes();
        let tags = writes.iter().filter(|one| *one == "CreateTags");
        // Each has one for its mark; the one that makes it tags the network interfaces as well.
        assert!(tags.count() <= count + 1, "{scene}: {writes:?}");
    }
    stage.stop().await;
}

#[tokio::test]
async fn what_is_no_request_is_refused_without_a_call() {
    let mut stage = start(&Settings::default()).await;
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
    let mut command = Command::new(env!("CARGO_BIN_EXE_local"));
    let ended = Runner::start(command.args(["--json", EVENT]))
        .end(COMMAND_LIMIT)
        .await;
    assert!(ended.status.success(), "{}", ended.stderr);
    let stdout = ended.stdout;
    assert_eq!(stdout.lines().count(), 1, "{stdout}");
    let printed: Value = serde_json::from_str(&stdout).expect("JSON");
    assert_eq!(printed["detail-type"], "Private Connection Planned");

    let mut command = Command::new(env!("CARGO_BIN_EXE_local"));
    let mut kept = Runner::start(command.args(["--json", "--keep", "--no-build", EVENT]));
    let urls: Vec<String> = kept
        .line_with("_world/calls", LIMIT)
        .await
        .iter()
        .flat_map(|line| line.split(' '))
        .map(|word| word.trim_matches('\'').to_owned())
        .filter(|word| word.starts_with("http://127.0.0.1:"))
        .collect();
    let ports: std::collections::BTreeSet<&str> = urls
        .iter()
        .filter_map(|url| url.split('/').nth(2))
        .collect();
    assert_eq!(ports.len(), 2, "MiniStack and the world: {urls:?}");
    assert!(urls.iter().all(|url| listens(url)), "{urls:?}");

    kept.signal(Signal::SIGINT);
    let ended = kept.end(LIMIT).await;

    assert!(ended.status.success(), "{}", ended.stderr);
    assert!(!urls.iter().any(|url| listens(url)), "{urls:?}");
}

fn listens(url: &str) -> bool {
    let address = url
        .trim_start_matches("http://")
        .split('/')
        .next()
        .expect("an address");
    let address = address.parse().expect("an address and a port");
    std::net::TcpStream::connect_timeout(&address, Duration::from_secs(5)).is_ok()
}
