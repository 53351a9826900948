//! The Lambda side: one invocation in, one answer or one named error out.

use lambda_runtime::{Diagnostic, Error, LambdaEvent, service_fn};
use serde_json::Value;
use tieline::outside::Outside;
use tieline::workflow::{StepError, StepInput, StepResult};

use crate::Aws;

/// An error as Lambda reports it and the state machine matches on it.
#[derive(Debug)]
struct Report(StepError);

impl From<Report> for Diagnostic {
    fn from(Report(error): Report) -> Self {
        Self {
            error_type: error.name().to_owned(),
            error_message: error.message(),
        }
    }
}

/// Sends this crate's and the library's log lines to standard error as JSON.
pub fn start_logging() {
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_max_level(tracing::Level::INFO)
        .with_writer(std::io::stderr)
        .init();
}

/// Serves a step until Lambda stops the process.
///
/// # Errors
///
/// Only if the Runtime API cannot be reached.
pub async fn serve(
    aws: &Aws,
    step: impl AsyncFn(&Outside<'_>, StepInput) -> StepResult,
) -> Result<(), Error> {
    let step = &step;
    lambda_runtime::run(service_fn(|event: LambdaEvent<Value>| async move {
        let input = StepInput::read(event.payload).map_err(Report)?;
        let execution = input.execution.id.clone();
        match step(&aws.outside(), input).await {
            Ok(answer) => {
                let waiting_for = answer.waiting_for.as_deref();
                tracing::info!(execution, next = ?answer.next, waiting_for, "the step is done");
                Ok(answer)
            }
            Err(error) => {
                tracing::warn!(execution, error = error.chain(), "the step failed");
                Err(Report(error))
            }
        }
    }))
    .await
}
