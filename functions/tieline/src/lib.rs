//! Private connectivity as an event: a request goes in, steps carry its plan out, one result comes out.
//!
//! Imports run one way, as data does: a file imports only from lines above its own here, and a test sees to it
//! (`cargo test -p tests --test house`). This crate does no input or output of its own; what it needs of the world it asks
//! through the traits of [`outside`].

#[macro_use]
mod kinds;

pub mod ids;
pub mod problem;
pub mod time;

pub mod deployment;
pub mod trial;

pub mod execution;
pub mod json;
pub mod outside;

pub mod options;
pub mod ownership;
mod refusals;
pub mod removal;

pub mod endpoint;

pub mod parts;

pub mod targets;

pub mod plan;
pub mod question;
pub mod request;

pub mod result;

pub mod contract;
pub mod workflow;

pub mod steps;
