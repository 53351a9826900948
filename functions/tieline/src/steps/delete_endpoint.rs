//! *Undo*: removes what this request holds, and only that.
//!
//! # Guarantees
//!
//! What does not carry our tags is not touched. An endpoint that other requests hold loses our tags only. One that was
//! marked as ready stays, and the result says so: perhaps another run of the same request announced it. A create whose
//! answer was lost is looked for until [`crate::outside::Limits::settle`] has passed. A vendor that refuses to remove its
//! part, or does not answer for half a phase, keeps nothing of EC2's from being removed. May be repeated.

use crate::ended::Ended;
use crate::error::{CallError, Rejection, StepError};
use crate::ids::{EndpointId, RequestId};
use crate::outside::{Endpoint, Group, Outside, Time, Which};
use crate::part::At;
use crate::plan::{Claim, MANAGED, Plan, claim, is_ours, is_ready, requests};
use crate::problem::{Code, Problem};
use crate::progress::{Phase, Progress};
use crate::request::{self, OnFailure};
use crate::result;
use crate::state::State;
use crate::step::{Answer, Execution, Next, StepInput};
use crate::steps::parts::{self, Left};

/// What is to become of an endpoint that carries this request's tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// It is marked as ready, by this or by another run of the request.
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
    /// What else the connection is made of. It goes first, the last made part before the others.
    parts: Left,
    endpoints: Vec<(Endpoint, Fate)>,
    /// The endpoint that served this request and serves others only, now that our tags are off.
    lent: Option<Endpoint>,
    group: Option<Group>,
}

/// Carries the step out.
///
/// # Errors
///
/// `Tieline.Retryable` if EC2 does not answer, `Tieline.Rejected` if it refuses.
pub async fn handle(outside: &Outside<'_>, mut input: StepInput) -> Result<Answer, StepError> {
    let now = outside.clock.now();
    let mut progress = input
        .progress
        .take()
        .unwrap_or_else(|| Progress::begin(&input.execution));
    if let Some(caught) = input.failure.take() {
        progress.failure.get_or_insert_with(|| caught.rejection());
    }
    if input.plan.is_none() {
        // Nothing was planned, so nothing was made; or this cleans up after another execution, and could not plan.
        let ended = Ended::read(&input.input);
        let left: Vec<String> = ended
            .iter()
            .map(|_| "perhaps what the ended execution made".to_owned())
            .collect();
        let id = request::request_id(ended.as_ref().map_or(&input.input, |ended| &ended.input));
        return Ok(announce(
            None,
            id.as_ref(),
            progress,
            &input.execution,
            now,
            &left,
        ));
    }
    // Before anything else: whatever comes now, nothing goes on with the request.
    progress.enter(Phase::Undo, now);
    input.progress = Some(progress);
    super::patiently(outside, input, async |input| step(outside, input).await).await
}

async fn step(outside: &Outside<'_>, input: StepInput) -> Result<Answer, StepError> {
    let now = outside.clock.now();
    let (plan, mut progress, execution) = input.planned()?;
    let made = made(outside, &plan, &progress).await?;
    if plan.on_failure == OnFailure::Keep {
        return Ok(made.announce(plan, progress, &execution, now));
    }
    if now.since(progress.since) >= plan.phase_limit(progress.phase, &outside.limits) {
        return Ok(made.give_up(plan, progress, &execution, now));
    }
    if made.parts.is_to_go() {
        let at = At {
            outside,
            plan: &plan,
            endpoint: made.endpoint(),
            endpoint_id: made.endpoint_id(&progress),
        };
        let patient = is_patient(outside, &plan, &progress);
        let result = done_or_busy(made.parts.remove_last(&at).await);
        progress.trouble = result.as_ref().err().map(ToString::to_string);
        match result {
            Err(CallError::Refused { .. }) => {}
            Err(error @ CallError::PutOff { .. }) if patient => return Err(error.into()),
            _ if patient => return Ok(made.wait(outside, plan, progress)),
            _ => {}
        }
    }
    for (endpoint, fate) in &made.endpoints {
        remove(outside, &plan, &progress, endpoint, *fate).await?;
    }
    if let Some(group) = made.group.as_ref().filter(|_| made.endpoints_are_gone()) {
        done_or_busy(outside.ec2.delete_group(&group.id).await)?;
    }
    // EC2 shows what was just ordered seconds later, so there is always a wait between this and the next look.
    Ok(made.wait(outside, plan, progress))
}

