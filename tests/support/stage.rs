//! Executions of the state machine as tasks on tokio's paused clock. They meet at every call, not only between states.

use std::rc::Rc;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use tieline::workflow::Function;
use tokio::sync::Notify;
use tokio::task::{JoinHandle, LocalSet};
use tokio::time::{Instant, timeout};
use world::World;
use world::model::credentials::CANARY;
use world::model::states::DescribeExecution;

use crate::machine::{Callee, Machine, Run, Task};
use crate::simulated::{Simulated, pass};
use crate::step::invoke;
use crate::wire::{INVOKED_BY, Invocation};
use crate::wrong::{self, Wrong};

/// What Lambda takes to invoke a function.
const INVOCATION: Duration = Duration::from_millis(200);

/// The functions' time limit, as the template sets it.
const FUNCTION_LIMIT: Duration = Duration::from_secs(60);

/// Invocations in a row after which the state machine takes a function for broken: as the definition says.
pub const TRIES: usize = 46;

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
    /// What was handed on to the last state that asked the verifier.
    pub last_verify: Option<Value>,
    /// The events of its history, of which Step Functions takes 25,000.
    pub history: u32,
}

/// An invocation that breaks after the function has done its work: its answer is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Broken {
    /// Which invocation of the execution, counted from 1.
    pub invocation: usize,
    /// How often in a row.
    pub times: usize,
}

/// Executions of the connect machine in one world.
#[derive(Debug)]
pub struct Stage {
    simulated: Simulated,
    tasks: LocalSet,
    executions: Vec<Running>,
}

#[derive(Debug)]
struct Running {
    id: String,
    task: JoinHandle<()>,
    ended: Arc<Mutex<Ended>>,
    began: Instant,
}

/// What an execution is for, and so which machine it runs.
#[derive(Debug, Clone, Copy)]
enum Purpose {
    Connect,
    Remove,
    Check,
}

/// Which invocations break: those of every function, or of one.
#[derive(Debug, Clone, Copy)]
struct Breaks {
    broken: Broken,
    only: Option<Function>,
}

impl Stage {
    /// Nothing runs yet.
    pub fn on(simulated: Simulated) -> Self {
        Self {
            simulated,
            tasks: LocalSet::new(),
            executions: Vec::new(),
        }
    }

    /// Starts an execution.
    pub fn start(&mut self, input: Value, broken: Option<Broken>) {
        let stack = self.simulated.clone();
        self.begin(
            stack,
            input,
            broken.map(|broken| Breaks { broken, only: None }),
            Purpose::Connect,
        );
    }

    /// Starts an execution that removes a connection.
    pub fn remove(&mut self, input: Value, broken: Option<Broken>) {
        let stack = self.simulated.clone();
        let breaks = broken.map(|broken| Breaks { broken, only: None });
        self.begin(stack, input, breaks, Purpose::Remove);
    }

    /// Starts a check of all connections.
    pub fn check(&mut self) {
        let stack = self.simulated.clone();
        self.begin(stack, json!({}), None, Purpose::Check);
    }

    /// The same with other functions in the same world.
    pub fn check_in(&mut self, stack: &Simulated) {
        self.begin(stack.clone(), json!({}), None, Purpose::Check);
    }

    /// Starts an execution of another stack in the same world.
    pub fn start_in(&mut self, stack: &Simulated, input: Value) {
        self.begin(stack.clone(), input, None, Purpose::Connect);
    }

    /// Starts one of another stack that removes a connection.
    pub fn remove_in(&mut self, stack: &Simulated, input: Value) {
        self.begin(stack.clone(), input, None, Purpose::Remove);
    }

    /// Starts an execution in which invocations of one function break; only these are counted.
    pub fn start_broken_in(&mut self, input: Value, broken: Broken, function: Function) {
        let only = Some(function);
        let stack = self.simulated.clone();
        let breaks = Some(Breaks { broken, only });
        self.begin(stack, input, breaks, Purpose::Connect);
    }

