//! The scheduled check: one look at all endpoints of ours says which connections are not any more what was confirmed, and Step Functions says
//! which executions ended without anybody hearing of it. What it does not know it reports, and it deletes nothing.
//!
//! What was told of a connection is noted in its request's mark, so that each change is told once.

mod ends;
mod things;

use std::collections::BTreeSet;

use crate::endpoint::drift;
use crate::execution::{Execution, Progress};
use crate::json::canonical;
use crate::outside::{Endpoint, EndpointFilter, Outside, Reply, State, Tags};
use crate::ownership::{
    CLOSING, MANAGED, REQUEST, UNNAMED, built_in, holders, is_closing, is_confirmed, noticed_in,
    with_noticed,
};
use crate::result::{
    Beside, Checked, Connection, Degraded, Named, Recovered, ResultDetail, ResultEvent, pages,
};
use crate::steps::runs;
use crate::time::Time;
use crate::workflow::{MarkChange, NextState, StepInput, StepOutput, StepResult};

/// How many events one call of EventBridge takes.
const AT_ONCE: usize = 10;

/// Looks, and says what is to be told next.
pub(super) async fn look(outside: &Outside<'_>, input: StepInput) -> StepResult {
    let mut check = input.check.unwrap_or_default();
    let execution = input.execution;
    let progress = input.progress;
    let progress = progress.unwrap_or_else(|| Progress::begin(&execution));
    if !check.marks.is_empty() {
        // They could not be written when it was time.
        return Ok(StepOutput {
            check: Some(check),
            ..StepOutput::to(NextState::NoteFound, execution, progress)
        });
    }
    let now = outside.clock.now();
    let mut ours = endpoints(outside).await?;
    let mut told = Vec::new();
    if check.pages == 0 && ours.iter().flat_map(held_by).any(|held| held.is_news()) {
        // Somebody may be at work on it: then it is as it was planned. The look comes after the question.
        let worked_on = runs::worked_on(outside, &execution).await?;
        ours = endpoints(outside).await?;
        // Where it is not known who is, the next check tells.
        let is_worked_on = |held: &Held<'_>| {
            let mut all = holders(&held.endpoint.tags);
            let is_among = |ids: &BTreeSet<String>| all.any(|(request, _)| ids.contains(request));
            worked_on.as_ref().is_none_or(is_among)
        };
        for held in ours.iter().flat_map(held_by) {
            let key = held.named.key();
            if held.is_news()
                && !is_worked_on(&held)
                && told.len() < AT_ONCE
                && !check.told.contains(&key)
            {
                check.told.push(key);
                check.marks.push(held.mark_change());
                told.push(held.event(&progress, &execution, now));
            }
        }
    }
    if told.is_empty() && !check.ends_told {
        let unheard = ends::unheard(outside, &execution, &check.told).await?;
        check.ends_told = unheard.len() < AT_ONCE;
        told.extend(check.tells(unheard));
    }
    if told.is_empty() && !check.closings_told {
        let left = ends::left(outside, &execution, &ours, &check.told).await?;
        check.closings_told = left.len() < AT_ONCE;
        told.extend(check.tells(left));
    }
    if told.is_empty() {
        let running = ends::running(outside, &execution).await?;
        let all = ours
            .iter()
            .flat_map(|one| connections(one, running.as_ref()));
        let pages = pages(all.collect());
        let beside = match check.pages {
            0 => things::look(outside, &ours).await,
            _ => Beside::default(),
        };
        let page = Checked::of(&pages, check.pages, beside, &progress, &execution, now);
        told.push(page.event());
        check.pages += 1;
        check.told.clear();
        check.is_over = check.pages >= pages.len();
    }
    Ok(StepOutput {
        check: Some(check),
        told,
        ..StepOutput::to(NextState::AnnounceFound, execution, progress)
    })
}

/// Notes what was announced. A mark that says something else by now is left alone: its request may be gone.
pub(super) async fn note(outside: &Outside<'_>, input: StepInput) -> StepResult {
    let mut check = input.check.unwrap_or_default();
    let execution = input.execution;
    let progress = input.progress;
    let progress = progress.unwrap_or_else(|| Progress::begin(&execution));
    if !check.marks.is_empty() {
        let there = endpoints(outside).await?;
        let still = |change: &&MarkChange| {
            let is_it = |one: &&Endpoint| one.id == change.endpoint && !is_closing(&one.tags);
            let mut all = there.iter().filter(is_it);
            all.any(|one| one.tags.get(&change.key) == Some(&change.before))
        };
        for change in check.marks.iter().filter(still) {
            let tag = [(change.key.clone(), change.after.clone())].into();
            match outside.ec2.tag(&change.endpoint, &tag).await {
                Err(error) if error.is_missing() => {}
                noted => noted?,
            }
        }
        check.marks.clear();
    }
    let next = if check.is_over {
        NextState::Checked
    } else {
        NextState::Look
    };
    Ok(StepOutput {
        check: Some(check),
        ..StepOutput::to(next, execution, progress)
    })
}

