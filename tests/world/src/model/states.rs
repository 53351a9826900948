//! AWS Step Functions: which executions there are. They are run by others; the world only remembers them.

use serde::{Deserialize, Serialize};

use crate::failure::refuse;
use crate::{Failure, Operation, Service, World};

use super::Model;

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
    /// What started it.
    pub input: Option<String>,
    /// What it failed with.
    pub error: Option<String>,
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
}

/// A page of them; there is only one.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListExecutionsAnswer {
    /// The executions, without what started them.
    pub executions: Vec<Execution>,
}

impl Operation for DescribeExecution {
    type Answer = Execution;
    const SERVICE: Service = Service::StepFunctions;
    const ACTION: &'static str = "DescribeExecution";
    const WRITE: bool = false;

    fn perform(self, model: &mut Model) -> Result<Execution, Failure> {
        let arn = &self.execution_arn;
        let found = model
            .executions
            .iter()
            .find(|one| one.execution_arn == *arn);
        // Step Functions API reference, DescribeExecution.
        found.cloned().ok_or_else(|| {
            let message = format!("Execution Does Not Exist: '{arn}'");
            refuse("ExecutionDoesNotExist", message)
        })
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
        let executions = model.executions.iter().rev().filter(fits);
        Ok(ListExecutionsAnswer {
            executions: executions
                .map(|one| Execution {
                    input: None,
                    error: None,
                    ..one.clone()
                })
                .collect(),
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
            input: Some(input.to_owned()),
            error: None,
        };
        self.model.executions.push(execution);
    }

    /// Notes that an execution ended.
    pub fn end_execution(&mut self, arn: &str, status: &str, error: Option<&str>) {
        let all = self.model.executions.iter_mut();
        for execution in all.filter(|one| one.execution_arn == arn) {
            status.clone_into(&mut execution.status);
            execution.error = error.map(str::to_owned);
        }
    }
}
