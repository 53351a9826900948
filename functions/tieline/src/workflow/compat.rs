//! What executions understand that began under the first definition of the state machine: they go on for up to a week over
//! functions that are deployed meanwhile, with the state names and payloads of their own definition.

use super::{ErrorOutput, NextState, StepError, StepInput};

/// The definition that these executions run; they do not say so.
const FIRST: u32 = 1;

impl NextState {
    /// The state's name in a definition.
    pub fn name_in(self, definition: u32) -> &'static str {
        match (self, definition) {
            (Self::Confirm, FIRST) => "Keep the endpoint",
            (Self::RollBack, FIRST) => "Undo",
            _ => self.name(),
        }
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
