//! *Poll the status*: looks once and names the next state. It never writes.
//!
//! "Not yet" is an answer with a wait in it; only what is wrong is an error. One poll serves every phase.

use super::observe::observe;
use super::{once_more, runs, verify};
use crate::outside::Outside;
use crate::result::{Awaiting, Built, Ready, ResultDetail};
use crate::trial::Tried;
use crate::workflow::{
    Decision, NextState, Observed, StepInput, StepOutput, StepResult, Then, Work, route,
};

/// Carries the step out.
///
/// # Errors
///
/// `Tieline.Unavailable` if a service has not answered for too long, `Tieline.Rejected` if it refuses.
pub async fn handle(outside: &Outside<'_>, input: StepInput) -> StepResult {
    let answer = input.answer.clone();
    super::on_plan(outside, input, async |mut work| {
        let before = work.now();
        let mut observed = observe(&work).await?;
        let read = answer.and_then(|answer| verify::read(&work, &observed, &answer));
        match read {
            // Behind a proof there is more to look at.
            Some(Ok((half, tried))) => {
                half.note(&mut work.progress, tried);
                return Ok(work.go(NextState::Poll));
            }
            Some(Err(finding)) => observed.finding = Some(finding),
            None => {}
        }
        // That nothing is left is true of the time of the look, and not of when the last service had answered.
        let now = match observed.inventory {
            Some(_) => before,
            None => work.now(),
        };
        let decision = route(&work.situation_at(now), &observed);
        if matches!(decision.then, Then::Ready)
            && let Some(what) = runs::held_up(&mut work).await?
        {
            return Ok(work.wait(what));
        }
        carry_out(decision, work, observed).await
    })
    .await
}

/// What the step answers to a decision.
async fn carry_out(decision: Decision, mut work: Work<'_>, observed: Observed) -> StepResult {
    work.enter(decision.phase);
    Ok(match decision.then {
        Then::Go(next) => {
            // Before that step, whose own word would be lost with its answer.
            let wanted = work.plan.endpoint.as_ref();
            let has_names = wanted.is_some_and(|wanted| wanted.private_dns.is_some());
            work.progress.dns_asked |= next == NextState::EnableDns && has_names;
            work.go(next)
        }
        Then::StartOver => {
            work.progress.endpoint = None;
            // What it makes from here on is its own.
            work.progress.group = None;
            work.progress.dns_ordered = false;
            work.progress.dns_asked = false;
            work.progress.path = None;
            work.progress.names = None;
            work.go(NextState::Create)
        }
        Then::Verify(half) => verify::ask(work, half, &observed),
        Then::LeaveUntried(half, why) => {
            half.note(&mut work.progress, Tried::not_tried(why));
            work.go(NextState::Poll)
        }
        Then::Wait { seconds, what } => work.wait_for(seconds, what),
        Then::AwaitAcceptance { seconds, what } => awaiting(work, seconds, what, &observed),
        Then::Fail(problem) => work.fail(problem),
        Then::Ready => ready(work, &observed),
        Then::RolledBack => {
            return once_more::announce(work, &observed.inventory.unwrap_or_default()).await;
        }
        Then::GiveUp => {
            return once_more::give_up(work, &observed.inventory.unwrap_or_default()).await;
        }
    })
}

fn ready(mut work: Work<'_>, observed: &Observed) -> StepOutput {
    let now = work.now();
    work.progress.close(now);
    let (plan, progress) = (&work.plan, &work.progress);
    let built = plan.endpoint.as_ref().zip(observed.endpoint.as_ref());
    let built = built.map(|(wanted, endpoint)| Built {
        wanted,
        endpoint,
        interfaces: observed.interfaces.as_deref().unwrap_or_default(),
    });
    let facts = observed.facts();
    let event = Ready::of(plan, progress, &work.execution, built, facts, now).event();
    work.announce(NextState::AnnounceReady, event)
}

/// Says once who has to accept the endpoint, where, and until when.
fn awaiting(mut work: Work<'_>, seconds: u64, what: String, observed: &Observed) -> StepOutput {
    let (Some(wanted), Some(endpoint)) = (&work.plan.endpoint, &observed.endpoint) else {
        return work.wait_for(seconds, what);
    };
    if work.progress.acceptance_announced {
        return work.wait_for(seconds, what);
    }
    work.progress.acceptance_announced = true;
    let (plan, progress, now) = (&work.plan, &work.progress, work.now());
    let event = Awaiting::of(plan, wanted, progress, &work.execution, &endpoint.id, now).event();
    StepOutput {
        next: NextState::AnnounceWaiting,
        result: Some(event),
        ..work.wait_for(seconds, what)
    }
}
