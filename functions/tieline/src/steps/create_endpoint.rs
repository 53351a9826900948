//! *Create the endpoint*: finds the endpoint that serves the plan, or asks EC2 for it.
//!
//! # Guarantees
//!
//! May be repeated, also while another execution does the same: everybody who asks for one service in one VPC uses
//! one client token, so EC2 makes one endpoint. What exists and is ours is shared.

use std::time::Duration;

use crate::error::{CallError, StepError};
use crate::ids::GroupId;
use crate::outside::{Endpoint, EndpointFilter, Outside, Time};
use crate::plan::{Claim, EndpointPlan, Groups, Plan, Serving, claim, differences, is_ours};
use crate::problem::{Code, Problem};
use crate::progress::{Phase, Progress};
use crate::state::State;
use crate::step::{NextState, StepInput, StepOutput};
use crate::steps::{keep, parts};

/// A create that names an endpoint older than this and nowhere to be seen replayed an old answer.
const OLD: Duration = Duration::from_secs(600);

/// How long another request's create may keep us from asking: after that, its endpoint must have shown.
const CONTEST: Duration = Duration::from_secs(60);

/// How long a role of the account may take to show, once it has what it needs.
const ROLE_SHOWS: Duration = Duration::from_secs(120);

/// How many dead generations one call follows.
const GENERATIONS: usize = 8;

/// Carries the step out.
///
/// # Errors
///
/// `Tieline.Retryable` if EC2 does not answer, `Tieline.Rejected` if it refuses.
pub async fn handle(outside: &Outside<'_>, input: StepInput) -> Result<StepOutput, StepError> {
    super::patiently(outside, input, async |input| step(outside, input).await).await
}

async fn step(outside: &Outside<'_>, input: StepInput) -> Result<StepOutput, StepError> {
    if input.keep {
        return keep::handle(outside, input).await;
    }
    let (plan, mut progress, _) = input.planned()?;
    progress.enter(Phase::Create, outside.clock.now());
    let Some(wanted) = plan.endpoint.clone() else {
        return make_part(outside, plan, progress, None).await;
    };
    if let Some(id) = progress.endpoint.clone() {
        let endpoint = super::look(outside, &id).await?;
        return make_part(outside, plan, progress, endpoint.as_ref()).await;
    }
    if let Serving::Adopted { id } = wanted.serving {
        progress.endpoint = Some(id);
        return Ok(StepOutput::go(NextState::Poll, plan, progress));
    }
    let there = ours(outside, &wanted).await?;
    if let Some(endpoint) = there.iter().find(|endpoint| !endpoint.state.is_dead()) {
        return share(outside, plan, &wanted, progress, endpoint).await;
    }
    if there
        .iter()
        .any(|endpoint| endpoint.state == State::Deleting)
    {
        // Its private names would be in the way of the new one's.
        return Ok(StepOutput::wait(
            outside,
            plan,
            progress,
            "the endpoint before this one is still being deleted",
        ));
    }
    create(outside, plan, &wanted, progress, &there).await
}

/// Makes the next of what belongs to the connection beside the endpoint.
async fn make_part(
    outside: &Outside<'_>,
    plan: Plan,
    progress: Progress,
    endpoint: Option<&Endpoint>,
) -> Result<StepOutput, StepError> {
    let new = outside.clock.now().since(progress.since) < ROLE_SHOWS;
    match parts::make(outside, &plan, endpoint, NextState::Create).await {
        Err(error)
            if error.is_missing() || error.is_busy() || (error.is_role_not_ready() && new) =>
        {
            let what = format!("a part of it is not ready for the next one ({error})");
            Ok(StepOutput::wait(outside, plan, progress, what))
        }
        // What was just ordered shows seconds later.
        result => result
            .map(|()| StepOutput::wait(outside, plan, progress, "what was just ordered to show"))
            .map_err(StepError::from),
    }
}

/// Every endpoint of ours for the plan's service in its VPC, the oldest first.
async fn ours(outside: &Outside<'_>, plan: &EndpointPlan) -> Result<Vec<Endpoint>, CallError> {
    let which = EndpointFilter {
        vpc: Some(&plan.vpc_id),
        service: Some(&plan.service),
        ..EndpointFilter::default()
    };
    let mut found = outside.ec2.endpoints(&which).await?;
    found.retain(is_ours);
    found.sort_by(|a, b| (a.created, &a.id).cmp(&(b.created, &b.id)));
    Ok(found)
}

/// Has an endpoint of ours serve this request too. It is only tagged here; a tag that somebody took away comes back.
async fn share(
    outside: &Outside<'_>,
    plan: Plan,
    wanted: &EndpointPlan,
    mut progress: Progress,
    endpoint: &Endpoint,
) -> Result<StepOutput, StepError> {
    let differs = differences(&plan, wanted, endpoint);
    if !differs.is_empty() {
        return Ok(StepOutput::fail(
            plan,
            progress,
            differing(endpoint, &differs),
        ));
    }
    if let Claim::Other = claim(&plan, endpoint) {
        return Ok(StepOutput::fail(plan, progress, conflict(endpoint)));
    }
    let mut missing = plan.all_tags();
    missing.retain(|key, _| !endpoint.tags.contains_key(key));
    let known = progress.added_tags.len();
    for key in missing.keys() {
        if !progress.added_tags.contains(key) {
            progress.added_tags.push(key.clone());
        }
    }
    if progress.added_tags.len() > known {
        // Noted before it is done: undo knows of it also when the answer to the next step is lost.
        return Ok(StepOutput::go(NextState::Create, plan, progress));
    }
    if !missing.is_empty() {
        match outside.ec2.tag(&endpoint.id, &missing).await {
            Err(error) if error.is_missing() => {
                return Ok(not_visible(outside, plan, progress, &error));
            }
            result => result?,
        }
    }
    progress.endpoint = Some(endpoint.id.clone());
    Ok(StepOutput::go(NextState::Poll, plan, progress))
}

