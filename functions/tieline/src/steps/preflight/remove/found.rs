//! Finds what a removal is to take away.
//!
//! With the whole request everything is found that connecting makes, also where it could not be connected today. With its id alone only
//! what marks on endpoints say is found: where more may belong to it, at a vendor, in a private zone or in AWS DMS, the whole request is
//! asked for.

use super::zones;
use crate::endpoint::{AvailabilityZone, Serving};
use crate::execution::Execution;
use crate::ids::EndpointId;
use crate::options::OnFailure;
use crate::outside::{CallError, Endpoint, EndpointFilter, Outside, Reply, Tags};
use crate::ownership::{Claim, MANAGED, Owner};
use crate::parts::{Part, PartContext};
use crate::plan::Plan;
use crate::problem::{Code, Problem};
use crate::refusals;
use crate::removal::Id;
use crate::request::Request;
use crate::steps::check::of_request_in_dms;
use crate::steps::marked::{marked, owner_by_id};
use crate::steps::preflight::clean_up::{plan_by_marks, wanted};
use crate::steps::{find_context, parts};
use crate::targets::{Resolved, Target, Unresolved};

/// What a removal finds.
pub(super) enum Found {
    /// And what died of other parameters of the same id.
    Plan(Box<Plan>, Vec<EndpointId>),
    /// The same, and more may belong to it, which has to show or to be gone for good.
    InDoubt(Box<Plan>, Vec<EndpointId>, String),
    /// Nothing carries the id, as far as was looked; this is what was not looked at.
    Nothing(String),
    /// Its id alone is not enough, and whether its connection stands.
    InDms(Problem, bool),
    NotYet(Problem),
    Refused(Vec<Problem>),
}

/// `before`: how marks name the removals of these parameters that began before, so that what says them may be gone already.
pub(super) async fn whole(
    outside: &Outside<'_>,
    execution: &Execution,
    request: &Request,
    before: &[String],
) -> Reply<Found> {
    // Nobody's: what was allowed when it was made is removed.
    let owner = request.owner(outside.deployment, execution.account(), "", &execution.id);
    let owner = owner.going_on_for(before);
    let mut there = marked(outside, &owner).await?;
    let is_other = |one: &Endpoint| owner.claim(&one.tags) == Claim::Other;
    let mut alive = there.iter().filter(|one| !one.state.is_dead());
    if let Some(other) = alive.find(|one| is_other(one)) {
        return Ok(Found::Refused(vec![refusals::conflict(other.id.as_str())]));
    }
    let dead = there.iter().filter(|one| !one.state.is_leaving());
    let dead = dead.filter(|one| is_other(one));
    let died = dead.map(|one| one.id.clone()).collect();
    let is_its = |tags: &Tags| owner.claim(tags) == Claim::Ours || owner.has_let_go(tags);
    there.retain(|one| is_its(&one.tags));
    let target = request.shape.target.kind();
    let mut resolved = if target.has_parts() || there.is_empty() {
        let context = find_context(outside, request, execution);
        let service = there.first().map(|one| one.service.as_str());
        match target.made_of(&context, service).await {
            Ok(resolved) => resolved,
            Err(Unresolved::Failed(error)) => return Err(error),
            // Of one that is not there, an endpoint may still be: there is none.
            Err(_) if !target.has_parts() => Resolved::default(),
            Err(Unresolved::NotYet(problem)) => return Ok(Found::NotYet(problem)),
            Err(Unresolved::Refused(problems)) => return Ok(Found::Refused(problems)),
        }
    } else {
        Resolved::default()
    };
    let in_doubt = zones::complete(outside, &owner, there.first(), &mut resolved).await?;
    let mut plan = plan_by_marks(
        owner,
        request.shape.target.clone(),
        there.first(),
        request.on_failure,
    );
    let found = match there.first() {
        Some(endpoint) => Some(endpoint.clone()),
        None => elsewhere(outside, request, &resolved, &mut plan).await?,
    };
    plan.parts = resolved.parts;
    let others = parts::of_others(&plan.parts, &PartContext::of(outside, &plan.owner)).await?;
    if !others.is_empty() && before.is_empty() {
        let others = others.iter().map(|name| refusals::conflict(name));
        return Ok(Found::Refused(others.collect()));
    }
    name_zones(outside, &mut plan, found.as_ref()).await?;
    plan.complete_marks();
    let plan = Box::new(plan);
    Ok(match in_doubt {
        None => Found::Plan(plan, died),
        Some(what) => Found::InDoubt(plan, died, what),
    })
}

