//! *Undo*: removes what this request made, and only that.
//!
//! # Guarantees
//!
//! What does not carry our tags is not touched. An endpoint that other requests hold loses our tags only. One whose
//! request was announced as ready, by an earlier run, stays. A create whose answer was lost is looked for until
//! [`crate::outside::Limits::settle`] has passed. May be repeated.

use crate::error::{CallError, Rejection, StepError};
use crate::ids::RequestId;
use crate::outside::{Endpoint, Group, Outside, Time, Which};
use crate::plan::{Groups, MANAGED, Plan, Serving, is_ours, is_ready, requests};
use crate::problem::{Code, Problem};
use crate::request::{self, OnFailure};
use crate::result;
use crate::state::State;
use crate::step::{Answer, Execution, Next, Phase, Progress, StepInput};

/// EC2's clock and ours may disagree by this much.
const SKEW_MILLIS: u64 = 60_000;

/// What is to become of an endpoint that carries this request's tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// An earlier run announced it.
    Stays,
    /// Other requests hold it.
    LosesTags,
    /// It goes.
    IsDeleted,
    /// It is going already.
    IsGoing,
    /// It is gone.
    IsGone,
}

/// What this request made, as EC2 shows it now.
struct Made {
    endpoints: Vec<(Endpoint, Fate)>,
    group: Option<Group>,
}

/// Carries the step out.
///
/// # Errors
///
/// `Tieline.Retryable` if EC2 does not answer, `Tieline.Rejected` if it refuses.
pub async fn handle(outside: &Outside<'_>, input: StepInput) -> Result<Answer, StepError> {
    let now = outside.clock.now();
    let mut progress = input
        .progress
        .unwrap_or_else(|| Progress::begin(&input.execution));
    if let Some(caught) = &input.failure {
        progress.failure.get_or_insert_with(|| caught.rejection());
    }
    let Some(plan) = input.plan else {
        // Nothing was planned, so nothing was made.
        let id = request::request_id(&input.input);
        return Ok(announce(
            None,
            id.as_ref(),
            progress,
            &input.execution,
            now,
            &[],
        ));
    };
    progress.enter(Phase::Undo, now);
    let made = made(outside, &plan, &progress).await?;
    let left = made.left_over();
    if plan.on_failure == OnFailure::Keep {
        let id = plan.request_id.clone();
        return Ok(announce(
            Some(plan),
            Some(&id),
            progress,
            &input.execution,
            now,
            &left,
        ));
    }
    for (endpoint, fate) in &made.endpoints {
        remove(outside, &plan, &progress, endpoint, *fate).await?;
    }
    if let Some(group) = made.group.as_ref().filter(|_| made.endpoints_are_gone()) {
        done_or_busy(outside.ec2.delete_group(&group.id).await)?;
    }
    // EC2 shows what was just ordered seconds later, so there is always a wait between this and the next look.
    Ok(Answer::pause(outside, plan, progress, waiting_for(&left)))
}

/// Looks what is left. The poll calls it; it never writes.
///
/// # Errors
///
/// `Tieline.Retryable` if EC2 does not answer, `Tieline.Rejected` if it refuses.
pub(crate) async fn look(
    outside: &Outside<'_>,
    plan: Plan,
    mut progress: Progress,
    execution: &Execution,
) -> Result<Answer, StepError> {
    let now = outside.clock.now();
    let id = plan.request_id.clone();
    let made = made(outside, &plan, &progress).await?;
    let left = made.left_over();
    let waited = now.since(progress.since);
    if left.is_empty()
        && (made.is_accounted_for(&plan, execution) || waited >= outside.limits.settle)
    {
        return Ok(announce(
            Some(plan),
            Some(&id),
            progress,
            execution,
            now,
            &[],
        ));
    }
    if waited >= outside.limits.phase {
        let what = left.join(", ");
        let fix = format!("remove by hand what is left: {what}");
        let problem = Problem::new(
            Code::UndoIncomplete,
            format!("not everything could be removed: {what}"),
            fix,
        );
        progress
            .failure
            .get_or_insert(Rejection {
                problems: Vec::new(),
            })
            .problems
            .push(problem);
        return Ok(announce(
            Some(plan),
            Some(&id),
            progress,
            execution,
            now,
            &left,
        ));
    }
    if made.wants_a_call() {
        return Ok(Answer::go(Next::Undo, plan, progress));
    }
    Ok(Answer::pause(outside, plan, progress, waiting_for(&left)))
}

impl Made {
    /// What is still there and has to go, for a person to read.
    fn left_over(&self) -> Vec<String> {
        let endpoints = self.endpoints.iter().filter(|(_, fate)| match fate {
            Fate::LosesTags | Fate::IsDeleted | Fate::IsGoing => true,
            Fate::Stays | Fate::IsGone => false,
        });
        let endpoints = endpoints.map(|(endpoint, _)| endpoint.id.to_string());
        endpoints
            .chain(self.group.iter().map(|group| group.id.to_string()))
            .collect()
    }

