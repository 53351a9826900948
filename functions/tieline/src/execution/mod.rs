//! Which run of the state machine, which phase of it, and how far the work has come.

mod ended;
mod phase;
mod progress;

use chrono::DateTime;
use serde::{Deserialize, Serialize};

use crate::ids::Region;
use crate::time::Time;

pub use ended::{EXECUTION_ENDED, EndedExecution, REMOVAL_ENDED};
pub use phase::Phase;
pub use progress::{LookedUpTo, PhaseDuration, Progress, PutOff, Removal};

/// An execution of the state machine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Execution {
    /// Its ARN.
    pub id: String,
    /// When it began, in RFC 3339 as Step Functions writes it.
    pub started_at: String,
    /// The version of the definition that it runs, as `connect.asl.json` says it; the first one did not say.
    #[serde(default = "first")]
    pub definition: u32,
    /// The state machine that makes connections, in executions of another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connects: Option<String>,
}

fn first() -> u32 {
    1
}

impl Execution {
    pub fn account(&self) -> &str {
        self.part_of_arn(4)
    }

    /// The ARN of the state machine that makes connections.
    pub fn connecting_machine(&self) -> String {
        self.connects.clone().unwrap_or_else(|| self.machine())
    }

    /// The ARN of the state machine that removes connections, as the template names it.
    pub fn removing_machine(&self, deployment: &str) -> String {
        let machine = self.machine();
        let before = machine.rsplit_once(':').map_or("", |(before, _)| before);
        format!("{before}:{deployment}-remove")
    }

    /// The ARN of its state machine.
    pub fn machine(&self) -> String {
        let machine = self.id.rsplit_once(':').map_or("", |(machine, _)| machine);
        machine.replacen(":execution:", ":stateMachine:", 1)
    }

    /// Its name, unique among the executions of its machine.
    pub fn name(&self) -> &str {
        self.id.rsplit(':').next().unwrap_or_default()
    }

    /// When it began. An unreadable time counts as long past, so that a deadline still passes.
    pub fn started(&self) -> Time {
        let read = DateTime::parse_from_rfc3339(&self.started_at);
        Time(
            read.ok()
                .and_then(|time| u64::try_from(time.timestamp_millis()).ok())
                .unwrap_or_default(),
        )
    }

    /// What the ARNs of its account's secrets begin with, in its Region.
    pub fn secrets(&self) -> String {
        let [partition, region] = [1, 3].map(|at| self.part_of_arn(at));
        let account = self.account();
        format!("arn:{partition}:secretsmanager:{region}:{account}:secret:")
    }

    /// The Region that it runs in.
    pub fn region(&self) -> Option<Region> {
        self.part_of_arn(3).parse().ok()
    }

    /// Where a person can look at it: each partition has a console of its own.
    pub fn url(&self) -> String {
        let region = self.part_of_arn(3);
        let console = match self.part_of_arn(1) {
            "aws-cn" => "console.amazonaws.cn",
            "aws-us-gov" => "console.amazonaws-us-gov.com",
            _ => "console.aws.amazon.com",
        };
        format!(
            "https://{region}.{console}/states/home?region={region}#/v2/executions/details/{}",
            self.id
        )
    }

    /// One of `arn:<partition>:states:<region>:<account>:…`, counted from 0.
    fn part_of_arn(&self, index: usize) -> &str {
        self.id.split(':').nth(index).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_console_is_that_of_the_partition() {
        for (partition, region, host) in [
            ("aws", "us-east-1", "us-east-1.console.aws.amazon.com"),
            ("aws-cn", "cn-north-1", "cn-north-1.console.amazonaws.cn"),
            (
                "aws-us-gov",
                "us-gov-west-1",
                "us-gov-west-1.console.amazonaws-us-gov.com",
            ),
        ] {
            let execution = Execution {
                id: format!("arn:{partition}:states:{region}:123456789012:execution:connect:1"),
                started_at: String::new(),
                definition: 2,
                connects: None,
            };

            assert!(execution.url().starts_with(&format!("https://{host}/")));
            assert_eq!(execution.account(), "123456789012");
        }
    }

    #[test]
    fn an_execution_that_does_not_say_its_definition_runs_the_first_one() {
        let said = serde_json::json!({"id": "a", "startedAt": "2026-09-01T09:00:00Z"});

        let execution: Execution = serde_json::from_value(said).unwrap();

        assert_eq!(
            (execution.definition, execution.started()),
            (1, Time(1_788_253_200_000))
        );
    }
}
