//! Checks a removal: what of the connection there is, and whether it may go now. Writes nothing.
//!
//! With the whole request everything is found that connecting takes. With its id alone only what marks on endpoints say is
//! found: where more may belong to it, at a vendor or in a private zone, the whole request is asked for.

use super::clean_up::{ask, marked, nothing, plan_by_marks};
use super::{Answer, Check, Outcome, status};
use crate::endpoint::Serving;
use crate::execution::{self, EndedExecution};
use crate::ids::{Region, RequestId};
use crate::options::OnFailure;
use crate::outside::{Endpoint, Outside};
use crate::ownership::{Claim, Owner};
use crate::plan::Plan;
use crate::problem::{Code, Problem, Rejection};
use crate::refusals;
use crate::removal::{self, Id, Removal};
use crate::request::Request;
use crate::result::{Left, Planned, Removed, ResultDetail, Working};
use crate::steps::inventory;
use crate::targets::Target;
use crate::workflow::{
    Disposition, Inventory, LONGEST_POLL, NextState, StepInput, StepOutput, StepResult,
    wait_seconds,
};

/// Says that a removal ended without a result. It is not gone on with: somebody may have asked for the connection since, and a call of
/// it that was in flight may have said after that that the endpoint is leaving.
pub(super) async fn ended(
    outside: &Outside<'_>,
    here: &Region,
    input: StepInput,
    mut ended: EndedExecution,
) -> StepResult {
    let is_over = ended.is_announced() || ask(outside, &mut ended).await?;
    let asked = removal::as_event(&ended.input);
    let removal = removal::read(&asked, here).and_then(Result::ok);
    let Some(removal) = removal.filter(|one| !one.dry_run()) else {
        return Ok(nothing(outside, input));
    };
    if is_over || ended.is_announced() || ended.is_hopeless() {
        return Ok(nothing(outside, input));
    }
    let mut answer = Answer::new(outside, input.execution, input.progress, &asked);
    answer.progress.asked_as = Some(ended.name().to_owned());
    let id = removal.request_id();
    let owner = owner_by_id(&answer, here, id);
    let there = marked(outside, &owner).await?;
    let problem = Problem::new(
        Code::ExecutionEnded,
        format!(
            "the removal {} ended before its work was done",
            ended.execution
        ),
        "send the removal again if the connection is still to go, or its request if it is not",
    );
    Ok(answer.refuse(vec![problem], left(&owner, &there), Some(id)))
}

fn owner_by_id(answer: &Answer<'_>, region: &Region, id: &RequestId) -> Owner {
    let (execution, deployment) = (&answer.execution, &answer.outside.deployment);
    Owner::by_id(
        id,
        region,
        execution.account(),
        &deployment.name,
        &execution.id,
    )
}

/// What there is after a removal that is refused: all that there was.
fn left(owner: &Owner, there: &[Endpoint]) -> Left<'static> {
    let confirmed = |one: &Endpoint| {
        !one.state.is_dead()
            && owner
                .clone()
                .of_mark_on(&one.tags)
                .is_confirmed_on(&one.tags)
    };
    Left {
        behind: &[],
        stands: there.iter().any(confirmed),
    }
}

pub(super) async fn step(
    outside: &Outside<'_>,
    here: &Region,
    mut answer: Answer<'_>,
    removal: Removal,
) -> StepResult {
    let id = removal.request_id();
    // Whoever began later waits for the other one: so both never wait for each other.
    let began = answer.execution.started();
    let working = status::working(outside, &answer.execution, id, Some(began)).await?;
    let first = match &working {
        // Who may not be asked about runs.
        None => Some("an execution that may not be looked at"),
        Some(working) => working.first().map(Working::arn),
    };
    if let Some(first) = first {
        let owner = owner_by_id(&answer, here, id);
        let there = marked(outside, &owner).await?;
        return Ok(in_progress(answer, &removal, first, left(&owner, &there)));
    }
    answer.progress.removal = Some(execution::Removal::default());
    match removal {
        Removal::Of(request) => whole(outside, answer, &request).await,
        Removal::ById(id) => by_id(outside, answer, &id).await,
    }
}

