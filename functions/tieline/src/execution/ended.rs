//! An execution that ended without a result: Step Functions says so on the default bus, and what it made is undone.

use serde_json::Value;

use crate::problem::{Code, Problem};
use crate::time::Time;

/// The `detail-type` with which the scheduled check says that an execution has ended after which there is something to do: one that
/// makes or changes a connection.
pub const EXECUTION_ENDED: &str = "Private Connection Execution Ended";

/// The same of one that removes a connection: another state machine hears of it.
pub const REMOVAL_ENDED: &str = "Private Connection Removal Ended";

/// How many cleanups after one execution may end without a result before nobody begins another one.
const MOST_CLEANUPS: u32 = 2;

/// An execution that ended, perhaps without a result of its own.
#[derive(Debug, Clone)]
pub struct EndedExecution {
    /// Its ARN.
    pub execution: String,
    /// The same, and before it those of the cleanups after it that ended as well.
    chain: Vec<String>,
    status: String,
    /// What had started it; null if the event left it out, as it does when it is large.
    pub input: Value,
    /// When it began; none if the event does not say it.
    pub began: Option<Time>,
    /// Whether the check found something that it had begun to take away, and that is still there: whatever it announced, its work is
    /// not done.
    pub is_left: bool,
    error: Option<String>,
    /// How many cleanups after it ended without a result of their own.
    cleanups: u32,
    /// The cleanup that failed last, where the event does not say with what.
    unsaid: Option<String>,
}

impl EndedExecution {
    /// Reads a *Step Functions Execution Status Change*, or what the check says in its place; anything else is none.
    pub fn read(event: &Value) -> Option<Self> {
        let by_states = event["source"] == "aws.states"
            && event["detail-type"] == "Step Functions Execution Status Change";
        let by_check = [EXECUTION_ENDED, REMOVAL_ENDED].contains(&event["detail-type"].as_str()?);
        if !by_states && !by_check {
            return None;
        }
        let detail = &event["detail"];
        let execution = detail["executionArn"].as_str()?.to_owned();
        let mut ended = Self {
            chain: vec![execution.clone()],
            execution,
            status: detail["status"].as_str()?.to_owned(),
            input: Value::Null,
            began: detail["startDate"].as_u64().map(Time),
            is_left: detail["left"] == true,
            error: detail["error"].as_str().map(str::to_owned),
            cleanups: 0,
            unsaid: None,
        };
        if let Some(text) = detail["input"].as_str() {
            ended.had_input(text);
        }
        Some(ended)
    }

    /// Learns what had started it.
    pub fn had_input(&mut self, text: &str) {
        self.input = serde_json::from_str(text).unwrap_or_default();
        // A cleanup that ended itself: what it was to clean up after is what counts.
        if let Some(first) = Self::read(&self.input) {
            let is_unsaid = self.error.is_none() && self.status == "FAILED" && !self.is_left;
            let unsaid = is_unsaid.then(|| self.execution.clone());
            let has_said = self.is_announced() && !self.is_left;
            let chain = [self.chain.as_slice(), &first.chain].concat();
            *self = Self {
                chain,
                cleanups: self.cleanups + first.cleanups + 1,
                is_left: self.is_left || first.is_left,
                unsaid,
                ..first
            };
            if has_said {
                self.is_said();
            }
        }
    }

    /// The cleanup that ended last announced its own failure: that is all there is to say, unless the check finds what it left.
    fn is_said(&mut self) {
        self.cleanups += MOST_CLEANUPS;
    }

    /// The cleanup that failed last, where it is not known with what.
    pub fn unsaid(&self) -> Option<&str> {
        self.unsaid.as_deref()
    }

    /// Learns what that ended with.
    pub fn cleanup_had_error(&mut self, error: &str) {
        self.unsaid = None;
        if is_code(error) {
            self.is_said();
        }
    }

