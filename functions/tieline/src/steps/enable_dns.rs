//! *Enable private DNS*: has the target's own names lead to the endpoint, once the endpoint works.
//!
//! # Guarantees
//!
//! DNS is ordered only if the look right before says `available`: clients that use the names already never see one
//! that does not work. May be repeated.

use crate::error::{CallError, StepError};
use crate::outside::{Endpoint, Outside};
use crate::plan::{EndpointPlan, Plan};
use crate::problem::{Code, Problem};
use crate::progress::{Phase, Progress};
use crate::state::State;
use crate::step::{NextState, StepInput, StepOutput};
use crate::steps::parts;

/// Carries the step out.
///
/// # Errors
///
/// `Tieline.Retryable` if EC2 does not answer, `Tieline.Rejected` if it refuses.
pub async fn handle(outside: &Outside<'_>, input: StepInput) -> Result<StepOutput, StepError> {
    super::patiently(outside, input, async |input| step(outside, input).await).await
}

async fn step(outside: &Outside<'_>, input: StepInput) -> Result<StepOutput, StepError> {
    let (plan, mut progress, _) = input.planned()?;
    progress.enter(Phase::EnableDns, outside.clock.now());
    let (Some(id), Some(wanted)) = (&progress.endpoint, &plan.endpoint) else {
        return Ok(StepOutput::go(NextState::Poll, plan, progress));
    };
    let there = super::look(outside, id).await?;
    let ordered = there.as_ref().is_some_and(|endpoint| endpoint.private_dns);
    if ordered
        && plan
            .parts
            .iter()
            .all(|part| part.kind().made_by() != NextState::EnableDns)
    {
        return Ok(StepOutput::go(NextState::Poll, plan, progress));
    }
    let Some(endpoint) = there.filter(|endpoint| endpoint.state == State::Available) else {
        let what = format!("{id} is not available");
        return Ok(StepOutput::wait(outside, plan, progress, what));
    };
    let Some(dns) = wanted
        .private_dns
        .as_ref()
        .filter(|_| !endpoint.private_dns && !plan.is_adopted())
    else {
        return make_zone(outside, plan, progress, &endpoint).await;
    };
    match outside.ec2.enable_private_dns(id, dns.inbound_only).await {
        Ok(()) => {
            progress.dns_ordered = true;
            Ok(StepOutput::go(NextState::Poll, plan, progress))
        }
        // Somebody else's change is under way, or EC2 lags behind itself: the same step works later.
        Err(error) if error.is_busy() || error.is_missing() => {
            let what = format!("{id} cannot be changed yet ({error})");
            Ok(StepOutput::wait(outside, plan, progress, what))
        }
        Err(error) if error.is_dns_conflict() => {
            let problem = taken(&plan, wanted, &error);
            Ok(StepOutput::fail(plan, progress, problem))
        }
        Err(error) => Err(error.into()),
    }
}

/// Has names of our own lead to the endpoint, where the plan has some.
async fn make_zone(
    outside: &Outside<'_>,
    plan: Plan,
    progress: Progress,
    endpoint: &Endpoint,
) -> Result<StepOutput, StepError> {
    match parts::make(outside, &plan, Some(endpoint), NextState::EnableDns).await {
        Err(error) if error.is_busy() || error.is_missing() => {
            let what = format!("the private zone cannot be changed yet ({error})");
            Ok(StepOutput::wait(outside, plan, progress, what))
        }
        result => result
            .map(|()| {
                StepOutput::wait(
                    outside,
                    plan,
                    progress,
                    "the names of the private zone to show",
                )
            })
            .map_err(StepError::from),
    }
}

fn taken(plan: &Plan, wanted: &EndpointPlan, error: &CallError) -> Problem {
    let (vpc, region) = (&wanted.vpc_id, &plan.region);
    Problem::new(
        Code::PrivateDnsTaken,
        error.to_string(),
        format!(
            "find what holds the name: aws ec2 describe-vpc-endpoints --region {region} --filters Name=vpc-id,Values={vpc}; \
             aws route53 list-hosted-zones-by-vpc --vpc-id {vpc} --vpc-region {region}"
        ),
    )
}
