//! An execution that ended without a result: Step Functions says so on the default bus, and what it made is undone.

use serde_json::Value;

use crate::problem::{Code, Problem};

/// An execution that ended, perhaps without a result of its own.
#[derive(Debug, Clone)]
pub struct EndedExecution {
    /// Its ARN.
    pub execution: String,
    status: String,
    /// What had started it; null if the event left it out, as it does when it is large.
    pub input: Value,
    error: Option<String>,
    /// Whether what ended last was a cleanup that failed: it said what it left, and another one would do no better.
    is_said: bool,
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
        let mut ended = Self {
            execution: detail["executionArn"].as_str()?.to_owned(),
            status: detail["status"].as_str()?.to_owned(),
            input: Value::Null,
            error: detail["error"].as_str().map(str::to_owned),
            is_said: false,
        };
        if let Some(text) = detail["input"].as_str() {
            ended.had_input(text);
        }
        // An execution that cleaned up after another and was aborted itself: the first one counts.
        let Some(first) = Self::read(&ended.input) else {
            return Some(ended);
        };
        Some(Self {
            is_said: first.is_said || ended.status == "FAILED",
            ..first
        })
    }

    /// Learns what had started it.
    pub fn had_input(&mut self, text: &str) {
        self.input = serde_json::from_str(text).unwrap_or_default();
    }

    /// Learns what it ended with.
    pub fn had_error(&mut self, error: &str) {
        self.error = Some(error.to_owned());
    }

    /// Whether it announced its failure itself: then it ended with the code of it, and all is done.
    pub fn is_announced(&self) -> bool {
        let code = |error: &String| serde_json::from_value::<Code>(Value::from(error.as_str()));
        self.is_said || self.error.as_ref().is_some_and(|error| code(error).is_ok())
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
        assert!(!EndedExecution::read(&again).unwrap().is_announced());
        again["detail"]["status"] = json!("FAILED");
        assert!(EndedExecution::read(&again).unwrap().is_announced());
        assert!(EndedExecution::read(&event["detail"]).is_none());
        assert!(EndedExecution::read(&json!("ABORTED")).is_none());
    }
}
