//! Private connectivity as an event: a request goes in, steps carry its plan out, one result comes out.
//!
//! Data flows one way: [`request`] → [`plan`] → [`steps`] → [`result`]. This crate does no input or output of its own;
//! what it needs of the world it asks through the traits of [`outside`].

#[macro_use]
mod kinds;

pub mod canonical;
pub mod ended;
pub mod error;
pub mod fields;
pub mod ids;
pub mod outside;
pub mod parts;
pub mod plan;
pub mod problem;
pub mod progress;
pub mod request;
pub mod result;
pub mod schema;
pub mod state;
pub mod step;
pub mod steps;
pub mod targets;