/// Every endpoint of this deployment's, by id.
async fn endpoints(outside: &Outside<'_>) -> Reply<Vec<Endpoint>> {
    let filter = EndpointFilter {
        tag_key: Some(MANAGED),
        ..EndpointFilter::default()
    };
    let mut all = outside.ec2.endpoints(&filter).await?;
    all.retain(|one| is_ours(outside, &one.tags));
    all.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(all)
}

/// Whether a thing with these tags is this deployment's.
fn is_ours(outside: &Outside<'_>, tags: &Tags) -> bool {
    let deployment = &outside.deployment.name;
    let managed = tags.get(MANAGED);
    managed.is_some_and(|value| value == deployment || value == UNNAMED)
}

/// A confirmed connection, and what is not any more as it was.
struct Held<'e> {
    named: Named,
    endpoint: &'e Endpoint,
    mark: &'e str,
    drift: Vec<(&'static str, String)>,
}

impl Held<'_> {
    /// What is not as it was, as a digest; none if all is.
    fn noticed(&self) -> Option<String> {
        let said = self.drift.iter();
        let said: Vec<String> = said.map(|(field, now)| format!("{field} {now}")).collect();
        let said: Vec<&str> = said.iter().map(String::as_str).collect();
        (!said.is_empty()).then(|| canonical::digest(&said)[..8].to_owned())
    }

    fn is_news(&self) -> bool {
        self.noticed().as_deref() != noticed_in(self.mark)
    }

    fn mark_change(&self) -> MarkChange {
        MarkChange {
            endpoint: self.endpoint.id.clone(),
            key: format!("{REQUEST}{}", self.named.request_id),
            before: self.mark.to_owned(),
            after: with_noticed(self.mark, self.noticed().as_deref()),
        }
    }

    fn event(&self, progress: &Progress, execution: &Execution, now: Time) -> ResultEvent {
        let named = self.named.clone();
        match self.drift.is_empty() {
            true => Recovered::of(named, progress, execution, now).event(),
            false => Degraded::of(named, self.drift.clone(), progress, execution, now).event(),
        }
    }
}

/// The confirmed connections through an endpoint. While somebody works on it, it is not judged.
fn held_by(endpoint: &Endpoint) -> Vec<Held<'_>> {
    // A change is under way; or the last holder is leaving.
    if matches!(endpoint.state, State::Pending | State::Unknown) || is_closing(&endpoint.tags) {
        return Vec::new();
    }
    let confirmed = holders(&endpoint.tags).filter_map(|(request, mark)| {
        let built = built_in(mark)?;
        let drift = if endpoint.state == State::Available {
            drift(built, endpoint)
        } else {
            // Nothing else matters of one that lets nobody through.
            vec![("state", endpoint.raw_state.clone())]
        };
        Some(Held {
            named: Named::of(request, endpoint),
            endpoint,
            mark,
            drift,
        })
    });
    confirmed.collect()
}

/// An endpoint in the inventory: once for each request that holds it, or once where none does.
fn connections(endpoint: &Endpoint, running: Option<&BTreeSet<String>>) -> Vec<Connection> {
    if endpoint.state == State::Deleted {
        return Vec::new();
    }
    let runs = |mark: &str| running.is_none_or(|all| all.contains(mark));
    let closer = endpoint.tags.get(CLOSING).filter(|one| !one.is_empty());
    let leaving = closer.map(|closer| match runs(closer) {
        true => "leaving",
        false => "left",
    });
    let degraded: Vec<String> = held_by(endpoint)
        .into_iter()
        .filter(|held| !held.drift.is_empty())
        .map(|held| held.named.request_id)
        .collect();
    let of_request = |(request, mark): (&str, &str)| {
        let named = Named::of(request, endpoint);
        let condition = match leaving {
            Some(word) => word,
            None if degraded.contains(&named.request_id) => "degraded",
            None if is_confirmed(mark) => "confirmed",
            None => "being-made",
        };
        Connection::of(Some(&named), endpoint, condition)
    };
    let mut all: Vec<Connection> = holders(&endpoint.tags).map(of_request).collect();
    if all.is_empty() {
        let condition = leaving.unwrap_or("unheld");
        all.push(Connection::of(None, endpoint, condition));
    }
    all
}
