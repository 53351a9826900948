//! What a look leads to.

use super::NextState;
use crate::execution::Phase;
use crate::problem::Problem;

/// What a look leads to: the phase that the work is in from now on, and what comes then.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    pub phase: Phase,
    pub then: Then,
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
