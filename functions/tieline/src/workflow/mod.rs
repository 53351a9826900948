//! What travels between the steps, and where it goes next: the state machine carries it from one function to another
//! unread.

mod check;
mod compat;
mod decision;
mod error;
mod function;
mod halves;
mod input;
mod inventory;
mod observed;
mod output;
mod route;
mod trial;
mod wait;
mod work;

pub use check::{
    Carrier, Check, Leaver, MarkChange, NamesSeen, PathTrial, PathTried, PortTried, VendorSeen,
    VendorWrong,
};
pub use decision::{Decision, Half, Then};
pub use error::StepError;
pub use function::Function;
pub use input::{ErrorOutput, StepInput};
pub use inventory::{Disposition, First, Inventory, Remaining, RemainingPart, StayingPart};
pub use observed::{Finding, Observed, PartsStatus};
pub use output::{NextState, StepOutput, StepResult, Verify};
pub(crate) use route::{CHECKING, still_there};
pub use route::{Situation, route};
pub use trial::{Trying, Untried};
pub use wait::{LONGEST_FOR_A_PERSON, LONGEST_POLL, wait_seconds};
pub use work::Work;
