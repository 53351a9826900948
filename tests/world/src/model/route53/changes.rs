//! Changes: what was asked for, and whether all of Route 53's servers know it.

use serde::{Deserialize, Serialize};

use crate::clock;
use crate::failure::refuse_as;
use crate::model::Model;
use crate::{Failure, Operation, Service};

/// Asks how far a change has come.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct GetChange {
    /// The change's id, with or without `/change/` before it.
    pub id: String,
}

/// A change.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ChangeAnswer {
    /// The change.
    pub change_info: ChangeInfo,
}

/// A change as Route 53 describes it.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ChangeInfo {
    /// Its id, with `/change/` before it.
    pub id: String,
    /// `PENDING` or `INSYNC`.
    pub status: String,
    /// When it was asked for.
    pub submitted_at: String,
    /// What it is for.
    pub comment: Option<String>,
}

impl Operation for GetChange {
    type Answer = ChangeAnswer;
    const SERVICE: Service = Service::Route53;
    const ACTION: &'static str = "GetChange";
    const WRITE: bool = false;

    fn perform(self, model: &mut Model) -> Result<ChangeAnswer, Failure> {
        let id = self.id.trim_start_matches("/change/");
        let change_info = model.change_info(id).ok_or_else(|| {
            let message = format!("Could not find resource with ID: {id}");
            refuse_as(404, "NoSuchChange", message)
        })?;
        Ok(ChangeAnswer { change_info })
    }
}

impl Model {
    /// Notes that something changes now.
    pub(super) fn begin_change(&mut self, comment: Option<String>) -> ChangeInfo {
        let id = format!("C{}", self.ids.code(20));
        self.dns.changes.insert(id.clone(), (self.now, comment));
        self.change_info(&id).unwrap_or_default()
    }

    fn change_info(&self, id: &str) -> Option<ChangeInfo> {
        let (submitted, comment) = self.dns.changes.get(id)?;
        // Route 53 API reference, GetChange: PENDING until all servers know it, generally within 60
        // seconds.
        let in_sync = clock::after(*submitted, self.timing.dns_change) <= self.now;
        Some(ChangeInfo {
            id: format!("/change/{id}"),
            status: if in_sync { "INSYNC" } else { "PENDING" }.to_owned(),
            submitted_at: clock::iso8601(*submitted),
            comment: comment.clone(),
        })
    }
}
