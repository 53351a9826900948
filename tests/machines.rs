//! The state machines: what a removal shares with a connection is written once, in `connect.asl.json`.
//!
//! `remove.states.json` has the states of a removal. Where the name of a state stands in the place of one, it is that of the connect
//! machine, word for word but for the names below. `TIELINE_BLESS=1 cargo test --workspace --test machines` writes
//! `remove.asl.json` anew.

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

/// The text of a state of a definition: from its name to where the next one begins.
fn state<'d>(definition: &'d str, name: &str) -> &'d str {
    let begin = format!("\n    \"{name}\": {{\n");
    let (_, rest) = definition
        .split_once(&begin)
        .unwrap_or_else(|| panic!("no state {name}"));
    let end = rest.find("\n    }").expect("its end");
    &rest[..end]
}

/// The definition of a removal.
fn removal(connect: &str, own: &str) -> String {
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
        for (before, after) in OTHERWISE {
            text = text.replace(before, after);
        }
        let comma = if line.ends_with(',') { "," } else { "" };
        let written = writeln!(whole, "    \"{name}\": {{\n{text}\n    }}{comma}");
        written.expect("a text");
    }
    whole
}

#[test]
fn what_a_removal_shares_is_written_once() {
    let read = |file: &str| std::fs::read_to_string(root().join(file)).expect("a file");
    let made = removal(
        &read("functions/connect.asl.json"),
        &read("functions/remove.states.json"),
    );
    let path = root().join("functions/remove.asl.json");
    if std::env::var_os("TIELINE_BLESS").is_some() {
        std::fs::write(&path, &made).expect("it can be written");
    }

    let there = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        there == made,
        "functions/remove.asl.json is not what comes of connect.asl.json and remove.states.json: \
         TIELINE_BLESS=1 cargo test --workspace --test machines"
    );
}

/// Nobody writes into the definition by hand, and every state that is named in it is there.
#[test]
fn every_state_that_a_removal_goes_to_is_there() {
    let text = std::fs::read_to_string(root().join("functions/remove.asl.json")).expect("a file");
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
    for name in named.iter().filter_map(Value::as_str) {
        assert!(states.contains_key(name), "{name}");
    }
    // A step of a removal names no other ones.
    for next in [
        NextState::WaitForTarget,
        NextState::Wait,
        NextState::Poll,
        NextState::Remove,
        NextState::AnnounceRemoved,
        NextState::AnnouncePlan,
        NextState::AnnounceFailure,
        NextState::NothingToDo,
    ] {
        let choices = states["What next?"]["Choices"].to_string();
        assert!(
            choices.contains(&format!("next = '{}'", next.name())),
            "{next:?}"
        );
    }
    for name in states.keys() {
        let is_named = named.iter().any(|one| one == name);
        assert!(is_named, "nothing leads to {name}");
    }
}
