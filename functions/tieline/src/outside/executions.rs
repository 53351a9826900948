//! AWS Step Functions: which executions run, how far one has come, and how one ended.

use std::time::Duration;

use async_trait::async_trait;

use super::Reply;
use crate::time::Time;

/// What Step Functions knows of an execution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    pub is_running: bool,
    /// What had started it.
    pub input: Option<String>,
    /// The error that it ended with.
    pub error: Option<String>,
}

/// The state that an execution entered last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnteredState {
    pub name: String,
    /// What was handed on to it, as JSON.
    pub input: String,
}

/// An execution that came to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndedRun {
    pub arn: String,
    pub began: Time,
    pub ended: Time,
    /// `SUCCEEDED`, `FAILED`, `ABORTED` or `TIMED_OUT`.
    pub status: &'static str,
}

/// How executions end without having said that they are done.
pub const ENDED_OTHERWISE: [&str; 3] = ["FAILED", "ABORTED", "TIMED_OUT"];

/// How executions end.
pub const ENDED: [&str; 4] = [
    "SUCCEEDED",
    ENDED_OTHERWISE[0],
    ENDED_OTHERWISE[1],
    ENDED_OTHERWISE[2],
];

/// The executions of this deployment's own state machines.
#[async_trait]
pub trait Executions: Send + Sync {
    /// One execution by its ARN; none if it is not known, or not to be asked about.
    async fn execution(&self, arn: &str) -> Reply<Option<Run>>;

    /// The state that an execution entered last; none if it is not known, or not to be asked about.
    async fn entered_last(&self, arn: &str) -> Reply<Option<EnteredState>>;

    /// Those of a state machine that run: the ARN of each, and when it began. None if that may not be asked.
    async fn running(&self, state_machine: &str) -> Reply<Option<Vec<(String, Time)>>>;

    /// Those of a state machine that ended in one way after a time, if they took no longer than this; none if that may not be asked.
    async fn ended(
        &self,
        state_machine: &str,
        status: &'static str,
        after: Time,
        longest: Duration,
    ) -> Reply<Option<Vec<EndedRun>>>;

    /// The one that began last of those of a state machine that ended in one way, if there is one, however long ago that was; none if that
    /// may not be asked.
    async fn newest(
        &self,
        state_machine: &str,
        status: &'static str,
    ) -> Reply<Option<Vec<EndedRun>>>;
}
