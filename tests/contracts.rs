//! What the state machine promises to the code and to a reader, and that the check of it can fail.

#![expect(clippy::unwrap_used, reason = "a test panics")]

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tests::{Machine, Simulated, files, json as read};
use tieline::error::StepError;
use tieline::problem::Code;
use tieline::workflow::{NextState, StepInput};
use tieline::steps::{create_endpoint, delete_endpoint, enable_dns, preflight, status_polling};
use world::scenario;

/// Everything that is wrong with a state machine, in sentences.
fn findings(machine: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let states = machine["States"].as_object().unwrap();
    for (name, state) in states {
        if !state["Comment"].is_string() {
            found.push(format!("{name} has no comment"));
        }
        if state["Type"] == "Task" {
            found.extend(
                task_findings(state)
                    .into_iter()
                    .map(|finding| format!("{name} {finding}")),
            );
        }
    }
    if error_names(machine)
        != StepError::NAMES
            .iter()
            .map(|name| (*name).to_owned())
            .collect()
    {
        found.push(format!(
            "it handles {:?}, the code raises {:?}",
            error_names(machine),
            StepError::NAMES
        ));
    }
    let choices: BTreeSet<&str> = choice_targets(machine);
    if choices != NextState::STATES.iter().copied().collect() {
        found.push(format!(
            "it knows {choices:?}, the steps name {:?}",
            NextState::STATES
        ));
    }
    let unreached: Vec<&String> = states
        .keys()
        .filter(|name| !reached(machine).contains(name.as_str()))
        .collect();
    if !unreached.is_empty() {
        found.push(format!("nothing leads to {unreached:?}"));
    }
    // A person has a week at most; then there are five phases of an hour each at most, and the retries around them.
    if machine["TimeoutSeconds"]
        .as_u64()
        .is_none_or(|seconds| seconds < 168 * 3600 + 5 * 3600 * 2)
    {
        found.push("its timeout is shorter than its phases may take".to_owned());
    }
    found
}

fn task_findings(state: &Value) -> Vec<&'static str> {
    let mut found = Vec::new();
    // The functions have 60 s each.
    let least = if state["Resource"] == "arn:aws:states:::lambda:invoke" {
        60
    } else {
        1
    };
    if state["TimeoutSeconds"]
        .as_u64()
        .is_none_or(|seconds| seconds <= least)
    {
        found.push("has no timeout, or one shorter than the function's");
    }
    let retries = state["Retry"].as_array().cloned().unwrap_or_default();
    if retries.is_empty() {
        found.push("does not retry");
    }
    for retry in &retries {
        let names = retry["ErrorEquals"].as_array().unwrap();
        if names
            .iter()
            .any(|name| name == "States.ALL" || name == "States.TaskFailed")
        {
            found.push("retries errors that it does not name");
        }
        if retry["JitterStrategy"] != "FULL" || !retry["MaxDelaySeconds"].is_u64() {
            found.push("retries without full jitter or without a longest delay");
        }
    }
    let catches = state["Catch"].as_array().cloned().unwrap_or_default();
    if catches
        .last()
        .is_none_or(|last| last["ErrorEquals"] != json!(["States.ALL"]))
    {
        found.push("does not catch everything at last");
    }
    if catches
        .iter()
        .any(|catch| catch["Output"] != catches[0]["Output"])
    {
        found.push("makes different things of what it catches");
    }
    found
}

fn error_names(machine: &Value) -> BTreeSet<String> {
    let states = machine["States"].as_object().unwrap().values();
    let rules = states.flat_map(|state| ["Retry", "Catch"].map(|field| state[field].clone()));
    let names = rules.flat_map(|rules| rules.as_array().cloned().unwrap_or_default());
    let names = names.flat_map(|rule| rule["ErrorEquals"].as_array().cloned().unwrap_or_default());
    names
        .filter_map(|name| {
            name.as_str()
                .filter(|name| name.starts_with("Tieline."))
                .map(str::to_owned)
        })
        .collect()
}

fn choice_targets(machine: &Value) -> BTreeSet<&str> {
    let choices = machine["States"]["What next?"]["Choices"]
        .as_array()
        .unwrap();
    choices
        .iter()
        .filter_map(|choice| {
            let (condition, next) = (choice["Condition"].as_str()?, choice["NextState"].as_str()?);
            // The state that is asked for is the state that it goes to.
            (condition == format!("{{% $states.input.next = '{next}' %}}")).then_some(next)
        })
        .collect()
}

fn reached(machine: &Value) -> BTreeSet<String> {
    let mut reached = BTreeSet::new();
    let mut open = vec![machine["StartAt"].as_str().unwrap().to_owned()];
    while let Some(name) = open.pop() {
        let state = &machine["States"][&name];
        if reached.insert(name) {
            let rules = ["Choices", "Catch"]
                .map(|field| state[field].as_array().cloned().unwrap_or_default());
            let targets = rules.iter().flatten().map(|rule| rule["NextState"].clone());
            let targets = targets.chain([state["NextState"].clone(), state["Default"].clone()]);
            open.extend(targets.filter_map(|target| target.as_str().map(str::to_owned)));
        }
    }
    reached
}