    /// The ARNs of everybody whose work is gone on with: its own, and those of the cleanups after it that ended as well.
    pub fn everybody(&self) -> &[String] {
        &self.chain
    }

    /// Its name.
    pub fn name(&self) -> &str {
        self.execution.rsplit(':').next().unwrap_or_default()
    }

    /// Whether its cleanups come to nothing: each of them would be the reason of another one.
    pub fn is_hopeless(&self) -> bool {
        self.cleanups > MOST_CLEANUPS
    }

    /// Whether another execution may go on with its work, and not only say what became of it.
    pub fn may_go_on(&self) -> bool {
        self.cleanups < MOST_CLEANUPS
    }

    /// Whether nobody has to do anything about it, as far as it is known.
    pub fn is_done_with(&self) -> bool {
        (self.is_announced() && !self.is_left) || self.is_hopeless()
    }

    /// Learns what it ended with.
    pub fn had_error(&mut self, error: &str) {
        self.error = Some(error.to_owned());
    }

    /// Whether it announced its failure itself: then it ended with the code of it, and all is done.
    pub fn is_announced(&self) -> bool {
        self.error.as_deref().is_some_and(is_code)
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

/// Whether an execution that ended with this announced its failure itself.
fn is_code(error: &str) -> bool {
    serde_json::from_value::<Code>(Value::from(error)).is_ok()
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
        for cleanups in 1..5 {
            let read = EndedExecution::read(&again).unwrap();
            assert_eq!(read.is_hopeless(), cleanups > 2, "{cleanups}");
            let input = again.to_string();
            again["detail"]["input"] = json!(input);
        }
        // One that announced its own failure is the reason of no other one, unless the check found what it left.
        for (left, hopeless) in [(false, true), (true, false)] {
            let detail = json!({
                "executionArn": "arn:c", "status": "FAILED", "error": "UNDO_INCOMPLETE", "left": left,
                "input": event.to_string(),
            });
            let said = json!({"detail-type": REMOVAL_ENDED, "detail": detail});
            let read = EndedExecution::read(&said).unwrap();
            assert_eq!((read.is_hopeless(), read.is_left), (hopeless, left));
        }
        let mut failed = event.clone();
        failed["detail"]["executionArn"] = json!("arn:c");
        failed["detail"]["status"] = json!("FAILED");
        failed["detail"]["input"] = json!(event.to_string());
        for (error, hopeless) in [("UNDO_INCOMPLETE", true), ("States.Runtime", false)] {
            let mut read = EndedExecution::read(&failed).unwrap();
            assert_eq!(read.unsaid(), Some("arn:c"));
            read.cleanup_had_error(error);
            assert_eq!((read.is_hopeless(), read.unsaid()), (hopeless, None));
        }
        // What the check says leaves out the input, and what asked for the first one is read in the end.
        let mut twice = EndedExecution::read(&json!({
            "detail-type": REMOVAL_ENDED,
            "detail": {"executionArn": "arn:z", "status": "ABORTED", "startDate": 3000},
        }))
        .unwrap();
        assert_eq!((twice.began, twice.is_left), (Some(Time(3000)), false));
        for (arn, began) in [("arn:y", 2000), ("arn:x", 1000)] {
            let detail =
                json!({"executionArn": arn, "status": "FAILED", "startDate": began, "left": true});
            let input = json!({"detail-type": REMOVAL_ENDED, "detail": detail});
            twice.had_input(&input.to_string());
            assert_eq!(twice.execution, arn);
            assert!(twice.input.is_null() && twice.is_left);
        }
        assert_eq!((twice.began, twice.may_go_on()), (Some(Time(1000)), false));
        assert!(!twice.is_hopeless());
        assert_eq!(twice.everybody(), ["arn:z", "arn:y", "arn:x"]);
        assert!(EndedExecution::read(&event["detail"]).is_none());
        assert!(EndedExecution::read(&json!("ABORTED")).is_none());
    }
}