/// No endpoint carries the mark: an adopted one has none, and of one that is gone a group may be left.
async fn elsewhere(
    outside: &Outside<'_>,
    request: &Request,
    resolved: &Resolved,
    plan: &mut Plan,
) -> Reply<Option<Endpoint>> {
    let (Some(spec), Some(network)) = (&resolved.endpoint, &request.shape.network) else {
        return Ok(None);
    };
    let names = [std::slice::from_ref(&spec.service), &spec.or[..]].concat();
    let known = outside.ec2.service(&names).await?;
    let service = known.map_or_else(|| spec.service.clone(), |known| known.name);
    let vpc = &network.vpc_id;
    let mut adopted = None;
    if request.shape.adopt {
        let which = EndpointFilter::of(&service, vpc);
        let all = outside.ec2.endpoints(&which).await?;
        let mut foreign = all.into_iter();
        adopted = foreign.find(|one| !one.state.is_dead() && !plan.owner.is_ours(&one.tags));
    }
    let serving = match &adopted {
        Some(endpoint) => Serving::Adopted {
            id: endpoint.id.clone(),
        },
        None => Serving::New,
    };
    plan.endpoint = Some(wanted(&plan.owner, vpc.clone(), &service, serving));
    Ok(adopted)
}

/// Names of zones, for which only the endpoint's subnets say where it is.
async fn name_zones(
    outside: &Outside<'_>,
    plan: &mut Plan,
    endpoint: Option<&Endpoint>,
) -> Reply<()> {
    let zonal = |part: &Part| matches!(part, Part::PrivateZone(zone) if zone.zonal || zone.has_zonal_names());
    let (Some(endpoint), Some(wanted)) = (endpoint, &mut plan.endpoint) else {
        return Ok(());
    };
    if !plan.parts.iter().any(zonal) {
        return Ok(());
    }
    let subnets = match outside.ec2.subnets(&wanted.vpc_id).await {
        // Its names are then found by where they lead.
        Err(CallError::Refused { .. }) => return Ok(()),
        subnets => subnets?,
    };
    let is_its = |id: &str| endpoint.subnet_ids.iter().any(|there| there == id);
    let its = subnets.into_iter().filter(|one| is_its(one.id.as_str()));
    wanted.zones = its
        .map(|subnet| AvailabilityZone {
            zone_id: subnet.zone_id,
            zone_name: subnet.zone_name,
            subnet_id: subnet.id,
        })
        .collect();
    for part in &mut plan.parts {
        if let Part::PrivateZone(zone) = part {
            zone.name_zones(&wanted.zones);
        }
    }
    Ok(())
}

pub(super) async fn by_id(
    outside: &Outside<'_>,
    execution: &Execution,
    asked: &Id,
    before: &[String],
) -> Reply<Found> {
    let id = &asked.request_id;
    let Some(owner) = owner_by_id(outside, execution, id) else {
        return Ok(Found::Nothing(
            "its execution's ARN names no Region".to_owned(),
        ));
    };
    let owner = owner.going_on_for(before);
    let there = marked(outside, &owner).await?;
    // One that is shown as deleted may be of a connection before.
    let mut seen = String::new();
    if there.iter().all(|one| one.state.is_leaving()) {
        match of_request_in_dms(outside, &owner).await? {
            Ok((names, stands)) if !names.is_empty() => {
                return Ok(Found::InDms(in_dms(&owner, &names), stands));
            }
            Ok(_) => seen.push_str("and nothing in AWS DMS carries its mark"),
            Err(why) => {
                let unseen = format!("carries its mark; AWS DMS could not be looked at ({why})");
                seen.push_str(&unseen);
            }
        }
    }
    let Some(endpoint) = there.first() else {
        let why = format!(
            "no endpoint {seen}; what it may have without one (at a vendor, in a private zone, a group, or an endpoint that it adopted) is \
             only found with the whole request"
        );
        return Ok(Found::Nothing(why));
    };
    let owner = owner.of_mark_on(&endpoint.tags);
    let is_named = endpoint.tags.get(MANAGED) == Some(&owner.deployment);
    let target = Target::of_service(&endpoint.service);
    let target = target.filter(|_| owner.zone.is_none() && is_named);
    let Some(target) = target else {
        return Ok(Found::Refused(vec![request_needed(
            endpoint, &owner, is_named,
        )]));
    };
    let on_failure = OnFailure::RollBack;
    let plan = plan_by_marks(owner, target, Some(endpoint), on_failure);
    Ok(Found::Plan(Box::new(plan), Vec::new()))
}

fn in_dms(owner: &Owner, names: &[String]) -> Problem {
    let id = &owner.request_id;
    let names = names.join(" and ");
    let message = format!("the mark of {id} is on {names}, and more may belong to it");
    Problem::new(Code::RequestNeeded, message, WHOLE)
}

/// What to do where an id is not enough.
const WHOLE: &str = "send the whole request with this detail-type";

fn request_needed(endpoint: &Endpoint, owner: &Owner, is_named: bool) -> Problem {
    let why = if is_named {
        "more may belong to it: a private zone, or something at its service's owner"
    } else {
        "its mark is from before deployments had names, so that it may be another one's"
    };
    let message = format!(
        "{} carries the mark of {}, and {why}",
        endpoint.id, owner.request_id
    );
    Problem::new(Code::RequestNeeded, message, WHOLE)
}