#[test]
fn the_state_machine_keeps_its_promises() {
    assert_eq!(findings(Machine::connect().definition()), [""; 0]);
}

#[test]
fn a_state_machine_that_breaks_a_promise_is_found() {
    type Break = fn(&mut Value);
    let breaks: [(&str, Break); 10] = [
        ("comment", |machine| {
            drop(
                machine["States"]["Undo"]
                    .as_object_mut()
                    .unwrap()
                    .remove("Comment"),
            )
        }),
        ("timeout", |machine| {
            machine["States"]["Undo"]["TimeoutSeconds"] = json!(60)
        }),
        ("retry", |machine| {
            machine["States"]["Undo"]["Retry"] = json!([])
        }),
        ("wild retry", |machine| {
            machine["States"]["Undo"]["Retry"][0]["ErrorEquals"] = json!(["States.ALL"])
        }),
        ("jitter", |machine| {
            machine["States"]["Undo"]["Retry"][0]["JitterStrategy"] = json!("NONE")
        }),
        ("catch", |machine| {
            machine["States"]["Undo"]["Catch"] = json!([])
        }),
        ("what is caught", |machine| {
            machine["States"]["Undo"]["Catch"][0]["Output"] = json!("{% {} %}")
        }),
        ("error name", |machine| {
            machine["States"]["Undo"]["Catch"][0]["ErrorEquals"] = json!(["Tieline.Refused"])
        }),
        ("choice", |machine| {
            machine["States"]["What next?"]["Choices"][2]["NextState"] = json!("Undo")
        }),
        ("orphans", |machine| {
            machine["States"]["A"] = json!({"Type": "Wait", "Comment": "x", "NextState": "B"});
            machine["States"]["B"] = json!({"Type": "Wait", "Comment": "x", "NextState": "A"});
        }),
    ];
    for (what, breaks) in breaks {
        let mut machine = Machine::connect().definition().clone();
        breaks(&mut machine);

        assert!(!findings(&machine).is_empty(), "{what}");
    }
}

#[test]
fn state_machine_template_and_functions_name_no_kind_of_target() {
    let functions = FUNCTIONS.map(|function| format!("functions/{function}/src/main.rs"));
    let files = ["functions/connect.asl.json", "template.yaml"].map(str::to_owned);
    for file in files.iter().chain(&functions) {
        let text = std::fs::read_to_string(tests::root().join(file)).unwrap();
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

const FUNCTIONS: [&str; 5] = [
    "preflight",
    "create-endpoint",
    "status-polling",
    "enable-dns",
    "delete-endpoint",
];

/// The event files, the world that they are tried in, and the state that the answer names.
const EVENTS: [(&str, &str, &str, &str); 16] = [
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
    ("delete-endpoint", "endpoint-failed", "default", "Wait"),
    ("delete-endpoint", "dms-test-failed", "default", "Wait"),
    (
        "delete-endpoint",
        "nothing-planned",
        "default",
        "Announce the failure",
    ),
];

#[tokio::test]
async fn every_event_for_sam_local_invoke_leads_where_it_says() {
    let named: BTreeSet<String> = EVENTS
        .iter()
        .map(|(function, case, ..)| format!("{function}/{case}.json"))
        .collect();
    for (function, case, scene, next) in EVENTS {
        let simulated = Simulated::on(scenario::world(scene));
        let outside = simulated.outside();
        let input = StepInput::read(read(format!("events/{function}/{case}.json"))).unwrap();
        let here = "us-east-1".parse().unwrap();
        let answer = match function {
            "preflight" => preflight::handle(&outside, &here, input).await,
            "create-endpoint" => create_endpoint::handle(&outside, input).await,
            "status-polling" => status_polling::handle(&outside, input).await,
            "enable-dns" => enable_dns::handle(&outside, input).await,
            _ => delete_endpoint::handle(&outside, input).await,
        };
        assert_eq!(json!(answer.unwrap().next), next, "{function}/{case}");
    }
    let found = FUNCTIONS
        .into_iter()
        .flat_map(|function| files(format!("events/{function}")))
        .map(|file| {
            file.iter()
                .rev()
                .take(2)
                .map(|part| part.to_string_lossy().into_owned())
                .collect::<Vec<_>>()
        })
        .map(|parts| format!("{}/{}", parts[1], parts[0]));
    assert_eq!(found.collect::<BTreeSet<_>>(), named);
}

#[tokio::test]
async fn a_keep_that_could_not_mark_the_endpoint_is_asked_again() {
    let simulated = Simulated::on(scenario::world("default"));
    let input = StepInput::read(read("events/create-endpoint/keep.json")).unwrap();
    let before = input.progress.clone().unwrap().phase;

    let answer = create_endpoint::handle(&simulated.outside(), input)
        .await
        .unwrap();

    // In the phase of keeping, the poll would wait for a mark that nobody wrote.
    assert_eq!((answer.next, answer.progress.phase), (NextState::Wait, before));
}
