//! How far a scheduled check has come; its machine carries it from one look to the next.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::execution::LookedUpTo;
use crate::ids::{EndpointId, FunctionArn};
use crate::result::ResultEvent;
use crate::time::Time;
use crate::trial::Trial;

/// How far a check has come.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Check {
    /// Whether its definition has a state that asks verifiers.
    pub verifies: bool,
    /// Who had begun to let go of endpoints and has ended, once that was looked at.
    pub leavers: Option<Vec<Leaver>>,
    /// Whether it was chosen which connections are tried in this check, and private zones were looked at.
    pub chosen: bool,
    /// What is still to be tried of these.
    pub to_try: Vec<PathTrial>,
    /// What came of it.
    pub tried: Vec<PathTried>,
    /// What could not be tried, and why.
    pub untried: Vec<String>,
    /// What private zones showed of names of ours.
    pub names: Vec<NamesSeen>,
    /// Whether vendors were asked.
    pub asked: bool,
    /// What they said.
    pub vendors: Vec<VendorSeen>,
    /// What was told in this check already, by endpoint and request (marks show seconds later), or by execution as marks name it.
    pub told: Vec<String>,
    /// Marks that are to be written once it was announced what they say.
    pub marks: Vec<MarkChange>,
    /// How far executions were looked at, where so many run or ended that it takes several steps: by what was looked for.
    pub looked: BTreeMap<String, LookedUpTo>,
    /// In how many steps it was looked who works on what, and was not known yet.
    pub looks: u32,
    /// The requests that somebody was seen to work on in those, as digests.
    pub worked_on: BTreeSet<String>,
    /// The executions after which somebody was seen to clean up, as marks name executions.
    pub cleaned: BTreeSet<String>,
    /// Whether the ends of executions were looked at.
    pub ends_told: bool,
    /// Whether closings that nobody goes on with were.
    pub closings_told: bool,
    /// How many pages of the inventory were told.
    pub pages: usize,
    /// Whether there is nothing more to tell.
    pub is_over: bool,
}

impl Check {
    /// Remembers under which names something is told, for its events.
    pub(crate) fn tells(&mut self, told: Vec<(String, ResultEvent)>) -> Vec<ResultEvent> {
        let (names, events): (Vec<String>, Vec<ResultEvent>) = told.into_iter().unzip();
        self.told.extend(names);
        events
    }

    /// Notes what could not be looked at, once.
    pub(crate) fn leave_untried(&mut self, what: &str) {
        if !self.untried.iter().any(|one| one == what) {
            self.untried.push(what.to_owned());
        }
    }
}

/// Somebody who had begun to let go of endpoints, and has ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Leaver {
    /// The execution, as marks name it.
    pub closer: String,
    /// The request that it worked on: the one that was leaving.
    pub request: String,
}

/// An endpoint that a verifier is to connect to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PathTrial {
    pub endpoint: EndpointId,
    pub vpc: String,
    /// The verifier.
    pub function: FunctionArn,
    pub trial: Trial,
    /// Whether it did not get through the first time.
    pub again: bool,
}

/// What a verifier saw of an endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PathTried {
    pub endpoint: EndpointId,
    pub at: Time,
    pub ports: Vec<PortTried>,
}

/// The same of one of its ports.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PortTried {
    pub port: u16,
    /// Whether it got through to an address.
    pub is_open: bool,
    /// The addresses that it did not get through to.
    pub closed: Vec<String>,
}

/// What private zones showed of a connection's names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NamesSeen {
    pub endpoint: EndpointId,
    pub request: String,
    /// The zones, as its mark named them then.
    pub zones: String,
    /// What is not as it was confirmed; none if all is.
    pub wrong: Option<String>,
}

/// What a vendor said of endpoints.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VendorSeen {
    /// What it was asked and with which key, as marks on them say it.
    pub word: String,
    pub endpoints: Vec<EndpointId>,
    /// What is not as it should be; none if all is.
    pub wrong: Option<VendorWrong>,
}

/// What is not as it should be at a vendor, for a person to read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "field", content = "now", rename_all = "camelCase")]
pub enum VendorWrong {
    /// It cannot be asked: its key is refused, or cannot be read.
    Key(String),
    /// It does not let the endpoint's clients in any more.
    Vendor(String),
}

impl VendorWrong {
    /// The same as drift.
    pub fn drift(&self) -> (&'static str, &str) {
        match self {
            Self::Key(now) => ("key", now),
            Self::Vendor(now) => ("vendor", now),
        }
    }
}

/// A mark that says something else from now on, if it still says what it said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MarkChange {
    /// What carries it; the version before named endpoints only.
    #[serde(alias = "endpoint")]
    pub on: Carrier,
    pub key: String,
    pub before: String,
    pub after: String,
}

/// What carries a mark.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Carrier {
    Endpoint(EndpointId),
    /// An endpoint of AWS DMS's, by its ARN.
    Dms(String),
}
