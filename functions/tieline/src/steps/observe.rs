//! Looks at a connection, as far as there is something to see.

use crate::endpoint::differences;
use crate::execution::Phase;
use crate::outside::{Reply, State};
use crate::parts::{Condition, PartContext};
use crate::plan::Verifier;
use crate::workflow::{Observed, PartsStatus, Work};

/// Looks once at everything that the next decision may depend on.
pub(super) async fn observe(work: &Work<'_>) -> Reply<Observed> {
    // Whoever does it looks by itself.
    let has_own_look = work.plan.change.is_some() || work.reopens();
    if work.progress.phase == Phase::RollBack && has_own_look {
        return Ok(Observed::default());
    }
    if work.progress.phase == Phase::RollBack {
        return Ok(Observed {
            inventory: Some(super::inventory::take(work).await?),
            ..Observed::default()
        });
    }
    if work.plan.endpoint.is_none() {
        return Ok(Observed {
            parts: Some(parts(work, &work.parts(None), Phase::Create).await?),
            ..Observed::default()
        });
    }
    let mut observed = Observed::default();
    let Some(id) = &work.progress.endpoint else {
        return Ok(observed);
    };
    let Some(endpoint) = super::look(work.outside, id).await? else {
        return Ok(observed);
    };
    let context = work.parts(Some(&endpoint));
    // A dead endpoint's parts are of no use, and their vendor may say anything of them.
    if !endpoint.state.is_dead() {
        let made_first = parts(work, &context, Phase::Create).await?;
        let all_work = matches!(made_first, PartsStatus::Ready(_));
        observed.parts = Some(made_first);
        // What is not as planned will not be used, so nobody is asked about its names.
        let is_as_planned = work.plan.endpoint.as_ref().is_some_and(|wanted| {
            let is_named = wanted.private_dns.is_none() || endpoint.private_dns;
            work.plan.is_adopted()
                || (work.plan.change.is_some() && is_named)
                || (wanted.private_dns.is_some() == endpoint.private_dns
                    && differences(&work.plan.owner, wanted, &endpoint).is_empty())
        });
        let works = all_work && endpoint.state == State::Available;
        let ids = &endpoint.interface_ids;
        if works && is_to_be_tried(work) {
            // Before the path is proven nothing is looked at behind it.
            observed.interfaces = Some(work.outside.ec2.interfaces(ids).await?);
        } else if works && is_as_planned {
            let names = parts(work, &context, Phase::EnableDns).await?;
            if matches!(names, PartsStatus::Ready(_)) && !work.is_claimed_by_another(&endpoint) {
                observed.interfaces = Some(work.outside.ec2.interfaces(ids).await?);
            }
            observed.names = Some(names);
        }
    }
    observed.endpoint = Some(endpoint);
    Ok(observed)
}

/// Whether the way to the endpoint is still to be tried.
fn is_to_be_tried(work: &Work<'_>) -> bool {
    matches!(work.plan.verifier, Verifier::Function { .. }) && work.progress.path.is_none()
}

/// Looks at the parts that a phase makes, in their order, up to the first that does not work yet.
async fn parts(work: &Work<'_>, context: &PartContext<'_>, phase: Phase) -> Reply<PartsStatus> {
    let mut ready = Vec::new();
    for part in &work.plan.parts {
        if part.kind().made_in() != phase {
            continue;
        }
        let seen = part.kind().look(context).await?;
        match seen.condition {
            Condition::Ready => ready.push((part.clone(), seen)),
            Condition::Absent | Condition::Incomplete => return Ok(PartsStatus::ToMake),
            Condition::Pending(what) => return Ok(PartsStatus::Waiting(what)),
            Condition::Going => {
                let what = format!("{} is being removed", part.kind().name());
                return Ok(PartsStatus::Waiting(what));
            }
            Condition::Broken(problem) => return Ok(PartsStatus::Broken(problem)),
        }
    }
    Ok(PartsStatus::Ready(ready))
}
