//! A small interpreter of the Amazon States Language: what `connect.asl.json` uses of it, and nothing else.
//!
//! A state that this interpreter does not know, or an expression that does not evaluate, is a panic and not a guess. It
//! only computes: [`crate::stage`] waits and invokes.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Duration;

use bumpalo::Bump;
use jsonata_rs::JsonAta;
use serde_json::{Map, Value, json};
use tieline::workflow::Function;
use world::model::credentials::CANARY;

use crate::plain;
use crate::verifier;

/// Step Functions' limit for what a state hands on; beyond it an execution fails, and no catcher catches that.
const MAX_STATE_BYTES: usize = 262_144;

/// A state machine's definition.
#[derive(Debug, Clone)]
pub struct Machine(Arc<Value>);

/// The definitions that were read already, by their files and what was put into them: every execution needs one.
static READ: LazyLock<Mutex<BTreeMap<(String, String), Machine>>> = LazyLock::new(Mutex::default);

/// One execution: where it is, and what it carries.
#[derive(Debug)]
pub(crate) struct Run {
    machine: Machine,
    id: String,
    input: Value,
    state: String,
    data: Value,
    /// The same as text, as the state was handed it.
    data_text: String,
    variables: Map<String, Value>,
    started: u64,
    retries: Vec<u32>,
}

/// Who is invoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Callee {
    Step(Function),
    /// The function in the VPC.
    Verifier,
}

/// What a state wants done before the execution goes on.
#[derive(Debug)]
pub(crate) enum Task {
    Nothing,
    /// Seconds to wait.
    Wait(u64),
    /// The execution ends with this status, and perhaps an error.
    End(&'static str, Option<String>),
    /// [`Run::resume`] takes the answer.
    Invoke {
        callee: Callee,
        payload: Value,
    },
    /// [`Run::resume`] takes the answer.
    PutEvents(Vec<Value>),
}

impl Machine {
    /// The connect machine.
    pub fn connect() -> Self {
        Self::of("connect", |text| text)
    }

    /// The one that removes connections.
    pub fn remove() -> Self {
        Self::of("remove", |text| text)
    }

    /// The one that checks them.
    pub fn check() -> Self {
        Self::of("check", |text| text)
    }

    fn of(name: &str, change: impl FnOnce(String) -> String) -> Self {
        let path = crate::root().join(format!("functions/{name}.asl.json"));
        let text = std::fs::read_to_string(&path)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let definition = serde_json::from_str(&change(text));
        Self(Arc::new(definition.expect("JSON")))
    }

    /// One of these with what the template puts into it: the ARN of the connect machine.
    pub(crate) fn deployed(name: &str, connects: &str) -> Self {
        let mut read = READ.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (name.to_owned(), connects.to_owned());
        let put = |text: String| text.replace("${ConnectMachineArn}", connects);
        let machine = read.entry(key).or_insert_with(|| Self::of(name, put));
        machine.clone()
    }

    /// The definition.
    pub fn definition(&self) -> &Value {
        &self.0
    }

    pub(crate) fn time_limit(&self) -> Duration {
        let seconds = self.0["TimeoutSeconds"].as_u64();
        Duration::from_secs(seconds.expect("the machine has a timeout"))
    }
}

impl Run {
    pub(crate) fn of(machine: Machine, id: String, input: Value, started: u64) -> Self {
        Self {
            state: text(&machine.0["StartAt"]),
            machine,
            id,
            data_text: input.to_string(),
            data: input.clone(),
            input,
            variables: Map::new(),
            started,
            retries: Vec::new(),
        }
    }

    /// The state that it is in.
    pub(crate) fn state(&self) -> &String {
        &self.state
    }

    /// The type of that state, and what was handed on to it.
    pub(crate) fn entered(&self) -> (String, String) {
        let state = &self.machine.0["States"][&self.state];
        (text(&state["Type"]), self.data_text.clone())
    }

    /// Does something with the definition of the state that it is in.
    fn with_state<T>(&mut self, work: impl FnOnce(&mut Self, &Value) -> T) -> T {
        let machine = Arc::clone(&self.machine.0);
        let state = &machine["States"][&self.state];
        work(self, state)
    }

    /// Runs the state, up to what has to be done outside.
    pub(crate) fn step(&mut self) -> Task {
        self.with_state(Self::step_of)
    }

