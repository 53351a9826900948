//! A small interpreter of the Amazon States Language: what `connect.asl.json` uses of it, and nothing else.
//!
//! A state that this interpreter does not know, or an expression that does not evaluate, is a panic and not a guess.

use std::collections::HashMap;
use std::time::Duration;

use bumpalo::Bump;
use jsonata_rs::JsonAta;
use serde_json::{Map, Value, json};
use tieline::steps::{
    confirm_connection, create_endpoint, delete_endpoint, enable_dns, preflight, status_polling,
};
use tieline::workflow::{Answer, Function, StepError, StepInput};
use world::model::credentials::CANARY;

use crate::outside::Simulated;

/// What one Lambda invocation takes.
const INVOCATION: Duration = Duration::from_millis(200);

/// Step Functions' limit for what a state hands on; beyond it an execution fails, and no catcher catches that.
const MAX_STATE_BYTES: usize = 262_144;

/// A state machine's definition.
#[derive(Debug, Clone)]
pub struct Machine(Value);

/// How an execution ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Ended {
    /// `SUCCEEDED`, `FAILED`, `ABORTED` or `TIMED_OUT`.
    pub status: &'static str,
    /// Every event that it put on the bus.
    pub events: Vec<Value>,
    /// The states that it went through, without repetition in a row.
    pub states: Vec<String>,
    /// The state of every invocation of a function.
    pub invoked: Vec<String>,
    /// How long it took, in seconds of the world.
    pub seconds: u64,
}

/// An invocation that breaks after the function has done its work: its answer is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Broken {
    /// Which invocation of the execution, counted from 1.
    pub invocation: usize,
    /// How often in a row.
    pub times: usize,
}

/// Executions of one machine in one world, in the order of their clocks.
#[derive(Debug)]
pub struct Stage {
    outside: Simulated,
    executions: Vec<Execution>,
}

#[derive(Debug)]
struct Execution {
    machine: Machine,
    id: String,
    input: Value,
    state: String,
    data: Value,
    variables: Map<String, Value>,
    started: u64,
    wakes: u64,
    retries: Vec<u32>,
    invocations: usize,
    broken: Option<(Broken, Option<&'static str>)>,
    ended: Ended,
    running: bool,
}

impl Machine {
    /// The connect machine.
    pub fn connect() -> Self {
        Self(crate::json("functions/connect.asl.json"))
    }

    /// The definition.
    pub fn definition(&self) -> &Value {
        &self.0
    }
}

impl Stage {
    /// Nothing runs yet.
    pub fn on(outside: Simulated) -> Self {
        Self {
            outside,
            executions: Vec::new(),
        }
    }

    /// Starts an execution.
    pub fn start(&mut self, input: Value, broken: Option<Broken>) {
        self.begin(input, broken.map(|broken| (broken, None)));
    }

    /// Starts an execution in which invocations of one function break; only these are counted.
    pub fn start_broken_in(&mut self, input: Value, broken: Broken, function: &'static str) {
        self.begin(input, Some((broken, Some(function))));
    }

    fn begin(&mut self, input: Value, broken: Option<(Broken, Option<&'static str>)>) {
        let machine = Machine::connect();
        let now = self.outside.world().now();
        let number = self.executions.len();
        self.executions.push(Execution {
            state: text(&machine.0["StartAt"]),
            machine,
            id: format!("arn:aws:states:us-east-1:123456789012:execution:connect:{number}"),
            data: input.clone(),
            variables: Map::new(),
            input,
            started: now,
            wakes: now,
            retries: Vec::new(),
            invocations: 0,
            broken,
            ended: Ended {
                status: "RUNNING",
                events: Vec::new(),
                states: Vec::new(),
                invoked: Vec::new(),
                seconds: 0,
            },
            running: true,
        });
    }

    /// Runs one state of the execution whose clock is first; among equals the dice decide. False if all have ended.
    pub async fn tick(&mut self, dice: &mut fastrand::Rng) -> bool {
        let running = || {
            self.executions
                .iter()
                .enumerate()
                .filter(|(_, execution)| execution.running)
        };
        let Some(first) = running().map(|(_, execution)| execution.wakes).min() else {
            return false;
        };
        let ready: Vec<usize> = running()
            .filter(|(_, execution)| execution.wakes == first)
            .map(|(at, _)| at)
            .collect();
        let chosen = ready[dice.usize(..ready.len())];
        let now = self.outside.world().now();
        self.outside
            .world()
            .advance(Duration::from_millis(first.saturating_sub(now)));
        self.executions[chosen].run(&self.outside).await;
        true
    }

    /// Runs everything to its end.
    pub async fn run(&mut self) -> Vec<Ended> {
        let mut dice = fastrand::Rng::with_seed(1);
        while self.tick(&mut dice).await {}
        self.ended()
    }

    /// Aborts everything that runs, as a person does in the console: no state follows.
    pub fn abort(&mut self) {
        let now = self.outside.world().now();
        self.executions
            .iter_mut()
            .filter(|execution| execution.running)
            .for_each(|execution| execution.end("ABORTED", now));
    }

    /// How every execution ended.
    pub fn ended(&self) -> Vec<Ended> {
        self.executions
            .iter()
            .map(|execution| execution.ended.clone())
            .collect()
    }

    /// The world as the steps see it.
    pub fn outside(&self) -> &Simulated {
        &self.outside
    }
}

impl Execution {
    async fn run(&mut self, outside: &Simulated) {
        let definition = self.machine.0.clone();
        let now = outside.world().now();
        let limit = definition["TimeoutSeconds"]
            .as_u64()
            .expect("the machine has a timeout");
        if now.saturating_sub(self.started) > limit * 1000 {
            return self.end("TIMED_OUT", now);
        }
        let state = &definition["States"][&self.state];
        if self.ended.states.last() != Some(&self.state) {
            self.ended.states.push(self.state.clone());
        }
        match state["Type"].as_str() {
            Some("Task") => self.task(state, outside).await,
            Some("Choice") => self.choose(state),
            Some("Pass") => self.hand_on(state, &Value::Null),
            Some("Wait") => {
                let seconds = self
                    .evaluate(&state["Seconds"], &Value::Null)
                    .as_u64()
                    .expect("whole seconds");
                self.wakes = now + seconds * 1000;
                self.go(&state["Next"]);
            }
            Some("Succeed") => self.end("SUCCEEDED", now),
            Some("Fail") => {
                self.evaluate(&state["Error"], &Value::Null);
                self.evaluate(&state["Cause"], &Value::Null);
                self.end("FAILED", now);
            }
            other => panic!("{}: no state of type {other:?} is known here", self.state),
        }
    }

