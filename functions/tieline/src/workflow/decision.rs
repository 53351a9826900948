//! What a look leads to.

use super::NextState;
use crate::execution::{Phase, Progress};
use crate::problem::Problem;
use crate::trial::Tried;

/// What a look leads to: the phase that the work is in from now on, and what comes then.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    pub phase: Phase,
    pub then: Then,
}

/// A half of a trial: the way to the endpoint before its names are on, and the names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Half {
    Path,
    Names,
}

impl Half {
    pub fn phase(self) -> Phase {
        match self {
            Self::Path => Phase::VerifyPath,
            Self::Names => Phase::VerifyNames,
        }
    }

    pub fn state(self) -> NextState {
        match self {
            Self::Path => NextState::VerifyPath,
            Self::Names => NextState::VerifyNames,
        }
    }

    pub fn note(self, progress: &mut Progress, tried: Tried) {
        match self {
            Self::Path => progress.path = Some(tried),
            Self::Names => progress.names = Some(tried),
        }
    }

    pub fn tried(self, progress: &Progress) -> Option<&Tried> {
        match self {
            Self::Path => progress.path.as_ref(),
            Self::Names => progress.names.as_ref(),
        }
    }
}

/// What comes next.
#[derive(Debug, Clone, PartialEq)]
pub enum Then {
    /// A step has something to do.
    Go(NextState),
    /// The endpoint is gone: it is created again.
    StartOver,
    /// Not yet.
    Wait { seconds: u64, what: String },
    /// The verifier has something to try.
    Verify(Half),
    /// What it cannot try stays untried.
    LeaveUntried(Half, String),
    /// A person has to act, and is told so once.
    AwaitAcceptance { seconds: u64, what: String },
    /// It will never work.
    Fail(Problem),
    /// Everything works, and everything shows it.
    Ready,
    /// Everything that had to be removed is gone.
    RolledBack,
    /// Removing takes too long: what is left is named.
    GiveUp,
}