    fn begin(&mut self, stack: Simulated, input: Value, breaks: Option<Breaks>, purpose: Purpose) {
        let number = self.executions.len();
        let ended = Arc::new(Mutex::new(Ended {
            status: "RUNNING",
            events: Vec::new(),
            states: Vec::new(),
            invoked: Vec::new(),
            seconds: 0,
            history: 1,
            last_verify: None,
        }));
        let stack_name = stack.outside().deployment.name.clone();
        let connect = match stack_name.as_str() {
            "tieline" => "connect".to_owned(),
            other => format!("{other}-connect"),
        };
        let arn =
            |kind: &str, name: &str| format!("arn:aws:states:us-east-1:123456789012:{kind}:{name}");
        let connects = arn("stateMachine", &connect);
        let (name, machine) = match purpose {
            Purpose::Connect => (connect, Machine::connect()),
            Purpose::Remove => (format!("{stack_name}-remove"), Machine::remove()),
            Purpose::Check => (format!("{stack_name}-check"), Machine::check()),
        };
        let machine = machine.with("ConnectMachineArn", &connects);
        let id = format!("{}:{number}", arn("execution", &name));
        let mut execution = Execution {
            id: id.clone(),
            simulated: stack,
            ended: Arc::clone(&ended),
            breaks,
            invocations: 0,
        };
        let limit = machine.time_limit();
        let now = {
            let mut world = self.simulated.world();
            world.begin_execution(&id, &input.to_string());
            world.now()
        };
        let arn = id.clone();
        let run = Run::of(machine, id, input, now);
        let began = Instant::now();
        let task = self.tasks.spawn_local(async move {
            let end = timeout(limit, execution.carry_out(run)).await;
            let (status, error) = end.unwrap_or(("TIMED_OUT", None));
            execution.end(status, error.as_deref(), began);
        });
        self.executions.push(Running {
            id: arn,
            task,
            ended,
            began,
        });
    }

    /// Runs everything to its end.
    ///
    /// # Panics
    ///
    /// If an execution panicked.
    pub async fn run(&mut self) -> Vec<Ended> {
        let Self {
            tasks, executions, ..
        } = self;
        let all = async {
            for one in executions.iter_mut().filter(|one| one.is_running()) {
                if let Err(error) = (&mut one.task).await
                    && error.is_panic()
                {
                    std::panic::resume_unwind(error.into_panic());
                }
            }
        };
        tasks.run_until(all).await;
        self.ended()
    }

    /// Runs everything until something is the case. It is looked at after every call.
    ///
    /// # Panics
    ///
    /// If it is never the case: when every execution has ended.
    pub async fn until(&mut self, what: &str, holds: impl Fn(&mut World) -> bool) {
        let Self {
            simulated,
            tasks,
            executions,
        } = self;
        let looking = async {
            while !holds(&mut simulated.world()) {
                let running = executions.iter().any(Running::is_running);
                assert!(running, "all is over, and never was {what}");
                // An execution may end without a further call.
                let _ = timeout(Duration::from_secs(600), simulated.next_call()).await;
            }
        };
        tasks.run_until(looking).await;
    }

    /// Lets time pass, for everything that runs as well.
    pub async fn pass(&mut self, time: Duration) {
        self.tasks.run_until(pass(time)).await;
    }

    /// Aborts everything that runs, as a person does in the console: no state follows, and a function that was invoked runs
    /// on.
    pub fn abort(&mut self) {
        for number in 0..self.executions.len() {
            if self.executions[number].is_running() {
                self.end(number, "ABORTED", None);
            }
        }
    }

    /// Ends one execution, as Step Functions does where nobody can catch it: no state follows, and a function that was
    /// invoked runs on.
    pub fn end(&mut self, number: usize, status: &'static str, error: Option<&str>) {
        let one = &self.executions[number];
        one.task.abort();
        self.simulated.world().end_execution(&one.id, status, error);
        let mut ended = lock(&one.ended);
        ended.status = status;
        ended.seconds = one.began.elapsed().as_secs();
    }

