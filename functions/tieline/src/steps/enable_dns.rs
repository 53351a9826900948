//! *Enable private DNS*: has the target's own names lead to the endpoint, once the endpoint works.
//!
//! # Guarantees
//!
//! DNS is ordered only if the look right before says `available`: clients that use the names already never see one
//! that does not work. May be repeated.

use crate::error::{CallError, StepError};
use crate::outside::Outside;
use crate::plan::Plan;
use crate::problem::{Code, Problem};
use crate::state::State;
use crate::step::{Answer, Next, Phase, StepInput};

/// Carries the step out.
///
/// # Errors
///
/// `Tieline.Retryable` if EC2 does not answer, `Tieline.Rejected` if it refuses.
pub async fn handle(outside: &Outside<'_>, input: StepInput) -> Result<Answer, StepError> {
    let (plan, mut progress, _) = input.planned()?;
    progress.enter(Phase::EnableDns, outside.clock.now());
    let (Some(id), Some(dns)) = (&progress.endpoint, &plan.private_dns) else {
        return Ok(Answer::go(Next::Poll, plan, progress));
    };
    match super::look(outside, id).await? {
        Some(endpoint) if endpoint.state == State::Available && !endpoint.private_dns => {
            match outside
                .ec2
                .set_private_dns(id, true, dns.inbound_only)
                .await
            {
                Ok(()) => progress.dns_ordered = true,
                // Somebody else's change is under way: the next look orders it again.
                Err(error) if error.is_busy() => {}
                Err(error) if error.is_dns_conflict() => {
                    let problem = taken(&plan, &error);
                    return Ok(Answer::fail(plan, progress, problem));
                }
                Err(error) => return Err(error.into()),
            }
        }
        Some(_) | None => {}
    }
    Ok(Answer::go(Next::Poll, plan, progress))
}

fn taken(plan: &Plan, error: &CallError) -> Problem {
    let (vpc, region) = (&plan.vpc_id, &plan.region);
    Problem::new(
        Code::PrivateDnsTaken,
        error.to_string(),
        format!(
            "find what holds the name: aws ec2 describe-vpc-endpoints --region {region} --filters Name=vpc-id,Values={vpc}; \
             aws route53 list-hosted-zones-by-vpc --vpc-id {vpc} --vpc-region {region}"
        ),
    )
}
