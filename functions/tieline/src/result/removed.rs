//! *Private Connection Removed*: what a request held is gone, or there was nothing.

use schemars::JsonSchema;
use serde::Serialize;

use super::{ResultDetail, Run};
use crate::execution::{Execution, Progress, Removal};
use crate::ids::RequestId;
use crate::problem::Code;
use crate::time::Time;

/// What the request held is gone
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Removed {
    /// The request
    request_id: RequestId,
    /// The reason code
    #[schemars(with = "String", extend("const" = Code::Removed))]
    code: Code,
    #[serde(flatten)]
    run: Run,
    /// What was removed, in this order
    removed: Vec<String>,
    /// What the request had a part in and is still there, and whose it is
    stays: Vec<String>,
}

impl ResultDetail for Removed {
    const DETAIL_TYPE: &'static str = "Private Connection Removed";
    const SCHEMA_FILE: &'static str = "removed.v1.json";
}

impl Removed {
    pub fn of(request: &RequestId, progress: &Progress, execution: &Execution, now: Time) -> Self {
        let removal = progress.removal.clone().unwrap_or_default();
        let mut message = match (removal.removed.as_slice(), removal.stays.as_slice()) {
            ([], []) => {
                let unseen = removal.unseen.as_deref();
                let why = unseen.unwrap_or("nothing that it asks for carries its mark");
                format!("{request}: nothing to remove: {why}")
            }
            ([], stays) => format!(
                "{request} holds nothing any more; {} stays",
                stays.join(", ")
            ),
            (removed, []) => format!("{request} is gone: {}", removed.join(", ")),
            (removed, stays) => format!(
                "{request} is gone: {}; {} stays",
                removed.join(", "),
                stays.join(", ")
            ),
        };
        let has_gone = !removal.removed.is_empty() || !removal.stays.is_empty();
        if let Some(unseen) = removal.unseen.as_deref().filter(|_| has_gone) {
            message.push_str(&format!("; {unseen}"));
        }
        let next_step = next_step(&removal).to_owned();
        Self {
            request_id: request.clone(),
            code: Code::Removed,
            run: Run::of(message, next_step, progress, execution, now),
            removed: removal.removed,
            stays: removal.stays,
        }
    }
}

/// What to do once nothing of a connection is there any more, as far as was looked.
pub(super) fn next_step(removal: &Removal) -> &'static str {
    match (&removal.unseen, removal.by_id) {
        (None, _) => "nothing; the same id may be used again",
        (Some(_), true) => {
            "if it may have had what was not looked at, send the whole request with this detail-type; if not, nothing is to be done"
        }
        (Some(_), false) => {
            "look for what was not found, as the message says; if nothing of it is there, nothing is to be done"
        }
    }
}