    fn choose(&mut self, state: &Value) {
        let choices = state["Choices"].as_array().expect("choices");
        let fits =
            |choice: &&Value| self.evaluate(&choice["Condition"], &Value::Null) == json!(true);
        let next = choices
            .iter()
            .find(fits)
            .map_or(&state["Default"], |choice| &choice["Next"]);
        let next = next.clone();
        self.go(&next);
    }

    async fn task(&mut self, state: &Value, outside: &Simulated) {
        let arguments = self.evaluate(&state["Arguments"], &Value::Null);
        let result = match state["Resource"].as_str() {
            Some("arn:${Partition}:states:::lambda:invoke") => {
                self.invoke(&arguments, outside).await
            }
            Some("arn:${Partition}:states:::events:putEvents") => {
                self.ended
                    .events
                    .extend(arguments["Entries"].as_array().expect("entries").clone());
                Ok(json!({"FailedEntryCount": 0}))
            }
            other => panic!("{}: no resource {other:?} is known here", self.state),
        };
        self.wakes = outside.world().now();
        match result {
            Ok(result) => self.hand_on(state, &json!({"result": result})),
            Err((error, cause)) => self.fail(state, error, cause, outside.world().now()),
        }
    }

    async fn invoke(
        &mut self,
        arguments: &Value,
        outside: &Simulated,
    ) -> Result<Value, (String, String)> {
        self.ended.invoked.push(self.state.clone());
        outside.world().advance(INVOCATION);
        let function = text(&arguments["FunctionName"]);
        let found = Function::ALL
            .iter()
            .find(|one| function == format!("${{{}Arn}}", crate::logical_id(**one)))
            .unwrap_or_else(|| panic!("no function {function} is known here"));
        let answer = invoke(*found, arguments["Payload"].clone(), outside).await;
        if let Some((broken, only)) = self.broken
            && only.is_none_or(|only| only == function)
        {
            self.invocations += 1;
            if (broken.invocation..broken.invocation + broken.times).contains(&self.invocations) {
                let cause = r#"{"errorMessage":"Task timed out"}"#;
                return Err(("Sandbox.Timedout".to_owned(), cause.to_owned()));
            }
        }
        match answer {
            Ok(answer) => Ok(json!({"Payload": answer})),
            Err(error) => {
                // What the function logs, and what Lambda reports.
                self.assert_no_secret(&format!("{} {error:?}", error.chain()));
                let cause = json!({"errorType": error.name(), "errorMessage": error.message()});
                Err((error.name().to_owned(), cause.to_string()))
            }
        }
    }

    /// Rule 10, in every test: the world's secrets carry a canary.
    fn assert_no_secret(&self, text: &str) {
        assert!(!text.contains(CANARY), "a secret in {}: {text}", self.state);
    }

