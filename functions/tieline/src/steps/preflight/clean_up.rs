//! Cleans up after an execution that ended without a result: finds what it made, has it removed, and says what became of it.
//!
//! Step Functions says how it ended. One that announced its failure needs nothing, and a dry run made nothing. A connection
//! that is confirmed stays and is announced, because its announcement may be what was lost. Everything else is found by the
//! request's plan or, where its target is gone, by its marks.

use serde_json::Map;

use super::{Answer, Check, Outcome};
use crate::endpoint::{EndpointPlan, Groups, Serving, own_group_name};
use crate::execution::{EndedExecution, Progress};
use crate::ids::{Addressing, Region, VpcId};
use crate::options::{OnFailure, Policy};
use crate::outside::{Endpoint, Outside, Reply, Tags};
use crate::ownership::{Claim, Owner, REQUEST};
use crate::parts::PartContext;
use crate::plan::{Plan, Verifier};
use crate::problem::{Code, Problem};
use crate::question;
use crate::request::{self, Request};
use crate::result::Left;
use crate::steps::marked::{Asked, goes_on_for, marked};
use crate::steps::{parts, runs};
use crate::targets::Target;
use crate::workflow::{LONGEST_POLL, NextState, StepInput, StepOutput, StepResult, wait_seconds};

/// Whether an end may still come to be known: `DescribeExecution` is eventually consistent (Step Functions API reference), and may
/// say for a while that what was said to have ended runs, or that there is no such execution.
pub(super) fn is_early(outside: &Outside<'_>, input: &StepInput) -> bool {
    let began = || Progress::begin(&input.execution);
    let progress = input.progress.clone().unwrap_or_else(began);
    progress.waited(outside.clock.now()) < outside.limits.settle
}

pub(super) fn until_known(
    outside: &Outside<'_>,
    input: StepInput,
    ended: &EndedExecution,
) -> StepOutput {
    let answer = Answer::new(outside, input.execution, input.progress, &ended.input);
    answer.wait(format!("Step Functions to say how {} ended", ended.name()))
}

pub(super) async fn step(
    outside: &Outside<'_>,
    here: &Region,
    input: StepInput,
    mut ended: EndedExecution,
) -> StepResult {
    // What is not known runs, for all that is known, but this one was said to have ended.
    let may_end = input.execution.may_have_nothing_to_do();
    // Most events say it themselves.
    if ended.is_announced() && !ended.is_left && may_end {
        return Ok(nothing(outside, input));
    }
    let runs = runs::ask(outside, &mut ended).await?;
    if runs != Some(false) && may_end && is_early(outside, &input) {
        return Ok(until_known(outside, input, &ended));
    }
    if runs == Some(true) && may_end {
        return Ok(nothing(outside, input));
    }
    // Who asked how a request stands made nothing.
    if question::is_one(&ended.input) && may_end {
        return Ok(nothing(outside, input));
    }
    if ended.is_done_with() && may_end {
        return Ok(nothing(outside, input));
    }
    let mut answer = Answer::new(outside, input.execution, input.progress, &ended.input);
    answer.progress.cleaning = true;
    answer.progress.asked_as = Some(ended.name().to_owned());
    let id = request::request_id(&ended.input);
    let request = match Request::read(ended.input.clone(), here) {
        Ok(request) => request,
        // What cannot be read made nothing.
        Err(problems) => {
            let all = std::iter::once(ended.problem()).chain(problems).collect();
            return Ok(answer.refuse(all, Left::default(), id.as_ref()));
        }
    };
    let id = &request.request_id;
    if request.dry_run {
        return Ok(answer.refuse(vec![ended.problem()], Left::default(), Some(id)));
    }
    // What it added or took away lets clients through, and only a person knows which of both is wanted.
    if request.changes {
        let message = format!(
            "the change {} ended before its work was done",
            ended.execution
        );
        let fix = "send the change again, which goes on with what is there; or send the request as it was, as a change";
        let problem = Problem::new(Code::ExecutionEnded, message, fix);
        return Ok(answer
            .refuse_as_it_stands(vec![problem], Asked::Of(&request))
            .await);
    }
    // What is being removed is not read back, nor made again.
    let progress = &mut answer.progress;
    let removal = runs::removing(outside, here, &answer.execution, progress, id).await?;
    if let Some(removal) = removal.who() {
        let waited = answer.progress.waited(outside.clock.now());
        if may_end && waited < outside.limits.phase {
            return Ok(StepOutput {
                wait_seconds: Some(wait_seconds(waited, LONGEST_POLL)),
                waiting_for: Some(format!("the removal {removal} to come to its end")),
                ..StepOutput::to(NextState::WaitForTarget, answer.execution, answer.progress)
            });
        }
    }
    let mut check = Check {
        maker: &ended.execution,
        goes_on_for: goes_on_for(&ended),
        ..Check::new(outside, &request, &answer.execution)
    };
    let owner = check.owner();
    let held = held(outside, &owner).await?;
    let outcome = check.run().await?;
    let problems = check.problems;
    let mut confirmed = held.iter().any(|one| owner.is_confirmed_on(&one.tags));
    if let Outcome::Planned(plan) = &outcome
        && !confirmed
    {
        let context = PartContext {
            wanted: plan.endpoint.as_ref(),
            change: plan.change.as_ref(),
            ..PartContext::of(outside, &plan.owner)
        };
        confirmed = parts::is_confirmed(plan, &context).await?;
    }
    Ok(match outcome {
        // Read back, and announced again.
        Outcome::Planned(mut plan) if confirmed && problems.is_empty() => {
            // It stands, whoever gets through now.
            plan.verifier = Verifier::nobody("it was confirmed before, and is announced again");
            answer.progress.cleaning = false;
            answer.work(*plan).go(NextState::Create)
        }
        _ if confirmed => {
            let all = std::iter::once(ended.problem()).chain(problems).collect();
            let left = Left {
                behind: &[],
                stands: true,
            };
            answer.refuse(all, left, Some(id))
        }
        // What was made is planned again and rolled back, also if it could not be made today.
        Outcome::Planned(plan) => answer.work(*plan).fail(ended.problem()),
        Outcome::NotYet(problem) => by_marks(answer, &request, owner, &held, &ended, vec![problem]),
        Outcome::Refused => by_marks(answer, &request, owner, &held, &ended, problems),
    })
}