/// What is still being made is waited for: it cannot go before it is there.
fn in_progress(
    answer: Answer<'_>,
    removal: &Removal,
    execution: &str,
    left: Left<'_>,
) -> StepOutput {
    let id = removal.request_id();
    let waited = answer.progress.waited(answer.outside.clock.now());
    let what = format!("the request {id} is still being made by {execution}");
    if removal.dry_run() || waited >= answer.outside.limits.phase {
        let fix = format!(
            "wait for its result, or stop it, which removes what it made: aws stepfunctions stop-execution --execution-arn {execution}; \
             then send the removal again"
        );
        let problem = Problem::new(Code::RequestInProgress, what, fix);
        return answer.refuse(vec![problem], left, Some(id));
    }
    StepOutput {
        wait_seconds: Some(wait_seconds(waited, LONGEST_POLL)),
        waiting_for: Some(what),
        ..StepOutput::to(NextState::WaitForTarget, answer.execution, answer.progress)
    }
}

/// Everything that connecting takes is looked for, also if it could not be connected today.
async fn whole(outside: &Outside<'_>, mut answer: Answer<'_>, request: &Request) -> StepResult {
    let mut check = Check {
        // Nobody's: what was allowed when it was made is removed.
        maker: "",
        ..Check::new(outside, request, &answer.execution)
    };
    let owner = check.owner();
    let there = marked(outside, &owner).await?;
    let outcome = check.run().await?;
    let mut problems = check.problems;
    let other = there
        .iter()
        .find(|one| owner.claim(&one.tags) == Claim::Other);
    let conflict = other.map(|one| refusals::conflict(one.id.as_str()));
    problems.extend(conflict);
    problems.sort_by_key(|problem| problem.code != Code::RequestConflict);
    if problems
        .first()
        .is_some_and(|one| one.code == Code::RequestConflict)
    {
        problems.truncate(1);
        let left = left(&owner, &there);
        return Ok(answer.refuse(problems, left, Some(&request.request_id)));
    }
    let (plan, not_found) = match outcome {
        Outcome::Planned(plan) => (*plan, Vec::new()),
        Outcome::NotYet(problem) => (by_marks(request, owner, &there), vec![problem]),
        Outcome::Refused => (by_marks(request, owner, &there), problems),
    };
    // Without its target, what a vendor has of it cannot be found: the rest goes, and that is said.
    if !not_found.is_empty() && request.shape.target.kind().has_parts() {
        let id = &request.request_id;
        let stack = &outside.deployment.name;
        let problem = Problem::new(
            Code::RollBackIncomplete,
            format!(
                "not everything that belongs to {id} could be looked for, because its target cannot be found: perhaps something at a vendor or in Route 53"
            ),
            format!(
                "look for the name \"tieline {stack} {id}\" at the vendor, and remove it by hand"
            ),
        );
        let problems = std::iter::once(problem).chain(not_found).collect();
        answer.progress.failure = Some(Rejection { problems });
    }
    carry_out(answer, plan, &there, request.dry_run).await
}

/// A plan of what the marks say, which is enough where nothing is beside the endpoint.
fn by_marks(request: &Request, owner: Owner, there: &[Endpoint]) -> Plan {
    plan_by_marks(
        owner,
        request.shape.target.clone(),
        there.first(),
        request.on_failure,
    )
}