async fn create(
    outside: &Outside<'_>,
    plan: Plan,
    wanted: &EndpointPlan,
    mut progress: Progress,
    dead: &[Endpoint],
) -> Result<StepOutput, StepError> {
    let now = outside.clock.now();
    let groups = match groups(outside, wanted).await {
        Ok(groups) => groups,
        // Made a moment ago, by us or by another execution, and not to be seen yet.
        Err(error) if error.is_missing() || error.is_duplicate() => {
            return Ok(not_visible(outside, plan, progress, &error));
        }
        Err(error) => return Err(error.into()),
    };
    if progress
        .contested
        .is_some_and(|since| now.since(since) >= CONTEST)
    {
        // Whatever used the token with other parameters is long gone, and EC2 will not say what it was.
        progress.contested = None;
        progress.contests += 1;
    }
    let mut after = generation(
        dead.last().map(|endpoint| endpoint.id.as_str()),
        progress.contests,
    );
    for _ in 0..GENERATIONS {
        match outside
            .ec2
            .create_endpoint(&wanted.new_endpoint(&plan, groups.clone(), &after))
            .await
        {
            Ok(made) if is_replayed(outside, &made, now).await? => {
                after = generation(Some(made.id.as_str()), progress.contests);
            }
            Ok(made) => {
                progress.endpoint = Some(made.id);
                progress.creates += 1;
                return Ok(StepOutput::go(NextState::Poll, plan, progress));
            }
            Err(error) if error.is_other_parameters() => {
                progress.contested.get_or_insert(now);
                return Ok(StepOutput::wait(
                    outside,
                    plan,
                    progress,
                    "another request is creating this endpoint",
                ));
            }
            Err(error) if error.is_quota() => {
                return Ok(StepOutput::fail(plan, progress, quota(&error)));
            }
            Err(error) if error.is_missing() => {
                return Ok(not_visible(outside, plan, progress, &error));
            }
            Err(error) => return Err(error.into()),
        }
    }
    Err(StepError::rejected(Problem::new(
        Code::EndpointVanished,
        format!("EC2 answered {GENERATIONS} creates with endpoints that are gone"),
        "look at the endpoints of the VPC, and send the event again",
    )))
}

/// The generation of a client token: where the endpoint before it died, and how often a token led nowhere. Everybody
/// who asks comes to the same.
fn generation(dead: Option<&str>, contests: u32) -> String {
    match contests {
        0 => dead.unwrap_or_default().to_owned(),
        _ => format!("{} {contests}", dead.unwrap_or_default()),
    }
}

/// What was made a moment ago may not be visible to the next call: the same step works later.
fn not_visible(
    outside: &Outside<'_>,
    plan: Plan,
    progress: Progress,
    error: &CallError,
) -> StepOutput {
    StepOutput::wait(
        outside,
        plan,
        progress,
        format!("EC2 does not see a part of it yet ({error})"),
    )
}

/// Whether EC2 gave the answer of an earlier create again: its endpoint is dead, or so old that it would show.
async fn is_replayed(outside: &Outside<'_>, made: &Endpoint, now: Time) -> Result<bool, CallError> {
    match super::look(outside, &made.id).await? {
        Some(shown) => Ok(shown.state.is_dead()),
        None => Ok(made.created.is_some_and(|created| now.since(created) > OLD)),
    }
}

/// The groups of a new endpoint; our own is made if it is not there.
async fn groups(outside: &Outside<'_>, plan: &EndpointPlan) -> Result<Vec<GroupId>, CallError> {
    let (name, cidrs) = match &plan.groups {
        Groups::Named { ids } => return Ok(ids.clone()),
        Groups::Own { name, cidrs } => (name, cidrs),
        // Without groups, EC2 would take the VPC's default group. Preflight plans this for adopted endpoints only.
        Groups::Unchanged => {
            let reason = "an adopted endpoint is not created".to_owned();
            return Err(CallError::Unavailable {
                action: "ec2:CreateVpcEndpoint",
                reason,
            });
        }
    };
    let id = match super::own_group(outside, plan).await? {
        Some(group) => group.id,
        None => outside.ec2.create_group(&plan.new_group(name)).await?,
    };
    // Always: a run before this one may have made only some of the rules.
    for port in plan.ports() {
        outside.ec2.authorize_ingress(&id, port, cidrs).await?;
    }
    Ok(vec![id])
}

fn quota(error: &CallError) -> Problem {
    Problem::new(
        Code::EndpointQuotaReached,
        error.to_string(),
        "ask for more: aws service-quotas request-service-quota-increase --service-code vpc \
         --quota-code L-29B6F2EB --desired-value <number>",
    )
}

/// The endpoint of ours that is there is not what was asked for.
pub(crate) fn differing(endpoint: &Endpoint, differs: &[String]) -> Problem {
    Problem::new(
        Code::EndpointDiffers,
        format!(
            "{} of ours serves this already, but {}",
            endpoint.id,
            differs.join("; ")
        ),
        "ask for what it has (what is left out, it decides), or remove the requests that it serves first",
    )
}

/// The request's id is taken.
pub(crate) fn conflict(endpoint: &Endpoint) -> Problem {
    Problem::new(
        Code::RequestConflict,
        format!(
            "this requestId was used with other parameters for {}",
            endpoint.id
        ),
        "choose another requestId, or send the parameters of the first request",
    )
    .about("$.requestId")
}
