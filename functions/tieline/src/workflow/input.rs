//! What a step is given.

use serde::Deserialize;
use serde_json::Value;

use super::{Check, StepError, Work};
use crate::execution::{Execution, Progress};
use crate::outside::Outside;
use crate::plan::Plan;
use crate::problem::{Code, Problem, Rejection, short};

/// What a step is given.
#[derive(Debug, Clone, Deserialize)]
pub struct StepInput {
    /// The execution that the step belongs to.
    pub execution: Execution,
    /// What started the execution; for preflight, and for a roll back without a plan.
    #[serde(default)]
    pub input: Value,
    /// The plan, once there is one.
    #[serde(default)]
    pub plan: Option<Plan>,
    #[serde(default)]
    pub progress: Option<Progress>,
    /// The error of a step that broke, as the state machine caught it.
    #[serde(default)]
    pub failure: Option<ErrorOutput>,
    /// What the verifier answered, as `said`, or the error of invoking it: whatever it is, it fails nothing.
    #[serde(default)]
    pub answer: Option<Value>,
    /// How far a scheduled check has come, in executions of its machine.
    #[serde(default)]
    pub check: Option<Check>,
    /// Whether what a change leaves out is to go: the function that removes things does that too.
    #[serde(default)]
    pub narrow: bool,
    /// See [`StepInput::confirms`].
    #[serde(default)]
    pub(super) keep: bool,
}

impl StepInput {
    /// Reads the payload of an invocation.
    ///
    /// # Errors
    ///
    /// `Tieline.Rejected` with [`Code::StepFailed`]: only this project's state machine and event files make these.
    pub fn read(payload: Value) -> Result<Self, StepError> {
        serde_json::from_value(payload).map_err(|error| {
            StepError::rejected(Problem::new(
                Code::StepFailed,
                format!("this is not what the state machine sends to a step: {error}"),
                "compare it with the files in events/",
            ))
        })
    }

    /// The plan and the progress, which every step behind preflight needs.
    ///
    /// # Errors
    ///
    /// `Tieline.Rejected` if either is missing.
    pub fn planned<'a>(self, outside: &'a Outside<'a>) -> Result<Work<'a>, StepError> {
        match (self.plan, self.progress) {
            (Some(mut plan), Some(progress)) => {
                plan.owner.is_of(&outside.deployment.name);
                if plan.owner.zone.is_none() {
                    plan.complete_marks();
                }
                Ok(Work {
                    outside,
                    execution: self.execution,
                    plan,
                    progress,
                })
            }
            _ => Err(StepError::rejected(Problem::new(
                Code::StepFailed,
                "the plan or the progress is missing",
                "start with preflight, or compare the payload with the files in events/",
            ))),
        }
    }
}

/// An error as Step Functions catches it: its "error output".
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ErrorOutput {
    pub(super) error: String,
    #[serde(default)]
    cause: String,
}

impl ErrorOutput {
    /// In one line.
    pub fn words(&self) -> String {
        let report: Value = serde_json::from_str(&self.cause).unwrap_or_default();
        let message = report["errorMessage"].as_str().unwrap_or(&self.cause);
        format!("{}: {}", self.error, short(message, 300))
    }

    /// What was wrong. Our own errors say it themselves; anything else broke a step.
    pub fn rejection(&self) -> Rejection {
        let report: Value = serde_json::from_str(&self.cause).unwrap_or_default();
        let message = report["errorMessage"].as_str().unwrap_or(&self.cause);
        if let Ok(rejection) = serde_json::from_str(message) {
            return rejection;
        }
        let message = short(message, 500);
        let problem = if self.is_outage() {
            Problem::new(
                Code::ServiceUnavailable,
                message,
                "wait until the service answers again, and send the event again",
            )
        } else {
            Problem::new(
                Code::StepFailed,
                format!("a step broke with {}: {message}", self.error),
                "look at the execution and at the function's log, and send the event again",
            )
        };
        problem.into()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_error_of_ours_is_read_back_out_of_the_cause() {
        let error =
            StepError::rejected(Problem::new(Code::EndpointFailed, "it failed", "try again"));
        let cause = json!({"errorType": error.name(), "errorMessage": error.message()}).to_string();

        let caught: ErrorOutput =
            serde_json::from_value(json!({"Error": error.name(), "Cause": cause})).unwrap();

        assert_eq!(caught.rejection().problems[0].code, Code::EndpointFailed);
    }

    #[test]
    fn an_error_of_lambda_is_a_step_that_broke() {
        let caught = ErrorOutput {
            error: "Lambda.Unknown".to_owned(),
            cause: "out of memory".to_owned(),
        };

        let problems = caught.rejection().problems;

        assert_eq!(problems[0].code, Code::StepFailed);
        assert_eq!(
            problems[0].message,
            "a step broke with Lambda.Unknown: out of memory"
        );
    }
}
