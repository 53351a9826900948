//! What a step answers.

use serde::{Serialize, Serializer};
use strum::{IntoStaticStr, VariantArray};

use super::{Check, StepError};
use crate::execution::{Execution, Progress};
use crate::ids::FunctionArn;
use crate::plan::Plan;
use crate::result::ResultEvent;
use crate::trial::Trial;

/// What a step answers.
#[derive(Debug, Clone)]
pub struct StepOutput {
    /// The execution, for the next step.
    pub execution: Execution,
    /// The state to go to.
    pub next: NextState,
    /// How long to wait before the next look.
    pub wait_seconds: Option<u64>,
    /// What is waited for, in words.
    pub waiting_for: Option<String>,
    pub plan: Option<Plan>,
    pub progress: Progress,
    /// What the verifier is to try.
    pub verify: Option<Verify>,
    /// The result event, at the end.
    pub result: Option<ResultEvent>,
    /// How far a scheduled check has come, and what it has to tell.
    pub check: Option<Check>,
    pub told: Vec<ResultEvent>,
}

/// What the state machine invokes the verifier with.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Verify {
    pub function: FunctionArn,
    pub trial: Trial,
}

/// What comes of a step.
pub type StepResult = Result<StepOutput, StepError>;

impl StepOutput {
    pub fn to(next: NextState, execution: Execution, progress: Progress) -> Self {
        Self {
            execution,
            next,
            wait_seconds: None,
            waiting_for: None,
            plan: None,
            progress,
            verify: None,
            result: None,
            check: None,
            told: Vec::new(),
        }
    }
}

/// The state to go to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr, VariantArray)]
#[strum(const_into_str)]
pub enum NextState {
    /// Wait, then check again.
    #[strum(serialize = "Wait for the target")]
    WaitForTarget,
    /// Wait, then look again.
    #[strum(serialize = "Wait")]
    Wait,
    /// Look now.
    #[strum(serialize = "Poll the status")]
    Poll,
    /// Create the endpoint, or go on with creating what belongs to it.
    #[strum(serialize = "Create the endpoint")]
    Create,
    /// Have the verifier try the endpoint's network interfaces.
    #[strum(serialize = "Verify the path")]
    VerifyPath,
    /// Have it resolve the names.
    #[strum(serialize = "Verify the names")]
    VerifyNames,
    #[strum(serialize = "Enable private DNS")]
    EnableDns,
    /// Take away what a change leaves out.
    #[strum(serialize = "Take away what is left out")]
    Narrow,
    /// Mark the request as ready on what was made for it.
    #[strum(serialize = "Confirm the connection")]
    Confirm,
    /// Remove what was made.
    #[strum(serialize = "Roll back")]
    RollBack,
    /// Remove what the request holds.
    #[strum(serialize = "Remove the connection")]
    Remove,
    /// Look at every connection.
    #[strum(serialize = "Look at all connections")]
    Look,
    #[strum(serialize = "Announce what was found")]
    AnnounceFound,
    /// Note on the connections what was announced of them.
    #[strum(serialize = "Note what was announced")]
    NoteFound,
    #[strum(serialize = "Checked")]
    Checked,
    #[strum(serialize = "Announce that it is removed")]
    AnnounceRemoved,
    #[strum(serialize = "Announce that acceptance is awaited")]
    AnnounceWaiting,
    #[strum(serialize = "Announce that it is ready")]
    AnnounceReady,
    #[strum(serialize = "Announce the plan")]
    AnnouncePlan,
    #[strum(serialize = "Announce the failure")]
    AnnounceFailure,
    /// The same for another execution that ended.
    #[strum(serialize = "Announce what became of it")]
    AnnounceEnd,
    #[strum(serialize = "Nothing to clean up")]
    NothingToDo,
}

impl NextState {
    /// Every state that a step may name.
    pub const ALL: &[Self] = Self::VARIANTS;

    /// The state in which a failure is announced. Who cleans up after another execution has not failed.
    pub fn of_failure(progress: &Progress) -> Self {
        if progress.cleaning {
            Self::AnnounceEnd
        } else {
            Self::AnnounceFailure
        }
    }

    /// The state's name in `connect.asl.json`.
    pub const fn name(self) -> &'static str {
        self.into_str()
    }
}

impl Serialize for StepOutput {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Payload<'a> {
            execution: &'a Execution,
            next: &'static str,
            #[serde(skip_serializing_if = "Option::is_none")]
            wait_seconds: Option<u64>,
            #[serde(skip_serializing_if = "Option::is_none")]
            waiting_for: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            plan: Option<&'a Plan>,
            progress: &'a Progress,
            #[serde(skip_serializing_if = "Option::is_none")]
            verify: Option<&'a Verify>,
            #[serde(skip_serializing_if = "Option::is_none")]
            result: Option<&'a ResultEvent>,
            #[serde(skip_serializing_if = "Option::is_none")]
            check: Option<&'a Check>,
            #[serde(skip_serializing_if = "<[ResultEvent]>::is_empty")]
            told: &'a [ResultEvent],
        }
        Payload {
            execution: &self.execution,
            next: self.next.name_in(self.execution.definition),
            wait_seconds: self.wait_seconds,
            waiting_for: self.waiting_for.as_deref(),
            plan: self.plan.as_ref(),
            progress: &self.progress,
            verify: self.verify.as_ref(),
            result: self.result.as_ref(),
            check: self.check.as_ref(),
            told: &self.told,
        }
        .serialize(serializer)
    }
}