    /// What EventBridge says of the end of an execution.
    ///
    /// # Panics
    ///
    /// If there is no such execution.
    pub fn status_change(&self, number: usize) -> Value {
        let mut world = self.simulated.world();
        let execution_arn = self.executions[number].id.clone();
        let call = DescribeExecution { execution_arn };
        let execution = world.arrange(call).expect("the world knows it");
        json!({
            "version": "0", "source": "aws.states", "detail-type": "Step Functions Execution Status Change",
            "detail": {
                "executionArn": execution.execution_arn, "stateMachineArn": execution.state_machine_arn,
                "name": execution.name, "status": execution.status, "input": execution.input,
                // Milliseconds, as the example in the Step Functions developer guide has it.
                "startDate": (execution.start_date * 1000.0).round() as u64,
            },
        })
    }

    /// How every execution ended.
    pub fn ended(&self) -> Vec<Ended> {
        let all = self.executions.iter();
        all.map(|one| lock(&one.ended).clone()).collect()
    }

    /// The world, and the clients in front of it.
    pub fn outside(&self) -> &Simulated {
        &self.simulated
    }
}

impl Running {
    fn is_running(&self) -> bool {
        lock(&self.ended).status == "RUNNING"
    }
}

/// One execution, while it runs.
struct Execution {
    id: String,
    simulated: Simulated,
    ended: Arc<Mutex<Ended>>,
    breaks: Option<Breaks>,
    invocations: usize,
}

impl Execution {
    fn end(&self, status: &'static str, error: Option<&str>, began: Instant) {
        let told = error.filter(|_| !Wrong::FailedStartsFailed.is_now());
        self.simulated.world().end_execution(&self.id, status, told);
        let mut ended = lock(&self.ended);
        ended.status = status;
        ended.seconds = began.elapsed().as_secs();
        ended.history += 1;
    }

    async fn carry_out(&mut self, mut run: Run) -> (&'static str, Option<String>) {
        loop {
            {
                let mut ended = lock(&self.ended);
                if ended.states.last() != Some(run.state()) {
                    ended.states.push(run.state().clone());
                }
                // Entered and exited.
                ended.history += 2;
            }
            let (kind, input) = run.entered();
            if run.state().starts_with("Verify") {
                lock(&self.ended).last_verify = serde_json::from_str(&input).ok();
            }
            self.simulated
                .world()
                .enter_state(&self.id, &kind, run.state(), &input);
            match run.step() {
                Task::Nothing => {}
                Task::Wait(seconds) => pass(Duration::from_secs(seconds)).await,
                Task::End(status, error) => return (status, error),
                Task::Invoke { callee, payload } => {
                    let (answer, tries) = self.with_retries(&mut run, callee, payload).await;
                    lock(&self.ended).history += 3 * tries;
                    if let Err(error) = run.resume(answer) {
                        return ("FAILED", Some(error));
                    }
                }
                Task::PutEvents(entries) => {
                    let answer = self.put_events(&mut run, entries).await;
                    if let Err(error) = run.resume(answer) {
                        return ("FAILED", Some(error));
                    }
                }
            }
            // Every state takes a moment, and others may come first.
            let moment = Duration::from_millis(self.simulated.dice().u64(1..20));
            pass(moment).await;
        }
    }

