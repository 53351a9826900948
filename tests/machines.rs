//! The state machines: what a removal and the check share with a connection is written once, in `connect.asl.json`.
//!
//! `remove.states.json` and `check.states.json` have the states of the two. Where the name of a state stands in the place of one, it is
//! that of the connect machine, word for word but for the names below. `TIELINE_BLESS=1 cargo test --workspace --test machines` writes
//! `remove.asl.json` and `check.asl.json` anew.

use std::fmt::Write as _;

use serde_json::Value;
use tests::root;
use tieline::workflow::NextState;

/// What a state that is taken over calls otherwise in a removal.
const OTHERWISE: [(&str, &str); 7] = [
    (
        "\"Next\": \"Roll back\"",
        "\"Next\": \"Remove the connection\"",
    ),
    ("\"Next\": \"Connected\"", "\"Next\": \"Removed\""),
    (
        "\"Next\": \"Whose failure is it?\"",
        "\"Next\": \"Announce the failure\"",
    ),
    ("{% $states.context.Execution.Input %}", "{% $asked %}"),
    (
        "why the request failed, and what is still there",
        "why the removal failed, and what may still be there",
    ),
    (
        "the request failed, and removing what it made failed with",
        "the removal failed with",
    ),
    (
        "remove by hand what carries the tag",
        "send the removal again, or remove by hand what carries the tag",
    ),
];

/// The same in the check.
const OTHERWISE_IN_CHECKS: [(&str, &str); 6] = [
    ("\"Next\": \"Roll back\"", "\"Next\": \"Broken\""),
    (
        "\"Next\": \"Poll the status\"",
        "\"Next\": \"Look at all connections\"",
    ),
    ("${StatusPollingFunctionArn}", "${PreflightFunctionArn}"),
    (
        "Looks once, at AWS and at the vendor, and says what comes next. Writes nothing.",
        "One look at every endpoint of ours, at what a verifier answered, and at the executions that ended. Writes nothing.",
    ),
    (
        "connects to the endpoint's network interfaces, before any name leads there.",
        "connects to an endpoint's network interfaces. An error is an answer too: then nothing is known of it.",
    ),
    (
        "Marks the request as ready on what was made for it: from here on only a removal takes the connection away.",
        "Notes in the marks what was announced, so that it is announced once, and when a path was proven.",
    ),
];

/// The text of a state of a definition: from its name to where the next one begins.
fn state<'d>(definition: &'d str, name: &str) -> &'d str {
    let begin = format!("\n    \"{name}\": {{\n");
    let (_, rest) = definition
        .split_once(&begin)
        .unwrap_or_else(|| panic!("no state {name}"));
    let end = rest.find("\n    }").expect("its end");
    &rest[..end]
}

/// The definition of another machine.
fn machine(connect: &str, own: &str, otherwise: &[(&str, &str)]) -> String {
    let mut whole = String::new();
    for line in own.lines() {
        let taken = line
            .strip_prefix("    \"")
            .and_then(|line| line.split_once("\": \""))
            .and_then(|(name, taken)| Some((name, taken.trim_end_matches(',').strip_suffix('"')?)));
        let Some((name, taken)) = taken else {
            whole += line;
            whole.push('\n');
            continue;
        };
        let mut text = state(connect, taken).to_owned();
        for (before, after) in otherwise {
            text = text.replace(before, after);
        }
        let comma = if line.ends_with(',') { "," } else { "" };
        let written = writeln!(whole, "    \"{name}\": {{\n{text}\n    }}{comma}");
        written.expect("a text");
    }
    whole
}

#[test]
fn what_machines_share_is_written_once() {
    let read = |file: &str| std::fs::read_to_string(root().join(file)).expect("a file");
    let machines: [(&str, &[(&str, &str)]); 2] =
        [("remove", &OTHERWISE), ("check", &OTHERWISE_IN_CHECKS)];
    for (name, otherwise) in machines {
        let made = machine(
            &read("functions/connect.asl.json"),
            &read(&format!("functions/{name}.states.json")),
            otherwise,
        );
        let path = root().join(format!("functions/{name}.asl.json"));
        if std::env::var_os("TIELINE_BLESS").is_some() {
            std::fs::write(&path, &made).expect("it can be written");
        }

        let there = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            there == made,
            "functions/{name}.asl.json is not what comes of connect.asl.json and {name}.states.json: \
             TIELINE_BLESS=1 cargo test --workspace --test machines"
        );
    }
}

/// Every state that is named in a definition is there, and every one that is there is named.
#[test]
fn every_state_that_a_machine_goes_to_is_there() {
    let removal = [
        NextState::WaitForTarget,
        NextState::Wait,
        NextState::Poll,
        NextState::Remove,
        NextState::AnnounceRemoved,
        NextState::AnnouncePlan,
        NextState::AnnounceFailure,
        NextState::NothingToDo,
    ];
    let check = [
        NextState::WaitForTarget,
        NextState::VerifyPath,
        NextState::AnnounceFound,
        NextState::NoteFound,
        NextState::Look,
        NextState::Checked,
    ];
    for (name, steps) in [("remove", &removal[..]), ("check", &check)] {
        let path = root().join(format!("functions/{name}.asl.json"));
        let text = std::fs::read_to_string(path).expect("a file");
        let definition: Value = serde_json::from_str(&text).expect("JSON");
        let states = definition["States"].as_object().expect("states");
        let mut named = vec![definition["StartAt"].clone()];
        for state in states.values() {
            named.push(state["Next"].clone());
            named.push(state["Default"].clone());
            for way in ["Choices", "Catch"] {
                let ways = state[way].as_array().into_iter().flatten();
                named.extend(ways.map(|one| one["Next"].clone()));
            }
        }
        for state in named.iter().filter_map(Value::as_str) {
            assert!(states.contains_key(state), "{name}: {state}");
        }
        // Its steps name no other ones.
        for next in steps {
            let choices = states["What next?"]["Choices"].to_string();
            assert!(
                choices.contains(&format!("next = '{}'", next.name())),
                "{name}: {next:?}"
            );
        }
        for state in states.keys() {
            let is_named = named.iter().any(|one| one == state);
            assert!(is_named, "{name}: nothing leads to {state}");
        }
    }
}
