//! One execution: its states one after the other, its invocations and their retries.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use tieline::workflow::Function;
use tokio::sync::Notify;
use tokio::task::{JoinHandle, LocalSet};
use tokio::time::{Instant, timeout};
use world::model::credentials::CANARY;

use crate::machine::{Callee, Run, Task};
use crate::simulated::{Simulated, pass};
use crate::stage::{Broken, Ended};
use crate::step::invoke;
use crate::wire::{INVOKED_BY, Invocation};
use crate::wrong::{self, Wrong};

/// What Lambda takes to invoke a function.
const INVOCATION: Duration = Duration::from_millis(200);

/// The functions' time limit, as the template sets it.
const FUNCTION_LIMIT: Duration = Duration::from_secs(60);

/// Which invocations break: those of every function, or of one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Breaks {
    pub(crate) broken: Broken,
    pub(crate) only: Option<Function>,
}

/// One execution, while it runs.
#[derive(Debug, Clone)]
pub(crate) struct Execution {
    pub(crate) id: String,
    pub(crate) simulated: Simulated,
    pub(crate) ended: Arc<Mutex<Ended>>,
    pub(crate) breaks: Option<Breaks>,
    pub(crate) invocations: usize,
    /// Where it is: that outlives the task, so that it can be redriven.
    pub(crate) run: Rc<RefCell<Run>>,
}

impl Execution {
    pub(crate) fn spawn(
        mut self,
        tasks: &LocalSet,
        limit: Duration,
        began: Instant,
    ) -> JoinHandle<()> {
        tasks.spawn_local(async move {
            let end = timeout(limit, self.carry_out()).await;
            let (status, error) = end.unwrap_or(("TIMED_OUT", None));
            self.end(status, error.as_deref(), began);
        })
    }

    fn end(&self, status: &'static str, error: Option<&str>, began: Instant) {
        let told = error.filter(|_| !Wrong::FailedStartsFailed.is_now());
        self.simulated.world().end_execution(&self.id, status, told);
        let mut ended = lock(&self.ended);
        ended.status = status;
        ended.seconds = began.elapsed().as_secs();
        ended.history += 1;
    }

    async fn carry_out(&mut self) -> (&'static str, Option<String>) {
        loop {
            self.enter();
            let task = self.run.borrow_mut().step();
            match task {
                Task::Nothing => {}
                Task::Wait(seconds) => {
                    pass(Duration::from_secs(seconds)).await;
                    self.run.borrow_mut().waited();
                }
                Task::End(status, error) => return (status, error),
                Task::Invoke { callee, payload } => {
                    let (answer, tries) = self.with_retries(callee, payload).await;
                    lock(&self.ended).history += 3 * tries;
                    let gone_on = self.run.borrow_mut().resume(answer);
                    if let Err(error) = gone_on {
                        return ("FAILED", Some(error));
                    }
                }
                Task::PutEvents(entries) => {
                    let answer = self.put_events(entries).await;
                    let gone_on = self.run.borrow_mut().resume(answer);
                    if let Err(error) = gone_on {
                        return ("FAILED", Some(error));
                    }
                }
            }
            // Every state takes a moment, and others may come first.
            let moment = Duration::from_millis(self.simulated.dice().u64(1..20));
            pass(moment).await;
        }
    }

    /// Notes the state that it is in.
    fn enter(&self) {
        let run = self.run.borrow();
        let (kind, input) = run.entered();
        let mut ended = lock(&self.ended);
        if ended.states.last() != Some(run.state()) {
            ended.states.push(run.state().clone());
        }
        // Entered and exited.
        ended.history += 2;
        if run.state().starts_with("Verify") {
            ended.last_verify = serde_json::from_str(&input).ok();
        }
        drop(ended);
        let mut world = self.simulated.world();
        world.enter_state(&self.id, &kind, run.state(), &input);
    }

    /// Puts events on the bus as often as the state's retriers say.
    async fn put_events(&mut self, entries: Vec<Value>) -> Result<Value, (String, String)> {
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
            let longest = self.run.borrow_mut().retry_after(error);
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
        callee: Callee,
        payload: Value,
    ) -> (Result<Value, (String, String)>, u32) {
        let mut tries = 1;
        loop {
            let state = self.run.borrow().state().clone();
            lock(&self.ended).invoked.push(state);
            let (error, cause) = match self.invoke(callee, payload.clone()).await {
                Ok(answer) => return (Ok(answer), tries),
                Err(error) => error,
            };
            let longest = self.run.borrow_mut().retry_after(&error);
            let Some(longest) = longest else {
                return (Err((error, cause)), tries);
            };
            let share = self.simulated.dice().f64();
            pass(longest.mul_f64(share)).await;
            tries += 1;
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
            Ok(Ok(answer)) => {
                let seen = wrong::step(function, json!(answer));
                seen.map(|answer| json!({"Payload": answer}))
            }
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

pub(crate) fn lock(ended: &Mutex<Ended>) -> MutexGuard<'_, Ended> {
    ended.lock().unwrap_or_else(PoisonError::into_inner)
}