/// Looks what is left. The poll calls it; it never writes.
///
/// # Errors
///
/// `Tieline.Retryable` if EC2 does not answer, `Tieline.Rejected` if it refuses.
pub(crate) async fn look(
    outside: &Outside<'_>,
    plan: Plan,
    progress: Progress,
    execution: &Execution,
) -> Result<Answer, StepError> {
    let now = outside.clock.now();
    let made = made(outside, &plan, &progress).await?;
    let waited = now.since(progress.since);
    if !made.is_to_go()
        && (made.is_accounted_for(&plan, &progress) || waited >= outside.limits.settle)
    {
        return Ok(made.announce(plan, progress, execution, now));
    }
    if waited >= plan.phase_limit(progress.phase, &outside.limits) {
        return Ok(made.give_up(plan, progress, execution, now));
    }
    if made.wants_a_call(is_patient(outside, &plan, &progress)) {
        return Ok(Answer::go(Next::Undo, plan, progress));
    }
    Ok(made.wait(outside, plan, progress))
}

/// Whether the endpoint waits for its parts to go first.
fn is_patient(outside: &Outside<'_>, plan: &Plan, progress: &Progress) -> bool {
    let waited = outside.clock.now().since(progress.since);
    waited < plan.phase_limit(progress.phase, &outside.limits) / 2
}

impl Made {
    /// The endpoint that this request's parts belong to: the one that is alive, or the last one that was.
    fn endpoint(&self) -> Option<&Endpoint> {
        let alive = |(_, fate): &&(Endpoint, Fate)| !matches!(fate, Fate::IsGone | Fate::IsGoing);
        let one = self.endpoints.iter().find(alive);
        let last = self.endpoints.last();
        one.map(|(endpoint, _)| endpoint)
            .or(self.lent.as_ref())
            .or(last.map(|(endpoint, _)| endpoint))
    }

    /// The id of that endpoint, also when EC2 does not show it any more.
    fn endpoint_id<'a>(&'a self, progress: &'a Progress) -> Option<&'a EndpointId> {
        let shown = self.endpoint().map(|endpoint| &endpoint.id);
        shown.or(progress.endpoint.as_ref())
    }

    /// What is still there, for a person to read.
    fn left_over(&self) -> Vec<String> {
        let endpoints = self
            .endpoints
            .iter()
            .filter_map(|(endpoint, fate)| match fate {
                Fate::Stays => Some(format!(
                    "{} (it was marked as ready: it stays until it is removed)",
                    endpoint.id
                )),
                Fate::LosesTags | Fate::IsDeleted | Fate::IsGoing => Some(endpoint.id.to_string()),
                Fate::IsGone => None,
            });
        let kept =
            self.parts.kept.iter().map(|name| {
                format!("{name} (it was marked as ready: it stays until it is removed)")
            });
        let unseen = self
            .parts
            .unseen
            .iter()
            .chain(&self.parts.silent)
            .map(|what| format!("perhaps {what}"));
        self.parts
            .names()
            .chain(kept)
            .chain(unseen)
            .chain(endpoints)
            .chain(self.group.iter().map(|group| group.id.to_string()))
            .collect()
    }

    fn is_to_go(&self) -> bool {
        let goes = |fate: &Fate| matches!(fate, Fate::LosesTags | Fate::IsDeleted | Fate::IsGoing);
        self.parts.is_to_go()
            || self.group.is_some()
            || self.endpoints.iter().any(|(_, fate)| goes(fate))
    }

    fn endpoints_are_gone(&self) -> bool {
        self.endpoints
            .iter()
            .all(|(_, fate)| matches!(fate, Fate::IsGone | Fate::Stays))
    }

    fn wants_a_call(&self, patient: bool) -> bool {
        if self.parts.wants_a_call() {
            return true;
        }
        if self.parts.is_to_go() && patient {
            return false;
        }
        self.endpoints
            .iter()
            .any(|(_, fate)| matches!(fate, Fate::LosesTags | Fate::IsDeleted))
            || (self.group.is_some() && self.endpoints_are_gone())
    }

    /// Whether the endpoint that the run asked for last was seen, so that no late answer can bring another.
    fn is_accounted_for(&self, plan: &Plan, progress: &Progress) -> bool {
        let seen = |id: &EndpointId| {
            self.endpoints
                .iter()
                .any(|(endpoint, _)| endpoint.id == *id)
        };
        plan.is_adopted() || progress.endpoint.as_ref().is_some_and(seen)
    }

    fn wait(&self, outside: &Outside<'_>, plan: Plan, progress: Progress) -> Answer {
        let what = if self.is_to_go() {
            format!("{} to be removed", self.left_over().join(" and "))
        } else {
            "making sure that no late answer left something behind".to_owned()
        };
        Answer::pause(outside, plan, progress, what)
    }

