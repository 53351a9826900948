//! Tieline through real parts, on stages that wait more than they work: one program, so that they wait side by side.

#[path = "../limit/mod.rs"]
mod limit;
#[path = "../runner/mod.rs"]
mod runner;
#[path = "../stage/mod.rs"]
mod stage;

mod main_job;
mod terraform;
mod vendors;