    fn step_of(&mut self, state: &Value) -> Task {
        match state["Type"].as_str() {
            Some("Task") => self.task(state),
            Some("Choice") => self.choose(state),
            Some("Pass") => {
                self.hand_on(state, &Value::Null);
                Task::Nothing
            }
            Some("Wait") => {
                let seconds = self.evaluate(&state["Seconds"], &self.scope(&Value::Null));
                Task::Wait(seconds.as_u64().expect("whole seconds"))
            }
            Some("Succeed") => Task::End("SUCCEEDED", None),
            Some("Fail") => {
                let scope = self.scope(&Value::Null);
                let error = self.evaluate(&state["Error"], &scope);
                self.evaluate(&state["Cause"], &scope);
                Task::End("FAILED", Some(text(&error)))
            }
            other => panic!("{}: no state of type {other:?} is known here", self.state),
        }
    }

    /// Goes on once it has waited.
    pub(crate) fn waited(&mut self) {
        self.with_state(|run, state| {
            if state.get("Output").is_some() {
                run.hand_on(state, &Value::Null);
            } else {
                run.go(&state["Next"]);
            }
        });
    }

    /// Begins with the state that it is in once more: its retries are counted from the beginning (Step Functions developer
    /// guide, "Restarting state machine executions with redrive").
    pub(crate) fn redrive(&mut self) {
        self.retries.clear();
    }

    fn choose(&mut self, state: &Value) -> Task {
        let choices = state["Choices"].as_array().expect("choices");
        let scope = self.scope(&Value::Null);
        let fits = |choice: &&Value| self.evaluate(&choice["Condition"], &scope) == json!(true);
        let next = choices
            .iter()
            .find(fits)
            .map_or(&state["Default"], |choice| &choice["Next"]);
        let next = next.clone();
        self.go(&next);
        Task::Nothing
    }

    fn task(&mut self, state: &Value) -> Task {
        let mut arguments = self.evaluate(&state["Arguments"], &self.scope(&Value::Null));
        match state["Resource"].as_str() {
            Some("arn:${Partition}:states:::lambda:invoke") => {
                let name = text(&arguments["FunctionName"]);
                let mut steps = Function::ALL.iter().copied();
                let step = steps.find(|one| name == format!("${{{}Arn}}", one.logical_id()));
                let callee = match step {
                    Some(function) => Callee::Step(function),
                    None if name == verifier::ARN => Callee::Verifier,
                    None => panic!("no function {name} is known here"),
                };
                Task::Invoke {
                    callee,
                    payload: arguments["Payload"].take(),
                }
            }
            Some("arn:${Partition}:states:::events:putEvents") => {
                Task::PutEvents(arguments["Entries"].as_array().expect("entries").clone())
            }
            other => panic!("{}: no resource {other:?} is known here", self.state),
        }
    }

    /// Goes on with what a task answered.
    ///
    /// # Errors
    ///
    /// An error that the state does not catch: the execution ends with it.
    pub(crate) fn resume(&mut self, answer: Result<Value, (String, String)>) -> Result<(), String> {
        self.with_state(|run, state| run.resume_in(state, answer))
    }

    fn resume_in(
        &mut self,
        state: &Value,
        answer: Result<Value, (String, String)>,
    ) -> Result<(), String> {
        match answer {
            Ok(result) => self.hand_on(state, &json!({"result": result})),
            Err((error, cause)) => {
                let Some(catchers) = state["Catch"].as_array() else {
                    return Err(error);
                };
                let caught = |catcher: &&Value| {
                    names(catcher)
                        .iter()
                        .any(|name| *name == json!(error) || name == "States.ALL")
                };
                let catcher = catchers.iter().find(caught).expect("States.ALL is caught");
                self.assert_no_secret(&cause);
                let output = json!({"errorOutput": {"Error": error, "Cause": cause}});
                self.hand_on(catcher, &output);
            }
        }
        Ok(())
    }

    /// How long the state waits at most before it tries again after an error, if it does: full jitter makes it any share.
    pub(crate) fn retry_after(&mut self, error: &str) -> Option<Duration> {
        self.with_state(|run, state| run.retry_in(state, error))
    }

