//! What one look at a connection shows.

use serde_json::{Map, Value};

use super::Inventory;
use crate::outside::{Endpoint, Interface};
use crate::ownership::Ownership;
use crate::parts::{Observation, Part};
use crate::problem::Problem;

/// What one look at a connection shows. A look goes only as far as there is something to see: names are looked at once the
/// endpoint works, and network interfaces once the names do.
#[derive(Debug, Default)]
pub struct Observed {
    /// The endpoint, if EC2 shows it.
    pub endpoint: Option<Endpoint>,
    /// The parts that are made together with the endpoint.
    pub parts: Option<PartsStatus>,
    /// The parts that lead names to it.
    pub names: Option<PartsStatus>,
    /// The endpoint's network interfaces.
    pub interfaces: Option<Vec<Interface>>,
    /// What is wrong with what the verifier tried last, or why it did not try.
    pub finding: Option<Finding>,
    /// While it is rolled back: what is left of it.
    pub inventory: Option<Inventory>,
}

/// Why a half of a trial is not proven.
#[derive(Debug, Clone, PartialEq)]
pub enum Finding {
    /// It does not work.
    Wrong(Problem),
    /// The verifier did not try it.
    Unreached(String),
}

/// How far the parts are that one phase makes.
#[derive(Debug, Clone)]
pub enum PartsStatus {
    /// All of them work; this is what they say of themselves, and whether the request is marked on them.
    Ready(Vec<(Part, Observation)>),
    /// The next one has to be made, or making it goes on.
    ToMake,
    /// One is being made.
    Waiting(String),
    /// One will never work.
    Broken(Problem),
}

impl Observed {
    /// Every part that works, in the order in which they were made.
    fn ready(&self) -> impl Iterator<Item = &(Part, Observation)> {
        [&self.parts, &self.names]
            .into_iter()
            .filter_map(|status| match status {
                Some(PartsStatus::Ready(ready)) => Some(ready),
                Some(PartsStatus::ToMake | PartsStatus::Waiting(_) | PartsStatus::Broken(_))
                | None => None,
            })
            .flatten()
    }

    /// Whether a part that carries the request's mark does not show it yet.
    pub fn lacks_mark(&self) -> bool {
        self.ready()
            .any(|(part, seen)| part.kind().carries_mark() && seen.ownership == Ownership::Ours)
    }

    /// Whether a part has something that a change leaves out.
    pub fn exceeds(&self) -> bool {
        self.ready().any(|(_, seen)| seen.exceeds)
    }

    /// What the parts say of themselves, by the name of their kind.
    pub fn facts(&self) -> Map<String, Value> {
        let mut all = Map::new();
        for (part, seen) in self.ready() {
            let facts = Value::Object(seen.facts.clone());
            match all.get_mut(part.kind_name()) {
                None => {
                    all.insert(part.kind_name().to_owned(), facts);
                }
                // One of several, as zones for a service with names in several domains.
                Some(first) => {
                    let mut further = first["further"].as_array().cloned().unwrap_or_default();
                    further.push(facts);
                    first["further"] = Value::Array(further);
                }
            }
        }
        all
    }
}
