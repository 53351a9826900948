//! The only crate that knows the AWS SDKs: Tieline's outside world on AWS.
//!
//! One module speaks each foreign language; no SDK type leaves it.

mod answer;
mod clock;
mod connect;
mod dms;
mod dsql;
mod ec2;
mod executions;
mod http;
pub mod lambda;
mod quotas;
mod route53;
mod sdk;
mod secrets;
mod settings;

pub use connect::{Aws, Unusable};
pub use sdk::Wire;
