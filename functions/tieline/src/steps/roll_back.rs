//! *Undo*: removes what this request holds, and only that.
//!
//! # Guarantees
//!
//! What does not carry our tags is not touched. An endpoint that other requests hold loses our tags only. One that was
//! marked as ready stays, and the result says so: perhaps another run of the same request announced it. A create whose
//! answer was lost is looked for until [`crate::outside::Limits::settle`] has passed. A vendor that refuses to remove its
//! part, or does not answer for half a phase, keeps nothing of EC2's from being removed. May be repeated.

use crate::ended::EndedExecution;
use crate::error::{CallError, Rejection, StepError};
use crate::ids::RequestId;
use crate::outside::{Endpoint, Outside, Time};
use crate::parts::PartContext;
use crate::plan::{MANAGED, Plan};
use crate::problem::{Code, Problem};
use crate::progress::{Phase, Progress};
use crate::request::{self, OnFailure};
use crate::result;
use crate::step::{Execution, NextState, StepInput, StepOutput};
use crate::steps::made::{Disposition, Inventory, is_patient, made};

/// Carries the step out.
///
/// # Errors
///
/// `Tieline.Retryable` if EC2 does not answer, `Tieline.Rejected` if it refuses.
pub async fn handle(outside: &Outside<'_>, mut input: StepInput) -> Result<StepOutput, StepError> {
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
        let ended = EndedExecution::read(&input.input);
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
    progress.enter(Phase::RollBack, now);
    input.progress = Some(progress);
    super::patiently(outside, input, async |input| step(outside, input).await).await
}

async fn step(outside: &Outside<'_>, input: StepInput) -> Result<StepOutput, StepError> {
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
        let at = PartContext {
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
            Err(error @ CallError::Throttled { .. }) if patient => return Err(error.into()),
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
) -> Result<StepOutput, StepError> {
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
        return Ok(StepOutput::go(NextState::RollBack, plan, progress));
    }
    Ok(made.wait(outside, plan, progress))
}

impl Inventory {
    fn wait(&self, outside: &Outside<'_>, plan: Plan, progress: Progress) -> StepOutput {
        let what = if self.is_to_go() {
            format!("{} to be removed", self.left_over().join(" and "))
        } else {
            "making sure that no late answer left something behind".to_owned()
        };
        StepOutput::pause(outside, plan, progress, what)
    }

    fn announce(
        &self,
        plan: Plan,
        mut progress: Progress,
        execution: &Execution,
        now: Time,
    ) -> StepOutput {
        let unseen = self.parts.unseen.join(", ");
        if self.parts.may_be_marked {
            let problem = Problem::new(
                Code::RollBackIncomplete,
                format!(
                    "it cannot be seen whether another run announced this connection, so all of it stays: {unseen}"
                ),
                "have what was refused allowed, and send the event again; what another run announced is in use",
            );
            note(&mut progress, problem);
        } else if !unseen.is_empty() && plan.on_failure == OnFailure::RollBack {
            note_left_over(&mut progress, &unseen);
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
    ) -> StepOutput {
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
        Code::RollBackIncomplete,
        format!("not everything could be removed: {what}"),
        format!("remove by hand what is left: {what}"),
    );
    note(progress, problem);
}

fn note(progress: &mut Progress, problem: Problem) {
    progress
        .failure
        .get_or_insert(Rejection {
            problems: Vec::new(),
        })
        .problems
        .push(problem);
}

async fn remove(
    outside: &Outside<'_>,
    plan: &Plan,
    progress: &Progress,
    endpoint: &Endpoint,
    fate: Disposition,
) -> Result<(), CallError> {
    match fate {
        Disposition::IsDeleted => done_or_busy(outside.ec2.delete_endpoint(&endpoint.id).await),
        Disposition::LosesTags => {
            let mut keys = progress.added_tags.clone();
            keys.push(plan.request_tag());
            keys.retain(|key| key != MANAGED);
            keys.sort();
            keys.dedup();
            outside.ec2.untag(&endpoint.id, &keys).await
        }
        Disposition::Stays | Disposition::IsGoing | Disposition::IsGone => Ok(()),
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
) -> StepOutput {
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
    StepOutput::end(NextState::AnnounceFailure, plan, progress, event)
}
