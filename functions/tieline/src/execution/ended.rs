//! An execution that was aborted or ran out of time: Step Functions says so on the default bus, and what it made is undone.

use serde_json::Value;

use crate::problem::{Code, Problem};

/// An execution that ended without a result of its own.
#[derive(Debug, Clone)]
pub struct EndedExecution {
    execution: String,
    status: String,
    /// What had started it; null if the event left it out, as it does when it is large.
    pub input: Value,
}

impl EndedExecution {
    /// Reads a *Step Functions Execution Status Change*; anything else is none.
    pub fn read(event: &Value) -> Option<Self> {
        if event["source"] != "aws.states"
            || event["detail-type"] != "Step Functions Execution Status Change"
        {
            return None;
        }
        let detail = &event["detail"];
        let input = detail["input"]
            .as_str()
            .and_then(|text| serde_json::from_str(text).ok())
            .unwrap_or_default();
        // An execution that cleaned up after another and was aborted itself: the first one's input counts.
        if let Some(first) = Self::read(&input) {
            return Some(first);
        }
        Some(Self {
            execution: detail["executionArn"].as_str()?.to_owned(),
            status: detail["status"].as_str()?.to_owned(),
            input,
        })
    }

    /// Why what it made is undone.
    pub fn problem(&self) -> Problem {
        Problem::new(
            Code::ExecutionEnded,
            format!(
                "the execution {} ended as {} before its work was done",
                self.execution, self.status
            ),
            "send the event again if the connection is still wanted",
        )
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_a_status_change_of_an_execution_is_one() {
        let event = json!({
            "source": "aws.states", "detail-type": "Step Functions Execution Status Change",
            "detail": {"executionArn": "arn:x", "status": "ABORTED", "input": "{\"requestId\": \"a\"}"},
        });

        assert_eq!(
            EndedExecution::read(&event).unwrap().input["requestId"],
            "a"
        );
        let mut again = event.clone();
        again["detail"]["input"] = json!(event.to_string());
        assert_eq!(
            EndedExecution::read(&again).unwrap().input["requestId"],
            "a"
        );
        assert!(EndedExecution::read(&event["detail"]).is_none());
        assert!(EndedExecution::read(&json!("ABORTED")).is_none());
    }
}
