//! The vendors' APIs on the wire: REST with JSON.
//!
//! Each has a host of its own. On the one loopback port a path that begins with the host's name
//! leads there, and so does the header `Host`.

mod confluent;
mod dedicated;
pub mod digest;
mod serverless;
mod tidb;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::{Failure, Operation, World};

use super::{Request, Response};

const CONTENT_TYPE: &str = "application/json";

/// The hosts that are simulated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Host {
    Dedicated,
    Serverless,
    Confluent,
}

impl Host {
    const ALL: [Self; 3] = [Self::Dedicated, Self::Serverless, Self::Confluent];

    fn name(self) -> &'static str {
        match self {
            Host::Dedicated => "dedicated.tidbapi.com",
            Host::Serverless => "serverless.tidbapi.com",
            Host::Confluent => "api.confluent.cloud",
        }
    }
}

/// Answers a request that is meant for a vendor.
pub(super) fn answer(world: &mut World, request: &Request) -> Option<Response> {
    let (host, path) = destination(request)?;
    let mut door = Door {
        world,
        request,
        path,
        refusal: None,
    };
    Some(match host {
        Host::Dedicated => tidb::answer(&mut door, dedicated::dispatch),
        Host::Serverless => tidb::answer(&mut door, serverless::dispatch),
        Host::Confluent => confluent::answer(&mut door),
    })
}

/// The host that is meant, and the path there.
fn destination(request: &Request) -> Option<(Host, &str)> {
    let by_path = Host::ALL.into_iter().find_map(|host| {
        let path = request.path.strip_prefix('/')?.strip_prefix(host.name())?;
        path.starts_with('/').then_some((host, path))
    });
    by_path.or_else(|| {
        let name = request.header("host")?.split(':').next()?;
        let host = Host::ALL.into_iter().find(|host| host.name() == name)?;
        Some((host, request.path.as_str()))
    })
}

/// Where a request comes in.
struct Door<'a> {
    world: &'a mut World,
    request: &'a Request,
    /// The path at the vendor's host.
    path: &'a str,
    /// Why no call may go through, if that is so. It is logged as what became of the call.
    refusal: Option<Failure>,
}

impl Door<'_> {
    /// The path's parts. Nothing is decoded: a vendor's colon must come as a colon (not verified;
    /// what else would be decoded stands in no id).
    fn parts(&self) -> Vec<&str> {
        self.path.trim_start_matches('/').split('/').collect()
    }

    /// Makes the call, or logs why it cannot be made.
    fn run<O: Operation>(&mut self, operation: Result<O, Failure>) -> Result<Value, Failure> {
        let operation = match operation {
            Ok(operation) => operation,
            Err(failure) => {
                self.world.note::<O>(self.unread(), Some(&failure));
                return Err(failure);
            }
        };
        if let Some(failure) = self.refusal.clone() {
            let parameters = to_value(&operation);
            self.world.note::<O>(parameters, Some(&failure));
            return Err(failure);
        }
        self.world.call(operation).map(|answer| to_value(&answer))
    }

    /// What is logged of a request that could not be read.
    fn unread(&self) -> Value {
        json!({
            "path": self.path,
            "query": self.request.query,
            "body": String::from_utf8_lossy(&self.request.body),
        })
    }

    /// A parameter of the query.
    fn parameter(&self, name: &str) -> Option<String> {
        self.parameters(name).into_iter().next()
    }

    /// All values of a parameter of the query.
    fn parameters(&self, name: &str) -> Vec<String> {
        let pairs = form_urlencoded::parse(self.request.query.as_bytes());
        pairs
            .filter(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
            .collect()
    }

    /// A parameter of the query that is a number, or its name if it is none.
    fn number<'n>(&self, name: &'n str) -> Result<Option<i64>, &'n str> {
        self.parameter(name)
            .map(|text| text.parse())
            .transpose()
            .map_err(|_| name)
    }

    /// The body, or why it cannot be read.
    fn body<T: DeserializeOwned>(&self) -> Result<T, String> {
        serde_json::from_slice(&self.request.body).map_err(|error| error.to_string())
    }
}

fn to_value(value: &impl Serialize) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}
