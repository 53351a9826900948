//! Runs Tieline on one machine: the real template, state machine and functions against a simulated outside world.
//!
//! [`Stage`] is the set: MiniStack plays CloudFormation, EventBridge, Step Functions and Lambda; the world plays EC2,
//! Aurora DSQL and Service Quotas. [`run`] puts one event on it and shows what happens.

mod build;
mod deploy;
mod http;
mod ministack;
mod process;
mod progress;
mod python;
mod run;
mod show;
mod signals;
mod stage;

pub use run::{Arguments, run};
pub use stage::{Outcome, Settings, Stage};
