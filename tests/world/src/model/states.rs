//! AWS Step Functions: which executions there are. They are run by others; the world only remembers them.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::failure::refuse;
use crate::{Failure, Operation, Service, World};

use super::Model;
use super::pages::{self, Cut};

/// An execution.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Execution {
    /// Its ARN.
    pub execution_arn: String,
    /// The ARN of its state machine.
    pub state_machine_arn: String,
    /// Its name.
    pub name: String,
    /// `RUNNING`, `SUCCEEDED`, `FAILED`, `TIMED_OUT` or `ABORTED`.
    pub status: String,
    /// When it began, in seconds since the Unix epoch.
    pub start_date: f64,
    /// When it ended, in the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_date: Option<f64>,
    /// What started it.
    pub input: Option<String>,
    /// What it failed with.
    pub error: Option<String>,
    /// What is remembered of its history: the last states that it entered.
    #[serde(skip)]
    history: VecDeque<HistoryEvent>,
}

/// How many states of an execution are remembered: one that lasts for days enters tens of thousands.
const REMEMBERED: usize = 3;

/// That an execution entered a state.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HistoryEvent {
    /// When, in seconds since the Unix epoch.
    pub timestamp: f64,
    /// Such as `TaskStateEntered`.
    pub r#type: String,
    /// Its number.
    pub id: i64,
    /// The state.
    pub state_entered_event_details: StateEntered,
}

/// Which state.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StateEntered {
    /// Its name.
    pub name: String,
    /// What was handed on to it, if that was asked for.
    pub input: Option<String>,
}

/// Asks what an execution did.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct GetExecutionHistory {
    /// Its ARN.
    pub execution_arn: String,
    /// Whether the newest event is the first.
    pub reverse_order: bool,
    /// Whether inputs are wanted; left out, they are.
    pub include_execution_data: Option<bool>,
}

/// A page of its history; there is only one.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GetExecutionHistoryAnswer {
    /// The events, as far as the world remembers them.
    pub events: Vec<HistoryEvent>,
}

/// Asks for one execution.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct DescribeExecution {
    /// Its ARN.
    pub execution_arn: String,
}

/// Asks for the executions of a state machine, the youngest first.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ListExecutions {
    /// The machine.
    pub state_machine_arn: String,
    /// Only those in this state.
    pub status_filter: Option<String>,
    /// How many a page may have; left out or 0, 100.
    pub max_results: Option<usize>,
    /// Where a page begins.
    pub next_token: Option<String>,
}

/// A page of them.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListExecutionsAnswer {
    /// The executions, without what started them.
    pub executions: Vec<Execution>,
    /// Where the next page begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

/// Step Functions API reference, `ListExecutions`: how many a page has at most, and how many where that is not said.
const MOST_LISTED: usize = 1000;
const LISTED: usize = 100;

impl Operation for DescribeExecution {
    type Answer = Execution;
    const SERVICE: Service = Service::StepFunctions;
    const ACTION: &'static str = "DescribeExecution";
    const WRITE: bool = false;

    fn perform(self, model: &mut Model) -> Result<Execution, Failure> {
        find(model, &self.execution_arn).cloned()
    }
}

/// Step Functions API reference, `DescribeExecution` and `GetExecutionHistory`.
fn find<'m>(model: &'m Model, arn: &str) -> Result<&'m Execution, Failure> {
    let mut all = model.executions.iter();
    all.find(|one| one.execution_arn == arn).ok_or_else(|| {
        let message = format!("Execution Does Not Exist: '{arn}'");
        refuse("ExecutionDoesNotExist", message)
    })
}

impl Operation for GetExecutionHistory {
    type Answer = GetExecutionHistoryAnswer;
    const SERVICE: Service = Service::StepFunctions;
    const ACTION: &'static str = "GetExecutionHistory";
    const WRITE: bool = false;

    fn perform(self, model: &mut Model) -> Result<GetExecutionHistoryAnswer, Failure> {
        let history = &find(model, &self.execution_arn)?.history;
        let mut events: Vec<HistoryEvent> = history.iter().cloned().collect();
        if self.reverse_order {
            events.reverse();
        }
        if self.include_execution_data == Some(false) {
            for event in &mut events {
                event.state_entered_event_details.input = None;
            }
        }
        Ok(GetExecutionHistoryAnswer { events })
    }
}