/// Nothing is to be done, and nobody has to hear of it.
pub(super) fn nothing(outside: &Outside<'_>, input: StepInput) -> StepOutput {
    let answer = Answer::new(outside, input.execution, input.progress, &input.input);
    StepOutput::to(NextState::NothingToDo, answer.execution, answer.progress)
}

/// The endpoints that carry the request's mark with its parameters, or that who is cleaned up after let go of; dead ones left out.
async fn held(outside: &Outside<'_>, owner: &Owner) -> Reply<Vec<Endpoint>> {
    let mut found = marked(outside, owner).await?;
    let is_its = |tags: &Tags| owner.claim(tags) == Claim::Ours || owner.has_let_go(tags);
    found.retain(|one| !one.state.is_dead() && is_its(&one.tags));
    Ok(found)
}

/// A plan of an endpoint that carries the request's mark, enough to remove it and its group.
pub(super) fn plan_by_marks(
    owner: Owner,
    target: Target,
    endpoint: Option<&Endpoint>,
    on_failure: OnFailure,
) -> Plan {
    let tags = endpoint.map(|endpoint| &endpoint.tags);
    let owner = Owner {
        zone: tags.and_then(|tags| owner.zone_in(tags)),
        ..owner
    };
    Plan {
        endpoint: endpoint.and_then(|endpoint| wanted_of(&owner, endpoint)),
        owner,
        target,
        parts: Vec::new(),
        about: Map::new(),
        warnings: Vec::new(),
        on_failure,
        change: None,
        verifier: Verifier::nobody("it is only removed"),
    }
}

/// The target is gone, but what was made for it shows by its marks. Only the vendor's side would need the target.
fn by_marks(
    answer: Answer<'_>,
    request: &Request,
    owner: Owner,
    held: &[Endpoint],
    ended: &EndedExecution,
    problems: Vec<Problem>,
) -> StepOutput {
    let id = &request.request_id;
    let perhaps = request.shape.target.kind().has_parts().then(|| {
        let stack = &answer.outside.deployment.name;
        format!(
            "perhaps what belongs to it beside the endpoint: what has the tag {REQUEST}{id} or \"tieline {stack} {id}\" in its name, and a private zone whose names lead there"
        )
    });
    if let Some(endpoint) = held.first() {
        let target = request.shape.target.clone();
        let plan = plan_by_marks(owner, target, Some(endpoint), request.on_failure);
        let mut work = answer.work(plan);
        work.progress.endpoint = Some(endpoint.id.clone());
        let mut output = work.fail(ended.problem());
        if let Some(failure) = &mut output.progress.failure {
            failure.problems.extend(problems);
            failure.problems.extend(perhaps.map(not_found));
        }
        return output;
    }
    // A create whose answer was lost may still show.
    let waited = answer.progress.waited(answer.outside.clock.now());
    if waited < answer.outside.limits.settle {
        return StepOutput {
            wait_seconds: Some(wait_seconds(waited, LONGEST_POLL)),
            waiting_for: Some("what the ended execution made to show".to_owned()),
            ..StepOutput::to(NextState::WaitForTarget, answer.execution, answer.progress)
        };
    }
    let left: Vec<String> = perhaps.iter().cloned().collect();
    let all = std::iter::once(ended.problem())
        .chain(problems)
        .chain(perhaps.map(not_found));
    let left = Left {
        behind: &left,
        stands: false,
    };
    answer.refuse(all.collect(), left, Some(id))
}

fn not_found(what: String) -> Problem {
    Problem::new(
        Code::RollBackIncomplete,
        format!("not everything could be looked for, because the target cannot be found: {what}"),
        "put right what stands in the way and send the same event again, or remove it by hand",
    )
}

/// A plan of an endpoint that is there, enough to remove it and its group.
fn wanted_of(owner: &Owner, endpoint: &Endpoint) -> Option<EndpointPlan> {
    let vpc_id: VpcId = endpoint.vpc.parse().ok()?;
    let serving = Serving::Ours {
        id: endpoint.id.clone(),
    };
    Some(wanted(owner, vpc_id, &endpoint.service, serving))
}

/// The same of one of which no more is known than where it belongs.
pub(super) fn wanted(
    owner: &Owner,
    vpc_id: VpcId,
    service: &str,
    serving: Serving,
) -> EndpointPlan {
    EndpointPlan {
        groups: Groups::Own {
            name: own_group_name(&owner.deployment, &vpc_id, service),
            cidrs: Vec::new(),
        },
        vpc_id,
        service: service.to_owned(),
        service_owner: String::new(),
        owner_pays: false,
        port: 0,
        further_ports: Vec::new(),
        serving,
        zones: Vec::new(),
        addressing: Addressing::default(),
        private_dns: None,
        host: None,
        policy: Policy::Full,
        acceptance_hours: None,
        differs: Vec::new(),
    }
}
