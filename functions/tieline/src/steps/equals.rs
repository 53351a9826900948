//! Other executions of an equal request: what one of them goes on with, another one does not take away.
//!
//! One that fails itself goes on with nothing. So of those that fail together each removes what is there, and nothing has to be
//! handed from one to the other: who leaves something to another saw it at work, and that one, should it fail later, finds
//! nobody else at work.

use serde_json::Value;

use crate::execution::{EndedExecution, Execution, Phase, Progress};
use crate::ids::EndpointId;
use crate::outside::{EnteredState, Outside, Reply};
use crate::ownership::run_mark;
use crate::request::Request;
use crate::workflow::{NextState, Work};

/// How many executions are looked at: Step Functions allows some 15 such looks a second. Equal ones begin close to each other,
/// so those whose beginning is nearest come first.
const MANY: usize = 40;

/// The executions of an equal request that have not failed.
#[derive(Debug, Default)]
pub(super) struct Equals {
    /// Those with a plan, each with the endpoint that it uses once it knows one.
    at_work: Vec<Option<EndpointId>>,
    /// Whether one of them is in its check: it has claimed nothing, and may still be refused.
    pub is_one_checking: bool,
}

/// How far an equal execution has come.
enum Stand {
    Checks,
    AtWork(Option<EndpointId>),
    HasFailed,
    Unknown,
}

impl Equals {
    pub(super) fn is_one_at_work(&self) -> bool {
        !self.at_work.is_empty()
    }

    /// Whether one of them uses an endpoint, or may come to.
    pub(super) fn may_use(&self, id: &EndpointId) -> bool {
        let may = |used: &Option<EndpointId>| used.as_ref().is_none_or(|used| used == id);
        self.at_work.iter().any(may)
    }

    /// Whether one of them is known to use an endpoint.
    pub(super) fn uses(&self, id: &EndpointId) -> bool {
        self.at_work.iter().flatten().any(|used| used == id)
    }
}

/// Looks for them. `makers` are the executions that marks name: one that runs counts also where it may not be asked about.
pub(super) async fn look(work: &Work<'_>, makers: &[String]) -> Reply<Equals> {
    let executions = work.outside.executions;
    let mut equals = Equals::default();
    if work.removes() {
        // It began when none of them ran. Who asks anew meanwhile waits for what goes, or makes it again.
        return Ok(equals);
    }
    let Some(mut running) = executions
        .running(&work.execution.connecting_machine())
        .await?
    else {
        equals.at_work.extend(makers.iter().map(|_| None));
        return Ok(equals);
    };
    let own = work.execution.started();
    let makes = |arn: &str| makers.contains(&run_mark(arn));
    running.retain(|(arn, _)| *arn != work.execution.id);
    running.sort_by_cached_key(|(arn, began)| (!makes(arn), began.0.abs_diff(own.0), arn.clone()));
    for (arn, began) in running.into_iter().take(MANY) {
        let stand = match executions.execution(&arn).await? {
            None if makes(&arn) => Stand::Unknown,
            Some(run) if run.is_running && is_equal(work, run.input.as_deref()) => {
                let entered = executions.entered_last(&arn).await?;
                entered.map_or(Stand::Unknown, |entered| stand(&entered))
            }
            None | Some(_) => Stand::HasFailed,
        };
        match stand {
            Stand::HasFailed => {}
            Stand::Checks => equals.is_one_checking = true,
            Stand::AtWork(endpoint) => equals.at_work.push(endpoint),
            // Of two that may know nothing of each other, the younger one takes care of everything.
            Stand::Unknown if work.progress.cleaning || began > own => equals.at_work.push(None),
            Stand::Unknown => {}
        }
    }
    Ok(equals)
}

/// Whether what started an execution asks for the same connection, and to have it made.
fn is_equal(work: &Work<'_>, input: Option<&str>) -> bool {
    let owner = &work.plan.owner;
    let Some(Ok(asked)) = input.map(serde_json::from_str::<Value>) else {
        return false;
    };
    EndedExecution::read(&asked).is_none()
        && Request::read(asked, &owner.region).is_ok_and(|request| {
            !request.dry_run
                && request.request_id == owner.request_id
                && request.shape.fingerprint() == owner.fingerprint
        })
}

/// How far an execution has come that entered this state last.
fn stand(entered: &EnteredState) -> Stand {
    let Ok(mut payload) = serde_json::from_str::<Value>(&entered.input) else {
        return Stand::Unknown;
    };
    let rolls_back = |state: &str| NextState::RollBack.is_called(state);
    let is_over = payload["result"].is_object() || payload["code"].is_string();
    if rolls_back(&entered.name) || payload["next"].as_str().is_some_and(rolls_back) {
        return Stand::HasFailed;
    }
    if payload["plan"].is_null() {
        return if is_over {
            Stand::HasFailed
        } else {
            Stand::Checks
        };
    }
    let Ok(progress) = serde_json::from_value::<Progress>(payload["progress"].take()) else {
        return Stand::Unknown;
    };
    if progress.phase == Phase::RollBack || progress.failure.is_some() {
        Stand::HasFailed
    } else {
        Stand::AtWork(progress.endpoint)
    }
}

/// Whether an execution that marks name so still runs. One that cannot be asked about does.
pub(super) async fn runs(outside: &Outside<'_>, own: &Execution, mark: &str) -> Reply<bool> {
    let removing = own.removing_machine(&outside.deployment.name);
    for machine in [own.connecting_machine(), removing] {
        let running = outside.executions.running(&machine).await?;
        if running.is_none_or(|all| all.iter().any(|(arn, _)| run_mark(arn) == mark)) {
            return Ok(true);
        }
    }
    Ok(false)
}
