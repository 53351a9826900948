//! Executions live for a week over functions that are deployed meanwhile: payloads of earlier definitions are understood,
//! and answered in the words of the definition that the execution runs.

#![expect(clippy::unwrap_used, reason = "a test panics")]

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tests::{Simulated, files, invoke, json as read};
use tieline::request::Request;
use tieline::workflow::{Function, NextState};
use world::scenario;

/// Where the choice state of the first definition leads to.
const FIRST_STATES: [&str; 11] = [
    "Wait for the target",
    "Wait",
    "Poll the status",
    "Create the endpoint",
    "Enable private DNS",
    "Keep the endpoint",
    "Undo",
    "Announce that acceptance is awaited",
    "Announce that it is ready",
    "Announce the plan",
    "Announce the failure",
];

/// Where the choice state of the second definition leads to.
const SECOND_STATES: [&str; 11] = [
    "Wait for the target",
    "Wait",
    "Poll the status",
    "Create the endpoint",
    "Enable private DNS",
    "Confirm the connection",
    "Roll back",
    "Announce that acceptance is awaited",
    "Announce that it is ready",
    "Announce the plan",
    "Announce the failure",
];

/// The payloads of an earlier definition, as they were, with the function that gets them.
fn payloads(definition: &str) -> Vec<(Function, String, Value)> {
    let mut all = Vec::new();
    for &function in Function::ALL {
        let folder = format!("tests/payloads/{definition}/{}", function.name());
        if definition == "first" && function == Function::ConfirmConnection {
            continue; // the first definition had no such function
        }
        for file in files(folder) {
            let case = format!(
                "{}/{}",
                function.name(),
                file.file_stem().unwrap().display()
            );
            all.push((function, case, read(&file)));
        }
    }
    assert!(all.len() >= 16, "{}", all.len());
    all
}

#[tokio::test(start_paused = true)]
async fn payloads_of_earlier_definitions_are_answered_in_their_words() {
    let first = payloads("first").into_iter();
    let first = first.map(|payload| (payload, FIRST_STATES));
    let second = payloads("second").into_iter();
    let second = second.map(|payload| (payload, SECOND_STATES));
    for ((function, case, payload), states) in first.chain(second) {
        let simulated = Simulated::on(scenario::world("default"));

        let answer = invoke(function, payload.clone(), &simulated).await;

        let answer = json!(answer.unwrap_or_else(|error| panic!("{case}: {error:?}")));
        let next = answer["next"].as_str().unwrap();
        assert!(states.contains(&next), "{case} leads to {next:?}");
        // Plan and progress travel on, and the first definition's next step gets them back.
        for part in ["plan", "progress"] {
            let kept = |value: &Value| -> BTreeSet<String> {
                let fields = value[part].as_object();
                fields
                    .into_iter()
                    .flat_map(|all| all.keys().cloned())
                    .collect()
            };
            let lost: Vec<_> = kept(&payload).difference(&kept(&answer)).cloned().collect();
            assert_eq!(lost, [""; 0], "{case}: {part}");
        }
    }
}

/// Under the first definition, create-endpoint confirmed as well.
#[tokio::test(start_paused = true)]
async fn a_confirmation_of_the_first_definition_reaches_the_step_that_confirms() {
    let payload = read("tests/payloads/first/create-endpoint/keep.json");
    let mut second = payload.clone();
    second["execution"]["definition"] = json!(2);
    second.as_object_mut().unwrap().remove("keep");

    let simulated = Simulated::on(scenario::world("default"));
    let first = invoke(Function::CreateEndpoint, payload, &simulated).await;
    let second = invoke(Function::ConfirmConnection, second, &simulated).await;

    let (first, second) = (first.unwrap(), second.unwrap());
    assert_eq!(
        (first.next, first.waiting_for, first.progress.phase),
        (second.next, second.waiting_for, second.progress.phase)
    );
}

#[test]
fn every_state_has_a_name_in_every_definition() {
    // No cleanup under the first two has nothing to do, and none of the three knows a verifier, a change or a removal.
    let is_newer = |next: &NextState| {
        [
            NextState::VerifyPath,
            NextState::VerifyNames,
            NextState::Narrow,
            NextState::Remove,
            NextState::AnnounceRemoved,
            NextState::Look,
            NextState::AnnounceFound,
            NextState::NoteFound,
            NextState::Checked,
        ]
        .contains(next)
    };
    let all = NextState::ALL
        .iter()
        .filter(|next| **next != NextState::NothingToDo && !is_newer(next));
    let named = |definition| -> BTreeSet<&str> {
        all.clone().map(|next| next.name_in(definition)).collect()
    };
    assert_eq!(named(1), FIRST_STATES.into());
    assert_eq!(named(2), SECOND_STATES.into());
    let known = NextState::ALL.iter().filter(|next| !is_newer(next));
    let third: BTreeSet<&str> = known.clone().map(|next| next.name_in(3)).collect();
    assert_eq!(third, known.map(|next| next.name()).collect());
}

/// A mark on a living endpoint carries the fingerprint of its request's parameters: the same request has to come to the same
/// one, or it would be refused as another.
#[test]
fn requests_have_the_fingerprints_that_marks_of_the_first_definition_carry() {
    let here = "us-east-1".parse().unwrap();
    // Of one id there may be a change as well.
    let files = files("events/requests")
        .into_iter()
        .chain(files("events/changes"));
    let requests: Vec<Request> = files
        .map(|file| Request::read(read(&file), &here).unwrap())
        .collect();
    let mut compared = 0;
    for (_, case, payload) in payloads("first").into_iter().chain(payloads("second")) {
        let plan = &payload["plan"];
        let same = |request: &&Request| plan["requestId"] == request.request_id.as_str();
        let same = requests.iter().filter(same);
        let fingerprints: Vec<String> = same.map(|one| one.shape.fingerprint()).collect();
        if !fingerprints.is_empty() {
            let carried = plan["fingerprint"].as_str().unwrap().to_owned();
            assert!(
                fingerprints.contains(&carried),
                "{case}: {carried} {fingerprints:?}"
            );
            compared += 1;
        }
    }
    assert!(compared >= 4, "{compared}");
}
