//! What the state machine promises to the code and to a reader, and that the check of it can fail.

#![expect(clippy::unwrap_used, reason = "a test panics")]

mod contracts {
    pub(crate) mod definition;
}

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tests::{Machine, Simulated, files, invoke, json as read};
use tieline::problem::Code;
use tieline::steps::confirm_connection;
use tieline::workflow::{Function, NextState, StepInput};
use world::scenario;

use crate::contracts::definition::{findings, length_findings};

const DEFINITION: &str = "functions/connect.asl.json";

#[test]
fn the_state_machine_keeps_its_promises() {
    let text = std::fs::read_to_string(tests::root().join(DEFINITION)).unwrap();

    assert_eq!(findings(Machine::connect().definition()), [""; 0]);
    assert_eq!(length_findings(&text), [""; 0]);
}

#[test]
fn a_state_machine_that_breaks_a_promise_is_found_by_its_name() {
    type Break = fn(&mut Value);
    // A part of the sentence that has to be found, and what has to be found.
    let breaks: [(&str, Break); 22] = [
        ("Roll back has no comment", |states| {
            states["Roll back"]["Comment"] = Value::Null;
        }),
        ("Roll back has no timeout, or one shorter", |states| {
            states["Roll back"]["TimeoutSeconds"] = json!(60);
        }),
        ("Announce the plan does not retry", |states| {
            states["Announce the plan"]["Retry"] = json!([]);
        }),
        ("Announce the plan gives up on announcing", |states| {
            states["Announce the plan"]["Retry"][0]["ErrorEquals"] = json!(["States.Timeout"]);
        }),
        ("Announce the plan cannot be redriven", |states| {
            states["Announce the plan"]["Catch"] =
                json!([{"ErrorEquals": ["States.ALL"], "Next": "Failed"}]);
        }),
        ("Roll back gives up on Lambda", |states| {
            states["Roll back"]["Retry"][0]["MaxAttempts"] = json!(12);
        }),
        ("Roll back retries errors that it does not name", |states| {
            states["Roll back"]["Retry"][0]["ErrorEquals"] = json!(["States.ALL"]);
        }),
        ("Roll back retries without full jitter", |states| {
            states["Roll back"]["Retry"][0]["JitterStrategy"] = json!("NONE");
        }),
        ("without a longest delay", |states| {
            states["Roll back"]["Retry"][0]["MaxDelaySeconds"] = Value::Null;
        }),
        ("Roll back does not catch everything", |states| {
            states["Roll back"]["Catch"] = json!([]);
        }),
        ("has a catcher that the next one makes needless", |states| {
            let mut first = states["Roll back"]["Catch"][0].clone();
            first["ErrorEquals"] = json!(["Tieline.Rejected"]);
            let catches = states["Roll back"]["Catch"].as_array_mut().unwrap();
            catches.insert(0, first);
        }),
        (
            "Enable private DNS does not have its failure rolled",
            |states| {
                states["Enable private DNS"]["Catch"][0]["Next"] = json!("Failed");
            },
        ),
        (
            "Poll the status does not have its failure rolled",
            |states| {
                states["Poll the status"]["Catch"][0]["Assign"] = json!({});
            },
        ),
        (
            "Check the request does not have its failure rolled",
            |states| {
                states["Check the request"]["Catch"][0]["Output"] = json!("{% {} %}");
            },
        ),
        ("it handles Tieline.Refused", |states| {
            states["Roll back"]["Retry"][0]["ErrorEquals"] =
                json!(["Lambda.Unknown", "Tieline.Refused"]);
        }),
        ("the steps name", |states| {
            states["What next?"]["Choices"][2]["Next"] = json!("Roll back");
        }),
        ("the steps name", |states| {
            let choices = states["What next?"]["Choices"].as_array_mut().unwrap();
            choices.push(
                json!({"Condition": "{% $states.input.next = 'Failed' %}", "Next": "Failed"}),
            );
        }),
        (r#"nothing leads to ["A", "B"]"#, |states| {
            states["A"] = json!({"Type": "Wait", "Comment": "x", "Next": "B"});
            states["B"] = json!({"Type": "Wait", "Comment": "x", "Next": "A"});
        }),
        ("it invokes", |states| {
            let other = states["Create the endpoint"]["Arguments"]["FunctionName"].clone();
            states["Confirm the connection"]["Arguments"]["FunctionName"] = other;
        }),
        (
            "it says twice: {% $merge([$states.input, {'failure'",
            |states| {
                let payload = states["Roll back"]["Arguments"]["Payload"].clone();
                states["Create the endpoint"]["Arguments"]["Payload"] = payload;
            },
        ),
        ("it works in one partition only", |states| {
            states["Announce the plan"]["Resource"] = json!("arn:aws:states:::events:putEvents");
        }),
        ("it works in one partition only", |states| {
            states["Say what is left"]["Output"]["where"] = json!("{% 'arn:aws-cn:states' %}");
        }),
    ];
    for (finding, breaks) in breaks {
        let mut machine = Machine::connect().definition().clone();
        breaks(&mut machine["States"]);

        assert_found(&findings(&machine), finding);
    }
    let mut machine = Machine::connect().definition().clone();
    machine["TimeoutSeconds"] = json!(168 * 3600);
    assert_found(&findings(&machine), "its timeout is shorter");
}

