//! *Poll the status*: looks once and names the next state. It never writes.
//!
//! "Not yet" is an answer with a wait in it; only what is wrong is an error. One poll serves every phase.

use std::time::Duration;

use crate::error::StepError;
use crate::ids::EndpointId;
use crate::outside::{Endpoint, Outside};
use crate::parts::{Observation, Part};
use crate::plan::{Claim, EndpointPlan, Plan, Zone, claim, differences};
use crate::problem::{Code, Problem};
use crate::progress::{Phase, Progress};
use crate::result::{self, Built};
use crate::state::State;
use crate::step::{Execution, NextState, StepInput, StepOutput};
use crate::steps::parts::{self, PartsStatus};
use crate::steps::{create_endpoint, delete_endpoint};

/// How often an endpoint that somebody deletes under our hands is made again.
const MAX_CREATES: u32 = 3;

/// The longest wait for a person.
const ACCEPTANCE_PAUSE: u64 = 300;

/// Carries the step out.
///
/// # Errors
///
/// `Tieline.Retryable` if a service does not answer, `Tieline.Rejected` if it refuses.
pub async fn handle(outside: &Outside<'_>, input: StepInput) -> Result<StepOutput, StepError> {
    super::patiently(outside, input, async |input| step(outside, input).await).await
}

async fn step(outside: &Outside<'_>, input: StepInput) -> Result<StepOutput, StepError> {
    let (plan, progress, execution) = input.planned()?;
    if progress.phase == Phase::RollBack {
        return delete_endpoint::look(outside, plan, progress, &execution).await;
    }
    let Some(wanted) = plan.endpoint.clone() else {
        return without_endpoint(outside, plan, progress, &execution).await;
    };
    let Some(id) = progress.endpoint.clone() else {
        return Ok(StepOutput::go(NextState::Create, plan, progress));
    };
    let Some(endpoint) = super::look(outside, &id).await? else {
        return Ok(StepOutput::wait(
            outside,
            plan,
            progress,
            format!("EC2 does not show {id} yet"),
        ));
    };
    match endpoint.state {
        State::Deleting | State::Deleted => return Ok(vanished(outside, plan, progress, &id)),
        State::Failed => return Ok(dead(plan, progress, &endpoint, Code::EndpointFailed)),
        State::Rejected => return Ok(dead(plan, progress, &endpoint, Code::EndpointRejected)),
        State::Expired => return Ok(dead(plan, progress, &endpoint, Code::EndpointExpired)),
        State::Available | State::Pending | State::PendingAcceptance | State::Unknown => {}
    }
    // What goes on at the vendor's side has to be looked at first: it may be what the endpoint waits for.
    let stand = parts::stand(outside, &plan, Some(&endpoint), NextState::Create).await?;
    let waiting = match stand {
        PartsStatus::ToMake => return Ok(StepOutput::go(NextState::Create, plan, progress)),
        PartsStatus::Broken(problem) => return Ok(StepOutput::fail(plan, progress, problem)),
        PartsStatus::Waiting(what) => Err(what),
        PartsStatus::Ready(parts) => Ok(parts),
    };
    match (endpoint.state, waiting) {
        (State::Available, Ok(ready)) => {
            let seen = Seen {
                wanted: &wanted,
                endpoint: &endpoint,
                parts: ready,
            };
            available(outside, plan, progress, &execution, seen).await
        }
        (State::PendingAcceptance, Ok(_)) => Ok(unaccepted(
            outside, plan, progress, &execution, &wanted, &endpoint,
        )),
        (State::Available, Err(what)) => Ok(StepOutput::wait(outside, plan, progress, what)),
        (State::Unknown, _) => {
            let what = format!(
                "{id} is in the state {:?}, which is not documented",
                endpoint.raw_state
            );
            Ok(StepOutput::wait(outside, plan, progress, what))
        }
        (_, Err(what)) => {
            let what = format!("{id} is {}, and {what}", endpoint.raw_state);
            Ok(StepOutput::wait(outside, plan, progress, what))
        }
        (_, Ok(_)) => {
            let mut progress = progress;
            if progress.phase == Phase::Accept {
                progress.enter(Phase::Create, outside.clock.now());
            }
            let what = format!("{id} is pending");
            Ok(StepOutput::wait(outside, plan, progress, what))
        }
    }
}

