//! What travels between the steps: the state machine carries it from one function to the next unread.

use chrono::DateTime;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::{Rejection, StepError};
use crate::outside::{Outside, Time};
use crate::plan::Plan;
use crate::problem::{Code, Problem, short};
use crate::progress::Progress;
use crate::result::ResultEvent;

/// What a step is given.
#[derive(Debug, Clone, Deserialize)]
pub struct StepInput {
    /// The execution that the step belongs to.
    pub execution: Execution,
    /// What started the execution; for preflight, and for undo when there is no plan.
    #[serde(default)]
    pub input: Value,
    /// The plan, once there is one.
    #[serde(default)]
    pub plan: Option<Plan>,
    /// How far the work has come.
    #[serde(default)]
    pub progress: Option<Progress>,
    /// The error of a step that broke, as the state machine caught it.
    #[serde(default)]
    pub failure: Option<ErrorOutput>,
    /// Whether the request is to be marked as ready: *Keep the endpoint*.
    #[serde(default)]
    pub keep: bool,
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
    pub fn planned(self) -> Result<(Plan, Progress, Execution), StepError> {
        match (self.plan, self.progress) {
            (Some(plan), Some(progress)) => Ok((plan, progress, self.execution)),
            _ => Err(StepError::rejected(Problem::new(
                Code::StepFailed,
                "the plan or the progress is missing",
                "start with preflight, or compare the payload with the files in events/",
            ))),
        }
    }
}

/// An execution of the state machine.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Execution {
    /// Its ARN.
    pub id: String,
    /// When it began, in RFC 3339 as Step Functions writes it.
    pub started_at: String,
}

impl Execution {
    /// The account, out of the ARN.
    pub fn account(&self) -> &str {
        self.id.split(':').nth(4).unwrap_or_default()
    }

    /// When it began; the beginning of time if that cannot be read, so that a deadline is rather early than never.
    pub fn started(&self) -> Time {
        let read = DateTime::parse_from_rfc3339(&self.started_at);
        Time(
            read.ok()
                .and_then(|time| u64::try_from(time.timestamp_millis()).ok())
                .unwrap_or_default(),
        )
    }

    /// Where a person can look at it.
    pub fn url(&self) -> String {
        let region = self.id.split(':').nth(3).unwrap_or_default();
        format!(
            "https://{region}.console.aws.amazon.com/states/home?region={region}#/v2/executions/details/{}",
            self.id
        )
    }
}

/// An error as Step Functions catches it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ErrorOutput {
    error: String,
    #[serde(default)]
    cause: String,
}

impl ErrorOutput {
    /// What was wrong. Our own errors say it themselves; anything else broke a step.
    pub fn rejection(&self) -> Rejection {
        let report: Value = serde_json::from_str(&self.cause).unwrap_or_default();
        let message = report["errorMessage"].as_str().unwrap_or(&self.cause);
        if let Ok(rejection) = serde_json::from_str(message) {
            return rejection;
        }
        let message = short(message, 500);
        let problem = if self.error == StepError::NAMES[0] {
            Problem::new(
                Code::ServiceUnavailable,
                message,
                "wait until AWS answers again, and send the event again",
            )
        } else {
            let fix = "look at the execution and at the function's log, and send the event again";
            Problem::new(
                Code::StepFailed,
                format!("a step broke with {}: {message}", self.error),
                fix,
            )
        };
        Rejection {
            problems: vec![problem],
        }
    }
}

/// What a step answers.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StepOutput {
    /// The state to go to.
    pub next: NextState,
    /// How long to wait before the next look.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait_seconds: Option<u64>,
    /// What is waited for, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting_for: Option<String>,
    /// The plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<Plan>,
    /// How far the work has come.
    pub progress: Progress,
    /// The result event, at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<ResultEvent>,
}

