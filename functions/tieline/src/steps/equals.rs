//! Other executions of an equal request: what one of them goes on with, another one does not take away.
//!
//! One that fails itself goes on with nothing. So of those that fail together each removes what is there, and nothing has to be
//! handed from one to the other: who leaves something to another saw it at work, and that one, should it fail later, finds
//! nobody else at work.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use crate::execution::{EndedExecution, Phase, Progress};
use crate::ids::EndpointId;
use crate::outside::{EnteredState, Outside, Reply};
use crate::ownership::run_mark;
use crate::request::Request;
use crate::workflow::{NextState, Work};

/// How many executions are looked at: Step Functions allows some 15 such looks a second. Beyond that, an equal that finds its
/// endpoint gone makes another one.
const MANY: usize = 40;

/// An execution of an equal request that is at work on the connection.
#[derive(Debug, Default)]
pub(super) struct Equal {
    /// The endpoint that it uses, once it knows one.
    pub endpoint: Option<EndpointId>,
}

/// Looks for one, first where `makers`, as marks name them, say.
pub(super) async fn at_work(work: &Work<'_>, makers: &[&str]) -> Reply<Option<Equal>> {
    let executions = work.outside.executions;
    let Some(mut running) = executions.running(&work.execution.machine()).await? else {
        // What is not known is taken for the better of two.
        return Ok((!makers.is_empty()).then(Equal::default));
    };
    running.retain(|(arn, _)| *arn != work.execution.id);
    running.sort_by_cached_key(|(arn, began)| {
        let is_maker = makers.contains(&run_mark(arn).as_str());
        (!is_maker, *began, arn.clone())
    });
    for (arn, _) in running.into_iter().take(MANY) {
        let run = executions.execution(&arn).await?;
        let input = run.filter(|run| run.is_running).and_then(|run| run.input);
        let asked = input.and_then(|text| serde_json::from_str::<Value>(&text).ok());
        if asked.is_some_and(|asked| is_equal(work, asked)) {
            let equal = match executions.entered_last(&arn).await? {
                Some(entered) => goes_on(&entered),
                None => Some(Equal::default()),
            };
            if equal.is_some() {
                return Ok(equal);
            }
        }
    }
    Ok(None)
}

/// Whether it asks for the same connection, and to have it made.
fn is_equal(work: &Work<'_>, asked: Value) -> bool {
    let owner = &work.plan.owner;
    EndedExecution::read(&asked).is_none()
        && Request::read(asked, &owner.region).is_ok_and(|request| {
            !request.dry_run
                && request.request_id == owner.request_id
                && request.shape.fingerprint() == owner.fingerprint
        })
}

/// Whether an execution in this state has a plan, and has not failed with it.
fn goes_on(entered: &EnteredState) -> Option<Equal> {
    #[derive(Deserialize)]
    struct Payload {
        #[serde(default)]
        next: String,
        #[serde(rename = "plan")]
        _plan: IgnoredAny,
        progress: Progress,
    }
    // The check has no plan yet: it claims nothing before it has looked.
    let payload: Payload = serde_json::from_str(&entered.input).ok()?;
    let progress = payload.progress;
    let rolls_back = |state: &str| NextState::RollBack.is_called(state);
    let has_failed = progress.phase == Phase::RollBack
        || progress.failure.is_some()
        || rolls_back(&payload.next)
        || rolls_back(&entered.name);
    (!has_failed).then_some(Equal {
        endpoint: progress.endpoint,
    })
}

/// Whether an execution that marks name so still runs. One that cannot be asked about does.
pub(super) async fn runs(outside: &Outside<'_>, machine: &str, mark: &str) -> Reply<bool> {
    let running = outside.executions.running(machine).await?;
    Ok(running.is_none_or(|all| all.iter().any(|(arn, _)| run_mark(arn) == mark)))
}
