//! Says how a request stands: who works on it, since when and what for, and what carries its mark. Only reads.

use super::Answer;
use crate::ids::{Region, RequestId};
use crate::outside::{EndpointFilter, Outside, Reply, Tags};
use crate::ownership::{REQUEST, holders};
use crate::result::{Marked, ResultDetail, Status};
use crate::steps::runs;
use crate::workflow::{NextState, StepOutput};

/// Looks, and announces what it saw.
pub(super) async fn step(
    mut answer: Answer<'_>,
    here: &Region,
    id: RequestId,
) -> Reply<StepOutput> {
    let outside = answer.outside;
    let progress = &mut answer.progress;
    let running = runs::on(outside, &answer.execution, progress, &id, here).await?;
    let now = outside.clock.now();
    if running.is_none() && answer.progress.waited(now) < outside.limits.outage {
        return Ok(answer.wait("all executions that run to be looked at".to_owned()));
    }
    let running = running.unwrap_or_default();
    let endpoints = marked(outside, &id).await?;
    let (progress, execution) = (&answer.progress, &answer.execution);
    let event = Status::of(id, running, endpoints, progress, execution, now).event();
    Ok(StepOutput {
        result: Some(event),
        ..StepOutput::to(NextState::AnnounceEnd, answer.execution, answer.progress)
    })
}

async fn marked(outside: &Outside<'_>, id: &RequestId) -> Reply<Vec<Marked>> {
    let key = format!("{REQUEST}{id}");
    let which = EndpointFilter {
        tag_key: Some(&key),
        ..EndpointFilter::default()
    };
    let all = outside.ec2.endpoints(&which).await?.into_iter();
    let alive = all.filter(|one| !one.state.is_dead());
    let confirmed = |tags: &Tags| {
        let mut marks = holders(tags);
        marks.any(|(holder, mark)| {
            holder == id.as_str() && mark.split('.').any(|word| word == "ready")
        })
    };
    Ok(alive
        .map(|one| Marked {
            confirmed: confirmed(&one.tags),
            id: one.id.to_string(),
            vpc_id: one.vpc,
            service_name: one.service,
            state: one.raw_state,
        })
        .collect())
}
