//! The simulated outside world: Amazon EC2's PrivateLink side, Aurora DSQL, Service Quotas, AWS DMS,
//! Route 53, IAM, Secrets Manager, TiDB Cloud and Confluent Cloud.
//!
//! The model behaves as AWS documents it and as its users observed it, never as our own code would
//! like it: endpoints take time, a lost answer may have had its effect, what was just written is
//! not visible yet. Each modelled fact names its public source; what no public source settles is
//! modelled conservatively and marked "not verified".
//!
//! Use it in-process through [`World`] with its virtual clock, or over HTTP through
//! [`server::start`].

pub mod admin;
pub mod clock;
pub mod failure;
pub mod gate;
pub mod model;
pub mod plane;
mod relay;
pub mod scenario;
pub mod server;
pub mod store;
pub mod wire;
mod world;

pub use failure::Failure;
pub use world::{Operation, Service, Verifier, World};