    fn retry_in(&mut self, state: &Value, error: &str) -> Option<Duration> {
        let retriers = state["Retry"].as_array()?;
        self.retries.resize(retriers.len(), 0);
        let at = retriers.iter().position(|retrier| {
            let names = names(retrier);
            names.contains(&json!(error)) || names.contains(&json!("States.TaskFailed"))
        })?;
        let (retrier, done) = (&retriers[at], self.retries[at]);
        if u64::from(done) >= retrier["MaxAttempts"].as_u64().expect("attempts") {
            return None;
        }
        assert_eq!(retrier["JitterStrategy"], "FULL", "{}", self.state);
        let interval = retrier["IntervalSeconds"].as_f64().expect("an interval");
        let rate = retrier["BackoffRate"].as_f64().expect("a rate");
        let longest = retrier["MaxDelaySeconds"]
            .as_f64()
            .expect("a longest delay");
        let delay = (interval * rate.powi(i32::try_from(done).expect("few"))).min(longest);
        self.retries[at] += 1;
        Some(Duration::from_secs_f64(delay))
    }

    /// No secret travels, in any test: the world's secrets carry a canary.
    fn assert_no_secret(&self, text: &str) {
        assert!(!text.contains(CANARY), "a secret in {}: {text}", self.state);
    }

    /// Leaves a state as the state itself or one of its catchers says. What is handed on and what is assigned are both made
    /// of what there was before: an assignment shows in the states that follow.
    fn hand_on(&mut self, rule: &Value, more: &Value) {
        let scope = self.scope(more);
        let data = self.evaluate(&rule["Output"], &scope);
        if let Value::Object(assigned) = self.evaluate(&rule["Assign"], &scope) {
            self.variables.extend(assigned);
        }
        let text = data.to_string();
        assert!(
            text.len() <= MAX_STATE_BYTES,
            "{} hands on too much",
            self.state
        );
        self.assert_no_secret(&text);
        self.data = data;
        self.data_text = text;
        self.go(&rule["Next"]);
    }

    fn go(&mut self, next: &Value) {
        self.state = text(next);
        self.retries.clear();
    }

    /// What `$states` is; `more` is what it has beside input and context.
    fn scope(&self, more: &Value) -> Value {
        let started =
            chrono::DateTime::from_timestamp_millis(i64::try_from(self.started).expect("a date"));
        let execution = Map::from_iter([
            ("Id".to_owned(), json!(self.id)),
            ("Input".to_owned(), self.input.clone()),
            (
                "StartTime".to_owned(),
                json!(started.expect("a date").to_rfc3339()),
            ),
        ]);
        // Not written with `json!`, which would copy by way of a serializer.
        let mut states = Map::from_iter([
            ("input".to_owned(), self.data.clone()),
            (
                "context".to_owned(),
                Value::Object(Map::from_iter([(
                    "Execution".to_owned(),
                    Value::Object(execution),
                )])),
            ),
        ]);
        if let Value::Object(more) = more {
            states.extend(more.clone());
        }
        Value::Object(states)
    }

    /// Evaluates every `{% … %}` of a template.
    fn evaluate(&self, template: &Value, scope: &Value) -> Value {
        match template {
            Value::String(text) => match text
                .strip_prefix("{%")
                .and_then(|text| text.strip_suffix("%}"))
            {
                Some(expression) => self.expression(expression, scope),
                None => template.clone(),
            },
            Value::Array(list) => list.iter().map(|item| self.evaluate(item, scope)).collect(),
            Value::Object(map) => map
                .iter()
                .map(|(key, value)| (key.clone(), self.evaluate(value, scope)))
                .collect(),
            Value::Null | Value::Bool(_) | Value::Number(_) => template.clone(),
        }
    }

    fn expression(&self, expression: &str, states: &Value) -> Value {
        if let Some(value) = plain::evaluate(expression, states, &self.variables) {
            return value;
        }
        let arena = Bump::new();
        let parsed = JsonAta::new(expression, &arena)
            .unwrap_or_else(|error| panic!("{expression}: {error}"));
        let variables = self.variables.iter();
        let mut variables: HashMap<&str, &Value> = variables
            .map(|(name, value)| (name.as_str(), value))
            .collect();
        variables.insert("states", states);
        let value = parsed
            .evaluate(None, Some(&variables))
            .unwrap_or_else(|error| panic!("{expression}: {error}"));
        assert!(
            !value.is_undefined(),
            "{}: {expression} is undefined for {states}",
            self.state
        );
        serde_json::from_str(&value.serialize(false)).expect("JSON")
    }
}

fn names(rule: &Value) -> Vec<Value> {
    rule["ErrorEquals"].as_array().expect("names").clone()
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}
