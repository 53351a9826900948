//! Executions of the state machine as tasks on tokio's paused clock. They meet at every call, not only between states.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tieline::workflow::Function;
use tokio::task::{JoinHandle, LocalSet};
use tokio::time::{Instant, timeout};
use world::World;
use world::model::states::DescribeExecution;

use crate::execution::{Breaks, Execution, lock};
use crate::machine::{Machine, Run};
use crate::simulated::{Simulated, pass};

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

impl Broken {
    /// From this invocation on, and however often it is repeated.
    #[must_use]
    pub fn for_good(invocation: usize) -> Self {
        let times = 10_000;
        Self { invocation, times }
    }
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
    execution: Execution,
    limit: Duration,
    task: JoinHandle<()>,
    began: Instant,
}

/// What an execution is for, and so which machine it runs.
#[derive(Debug, Clone, Copy)]
enum Purpose {
    Connect,
    Remove,
    Check,
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
            Purpose::Connect => (connect, "connect"),
            Purpose::Remove => (format!("{stack_name}-remove"), "remove"),
            Purpose::Check => (format!("{stack_name}-check"), "check"),
        };
        let machine = Machine::deployed(machine, &connects);
        let limit = machine.time_limit();
        let id = format!("{}:{number}", arn("execution", &name));
        let now = {
            let mut world = self.simulated.world();
            world.begin_execution(&id, &input.to_string());
            world.now()
        };
        let execution = Execution {
            id: id.clone(),
            simulated: stack,
            ended,
            breaks,
            invocations: 0,
            run: Rc::new(RefCell::new(Run::of(machine, id, input, now))),
        };
        let began = Instant::now();
        let task = execution.clone().spawn(&self.tasks, limit, began);
        self.executions.push(Running {
            execution,
            limit,
            task,
            began,
        });
    }

    /// Has an execution that ended without success go on where it ended, as a person does in the console: with the state that was
    /// not done, the same input and the same ARN, and with all of its time once more (Step Functions developer guide, "Restarting
    /// state machine executions with redrive").
    pub fn redrive(&mut self, number: usize) {
        let one = &mut self.executions[number];
        self.simulated.world().redrive_execution(&one.execution.id);
        one.execution.run.borrow_mut().redrive();
        lock(&one.execution.ended).status = "RUNNING";
        let execution = one.execution.clone();
        one.task = execution.spawn(&self.tasks, one.limit, one.began);
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
        self.end_all("ABORTED");
    }

    /// Everything that runs has run out of time.
    pub fn time_out(&mut self) {
        self.end_all("TIMED_OUT");
    }

    fn end_all(&mut self, status: &'static str) {
        for number in 0..self.executions.len() {
            if self.executions[number].is_running() {
                self.end(number, status, None);
            }
        }
    }

    /// Ends one execution, as Step Functions does where nobody can catch it: no state follows, and a function that was
    /// invoked runs on.
    pub fn end(&mut self, number: usize, status: &'static str, error: Option<&str>) {
        let one = &self.executions[number];
        one.task.abort();
        let mut world = self.simulated.world();
        world.end_execution(&one.execution.id, status, error);
        let mut ended = lock(&one.execution.ended);
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
        let execution_arn = self.executions[number].execution.id.clone();
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
        all.map(|one| lock(&one.execution.ended).clone()).collect()
    }

    /// The world, and the clients in front of it.
    pub fn outside(&self) -> &Simulated {
        &self.simulated
    }
}

impl Running {
    fn is_running(&self) -> bool {
        lock(&self.execution.ended).status == "RUNNING"
    }
}
