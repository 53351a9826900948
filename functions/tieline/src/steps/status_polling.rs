//! *Poll the status*: looks once and names the next state. It never writes.
//!
//! "Not yet" is an answer with a wait in it; only what is wrong is an error. One poll serves every phase.

use crate::error::StepError;
use crate::ids::EndpointId;
use crate::outside::{Endpoint, Outside};
use crate::plan::{Claim, Plan, Zone, claim, differences};
use crate::problem::{Code, Problem};
use crate::progress::{Phase, Progress};
use crate::result;
use crate::state::State;
use crate::step::{Answer, Execution, Next, StepInput};
use crate::steps::{create_endpoint, delete_endpoint};

/// How often an endpoint that somebody deletes under our hands is made again.
const MAX_CREATES: u32 = 3;

/// Carries the step out.
///
/// # Errors
///
/// `Tieline.Retryable` if EC2 does not answer, `Tieline.Rejected` if it refuses.
pub async fn handle(outside: &Outside<'_>, input: StepInput) -> Result<Answer, StepError> {
    let (plan, progress, execution) = input.planned()?;
    if progress.phase == Phase::Undo {
        return delete_endpoint::look(outside, plan, progress, &execution).await;
    }
    let Some(id) = progress.endpoint.clone() else {
        return Ok(Answer::go(Next::Create, plan, progress));
    };
    let Some(endpoint) = super::look(outside, &id).await? else {
        return Ok(Answer::wait(
            outside,
            plan,
            progress,
            format!("EC2 does not show {id} yet"),
        ));
    };
    match endpoint.state {
        State::Available => available(outside, plan, progress, &execution, &endpoint).await,
        State::Pending => {
            let what = format!("{id} is pending");
            Ok(Answer::wait(outside, plan, progress, what))
        }
        State::PendingAcceptance => {
            let what = format!("{id} waits for the service's owner to accept it");
            Ok(Answer::wait(outside, plan, progress, what))
        }
        State::Unknown => {
            let what = format!(
                "{id} is in the state {:?}, which is not documented",
                endpoint.state_word
            );
            Ok(Answer::wait(outside, plan, progress, what))
        }
        State::Deleting | State::Deleted => Ok(vanished(outside, plan, progress, &id)),
        State::Failed => Ok(dead(plan, progress, &endpoint, Code::EndpointFailed)),
        State::Rejected => Ok(dead(plan, progress, &endpoint, Code::EndpointRejected)),
        State::Expired => Ok(dead(plan, progress, &endpoint, Code::EndpointExpired)),
    }
}

/// The endpoint works: what is left to do, and is everything as planned?
async fn available(
    outside: &Outside<'_>,
    plan: Plan,
    mut progress: Progress,
    execution: &Execution,
    endpoint: &Endpoint,
) -> Result<Answer, StepError> {
    if plan.private_dns.is_some() && !endpoint.private_dns {
        return Ok(dns_missing(outside, plan, progress, endpoint));
    }
    let mut differs = differences(&plan, endpoint);
    if plan.private_dns.is_none() && endpoint.private_dns {
        differs.push("its private DNS is on".to_owned());
    }
    if !differs.is_empty() {
        let problem = create_endpoint::differing(endpoint, &differs);
        return Ok(Answer::fail(plan, progress, problem));
    }
    let adopted = plan.endpoint.is_adopted();
    if let Claim::Other = claim(&plan, endpoint) {
        return Ok(Answer::fail(
            plan,
            progress,
            create_endpoint::conflict(endpoint),
        ));
    }
    if let Some(missing) = missing_tag(&plan, endpoint).filter(|_| !adopted) {
        let what = format!("the tag {missing} does not show yet");
        return Ok(Answer::wait(outside, plan, progress, what));
    }
    let interfaces = outside.ec2.interfaces(&endpoint.interface_ids).await?;
    let placed = |zone: &Zone| {
        interfaces
            .iter()
            .any(|one| one.subnet_id == zone.subnet_id.as_str())
    };
    if !plan.zones.iter().all(placed) {
        let what = "a network interface of the endpoint does not show yet";
        return Ok(Answer::wait(outside, plan, progress, what));
    }
    let kept = endpoint.tags.get(&plan.request_tag()) == Some(&plan.ready_value());
    if !adopted && progress.phase != Phase::Keep {
        return Ok(Answer::go(Next::Keep, plan, progress));
    }
    if !adopted && !kept {
        return Ok(Answer::wait(
            outside,
            plan,
            progress,
            "the mark on the endpoint does not show yet",
        ));
    }
    let now = outside.clock.now();
    progress.close(now);
    let event = result::ready(&plan, &progress, execution, endpoint, &interfaces, now);
    Ok(Answer::end(
        Next::AnnounceReady,
        Some(plan),
        progress,
        event,
    ))
}

/// Private DNS is wanted and off: it has to be ordered, or the order takes its time.
fn dns_missing(
    outside: &Outside<'_>,
    plan: Plan,
    progress: Progress,
    endpoint: &Endpoint,
) -> Answer {
    if plan.endpoint.is_adopted() {
        let problem = create_endpoint::differing(endpoint, &["private DNS is off".to_owned()]);
        return Answer::fail(plan, progress, problem);
    }
    if progress.dns_ordered {
        let trouble = endpoint
            .trouble
            .as_deref()
            .map(|text| format!(" ({text})"))
            .unwrap_or_default();
        return Answer::wait(
            outside,
            plan,
            progress,
            format!("private DNS is not on yet{trouble}"),
        );
    }
    Answer::go(Next::EnableDns, plan, progress)
}

/// A tag that the endpoint should carry and does not show.
fn missing_tag(plan: &Plan, endpoint: &Endpoint) -> Option<String> {
    plan.all_tags()
        .into_keys()
        .find(|key| !endpoint.tags.contains_key(key))
}

fn vanished(outside: &Outside<'_>, plan: Plan, mut progress: Progress, id: &EndpointId) -> Answer {
    if progress.creates < MAX_CREATES && !plan.endpoint.is_adopted() {
        progress.enter(Phase::Create, outside.clock.now());
        progress.endpoint = None;
        progress.dns_ordered = false;
        return Answer::go(Next::Create, plan, progress);
    }
    let message = format!("{id} was deleted while it was being set up");
    let fix = "find out who deletes it (CloudTrail, DeleteVpcEndpoints), and send the event again";
    Answer::fail(
        plan,
        progress,
        Problem::new(Code::EndpointVanished, message, fix),
    )
}

fn dead(plan: Plan, progress: Progress, endpoint: &Endpoint, code: Code) -> Answer {
    let (id, word) = (&endpoint.id, &endpoint.state_word);
    let trouble = endpoint.trouble.as_deref().unwrap_or("EC2 gives no reason");
    let message = format!("{id} is {word}: {trouble}");
    let fix = if code == Code::EndpointRejected {
        "ask the service's owner to accept this account, and send the event again"
    } else {
        "put right what EC2 names, and send the event again"
    };
    Answer::fail(plan, progress, Problem::new(code, message, fix))
}