/// What one look showed.
struct Seen<'a> {
    wanted: &'a EndpointPlan,
    endpoint: &'a Endpoint,
    parts: Vec<(Part, Observation)>,
}

/// Somebody has to accept the endpoint. Who it is was not our choice, so they get the request's time, and are named once.
fn unaccepted(
    outside: &Outside<'_>,
    plan: Plan,
    mut progress: Progress,
    execution: &Execution,
    wanted: &EndpointPlan,
    endpoint: &Endpoint,
) -> StepOutput {
    let id = &endpoint.id;
    let what = format!("{id} waits for the service's owner to accept it");
    let Some(hours) = wanted.acceptance_hours else {
        return StepOutput::wait(outside, plan, progress, what);
    };
    let now = outside.clock.now();
    progress.enter(Phase::Accept, now);
    let waited = now.since(progress.since);
    if waited >= Duration::from_secs(3600 * u64::from(hours)) {
        let problem = Problem::new(
            Code::NotAccepted,
            format!(
                "the owner of {} did not accept {id} within {hours} hours",
                wanted.service
            ),
            "agree with the owner, and send the event again; acceptanceHours says how long they may take",
        );
        return StepOutput::fail(plan, progress, problem);
    }
    let seconds = (waited.as_secs() / 10).clamp(5, ACCEPTANCE_PAUSE);
    let mut answer = StepOutput {
        wait_seconds: Some(seconds),
        waiting_for: Some(what),
        ..StepOutput::go(NextState::Wait, plan.clone(), progress.clone())
    };
    if !progress.acceptance_announced {
        progress.acceptance_announced = true;
        let event = result::awaiting(&plan, wanted, &progress, execution, &endpoint.id, now);
        answer.next = NextState::AnnounceWaiting;
        answer.result = Some(event);
        answer.progress = progress;
    }
    answer
}

/// A connection that consists of other parts only.
async fn without_endpoint(
    outside: &Outside<'_>,
    plan: Plan,
    progress: Progress,
    execution: &Execution,
) -> Result<StepOutput, StepError> {
    let ready = match parts::stand(outside, &plan, None, NextState::Create).await? {
        PartsStatus::ToMake => return Ok(StepOutput::go(NextState::Create, plan, progress)),
        PartsStatus::Broken(problem) => return Ok(StepOutput::fail(plan, progress, problem)),
        PartsStatus::Waiting(what) => return Ok(StepOutput::wait(outside, plan, progress, what)),
        PartsStatus::Ready(parts) => parts,
    };
    if parts::lacks_mark(&ready) {
        return Ok(if progress.phase == Phase::Confirm {
            StepOutput::wait(outside, plan, progress, "the mark does not show yet")
        } else {
            StepOutput::go(NextState::Confirm, plan, progress)
        });
    }
    Ok(announce(outside, plan, progress, execution, None, &ready))
}

fn announce(
    outside: &Outside<'_>,
    plan: Plan,
    mut progress: Progress,
    execution: &Execution,
    built: Option<Built<'_>>,
    parts: &[(Part, Observation)],
) -> StepOutput {
    let now = outside.clock.now();
    progress.close(now);
    let event = result::ready(&plan, &progress, execution, built, parts::facts(parts), now);
    StepOutput::end(NextState::AnnounceReady, Some(plan), progress, event)
}

