//! AWS Step Functions.

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_sfn::Client;
use aws_sdk_sfn::primitives::DateTime;
use aws_sdk_sfn::types::{ExecutionListItem, ExecutionStatus};
use tieline::outside::{CallError, EndedRun, EnteredState, Executions, Reply, Run};
use tieline::time::Time;

use crate::answer::ask;
use crate::sdk::{Sdk, client};

/// How many events of a history are looked through, the newest first. A task that is retried as often as the definition
/// allows has three hundred behind the state's beginning.
const MOST_EVENTS: usize = 1000;

/// Each event has what was handed on in it, and a state's beginning is mostly among the first.
const PAGE: i32 = 10;

/// Step Functions API reference, `ListExecutions`: as many as one answer has.
const MOST_LISTED: i32 = 1000;

#[derive(Debug)]
pub(crate) struct AwsExecutions(Client);

impl AwsExecutions {
    pub(crate) fn new(sdk: &Sdk) -> Self {
        Self(client!(aws_sdk_sfn, sdk))
    }
}

#[async_trait]
impl Executions for AwsExecutions {
    async fn execution(&self, arn: &str) -> Reply<Option<Run>> {
        const ACTION: &str = "states:DescribeExecution";
        let call = self.0.describe_execution().execution_arn(arn);
        // Who asks takes what is not known for one that runs.
        let Some(answer) = known(ask(ACTION, call.send()).await)? else {
            return Ok(None);
        };
        let is_running = match answer.status().as_str() {
            "RUNNING" | "PENDING_REDRIVE" => true,
            "SUCCEEDED" | "FAILED" | "TIMED_OUT" | "ABORTED" => false,
            // Taken for ended, its work would be undone; taken for one that runs, nobody would clean up after it.
            other => {
                let reason = format!("the status {other} is not known");
                return Err(CallError::unavailable(ACTION, reason));
            }
        };
        Ok(Some(Run {
            is_running,
            input: answer.input,
            error: answer.error,
        }))
    }

    async fn entered_last(&self, arn: &str) -> Reply<Option<EnteredState>> {
        let mut events = self
            .0
            .get_execution_history()
            .execution_arn(arn)
            .reverse_order(true)
            .include_execution_data(true)
            .into_paginator()
            .page_size(PAGE)
            .items()
            .send();
        let entered = async {
            for _ in 0..MOST_EVENTS {
                let Some(event) = events.try_next().await? else {
                    break;
                };
                if let Some(entered) = event.state_entered_event_details {
                    return Ok(Some(EnteredState {
                        name: entered.name,
                        input: entered.input.unwrap_or_default(),
                    }));
                }
            }
            Ok(None)
        };
        let entered = known(ask("states:GetExecutionHistory", entered).await)?;
        Ok(entered.flatten())
    }

    async fn running(&self, state_machine: &str) -> Reply<Option<Vec<(String, Time)>>> {
        let pages = self
            .0
            .list_executions()
            .state_machine_arn(state_machine)
            .status_filter(ExecutionStatus::Running)
            .into_paginator()
            .page_size(MOST_LISTED)
            .items()
            .send();
        let all = known(ask("states:ListExecutions", pages.try_collect()).await)?;
        Ok(all.map(|all: Vec<_>| all.into_iter().map(began).collect()))
    }

    async fn ended(
        &self,
        state_machine: &str,
        status: &'static str,
        after: Time,
        longest: Duration,
    ) -> Reply<Option<Vec<EndedRun>>> {
        // The youngest first, by when they began: who ended lately may have begun a week before.
        let mut all = self
            .0
            .list_executions()
            .state_machine_arn(state_machine)
            .status_filter(ExecutionStatus::from(status))
            .into_paginator()
            .page_size(MOST_LISTED)
            .items()
            .send();
        let ended = async {
            let mut found = Vec::new();
            while let Some(one) = all.try_next().await? {
                let one = ended_run(one, status);
                if after.since(one.began) > longest {
                    break;
                }
                if one.ended > after {
                    found.push(one);
                }
            }
            Ok(found)
        };
        known(ask("states:ListExecutions", ended).await)
    }

    async fn newest(
        &self,
        state_machine: &str,
        status: &'static str,
    ) -> Reply<Option<Vec<EndedRun>>> {
        let mut all = self
            .0
            .list_executions()
            .state_machine_arn(state_machine)
            .status_filter(ExecutionStatus::from(status))
            .into_paginator()
            .page_size(1)
            .items()
            .send();
        let newest = known(ask("states:ListExecutions", all.try_next()).await)?;
        let ended = |one| ended_run(one, status);
        Ok(newest.map(|newest| newest.into_iter().map(ended).collect()))
    }
}

/// None where Step Functions does not know it, or it may not be asked about.
fn known<T>(answer: Reply<T>) -> Reply<Option<T>> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if error.code().is_some() => Ok(None),
        Err(error) => Err(error),
    }
}

fn ended_run(one: ExecutionListItem, status: &'static str) -> EndedRun {
    let began = time(&one.start_date);
    EndedRun {
        began,
        ended: one.stop_date.as_ref().map_or(began, time),
        arn: one.execution_arn,
        status,
    }
}

fn time(date: &DateTime) -> Time {
    let millis = date.to_millis().unwrap_or_default();
    Time(u64::try_from(millis).unwrap_or_default())
}

fn began(one: ExecutionListItem) -> (String, Time) {
    let began = time(&one.start_date);
    (one.execution_arn, began)
}
