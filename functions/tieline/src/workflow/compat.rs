//! What executions understand that began under an earlier definition of the state machine: they go on for up to a week over
//! functions that are deployed meanwhile, with the state names and payloads of their own definition.

use super::{ErrorOutput, NextState, StepError, StepInput};
use crate::execution::Execution;

/// The definition that these executions run; they do not say so.
const FIRST: u32 = 1;

/// The one without states for a verifier.
const THIRD: u32 = 3;

/// The one without a state for what a change leaves out.
const FOURTH: u32 = 4;

/// The one in which a cleanup failed as a request does, and began only for what was aborted or ran out of time.
const SECOND: u32 = 2;

impl Execution {
    /// Whether its definition has a state for a cleanup that has nothing to do.
    pub(crate) fn may_have_nothing_to_do(&self) -> bool {
        self.definition > SECOND
    }

    /// Whether its definition has states for a verifier.
    pub(crate) fn may_verify(&self) -> bool {
        self.definition > THIRD
    }

    /// Whether its definition has states for a change.
    pub(crate) fn may_change(&self) -> bool {
        self.definition > FOURTH
    }

    /// Whether a check that is repeated is given what the one before it knew.
    pub(crate) fn brings_progress(&self) -> bool {
        self.definition > SECOND
    }
}

impl NextState {
    /// The state's name in a definition.
    pub fn name_in(self, definition: u32) -> &'static str {
        match (self, definition) {
            (Self::AnnounceEnd, FIRST | SECOND) => Self::AnnounceFailure.name(),
            (Self::Confirm, FIRST) => "Keep the endpoint",
            (Self::RollBack, FIRST) => "Undo",
            _ => self.name(),
        }
    }

    /// Whether any definition calls it so.
    pub fn is_called(self, state: &str) -> bool {
        state == self.name()
            || [FIRST, SECOND]
                .into_iter()
                .any(|definition| state == self.name_in(definition))
    }
}

impl ErrorOutput {
    /// Whether a service did not answer for too long, in the words of any definition.
    pub(super) fn is_outage(&self) -> bool {
        self.error == StepError::NAMES[0] || self.error == "Tieline.Retryable"
    }
}

impl StepInput {
    /// Whether create-endpoint is to confirm the connection, which under the first definition had no function of its own.
    pub fn confirms(&self) -> bool {
        self.keep && self.execution.definition == FIRST
    }
}