    fn endpoints_are_gone(&self) -> bool {
        self.endpoints
            .iter()
            .all(|(_, fate)| matches!(fate, Fate::IsGone | Fate::Stays))
    }

    fn wants_a_call(&self) -> bool {
        self.endpoints
            .iter()
            .any(|(_, fate)| matches!(fate, Fate::LosesTags | Fate::IsDeleted))
            || (self.group.is_some() && self.endpoints_are_gone())
    }

    /// Whether what the run created was seen, or it cannot have created anything.
    fn is_accounted_for(&self, plan: &Plan, execution: &Execution) -> bool {
        let begin = Time(execution.started().0.saturating_sub(SKEW_MILLIS));
        plan.endpoint != Serving::New
            || self
                .endpoints
                .iter()
                .any(|(endpoint, _)| endpoint.created.is_some_and(|created| created >= begin))
    }
}

/// Finds what carries this request's tag, and the group of our own if nobody else needs it.
async fn made(outside: &Outside<'_>, plan: &Plan, progress: &Progress) -> Result<Made, CallError> {
    let which = Which {
        vpc: Some(&plan.vpc_id),
        service: Some(&plan.service),
        ..Which::default()
    };
    let (ours, others): (Vec<Endpoint>, Vec<Endpoint>) = outside
        .ec2
        .endpoints(&which)
        .await?
        .into_iter()
        .partition(|endpoint| is_ours(endpoint) && endpoint.tags.contains_key(&plan.request_tag()));
    let endpoints: Vec<(Endpoint, Fate)> = ours
        .into_iter()
        .map(|endpoint| (fate(plan, progress, &endpoint), endpoint))
        .map(|(f, e)| (e, f))
        .collect();
    let staying = endpoints
        .iter()
        .filter(|(_, fate)| matches!(fate, Fate::Stays | Fate::LosesTags));
    let needed: Vec<&String> = staying
        .map(|(endpoint, _)| endpoint)
        .chain(
            others
                .iter()
                .filter(|endpoint| endpoint.state != State::Deleted),
        )
        .flat_map(|endpoint| &endpoint.group_ids)
        .collect();
    let group = own_group(outside, plan)
        .await?
        .filter(|group| !needed.iter().any(|id| *id == group.id.as_str()));
    Ok(Made { endpoints, group })
}

async fn own_group(outside: &Outside<'_>, plan: &Plan) -> Result<Option<Group>, CallError> {
    let Groups::Own { name, .. } = &plan.groups else {
        return Ok(None);
    };
    let groups = outside.ec2.groups(&plan.vpc_id).await?;
    Ok(groups
        .into_iter()
        .find(|group| group.name == *name && group.tags.contains_key(MANAGED)))
}

fn fate(plan: &Plan, progress: &Progress, endpoint: &Endpoint) -> Fate {
    let announced = endpoint
        .tags
        .get(&plan.request_tag())
        .is_some_and(|value| is_ready(value));
    let others = requests(endpoint).any(|(request, _)| request != plan.request_id.as_str());
    match endpoint.state {
        State::Deleted => Fate::IsGone,
        State::Deleting => Fate::IsGoing,
        _ if announced && !progress.marked => Fate::Stays,
        _ if others => Fate::LosesTags,
        State::PendingAcceptance
        | State::Pending
        | State::Available
        | State::Rejected
        | State::Expired
        | State::Failed
        | State::Unknown => Fate::IsDeleted,
    }
}

async fn remove(
    outside: &Outside<'_>,
    plan: &Plan,
    progress: &Progress,
    endpoint: &Endpoint,
    fate: Fate,
) -> Result<(), CallError> {
    match fate {
        Fate::IsDeleted => done_or_busy(outside.ec2.delete_endpoint(&endpoint.id).await),
        Fate::LosesTags => {
            let mut keys = progress.added_tags.clone();
            keys.push(plan.request_tag());
            keys.retain(|key| key != MANAGED);
            keys.sort();
            keys.dedup();
            outside.ec2.untag(&endpoint.id, &keys).await
        }
        Fate::Stays | Fate::IsGoing | Fate::IsGone => Ok(()),
    }
}

/// EC2 may still be at work on the thing; the next round tries again.
fn done_or_busy(result: Result<(), CallError>) -> Result<(), CallError> {
    match result {
        Err(error) if error.is_busy() => Ok(()),
        other => other,
    }
}

fn waiting_for(left: &[String]) -> String {
    if left.is_empty() {
        "making sure that no late answer left something behind".to_owned()
    } else {
        format!("{} to be removed", left.join(" and "))
    }
}

fn announce(
    plan: Option<Plan>,
    request_id: Option<&RequestId>,
    mut progress: Progress,
    execution: &Execution,
    now: Time,
    left_behind: &[String],
) -> Answer {
    progress.close(now);
    let rejection = progress.failure.clone().unwrap_or(Rejection {
        problems: Vec::new(),
    });
    let event = result::failed(
        &rejection,
        left_behind,
        request_id,
        &progress,
        execution,
        now,
    );
    Answer::end(Next::AnnounceFailure, plan, progress, event)
}
