//! *Enable private DNS*: turns on the target's own names for the endpoint, once the endpoint works.
//!
//! # Guarantees
//!
//! DNS is ordered only if the look right before says `available`: clients that use the names already never see one
//! that does not work. May be repeated.

use super::parts;
use crate::endpoint::{EndpointPlan, holding_zone, holds_name};
use crate::execution::Phase;
use crate::outside::{CallError, Endpoint, EndpointChange, EndpointFilter, Outside, Reply, State};
use crate::plan::Plan;
use crate::problem::{Code, Problem};
use crate::workflow::{NextState, StepInput, StepResult, Work};

/// Carries the step out.
///
/// # Errors
///
/// `Tieline.Unavailable` if a service has not answered for too long, `Tieline.Rejected` if it refuses.
pub async fn handle(outside: &Outside<'_>, input: StepInput) -> StepResult {
    super::on_plan(outside, input, async |work| step(work).await).await
}

async fn step(mut work: Work<'_>) -> StepResult {
    work.enter(Phase::EnableDns);
    let (Some(id), Some(wanted)) = (&work.progress.endpoint, &work.plan.endpoint) else {
        return Ok(work.go(NextState::Poll));
    };
    let there = super::look(work.outside, id).await?;
    let ordered = there.as_ref().is_some_and(|endpoint| endpoint.private_dns);
    let has_names = |part: &crate::parts::Part| part.kind().made_in() == Phase::EnableDns;
    if ordered && !work.plan.parts.iter().any(has_names) {
        return Ok(work.go(NextState::Poll));
    }
    let Some(endpoint) = there.filter(|endpoint| endpoint.state == State::Available) else {
        let what = format!("{id} is not available");
        return Ok(work.wait(what));
    };
    let Some(dns) = wanted
        .private_dns
        .as_ref()
        .filter(|_| !endpoint.private_dns && !work.plan.is_adopted())
    else {
        return make_names(work, &endpoint).await;
    };
    let on = EndpointChange {
        inbound_only: dns.inbound_only,
        ..EndpointChange::of_private_dns(true)
    };
    match work.outside.ec2.modify_endpoint(id, &on).await {
        Ok(()) => {
            work.progress.dns_ordered = true;
            Ok(work.go(NextState::Poll))
        }
        // Somebody else's change is under way, or EC2 lags behind itself: the same step works later.
        Err(error) if error.is_busy() || error.is_missing() => {
            let what = format!("{id} cannot be changed yet ({error})");
            Ok(work.wait(what))
        }
        Err(error) if error.is_dns_conflict() => {
            let problem = taken(&work.plan, wanted, &error);
            let what = format!("the private name to be let go of ({error})");
            work.progress.dns_asked = false;
            // Whoever had it until now may be going, and EC2 takes minutes to notice that it is gone.
            let holder = holder(&work, &endpoint).await?;
            if holder || work.situation().overdue(&what).is_some() {
                return Ok(work.fail(problem));
            }
            Ok(work.pause(what))
        }
        Err(error) => Err(error.into()),
    }
}

/// Makes names of our own that resolve to the endpoint, where the plan has some.
async fn make_names(mut work: Work<'_>, endpoint: &Endpoint) -> StepResult {
    let made = parts::make(&work, Some(endpoint), Phase::EnableDns).await;
    work.progress.named = Some(work.now());
    match made {
        Err(error) if error.is_busy() || error.is_missing() => {
            let what = format!("the private zone cannot be changed yet ({error})");
            Ok(work.wait(what))
        }
        Err(error) => Err(error.into()),
        Ok(()) => Ok(work.wait("the names of the private zone to show")),
    }
}

/// Whether something that stays holds one of the endpoint's private names.
async fn holder(work: &Work<'_>, endpoint: &Endpoint) -> Reply<bool> {
    let Some(wanted) = &work.plan.endpoint else {
        return Ok(false);
    };
    let names = wanted
        .private_dns
        .as_ref()
        .map_or(&[][..], |dns| &dns.names);
    let filter = EndpointFilter {
        vpc: Some(&wanted.vpc_id),
        ..EndpointFilter::default()
    };
    let endpoints = work.outside.ec2.endpoints(&filter).await?;
    let mut others = endpoints
        .iter()
        .filter(|other| other.id != endpoint.id && !other.state.is_dead());
    if others.any(|other| holds_name(other, &wanted.service, names)) {
        return Ok(true);
    }
    match work.outside.route53.zones(&wanted.vpc_id).await {
        Err(CallError::Refused { .. }) => Ok(false),
        zones => Ok(holding_zone(&zones?, names).is_some()),
    }
}

fn taken(plan: &Plan, wanted: &EndpointPlan, error: &CallError) -> Problem {
    let (vpc, region) = (&wanted.vpc_id, &plan.owner.region);
    Problem::new(
        Code::PrivateDnsTaken,
        error.to_string(),
        format!(
            "find what holds the name: aws ec2 describe-vpc-endpoints --region {region} --filters Name=vpc-id,Values={vpc}; \
             aws route53 list-hosted-zones-by-vpc --vpc-id {vpc} --vpc-region {region}"
        ),
    )
}