    /// Retries or catches, as the state says.
    fn fail(&mut self, state: &Value, error: String, cause: String, now: u64) {
        let retriers = state["Retry"].as_array().expect("every task retries");
        self.retries.resize(retriers.len(), 0);
        let names = |rule: &Value| rule["ErrorEquals"].as_array().expect("names").clone();
        if let Some(at) = retriers
            .iter()
            .position(|retrier| names(retrier).contains(&json!(error)))
        {
            let (retrier, done) = (&retriers[at], self.retries[at]);
            if u64::from(done) < retrier["MaxAttempts"].as_u64().expect("attempts") {
                let interval = retrier["IntervalSeconds"].as_f64().expect("an interval");
                let rate = retrier["BackoffRate"].as_f64().expect("a rate");
                let longest = retrier["MaxDelaySeconds"]
                    .as_f64()
                    .expect("a longest delay");
                let delay = (interval * rate.powi(i32::try_from(done).expect("few"))).min(longest);
                self.retries[at] += 1;
                self.wakes = now + (delay * 1000.0) as u64;
                return;
            }
        }
        let catchers = state["Catch"].as_array().expect("every task catches");
        let caught = |catcher: &&Value| {
            names(catcher)
                .iter()
                .any(|name| *name == json!(error) || name == "States.ALL")
        };
        let catcher = catchers.iter().find(caught).expect("States.ALL is caught");
        self.assert_no_secret(&cause);
        self.hand_on(
            catcher,
            &json!({"errorOutput": {"Error": error, "Cause": cause}}),
        );
    }

    /// Leaves a state as the state itself or one of its catchers says. What is handed on and what is assigned are both made
    /// of what there was before: an assignment shows in the states that follow.
    fn hand_on(&mut self, rule: &Value, more: &Value) {
        let data = self.evaluate(&rule["Output"], more);
        if let Value::Object(assigned) = self.evaluate(&rule["Assign"], more) {
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
        self.go(&rule["Next"]);
    }

    fn go(&mut self, next: &Value) {
        self.state = text(next);
        self.retries.clear();
    }

    fn end(&mut self, status: &'static str, now: u64) {
        self.ended.status = status;
        self.ended.seconds = (now - self.started) / 1000;
        self.running = false;
    }

    /// Evaluates every `{% … %}` of a template; `more` is what `$states` has beside input and context.
    fn evaluate(&self, template: &Value, more: &Value) -> Value {
        match template {
            Value::String(text) => match text
                .strip_prefix("{%")
                .and_then(|text| text.strip_suffix("%}"))
            {
                Some(expression) => self.expression(expression, more),
                None => template.clone(),
            },
            Value::Array(list) => list.iter().map(|item| self.evaluate(item, more)).collect(),
            Value::Object(map) => map
                .iter()
                .map(|(key, value)| (key.clone(), self.evaluate(value, more)))
                .collect(),
            Value::Null | Value::Bool(_) | Value::Number(_) => template.clone(),
        }
    }

    fn expression(&self, expression: &str, more: &Value) -> Value {
        let started =
            chrono::DateTime::from_timestamp_millis(i64::try_from(self.started).expect("a date"));
        let mut states = json!({
            "input": self.data,
            "context": {"Execution": {
                "Id": self.id,
                "Input": self.input,
                "StartTime": started.expect("a date").to_rfc3339(),
            }},
        });
        if let (Value::Object(states), Value::Object(more)) = (&mut states, more) {
            states.extend(more.clone());
        }
        // The engine knows no variable `$states`, but `$$` is the root of its input.
        let expression = expression.replace("$states.", "$$.states.");
        let arena = Bump::new();
        let parsed = JsonAta::new(&expression, &arena)
            .unwrap_or_else(|error| panic!("{expression}: {error}"));
        let input = json!({"states": states}).to_string();
        let variables: HashMap<&str, &Value> = self
            .variables
            .iter()
            .map(|(name, value)| (name.as_str(), value))
            .collect();
        let value = parsed
            .evaluate(Some(&input), Some(&variables))
            .unwrap_or_else(|error| panic!("{expression}: {error}"));
        assert!(
            !value.is_undefined(),
            "{}: {expression} is undefined for {input}",
            self.state
        );
        serde_json::from_str(&value.serialize(false)).expect("JSON")
    }
}

/// Invokes a function, as its `main.rs` calls the library.
///
/// # Errors
///
/// What the step raises.
///
/// # Panics
///
/// If nobody has said here what the function's `main.rs` calls.
pub async fn invoke(
    function: Function,
    payload: Value,
    outside: &Simulated,
) -> Result<Answer, StepError> {
    let here = "us-east-1".parse().expect("a Region");
    let input = StepInput::read(payload)?;
    let outside = outside.outside();
    match function.name() {
        "preflight" => preflight::handle(&outside, &here, input).await,
        "create-endpoint" => create_endpoint::handle(&outside, input).await,
        "status-polling" => status_polling::handle(&outside, input).await,
        "enable-dns" => enable_dns::handle(&outside, input).await,
        "confirm-connection" => confirm_connection::handle(&outside, input).await,
        "delete-endpoint" => delete_endpoint::handle(&outside, input).await,
        other => panic!("nothing is known here of the function {other}"),
    }
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}
