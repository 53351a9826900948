//! A client in the VPC that opens a new connection to every name that it was told, again and again.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{Dial, Place};
use crate::World;

/// A client that keeps count.
#[derive(Debug, Clone)]
pub struct Client {
    place: Place,
    port: u16,
    names: BTreeMap<String, Count>,
}

/// How often it tried, and how often it did not get through.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Count {
    /// Names that are counted.
    pub names: u64,
    /// Connections that were tried.
    pub tried: u64,
    /// Those of them that came to nothing.
    pub failed: u64,
}

/// Every name that the detail of a result announces. For a star stands a name below it.
#[must_use]
pub fn announced(result: &Value) -> BTreeSet<String> {
    let endpoint = &result["endpoint"];
    let lists = [&endpoint["dnsNames"], &endpoint["privateDnsNames"]];
    let listed = lists.into_iter().filter_map(Value::as_array).flatten();
    let names = listed.chain([&result["connection"]["host"]]);
    let names = names.filter_map(Value::as_str);
    names.map(|name| name.replace('*', "client")).collect()
}

impl Client {
    /// A client of every name that a result announces, on the port that it names; none if it announces no connection.
    #[must_use]
    pub fn of(place: Place, result: &Value) -> Option<Self> {
        let port = result["connection"]["port"].as_u64()?;
        let names = announced(result).into_iter();
        Some(Self {
            place,
            port: u16::try_from(port).ok()?,
            names: names.map(|name| (name, Count::default())).collect(),
        })
    }

    /// Resolves every name and opens one connection to the first of its addresses.
    pub fn open_all(&mut self, world: &mut World) {
        for (name, count) in &mut self.names {
            count.tried += 1;
            let found = world.look_up_all(&self.place.subnet_id, name);
            let is_open = found.first().is_some_and(|address| {
                matches!(world.dial(&self.place, *address, self.port), Dial::Open(..))
            });
            count.failed += u64::from(!is_open);
        }
    }

    /// The count of all names together that a later result still announces.
    #[must_use]
    pub fn count(&self, result: &Value) -> Count {
        let still = announced(result);
        let counted = self.names.iter().filter(|(name, _)| still.contains(*name));
        let mut all = Count::default();
        for (_, count) in counted {
            all.names += 1;
            all.tried += count.tried;
            all.failed += count.failed;
        }
        all
    }
}
