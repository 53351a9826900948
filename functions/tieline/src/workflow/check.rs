//! How far a scheduled check has come; its machine carries it from one look to the next.

use serde::{Deserialize, Serialize};

use crate::ids::EndpointId;
use crate::result::ResultEvent;

/// How far a check has come.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Check {
    /// What was told in this check already, by endpoint and request: marks show seconds later.
    pub told: Vec<String>,
    /// Marks that are to be written once it was announced what they say.
    pub marks: Vec<MarkChange>,
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
}

/// A mark that says something else from now on, if it still says what it said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MarkChange {
    pub endpoint: EndpointId,
    pub key: String,
    pub before: String,
    pub after: String,
}
