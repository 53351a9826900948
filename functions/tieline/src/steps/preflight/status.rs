//! Says how a request stands: who works on it, since when and what for, and what carries its mark. Only reads.

use serde_json::Value;

use super::Answer;
use crate::execution::{EndedExecution, Execution, Progress};
use crate::ids::{Region, RequestId};
use crate::outside::{EndpointFilter, EnteredState, Outside, Reply, Tags};
use crate::ownership::{REQUEST, holders};
use crate::question;
use crate::removal::{self, Removal};
use crate::request;
use crate::result::{Marked, ResultDetail, Status, Working};
use crate::time::Time;
use crate::workflow::{NextState, StepOutput};

/// How many executions are looked at, the oldest first: who waits for days is among them.
const MANY: usize = 40;

/// Looks, and announces what it saw.
pub(super) async fn step(answer: Answer<'_>, id: RequestId) -> Reply<StepOutput> {
    let outside = answer.outside;
    let endpoints = marked(outside, &id).await?;
    let running = working(outside, &answer.execution, &id, None).await?;
    let running = running.unwrap_or_default();
    let now = outside.clock.now();
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

/// The executions that make a request's connection, those only that began before a time.
pub(super) async fn working(
    outside: &Outside<'_>,
    own: &Execution,
    id: &RequestId,
    before: Option<Time>,
) -> Reply<Option<Vec<Working>>> {
    let executions = outside.executions;
    let running = executions.running(&own.connecting_machine()).await?;
    let Some(mut running) = running else {
        return Ok(None);
    };
    running.retain(|(arn, began)| *arn != own.id && before.is_none_or(|before| *began < before));
    running.sort_by_key(|(_, began)| *began);
    let mut found = Vec::new();
    for (arn, began) in running.into_iter().take(MANY) {
        let Some(run) = executions.execution(&arn).await? else {
            continue;
        };
        let asked = run.input.as_deref().map(serde_json::from_str::<Value>);
        let Some(Ok(asked)) = asked.filter(|_| run.is_running) else {
            continue;
        };
        // A cleanup works on what the ended execution was asked for.
        let ended = EndedExecution::read(&asked);
        let asked = ended.map_or(asked, |ended| ended.input);
        let is_other = request::request_id(&asked).as_ref() != Some(id);
        if is_other || question::is_one(&asked) {
            continue;
        }
        let execution = Execution {
            id: arn.clone(),
            started_at: began.to_rfc3339(),
            definition: own.definition,
            connects: None,
        };
        let mut one = Working::of(&execution, outside.clock.now());
        if let Some(entered) = executions.entered_last(&arn).await? {
            read(&mut one, entered, outside);
        }
        found.push(one);
    }
    Ok(Some(found))
}

/// What was handed on to the state that an execution entered last.
fn read(one: &mut Working, entered: EnteredState, outside: &Outside<'_>) {
    one.state = Some(entered.name);
    let payload: Value = serde_json::from_str(&entered.input).unwrap_or_default();
    one.waiting_for = payload["waitingFor"].as_str().map(str::to_owned);
    if let Ok(progress) = serde_json::from_value::<Progress>(payload["progress"].clone()) {
        one.phase = Some(progress.phase);
        one.phase_seconds = Some(outside.clock.now().since(progress.since).as_secs());
        one.endpoint_id = progress.endpoint.map(|id| id.to_string());
    }
}

/// A removal of a request that began before an execution of it, and still runs.
pub(super) async fn under_way(
    outside: &Outside<'_>,
    here: &Region,
    own: &Execution,
    id: &RequestId,
) -> Reply<Option<String>> {
    let executions = outside.executions;
    let machine = own.removing_machine(&outside.deployment.name);
    let running = executions.running(&machine).await?.unwrap_or_default();
    let began = own.started();
    let earlier = running.into_iter().filter(|(_, other)| *other <= began);
    for (arn, _) in earlier.take(MANY) {
        let run = executions.execution(&arn).await?;
        let input = run.filter(|run| run.is_running).and_then(|run| run.input);
        let asked = input.and_then(|text| serde_json::from_str::<Value>(&text).ok());
        let asked = asked.map(|asked| match EndedExecution::read(&asked) {
            Some(ended) => removal::as_event(&ended.input),
            None => removal::as_event(&asked),
        });
        let removal = asked.and_then(|asked| removal::read(&asked, here));
        let is_it = |one: &Removal| one.request_id() == id && !one.dry_run();
        if removal.and_then(Result::ok).as_ref().is_some_and(is_it) {
            return Ok(Some(arn));
        }
    }
    Ok(None)
}