impl Operation for ListExecutions {
    type Answer = ListExecutionsAnswer;
    const SERVICE: Service = Service::StepFunctions;
    const ACTION: &'static str = "ListExecutions";
    const WRITE: bool = false;

    fn perform(self, model: &mut Model) -> Result<ListExecutionsAnswer, Failure> {
        let fits = |one: &&Execution| {
            let status = self.status_filter.as_ref();
            one.state_machine_arn == self.state_machine_arn
                && status.is_none_or(|status| *status == one.status)
        };
        let size = match self.max_results {
            None | Some(0) => LISTED,
            Some(size @ 1..=MOST_LISTED) => size,
            Some(size) => {
                let message = format!("Value '{size}' at 'maxResults' is more than {MOST_LISTED}");
                return Err(refuse("ValidationException", message));
            }
        };
        let token = self.next_token.as_deref();
        let offset = token.map_or(Some(0), pages::offset).ok_or_else(|| {
            let message = "The provided token is invalid.".to_owned();
            refuse("InvalidToken", message)
        })?;
        let mut all: Vec<&Execution> = model.executions.iter().rev().filter(fits).collect();
        // By when they began, the youngest first.
        all.sort_by(|a, b| b.start_date.total_cmp(&a.start_date));
        let page = Cut { offset, size }.of(all);
        let executions = page.items.into_iter().map(|one| Execution {
            input: None,
            error: None,
            history: VecDeque::new(),
            ..one.clone()
        });
        Ok(ListExecutionsAnswer {
            executions: executions.collect(),
            next_token: page.next,
        })
    }
}

impl World {
    /// Notes that an execution began.
    pub fn begin_execution(&mut self, arn: &str, input: &str) {
        let name = arn.rsplit(':').next().unwrap_or_default();
        let machine = arn.replace(":execution:", ":stateMachine:");
        let machine = machine
            .strip_suffix(&format!(":{name}"))
            .unwrap_or_default();
        let execution = Execution {
            execution_arn: arn.to_owned(),
            state_machine_arn: machine.to_owned(),
            name: name.to_owned(),
            status: "RUNNING".to_owned(),
            start_date: self.model.now as f64 / 1000.0,
            stop_date: None,
            input: Some(input.to_owned()),
            error: None,
            history: VecDeque::new(),
        };
        self.model.executions.push(execution);
    }

    /// Notes that an execution entered a state of a type.
    pub fn enter_state(&mut self, arn: &str, kind: &str, name: &str, input: &str) {
        let timestamp = self.model.now as f64 / 1000.0;
        let all = self.model.executions.iter_mut();
        for execution in all.filter(|one| one.execution_arn == arn) {
            let history = &mut execution.history;
            let id = history.back().map_or(1, |last| last.id + 1);
            history.push_back(HistoryEvent {
                timestamp,
                r#type: format!("{kind}StateEntered"),
                id,
                state_entered_event_details: StateEntered {
                    name: name.to_owned(),
                    input: Some(input.to_owned()),
                },
            });
            if history.len() > REMEMBERED {
                history.pop_front();
            }
        }
    }

    /// Notes that an execution ended.
    pub fn end_execution(&mut self, arn: &str, status: &str, error: Option<&str>) {
        let now = self.model.now as f64 / 1000.0;
        let all = self.model.executions.iter_mut();
        for execution in all.filter(|one| one.execution_arn == arn) {
            execution.stop_date = Some(now);
            status.clone_into(&mut execution.status);
            execution.error = error.map(str::to_owned);
        }
    }

    /// Notes that an execution which ended goes on where it ended (Step Functions developer guide, "Restarting state machine
    /// executions with redrive"): under the same ARN, with the history that it has, and running.
    pub fn redrive_execution(&mut self, arn: &str) {
        let all = self.model.executions.iter_mut();
        for execution in all.filter(|one| one.execution_arn == arn) {
            execution.stop_date = None;
            "RUNNING".clone_into(&mut execution.status);
            execution.error = None;
        }
    }
}
