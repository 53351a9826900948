//! Tries a connection from within its VPC: a [`Trial`] in, a [`Report`] out. It decides nothing: whoever asked does.
//!
//! # Guarantees
//!
//! It opens connections to the addresses that it is given, and to nothing else; it resolves the names that it is given. What it
//! says to a server are a protocol's first words, a GET of `/`, and to a cluster that has shown who it is a login and `select 1`.
//! Whoever may invoke it can have it look around in the VPC: that right is for Tieline's state machine.

mod https;
mod mysql;
mod net;
mod path;
mod postgresql;
mod settings;
mod simulated;
mod tls;
mod token;

use futures_util::future::join_all;
use tieline::trial::{Report, Resolved, Trial};
use tokio::time::{Instant, timeout};

pub use net::{Net, Stream};
pub use settings::{Place, Unusable};
pub use token::Logins;

use net::LIMIT;

/// A verifier: where it is, and what it tries connections with.
#[expect(missing_debug_implementations, reason = "it holds keys")]
pub struct Verifier {
    net: Box<dyn Net>,
    place: Place,
    logins: Logins,
    /// Authorities in PEM that it trusts beside the public ones.
    authorities: String,
}

impl Verifier {
    /// A verifier on a network.
    pub fn new(net: Box<dyn Net>, place: Place, logins: Logins, authorities: String) -> Self {
        Self {
            net,
            place,
            logins,
            authorities,
        }
    }

    /// Tries everything, side by side.
    pub async fn try_out(&self, trial: &Trial) -> Report {
        let attempts = trial.addresses.iter().map(|at| self.attempt(trial, at));
        let names = trial.names.iter().map(|name| self.resolve(name));
        let (attempts, names) = (join_all(attempts).await, join_all(names).await);
        let Place {
            vpc_id,
            subnet_ids,
            security_group_ids,
        } = self.place.clone();
        Report {
            vpc_id,
            subnet_ids,
            security_group_ids,
            attempts,
            names,
        }
    }

    async fn resolve(&self, name: &str) -> Resolved {
        let began = Instant::now();
        let answer = timeout(LIMIT, self.net.resolve(name)).await;
        let answer = answer.unwrap_or_else(|_| Err("the resolver does not answer".to_owned()));
        let (addresses, error) = match answer {
            Ok(addresses) => (addresses, None),
            Err(error) => (Vec::new(), Some(error)),
        };
        let mut addresses: Vec<String> = addresses.iter().map(ToString::to_string).collect();
        addresses.sort();
        addresses.dedup();
        Resolved {
            name: name.to_owned(),
            addresses,
            milliseconds: net::milliseconds(began),
            error,
        }
    }
}