    /// Puts events on the bus as often as the state's retriers say.
    async fn put_events(
        &mut self,
        run: &mut Run,
        entries: Vec<Value>,
    ) -> Result<Value, (String, String)> {
        loop {
            lock(&self.ended).history += 3;
            if !self.simulated.bus_is_closed() {
                let entries = entries.into_iter();
                let put = entries.map(|event| wrong::event(event, &self.id));
                lock(&self.ended).events.extend(put);
                return Ok(json!({"FailedEntryCount": 0}));
            }
            // The name is what an SDK for Java would call it; that the integration does is not verified.
            let error = "EventBridge.EventBridgeException";
            let longest = run.retry_after(error);
            let Some(longest) = longest.filter(|_| !Wrong::ResultsAreTriedOnce.is_now()) else {
                return Err((error.to_owned(), "not authorized".to_owned()));
            };
            let share = self.simulated.dice().f64();
            pass(longest.mul_f64(share)).await;
        }
    }

    /// Invokes a function as often as the state's retriers say, with their jitter.
    async fn with_retries(
        &mut self,
        run: &mut Run,
        callee: Callee,
        payload: Value,
    ) -> (Result<Value, (String, String)>, u32) {
        let mut tries = 1;
        loop {
            let state = run.state().clone();
            lock(&self.ended).invoked.push(state);
            match self.invoke(callee, payload.clone()).await {
                Err((error, cause)) => match run.retry_after(&error) {
                    Some(longest) => {
                        let share = self.simulated.dice().f64();
                        pass(longest.mul_f64(share)).await;
                        tries += 1;
                    }
                    None => return (Err((error, cause)), tries),
                },
                answer => return (answer, tries),
            }
        }
    }

    async fn invoke(&mut self, callee: Callee, payload: Value) -> Result<Value, (String, String)> {
        pass(INVOCATION).await;
        let simulated = self.simulated.clone();
        let function = match callee {
            Callee::Step(function) => function,
            Callee::Verifier => {
                let answer = simulated.verify(payload).await;
                return answer.map(|answer| json!({"Payload": answer}));
            }
        };
        // A task of its own: a function knows nothing of the execution that invoked it, and outlives it.
        let one = Rc::new(Invocation {
            execution: self.id.clone(),
            dead: Notify::new(),
        });
        let dies = Rc::clone(&one);
        let work = async move {
            let payload = simulated.aged(payload);
            // On the heap: a step's future is large, and every layer around it would move it.
            let answer = Box::pin(invoke(function, payload, &simulated));
            tokio::select! {
                answer = timeout(FUNCTION_LIMIT, answer) => Some(answer),
                () = dies.dead.notified() => None,
            }
        };
        let invocation = tokio::task::spawn_local(INVOKED_BY.scope(one, work));
        let answer = invocation.await.unwrap_or_else(|error| {
            std::panic::resume_unwind(error.into_panic());
        });
        let lost = || {
            let cause = r#"{"errorMessage":"Task timed out"}"#;
            Err(("Sandbox.Timedout".to_owned(), cause.to_owned()))
        };
        if let Some(Breaks { broken, only }) = self.breaks
            && only.is_none_or(|only| only == function)
        {
            self.invocations += 1;
            if (broken.invocation..broken.invocation + broken.times).contains(&self.invocations) {
                return lost();
            }
        }
        let Some(answer) = answer else {
            // AWS Lambda developer guide, "Step Functions error names": what Lambda says of a process that ended.
            let cause = r#"{"errorMessage":"Runtime exited with error"}"#;
            return Err(("Runtime.ExitError".to_owned(), cause.to_owned()));
        };
        match answer {
            Err(_) => lost(),
            Ok(Ok(answer)) => wrong::step(json!(answer)).map(|answer| json!({"Payload": answer})),
            Ok(Err(error)) => {
                // What the function logs, and what Lambda reports: the world's secrets carry a canary.
                let logged = format!("{} {error:?}", error.chain());
                assert!(!logged.contains(CANARY), "a secret: {logged}");
                let cause = json!({"errorType": error.name(), "errorMessage": error.message()});
                Err((error.name().to_owned(), cause.to_string()))
            }
        }
    }
}

fn lock(ended: &Mutex<Ended>) -> MutexGuard<'_, Ended> {
    ended.lock().unwrap_or_else(PoisonError::into_inner)
}
