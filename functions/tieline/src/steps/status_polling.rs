//! *Poll the status*: looks once and names the next state. It never writes.
//!
//! "Not yet" is an answer with a wait in it; only what is wrong is an error. One poll serves every phase.

use super::observe::observe;
use super::roll_back;
use crate::outside::Outside;
use crate::result::{Awaiting, Built, Ready, ResultDetail};
use crate::workflow::{NextState, Observed, StepError, StepInput, StepOutput, Then, Work, route};

/// Carries the step out.
///
/// # Errors
///
/// `Tieline.Retryable` if a service does not answer, `Tieline.Rejected` if it refuses.
pub async fn handle(outside: &Outside<'_>, input: StepInput) -> Result<StepOutput, StepError> {
    super::on_plan(outside, input, async |work| {
        let observed = observe(&work).await?;
        let decision = route(&work.situation(), &observed);
        Ok(match decision.output(work) {
            Ok(output) => output,
            Err((work, then)) => announce(work, then, &observed),
        })
    })
    .await
}

/// What takes an event.
fn announce(mut work: Work<'_>, then: Then, observed: &Observed) -> StepOutput {
    match (then, &observed.inventory) {
        (Then::AwaitAcceptance { seconds, what }, _) => awaiting(work, seconds, what, observed),
        (Then::RolledBack, Some(inventory)) => roll_back::announce(work, inventory),
        (Then::GiveUp, Some(inventory)) => roll_back::give_up(work, inventory),
        _ => {
            let now = work.now();
            work.progress.close(now);
            let built = match (&work.plan.endpoint, &observed.endpoint) {
                (Some(wanted), Some(endpoint)) => Some(Built {
                    wanted,
                    endpoint,
                    interfaces: observed.interfaces.as_deref().unwrap_or_default(),
                }),
                _ => None,
            };
            let facts = observed.facts();
            let (plan, progress) = (&work.plan, &work.progress);
            let event = Ready::of(plan, progress, &work.execution, built, facts, now).event();
            work.announce(NextState::AnnounceReady, event)
        }
    }
}

/// Says once who has to accept the endpoint, where, and until when.
fn awaiting(mut work: Work<'_>, seconds: u64, what: String, observed: &Observed) -> StepOutput {
    let (Some(wanted), Some(endpoint)) = (&work.plan.endpoint, &observed.endpoint) else {
        return work.wait_for(seconds, what);
    };
    work.progress.acceptance_announced = true;
    let (plan, progress, now) = (&work.plan, &work.progress, work.now());
    let event = Awaiting::of(plan, wanted, progress, &work.execution, &endpoint.id, now).event();
    StepOutput {
        next: NextState::AnnounceWaiting,
        result: Some(event),
        ..work.wait_for(seconds, what)
    }
}