    fn announce(
        &self,
        plan: Plan,
        mut progress: Progress,
        execution: &Execution,
        now: Time,
    ) -> Answer {
        if !self.parts.unseen.is_empty() && plan.on_failure == OnFailure::RollBack {
            note_left_over(&mut progress, &self.parts.unseen.join(", "));
        }
        let id = plan.request_id.clone();
        announce(
            Some(plan),
            Some(&id),
            progress,
            execution,
            now,
            &self.left_over(),
        )
    }

    fn give_up(
        &self,
        plan: Plan,
        mut progress: Progress,
        execution: &Execution,
        now: Time,
    ) -> Answer {
        let mut what = self.left_over().join(", ");
        if let Some(trouble) = progress.trouble.as_ref().filter(|_| self.parts.is_to_go()) {
            what = format!("{what} ({trouble})");
        }
        note_left_over(&mut progress, &what);
        self.announce(plan, progress, execution, now)
    }
}

/// The result names what could not be removed, beside the reason of the failure.
fn note_left_over(progress: &mut Progress, what: &str) {
    let problem = Problem::new(
        Code::UndoIncomplete,
        format!("not everything could be removed: {what}"),
        format!("remove by hand what is left: {what}"),
    );
    progress
        .failure
        .get_or_insert(Rejection {
            problems: Vec::new(),
        })
        .problems
        .push(problem);
}

/// Finds what this request holds and what nobody holds any more, and the group of our own if nobody needs it.
async fn made(outside: &Outside<'_>, plan: &Plan, progress: &Progress) -> Result<Made, CallError> {
    let Some(wanted) = &plan.endpoint else {
        return Ok(Made {
            parts: parts::left(
                &At {
                    outside,
                    plan,
                    endpoint: None,
                    endpoint_id: None,
                },
                is_patient(outside, plan, progress),
            )
            .await?,
            endpoints: Vec::new(),
            lent: None,
            group: None,
        });
    };
    let which = Which {
        vpc: Some(&wanted.vpc_id),
        service: Some(&wanted.service),
        ..Which::default()
    };
    // Two requests that fail together both leave the endpoint to the other: then nobody holds it.
    let is_held = |endpoint: &Endpoint| match claim(plan, endpoint) {
        Claim::Ours => true,
        Claim::Other => false,
        Claim::None => requests(endpoint).next().is_none(),
    };
    let all = outside.ec2.endpoints(&which).await?;
    let (held, others): (Vec<_>, Vec<_>) = all
        .into_iter()
        .partition(|endpoint| is_ours(endpoint) && is_held(endpoint));
    let with_fate = |endpoint: Endpoint| {
        let fate = fate(plan, &endpoint);
        (endpoint, fate)
    };
    let endpoints: Vec<_> = held.into_iter().map(with_fate).collect();
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
    let group = super::own_group(outside, wanted)
        .await?
        .filter(|group| !needed.iter().any(|id| *id == group.id.as_str()));
    let lent = others
        .into_iter()
        .find(|endpoint| progress.endpoint.as_ref() == Some(&endpoint.id));
    let mut made = Made {
        parts: Left::default(),
        endpoints,
        lent: lent.filter(is_ours),
        group,
    };
    if !plan.parts.is_empty() {
        made.parts = parts_left(outside, plan, progress, &made).await?;
    }
    Ok(made)
}

/// What is left of the parts. They stay with an endpoint that stays.
async fn parts_left(
    outside: &Outside<'_>,
    plan: &Plan,
    progress: &Progress,
    made: &Made,
) -> Result<Left, CallError> {
    if made.endpoints.iter().any(|(_, fate)| *fate == Fate::Stays) {
        return Ok(Left::default());
    }
    let adopted = match &progress.endpoint {
        Some(id) if plan.is_adopted() => super::look(outside, id).await?,
        _ => None,
    };
    let at = At {
        outside,
        plan,
        endpoint: adopted.as_ref().or(made.endpoint()),
        endpoint_id: made.endpoint_id(progress),
    };
    parts::left(&at, is_patient(outside, plan, progress)).await
}

fn fate(plan: &Plan, endpoint: &Endpoint) -> Fate {
    let marked = endpoint
        .tags
        .get(&plan.request_tag())
        .is_some_and(|value| is_ready(value));
    let others = requests(endpoint).any(|(request, _)| request != plan.request_id.as_str());
    match endpoint.state {
        State::Deleted => Fate::IsGone,
        State::Deleting => Fate::IsGoing,
        // Perhaps another run of the same request announced it.
        _ if marked => Fate::Stays,
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