macro_rules! nexts {
    ($($(#[$doc:meta])* $name:ident = $state:literal,)+) => {
        /// The state to go to; its name is the state's name in `connect.asl.json`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
        pub enum NextState {
            $($(#[$doc])* #[serde(rename = $state)] $name,)+
        }

        impl NextState {
            /// Every state that a step may name.
            pub const STATES: &[&str] = &[$($state),+];
        }
    };
}

nexts! {
    /// Wait, then check again.
    WaitForTarget = "Wait for the target",
    /// Wait, then look again.
    Wait = "Wait",
    /// Look now.
    Poll = "Poll the status",
    /// Create the endpoint, or go on with creating it.
    Create = "Create the endpoint",
    /// Turn private DNS on.
    EnableDns = "Enable private DNS",
    /// Mark the request as ready.
    Confirm = "Keep the endpoint",
    /// Remove what was made.
    RollBack = "Undo",
    /// Say that a person has to accept it, and wait.
    AnnounceWaiting = "Announce that acceptance is awaited",
    /// Say that it is ready.
    AnnounceReady = "Announce that it is ready",
    /// Say what would be done.
    AnnouncePlan = "Announce the plan",
    /// Say why not.
    AnnounceFailure = "Announce the failure",
}

impl StepOutput {
    /// Goes on to a state.
    pub fn go(next: NextState, plan: Plan, progress: Progress) -> Self {
        Self {
            next,
            wait_seconds: None,
            waiting_for: None,
            plan: Some(plan),
            progress,
            result: None,
        }
    }

    /// Waits for something, or fails if that took too long.
    pub fn wait(
        outside: &Outside<'_>,
        plan: Plan,
        progress: Progress,
        what: impl Into<String>,
    ) -> Self {
        let waited = outside.clock.now().since(progress.since);
        let what = what.into();
        if waited >= plan.phase_limit(progress.phase, &outside.limits) {
            let message = format!("{what}, after {} s", waited.as_secs());
            let fix = "look at the endpoint in the VPC console, and send the event again; \
                       the parameter PhaseDeadlineSeconds of the stack says how long a phase may take";
            return Self::fail(
                plan,
                progress,
                Problem::new(Code::DeadlineExceeded, message, fix),
            );
        }
        Self::pause(outside, plan, progress, what)
    }

    /// Waits for something, however long it takes.
    pub fn pause(
        outside: &Outside<'_>,
        plan: Plan,
        progress: Progress,
        what: impl Into<String>,
    ) -> Self {
        let waited = outside.clock.now().since(progress.since);
        Self {
            wait_seconds: Some(pause(waited.as_secs())),
            waiting_for: Some(what.into()),
            ..Self::go(NextState::Wait, plan, progress)
        }
    }

    /// Gives up: what was made is removed, and the reasons are announced.
    pub fn fail(plan: Plan, mut progress: Progress, problem: Problem) -> Self {
        progress.failure = Some(Rejection {
            problems: vec![problem],
        });
        Self::go(NextState::RollBack, plan, progress)
    }

    /// Ends with an event.
    pub fn end(
        next: NextState,
        plan: Option<Plan>,
        progress: Progress,
        result: ResultEvent,
    ) -> Self {
        Self {
            next,
            wait_seconds: None,
            waiting_for: None,
            plan,
            progress,
            result: Some(result),
        }
    }
}

/// How long to wait after `waited` seconds: a tenth of it, at least 5 s and at most 60 s, so that success is
/// noticed at most a tenth late and the number of looks stays logarithmic.
pub fn pause(waited: u64) -> u64 {
    (waited / 10).clamp(5, 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_grows_with_the_time_already_waited() {
        let pauses = [0, 49, 50, 300, 600, 100_000].map(pause);

        assert_eq!(pauses, [5, 5, 5, 30, 60, 60]);
    }

    #[test]
    fn an_error_of_ours_is_read_back_out_of_the_cause() {
        let error =
            StepError::rejected(Problem::new(Code::EndpointFailed, "it failed", "try again"));
        let cause = serde_json::json!({"errorType": error.name(), "errorMessage": error.message()})
            .to_string();

        let caught: ErrorOutput =
            serde_json::from_value(serde_json::json!({"Error": error.name(), "Cause": cause}))
                .unwrap();

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
