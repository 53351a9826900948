//! *Private Connection Failed*: it does not work, and this is why.

use schemars::JsonSchema;
use serde::Serialize;

use super::{ResultDetail, Run};
use crate::execution::{Execution, Progress};
use crate::ids::RequestId;
use crate::problem::{Code, Problem, Rejection};
use crate::time::Time;

/// How many problems an event lists; a malformed request can have thousands.
const MAX_PROBLEMS: usize = 50;

/// The connection does not work, and this is why
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Failed {
    /// The request; null if it names none
    request_id: Option<RequestId>,
    /// The reason code of the first problem
    code: Code,
    #[serde(flatten)]
    run: Run,
    /// Everything that is wrong, at most 50 of it; the first one's code is the result's
    problems: Vec<Problem>,
    /// Whether a connection of this request stands all the same: one that was announced before
    stands: bool,
    /// What this request made and could not be removed, or was to be kept; of a removal or a change what was left halfway
    left_behind: Vec<String>,
}

/// What there is after a failure.
#[derive(Debug, Clone, Copy, Default)]
pub struct Left<'a> {
    /// What could not be removed, or was to be kept.
    pub behind: &'a [String],
    /// Whether a connection that was announced before stands.
    pub stands: bool,
}

impl ResultDetail for Failed {
    const DETAIL_TYPE: &'static str = "Private Connection Failed";
    const SCHEMA_FILE: &'static str = "failed.v1.json";
}

impl Failed {
    pub fn of(
        rejection: &Rejection,
        left: Left<'_>,
        request_id: Option<&RequestId>,
        progress: &Progress,
        execution: &Execution,
        now: Time,
    ) -> Self {
        let all = &rejection.problems;
        let first = all.first().cloned().unwrap_or_else(|| {
            Problem::new(
                Code::StepFailed,
                "a step gave no reason",
                "look at the execution and at the function's log",
            )
        });
        let more = match all.len().saturating_sub(1) {
            0 => String::new(),
            others => format!(" (and {others} more)"),
        };
        let stands = if left.stands {
            "; the connection that was announced for this request before stands"
        } else {
            ""
        };
        let message = format!("{}{more}{stands}", first.message);
        Self {
            request_id: request_id.cloned(),
            code: first.code,
            run: Run::of(message, first.fix, progress, execution, now),
            problems: all.iter().take(MAX_PROBLEMS).cloned().collect(),
            stands: left.stands,
            left_behind: left.behind.to_vec(),
        }
    }
}