async fn by_id(outside: &Outside<'_>, answer: Answer<'_>, asked: &Id) -> StepResult {
    let id = &asked.request_id;
    let owner = owner_by_id(&answer, &asked.region, id);
    let there = marked(outside, &owner).await?;
    let Some(endpoint) = there.first() else {
        return Ok(nothing_there(answer, asked));
    };
    let left = left(&owner, &there);
    let owner = owner.of_mark_on(&endpoint.tags);
    let target = Target::of_service(&endpoint.service).filter(|_| owner.zone.is_none());
    let Some(target) = target else {
        let message = format!(
            "{} carries the mark of {id}, and more may belong to it: a private zone, or something at its service's owner",
            endpoint.id
        );
        let fix = "send the whole request with this detail-type";
        let problem = Problem::new(Code::RequestNeeded, message, fix);
        return Ok(answer.refuse(vec![problem], left, Some(id)));
    };
    let plan = plan_by_marks(owner, target, Some(endpoint), OnFailure::RollBack);
    carry_out(answer, plan, &there, asked.dry_run).await
}

/// No endpoint carries the id. A create whose answer was lost may still show.
fn nothing_there(mut answer: Answer<'_>, asked: &Id) -> StepOutput {
    let now = answer.outside.clock.now();
    let waited = answer.progress.waited(now);
    if waited < answer.outside.limits.settle && !asked.dry_run {
        return StepOutput {
            wait_seconds: Some(wait_seconds(waited, LONGEST_POLL)),
            waiting_for: Some("making sure that no late answer left something behind".to_owned()),
            ..StepOutput::to(NextState::WaitForTarget, answer.execution, answer.progress)
        };
    }
    answer.progress.close(now);
    let id = &asked.request_id;
    let event = Removed::of(id, &answer.progress, &answer.execution, now).event();
    StepOutput {
        result: Some(event),
        ..StepOutput::to(
            NextState::AnnounceRemoved,
            answer.execution,
            answer.progress,
        )
    }
}

async fn carry_out(
    answer: Answer<'_>,
    plan: Plan,
    there: &[Endpoint],
    dry_run: bool,
) -> StepResult {
    let mut work = answer.work(plan);
    work.progress.endpoint = there.first().map(|endpoint| endpoint.id.clone());
    if let Some(adopted) = adopted(&work.plan)
        && let Some(removal) = &mut work.progress.removal
    {
        removal.stays.push(adopted);
    }
    if !dry_run {
        work.enter(execution::Phase::RollBack);
        return Ok(work.go(NextState::Remove));
    }
    let seen = inventory::take(&work).await?;
    let now = work.now();
    work.progress.close(now);
    let (goes, mut stays) = foretold(&seen, &work.plan);
    stays.extend(
        work.progress
            .removal
            .iter()
            .flat_map(|one| one.stays.clone()),
    );
    let event = Planned::of_removal(
        &work.plan,
        goes,
        stays,
        &work.progress,
        &work.execution,
        now,
    );
    Ok(work.announce(NextState::AnnouncePlan, event.event()))
}

fn adopted(plan: &Plan) -> Option<String> {
    let wanted = plan.endpoint.as_ref()?;
    match &wanted.serving {
        Serving::Adopted { id } => Some(format!("{id} (it is not ours)")),
        Serving::Ours { .. } | Serving::New => None,
    }
}

/// What would go, in order, and what would stay for whom.
fn foretold(seen: &Inventory, plan: &Plan) -> (Vec<String>, Vec<String>) {
    let parts = seen.parts.parts.iter().rev();
    let mut goes: Vec<String> = parts.map(|left| left.part.kind().name()).collect();
    let mut stays = Vec::new();
    for (endpoint, disposition) in &seen.endpoints {
        match disposition {
            Disposition::LosesTags => {
                let id = endpoint.id.as_str();
                stays.push(plan.owner.with_others(id, &endpoint.tags));
            }
            Disposition::IsGone => {}
            Disposition::Stays
            | Disposition::IsAnothers
            | Disposition::Closes
            | Disposition::IsClosing
            | Disposition::Reopens
            | Disposition::IsDeleted
            | Disposition::IsGoing => goes.push(endpoint.id.to_string()),
        }
    }
    goes.extend(seen.group.iter().map(|group| group.id.to_string()));
    (goes, stays)
}
