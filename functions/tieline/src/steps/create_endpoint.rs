//! *Create the endpoint*: finds the endpoint that serves the plan, or asks EC2 for it.
//!
//! # Guarantees
//!
//! May be repeated, also while another execution does the same: everybody who asks for one service in one VPC uses
//! one client token, so EC2 makes one endpoint. What exists and is ours is shared.

use std::time::Duration;

use super::change::{self, Added};
use super::runs;
use super::{confirm_connection, equals, own_group, parts};
use crate::endpoint::{EndpointPlan, Groups, Serving, differences};
use crate::execution::Phase;
use crate::ids::GroupId;
use crate::outside::{CallError, Endpoint, EndpointFilter, Outside, Reply, State};
use crate::ownership::{CLOSING, Owner};
use crate::plan::Verifier;
use crate::problem::{Code, Problem};
use crate::refusals;
use crate::time::Time;
use crate::workflow::{NextState, StepError, StepInput, StepOutput, StepResult, Work};

/// A create that names an endpoint older than this and nowhere to be seen replayed an old answer.
const OLD: Duration = Duration::from_secs(600);

/// For which share of a phase another request's create may keep us from asking: after that, its endpoint must have shown.
const CONTEST: u32 = 20;

/// For which share of a phase a role of the account may take to show, once it has what it needs.
const ROLE_SHOWS: u32 = 10;

/// How many dead generations one call follows.
const GENERATIONS: usize = 8;

/// Carries the step out.
///
/// # Errors
///
/// `Tieline.Unavailable` if a service has not answered for too long, `Tieline.Rejected` if it refuses.
pub async fn handle(outside: &Outside<'_>, input: StepInput) -> StepResult {
    if input.confirms() {
        return confirm_connection::handle(outside, input).await;
    }
    super::on_plan(outside, input, async |work| step(work).await).await
}

async fn step(mut work: Work<'_>) -> StepResult {
    if work.plan.change.is_some() {
        work.enter(Phase::Change);
        if work.plan.endpoint.is_none() {
            return make_part(work, None).await;
        }
        return match change::add(work).await? {
            Added::All(work, endpoint) => make_part(*work, Some(&endpoint)).await,
            Added::NotYet(output) => Ok(*output),
        };
    }
    work.enter(Phase::Create);
    let Some(wanted) = work.plan.endpoint.clone() else {
        return make_part(work, None).await;
    };
    if let Some(id) = work.progress.endpoint.clone() {
        let endpoint = super::look(work.outside, &id).await?;
        return make_part(work, endpoint.as_ref()).await;
    }
    if let Serving::Adopted { id } = wanted.serving {
        work.progress.endpoint = Some(id);
        return Ok(work.go(NextState::Poll));
    }
    let there = ours(work.outside, &work.plan.owner, &wanted).await?;
    if let Some(endpoint) = there.iter().find(|endpoint| !endpoint.state.is_dead()) {
        return share(work, &wanted, endpoint).await;
    }
    if there
        .iter()
        .any(|endpoint| endpoint.state == State::Deleting)
    {
        // Its private names would be in the way of the new one's.
        return Ok(work.wait("the endpoint before this one is still being deleted"));
    }
    // Whoever removes this request takes whatever carries its mark.
    if let Some(what) = runs::removed_by(&mut work).await? {
        return Ok(work.wait(what));
    }
    create(work, &wanted, &there).await
}

/// Makes the next of what belongs to the connection beside the endpoint.
async fn make_part(mut work: Work<'_>, endpoint: Option<&Endpoint>) -> StepResult {
    if let Some(what) = runs::held_up(&mut work).await? {
        return Ok(work.wait(what));
    }
    let is_new = work.waited() < work.outside.limits.phase / ROLE_SHOWS;
    match parts::make(&work, endpoint, Phase::Create).await {
        Err(error)
            if error.is_missing() || error.is_busy() || (error.is_role_not_ready() && is_new) =>
        {
            let what = format!("a part of it is not ready for the next one ({error})");
            Ok(work.wait(what))
        }
        Err(error) => Err(error.into()),
        // What was just ordered shows seconds later.
        Ok(()) => Ok(work.wait("what was just ordered to show")),
    }
}

/// Every endpoint of ours for the plan's service in its VPC, the oldest first.
async fn ours(outside: &Outside<'_>, owner: &Owner, wanted: &EndpointPlan) -> Reply<Vec<Endpoint>> {
    let filter = EndpointFilter::of(&wanted.service, &wanted.vpc_id);
    let mut found = outside.ec2.endpoints(&filter).await?;
    found.retain(|endpoint| owner.is_ours(&endpoint.tags));
    found.sort_by(|a, b| (a.created, &a.id).cmp(&(b.created, &b.id)));
    Ok(found)
}

