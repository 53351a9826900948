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
use crate::progress::Phase;
use crate::state::State;
use crate::step::{Answer, Next, StepInput};

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
    let there = super::look(outside, id).await?;
    if there.as_ref().is_some_and(|endpoint| endpoint.private_dns) {
        return Ok(Answer::go(Next::Poll, plan, progress));
    }
    if there.is_none_or(|endpoint| endpoint.state != State::Available) {
        let what = format!("{id} is not available");
        return Ok(Answer::wait(outside, plan, progress, what));
    }
    match outside.ec2.enable_private_dns(id, dns.inbound_only).await {
        Ok(()) => {
            progress.dns_ordered = true;
            Ok(Answer::go(Next::Poll, plan, progress))
        }
        // Somebody else's change is under way, or EC2 lags behind itself: the same step works later.
        Err(error) if error.is_busy() || error.is_missing() => {
            let what = format!("{id} cannot be changed yet ({error})");
            Ok(Answer::wait(outside, plan, progress, what))
        }
        Err(error) if error.is_dns_conflict() => {
            let problem = taken(&plan, &error);
            Ok(Answer::fail(plan, progress, problem))
        }
        Err(error) => Err(error.into()),
    }
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