/// The endpoint works: what is left to do, and is everything as planned?
async fn available(
    outside: &Outside<'_>,
    plan: Plan,
    mut progress: Progress,
    execution: &Execution,
    seen: Seen<'_>,
) -> Result<StepOutput, StepError> {
    let Seen {
        wanted,
        endpoint,
        parts: mut ready,
    } = seen;
    if progress.phase == Phase::Accept {
        progress.enter(Phase::Create, outside.clock.now());
    }
    if wanted.private_dns.is_some() && !endpoint.private_dns {
        return Ok(dns_missing(outside, plan, progress, endpoint));
    }
    let mut differs = differences(&plan, wanted, endpoint);
    if wanted.private_dns.is_none() && endpoint.private_dns {
        differs.push("its private DNS is on".to_owned());
    }
    if !differs.is_empty() {
        let problem = create_endpoint::differing(endpoint, &differs);
        return Ok(StepOutput::fail(plan, progress, problem));
    }
    match parts::stand(outside, &plan, Some(endpoint), NextState::EnableDns).await? {
        PartsStatus::ToMake => return Ok(StepOutput::go(NextState::EnableDns, plan, progress)),
        PartsStatus::Broken(problem) => return Ok(StepOutput::fail(plan, progress, problem)),
        PartsStatus::Waiting(what) => return Ok(StepOutput::wait(outside, plan, progress, what)),
        PartsStatus::Ready(names) => ready.extend(names),
    }
    let adopted = plan.is_adopted();
    if let Claim::Other = claim(&plan, endpoint) {
        return Ok(StepOutput::fail(
            plan,
            progress,
            create_endpoint::conflict(endpoint),
        ));
    }
    if let Some(missing) = missing_tag(&plan, endpoint).filter(|_| !adopted) {
        let what = format!("the tag {missing} does not show yet");
        return Ok(StepOutput::wait(outside, plan, progress, what));
    }
    let interfaces = outside.ec2.interfaces(&endpoint.interface_ids).await?;
    let placed = |zone: &Zone| {
        interfaces
            .iter()
            .any(|one| one.subnet_id == zone.subnet_id.as_str())
    };
    if !wanted.zones.iter().all(placed) {
        let what = "a network interface of the endpoint does not show yet";
        return Ok(StepOutput::wait(outside, plan, progress, what));
    }
    let kept = endpoint.tags.get(&plan.request_tag()) == Some(&plan.ready_value());
    if !adopted && progress.phase != Phase::Confirm {
        return Ok(StepOutput::go(NextState::Confirm, plan, progress));
    }
    if !adopted && !kept {
        return Ok(StepOutput::wait(
            outside,
            plan,
            progress,
            "the mark on the endpoint does not show yet",
        ));
    }
    let built = Built {
        wanted,
        endpoint,
        interfaces: &interfaces,
    };
    Ok(announce(
        outside,
        plan,
        progress,
        execution,
        Some(built),
        &ready,
    ))
}

/// Private DNS is wanted and off: it has to be ordered, or the order takes its time.
fn dns_missing(
    outside: &Outside<'_>,
    plan: Plan,
    progress: Progress,
    endpoint: &Endpoint,
) -> StepOutput {
    if plan.is_adopted() {
        let problem = create_endpoint::differing(endpoint, &["private DNS is off".to_owned()]);
        return StepOutput::fail(plan, progress, problem);
    }
    if progress.dns_ordered {
        let trouble = endpoint
            .trouble
            .as_deref()
            .map(|text| format!(" ({text})"))
            .unwrap_or_default();
        return StepOutput::wait(
            outside,
            plan,
            progress,
            format!("private DNS is not on yet{trouble}"),
        );
    }
    StepOutput::go(NextState::EnableDns, plan, progress)
}

/// A tag that the endpoint should carry and does not show.
fn missing_tag(plan: &Plan, endpoint: &Endpoint) -> Option<String> {
    plan.all_tags()
        .into_keys()
        .find(|key| !endpoint.tags.contains_key(key))
}

fn vanished(
    outside: &Outside<'_>,
    plan: Plan,
    mut progress: Progress,
    id: &EndpointId,
) -> StepOutput {
    if progress.creates < MAX_CREATES && !plan.is_adopted() {
        progress.enter(Phase::Create, outside.clock.now());
        progress.endpoint = None;
        progress.dns_ordered = false;
        return StepOutput::go(NextState::Create, plan, progress);
    }
    let message = format!("{id} was deleted while it was being set up");
    let fix = "find out who deletes it (CloudTrail, DeleteVpcEndpoints), and send the event again";
    StepOutput::fail(
        plan,
        progress,
        Problem::new(Code::EndpointVanished, message, fix),
    )
}

fn dead(plan: Plan, progress: Progress, endpoint: &Endpoint, code: Code) -> StepOutput {
    let (id, word) = (&endpoint.id, &endpoint.raw_state);
    let trouble = endpoint.trouble.as_deref().unwrap_or("EC2 gives no reason");
    let message = format!("{id} is {word}: {trouble}");
    let fix = if code == Code::EndpointRejected {
        "ask the service's owner to accept this account, and send the event again"
    } else {
        "put right what EC2 names, and send the event again"
    };
    StepOutput::fail(plan, progress, Problem::new(code, message, fix))
}