#[test]
fn a_definition_that_takes_more_room_than_it_says_is_found() {
    // Every word of every list on a line of its own.
    let text = serde_json::to_string_pretty(Machine::connect().definition()).unwrap();

    assert_found(&length_findings(&text), "lines for");
}

fn assert_found(found: &[String], finding: &str) {
    assert!(
        found.iter().any(|sentence| sentence.contains(finding)),
        "{finding:?} is not among {found:?}"
    );
}

#[test]
fn state_machine_template_and_functions_name_no_kind_of_target() {
    let functions = Function::ALL
        .iter()
        .map(|function| format!("functions/{}/src/main.rs", function.name()));
    let files = [DEFINITION, "template.yaml"].map(str::to_owned);
    for file in files.into_iter().chain(functions) {
        let text = std::fs::read_to_string(tests::root().join(&file)).unwrap();
        let words: BTreeSet<&str> = text
            .split(|c: char| !c.is_ascii_alphanumeric() && c != '-')
            .collect();
        for kind in tieline::targets::Target::KINDS {
            assert!(!words.contains(kind), "{kind} in {file}");
        }
    }
}

#[test]
fn every_code_is_explained_in_the_readme() {
    let readme = std::fs::read_to_string(tests::root().join("README.md")).unwrap();
    for code in Code::ALL {
        assert!(readme.contains(&format!("`{code}`")), "{code}");
    }
}

/// The event files, the world that they are tried in, and the state that the answer names.
const EVENTS: [(&str, &str, &str, &str); 17] = [
    ("preflight", "aurora-dsql", "default", "Create the endpoint"),
    (
        "preflight",
        "tidb-cloud-dedicated",
        "default",
        "Create the endpoint",
    ),
    (
        "preflight",
        "dms-tidb-cloud",
        "default",
        "Create the endpoint",
    ),
    (
        "preflight",
        "malformed-request",
        "default",
        "Announce the failure",
    ),
    ("create-endpoint", "new", "default", "Poll the status"),
    // As an execution sends it that began before there was a function for confirming.
    ("create-endpoint", "keep", "default", "Wait"),
    ("create-endpoint", "tidb-cloud-dedicated", "default", "Wait"),
    ("status-polling", "create", "default", "Wait"),
    ("status-polling", "enable-dns", "default", "Wait"),
    ("status-polling", "keep", "default", "Wait"),
    ("status-polling", "awaiting-acceptance", "default", "Wait"),
    (
        "enable-dns",
        "available",
        "shared-service",
        "Poll the status",
    ),
    ("enable-dns", "private-zone", "default", "Wait"),
    ("confirm-connection", "available", "default", "Wait"),
    ("delete-endpoint", "endpoint-failed", "default", "Wait"),
    ("delete-endpoint", "dms-test-failed", "default", "Wait"),
    (
        "delete-endpoint",
        "nothing-planned",
        "default",
        "Announce the failure",
    ),
];

#[tokio::test(start_paused = true)]
async fn every_event_for_sam_local_invoke_leads_where_it_says() {
    let named: BTreeSet<String> = EVENTS
        .iter()
        .map(|(function, case, ..)| format!("{function}/{case}.json"))
        .collect();
    for (name, case, scene, next) in EVENTS {
        let simulated = Simulated::on(scenario::world(scene));
        let function = Function::ALL.iter().find(|one| one.name() == name).unwrap();
        let payload = read(format!("events/{name}/{case}.json"));

        let answer = invoke(*function, payload, &simulated).await.unwrap();

        assert_eq!(json!(answer)["next"], next, "{name}/{case}");
    }
    let mut found = BTreeSet::new();
    for function in Function::ALL.iter().map(|function| function.name()) {
        for file in files(format!("events/{function}")) {
            let case = file.file_name().unwrap().to_string_lossy();
            found.insert(format!("{function}/{case}"));
        }
    }
    assert_eq!(found, named);
}

#[tokio::test(start_paused = true)]
async fn a_confirmation_that_could_not_mark_the_endpoint_is_asked_again() {
    let simulated = Simulated::on(scenario::world("default"));
    let input = StepInput::read(read("events/confirm-connection/available.json")).unwrap();
    let before = input.progress.clone().unwrap().phase;

    let answer = confirm_connection::handle(&simulated.outside(), input)
        .await
        .unwrap();

    // In the phase of confirming, the poll would wait for a mark that nobody wrote.
    assert_eq!(
        (answer.next, answer.progress.phase),
        (NextState::Wait, before)
    );
}