/// Tags an endpoint of ours so that it also serves this request. A tag that somebody took away comes back.
async fn share(mut work: Work<'_>, wanted: &EndpointPlan, endpoint: &Endpoint) -> StepResult {
    let owner = &work.plan.owner;
    // Whoever made it: it is not this step that did.
    let found = EndpointPlan {
        serving: Serving::Ours {
            id: endpoint.id.clone(),
        },
        ..wanted.clone()
    };
    let differs = differences(owner, &found, endpoint);
    if !differs.is_empty() {
        return Ok(work.fail(refusals::differing(&endpoint.id, true, &differs)));
    }
    if work.is_claimed_by_another(endpoint) {
        return Ok(work.fail(refusals::conflict(endpoint.id.as_str())));
    }
    let mut missing = owner.tags_beside(&endpoint.tags);
    if let Some(closer) = endpoint
        .tags
        .get(CLOSING)
        .filter(|closer| !closer.is_empty())
    {
        if *closer != owner.execution && equals::runs(work.outside, &work.execution, closer).await?
        {
            let what = format!("{} is being let go of", endpoint.id);
            return Ok(work.wait(what));
        }
        // Whoever began to is gone.
        missing.insert(CLOSING.to_owned(), String::new());
    }
    missing.retain(|key, value| {
        !endpoint.tags.contains_key(key) || (key == CLOSING && endpoint.tags[key] != *value)
    });
    let known = work.progress.added_tags.len();
    for key in missing.keys().filter(|key| *key != CLOSING) {
        if !work.progress.added_tags.contains(key) {
            work.progress.added_tags.push(key.clone());
        }
    }
    if work.progress.added_tags.len() > known {
        // Noted before it is done: a roll back knows of it also when the answer to the next step is lost.
        return Ok(work.go(NextState::Create));
    }
    if !missing.is_empty() {
        match work.outside.ec2.tag(&endpoint.id, &missing).await {
            Err(error) if error.is_missing() => return Ok(not_visible(work, &error)),
            result => result?,
        }
    }
    // Whoever tries the connection has to be let in first.
    if let Verifier::Function { .. } = work.plan.verifier {
        own_group::open(work.outside, &work.plan.owner, wanted, endpoint).await?;
    }
    work.progress.endpoint = Some(endpoint.id.clone());
    Ok(work.go(NextState::Poll))
}

async fn create(mut work: Work<'_>, wanted: &EndpointPlan, dead: &[Endpoint]) -> StepResult {
    let now = work.now();
    let ec2 = work.outside.ec2;
    let groups = match groups(work.outside, &work.plan.owner, wanted).await {
        Ok(groups) => groups,
        // Made a moment ago, by us or by another execution, and not to be seen yet.
        Err(error) if error.is_missing() || error.is_duplicate() => {
            return Ok(not_visible(work, &error));
        }
        Err(error) => return Err(error.into()),
    };
    if work
        .progress
        .contested
        .is_some_and(|since| now.since(since) >= work.outside.limits.phase / CONTEST)
    {
        // Whatever used the token with other parameters is long gone, and EC2 will not say what it was.
        work.progress.contested = None;
        work.progress.contests += 1;
    }
    let contests = work.progress.contests;
    let mut after = generation(dead.last().map(|endpoint| endpoint.id.as_str()), contests);
    for _ in 0..GENERATIONS {
        let new = wanted.new_endpoint(&work.plan.owner, groups.clone(), &after);
        match ec2.create_endpoint(&new).await {
            Ok(made) => {
                if is_replayed(work.outside, &made, now).await? {
                    after = generation(Some(made.id.as_str()), contests);
                    continue;
                }
                work.progress.endpoint = Some(made.id);
                work.progress.creates += 1;
                return Ok(work.go(NextState::Poll));
            }
            Err(error) if error.is_other_parameters() => {
                work.progress.contested.get_or_insert(now);
                return Ok(work.wait("another request is creating this endpoint"));
            }
            Err(error) if error.is_quota() => {
                let region = &work.plan.owner.region;
                let problem = refusals::quota_reached(error.to_string(), region, "<number>");
                return Ok(work.fail(problem));
            }
            Err(error) if error.is_missing() => return Ok(not_visible(work, &error)),
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
fn not_visible(work: Work<'_>, error: &CallError) -> StepOutput {
    work.wait(format!("EC2 does not see a part of it yet ({error})"))
}

/// Whether EC2 gave the answer of an earlier create again: its endpoint is dead, or so old that it would show. If that cannot
/// be seen now, the poll sees it; what was made is known from here on.
async fn is_replayed(outside: &Outside<'_>, made: &Endpoint, now: Time) -> Reply<bool> {
    match super::look(outside, &made.id).await {
        Err(CallError::Unavailable { .. } | CallError::Throttled { .. }) => Ok(false),
        Err(error) => Err(error),
        Ok(Some(shown)) => Ok(shown.state.is_dead()),
        Ok(None) => Ok(made.created.is_some_and(|created| now.since(created) > OLD)),
    }
}

/// The groups of a new endpoint; our own is made if it is not there.
async fn groups(
    outside: &Outside<'_>,
    owner: &Owner,
    wanted: &EndpointPlan,
) -> Reply<Vec<GroupId>> {
    let (name, cidrs) = match &wanted.groups {
        Groups::Named { ids } => return Ok(ids.clone()),
        Groups::Own { name, cidrs } => (name, cidrs),
        // Without groups, EC2 would take the VPC's default group. Preflight plans this for adopted endpoints only.
        Groups::Unchanged => {
            let reason = "an adopted endpoint is not created";
            return Err(CallError::unavailable("ec2:CreateVpcEndpoint", reason));
        }
    };
    let id = match own_group::find(outside, owner, wanted).await? {
        Some(group) => group.id,
        None => {
            outside
                .ec2
                .create_group(&wanted.new_group(owner, name))
                .await?
        }
    };
    // Always: a run before this one may have made only some of the rules.
    for port in wanted.ports() {
        outside.ec2.authorize_ingress(&id, port, cidrs).await?;
    }
    Ok(vec![id])
}
