//! Holds the state machine against everything that it promises.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tieline::workflow::{Function, NextState, StepError};

/// What a state takes in its file, on average.
const LINES_A_STATE: usize = 24;

/// How long a phase may last, in seconds, as the template sets it.
const PHASE: f64 = 1200.0;

/// How long an announcement is tried at least, in seconds.
const ANNOUNCING: f64 = 3600.0;

/// The states that only a removal or the check has.
const OF_OTHERS: [NextState; 6] = [
    NextState::Remove,
    NextState::AnnounceRemoved,
    NextState::Look,
    NextState::AnnounceFound,
    NextState::NoteFound,
    NextState::Checked,
];

/// The function that is in the VPC, as the plan names it.
const VERIFIER: &str = "{% $states.input.verify.function %}";

/// An expression that is longer than this says something, and says it in one place.
const LONG: usize = 40;

/// Everything that is wrong with a state machine, in sentences.
pub(crate) fn findings(machine: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let states = machine["States"].as_object().unwrap();
    for (name, state) in states {
        if !state["Comment"].is_string() {
            found.push(format!("{name} has no comment"));
        }
        if state["Type"] == "Task" {
            found.extend(
                task_findings(name, state)
                    .into_iter()
                    .map(|finding| format!("{name} {finding}")),
            );
        }
    }
    for name in error_names(machine) {
        if !StepError::NAMES.contains(&name.as_str()) {
            found.push(format!("it handles {name}, which no code raises"));
        }
    }
    let choices: BTreeSet<&str> = choice_targets(machine);
    let named = NextState::ALL
        .iter()
        .filter(|next| !OF_OTHERS.contains(next));
    let named: BTreeSet<&str> = named.map(|next| next.name()).collect();
    if choices != named {
        found.push(format!("it knows {choices:?}, the steps name {named:?}"));
    }
    let reached = reached(machine);
    let unreached: Vec<&String> = states
        .keys()
        .filter(|name| !reached.contains(name.as_str()))
        .collect();
    if !unreached.is_empty() {
        found.push(format!("nothing leads to {unreached:?}"));
    }
    let mut functions: Vec<&str> = states
        .values()
        .filter_map(|state| state["Arguments"]["FunctionName"].as_str())
        .filter(|name| *name != VERIFIER)
        .collect();
    functions.sort_unstable();
    // Removing things serves changes as well.
    functions.dedup();
    let mut all: Vec<String> = Function::ALL
        .iter()
        .map(|function| format!("${{{}Arn}}", function.logical_id()))
        .collect();
    all.sort_unstable();
    if functions != all {
        found.push(format!("it invokes {functions:?}, there are {all:?}"));
    }
    let mut expressions = Vec::new();
    collect_expressions(machine, &mut expressions);
    expressions.sort_unstable();
    for pair in expressions.windows(2) {
        if pair[0] == pair[1] && pair[0].chars().count() > LONG {
            found.push(format!("it says twice: {}", pair[0]));
        }
    }
    if machine.to_string().contains("arn:aws") {
        found.push("it works in one partition only".to_owned());
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

/// Whether a reader has to scroll for what a state says.
pub(crate) fn length_findings(text: &str) -> Vec<String> {
    let machine: Value = serde_json::from_str(text).unwrap();
    let (lines, states) = (
        text.lines().count(),
        machine["States"].as_object().unwrap().len(),
    );
    if lines > LINES_A_STATE * states {
        return vec![format!("it has {lines} lines for {states} states")];
    }
    Vec::new()
}

/// How long a retrier goes on, in seconds: full jitter halves every delay on average.
fn lasts(retry: &Value) -> f64 {
    let field = |name: &str| retry[name].as_f64().unwrap_or_default();
    let attempts = retry["MaxAttempts"]
        .as_i64()
        .and_then(|most| i32::try_from(most).ok())
        .unwrap_or_default();
    (0..attempts)
        .map(|done| {
            let delay = field("IntervalSeconds") * field("BackoffRate").powi(done);
            delay.min(field("MaxDelaySeconds")) / 2.0
        })
        .sum()
}

fn task_findings(name: &str, state: &Value) -> Vec<&'static str> {
    let mut found = Vec::new();
    let invokes = state["Arguments"]["FunctionName"].is_string();
    // The functions have 60 s each.
    let least = if invokes { 60 } else { 1 };
    if state["TimeoutSeconds"]
        .as_u64()
        .is_none_or(|seconds| seconds <= least)
    {
        found.push("has no timeout, or one shorter than the function's");
    }
    let retries = state["Retry"].as_array().cloned().unwrap_or_default();
    let verifies = state["Arguments"]["FunctionName"] == VERIFIER;
    if retries.is_empty() && !verifies {
        found.push("does not retry");
    }
    // What the verifier does not answer, the poll asks again.
    if invokes && !verifies && retries.iter().map(lasts).sum::<f64>() < PHASE {
        found.push("gives up on Lambda before a phase is over");
    }
    for retry in &retries {
        let names = retry["ErrorEquals"].as_array().unwrap();
        // Nothing is worth failing fast for when a result is to be announced, and how its errors are called is not documented.
        if names
            .iter()
            .any(|name| name == "States.ALL" || (invokes && name == "States.TaskFailed"))
        {
            found.push("retries errors that it does not name");
        }
        if retry["JitterStrategy"] != "FULL" || !retry["MaxDelaySeconds"].is_u64() {
            found.push("retries without full jitter or without a longest delay");
        }
    }
    let catches = state["Catch"].as_array().cloned().unwrap_or_default();
    if !invokes {
        if !names(&retries).contains("States.TaskFailed")
            || (catches.is_empty() && retries.iter().map(lasts).sum::<f64>() < ANNOUNCING)
        {
            found.push("gives up on announcing too soon");
        }
        // Where a result cannot be announced, a redrive has to begin with that.
        if catches.iter().any(|catch| catch["Next"] != "Wait") {
            found.push("cannot be redriven");
        }
    } else if catches
        .last()
        .is_none_or(|last| last["ErrorEquals"] != json!(["States.ALL"]))
    {
        found.push("does not catch everything at last");
    }
    let whatever = |catch: &Value| {
        let mut catch = catch.clone();
        catch["ErrorEquals"] = Value::Null;
        catch
    };
    if catches
        .windows(2)
        .any(|pair| whatever(&pair[0]) == whatever(&pair[1]))
    {
        found.push("has a catcher that the next one makes needless");
    }
    // A failure is known only to what it is assigned to, and one state reads that.
    let rolls_back = |catch: &Value| {
        catch["Next"] == "Roll back"
            && catch["Assign"]["failure"] == "{% $states.errorOutput %}"
            && catch["Output"] == "{% $states.input %}"
    };
    let polls = |catch: &Value| {
        catch["Next"] == "Poll the status"
            && catch["Assign"] == json!({"answer": "{% $states.errorOutput %}"})
            && catch["Output"] == "{% $states.input %}"
    };
    if verifies && !catches.iter().all(polls) {
        found.push("does not hand the verifier's error to the poll");
    }
    if invokes && !verifies && name != "Roll back" && !catches.iter().all(rolls_back) {
        found.push("does not have its failure rolled back");
    }
    found
}

/// Every `{% … %}` in it, as often as it is there.
fn collect_expressions<'m>(value: &'m Value, found: &mut Vec<&'m str>) {
    match value {
        Value::String(text) if text.starts_with("{%") => found.push(text),
        Value::Array(list) => list.iter().for_each(|one| collect_expressions(one, found)),
        Value::Object(map) => map.values().for_each(|one| collect_expressions(one, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The errors that some retriers or catchers name.
fn names(rules: &[Value]) -> BTreeSet<&str> {
    let lists = rules
        .iter()
        .filter_map(|rule| rule["ErrorEquals"].as_array());
    lists.flatten().filter_map(Value::as_str).collect()
}

fn error_names(machine: &Value) -> BTreeSet<String> {
    let states = machine["States"].as_object().unwrap().values();
    let rules = states.flat_map(|state| [&state["Retry"], &state["Catch"]]);
    let named = rules
        .filter_map(Value::as_array)
        .flat_map(|rules| names(rules));
    named
        .filter(|name| name.starts_with("Tieline."))
        .map(str::to_owned)
        .collect()
}

fn choice_targets(machine: &Value) -> BTreeSet<&str> {
    let choices = machine["States"]["What next?"]["Choices"]
        .as_array()
        .unwrap();
    choices
        .iter()
        .filter_map(|choice| {
            let (condition, next) = (choice["Condition"].as_str()?, choice["Next"].as_str()?);
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
            let targets = rules.iter().flatten().map(|rule| rule["Next"].clone());
            let targets = targets.chain([state["Next"].clone(), state["Default"].clone()]);
            open.extend(targets.filter_map(|target| target.as_str().map(str::to_owned)));
        }
    }
    reached
}
