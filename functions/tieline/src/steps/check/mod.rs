//! The scheduled check: one look at all endpoints of ours says which connections are not any more what was confirmed, and Step Functions says
//! which executions ended without anybody hearing of it; verifiers say of a few whether somebody gets through. What it does not know it
//! reports, and it deletes nothing.
//!
//! What was told of a connection is noted in its request's mark, so that each change is told once, and so is when it was proven last.

mod ends;
mod paths;
mod things;

use std::collections::{BTreeMap, BTreeSet};

use crate::endpoint::drift;
use crate::execution::{Execution, Progress};
use crate::ids::EndpointId;
use crate::json::canonical;
use crate::outside::{Endpoint, EndpointFilter, Outside, Reply, State, Tags};
use crate::ownership::{
    CLOSING, MANAGED, REQUEST, UNNAMED, Verified, built_in, holders, is_closing, is_confirmed,
    noticed_in, noticed_of, noticed_path_in, with_noticed, with_verified,
};
use crate::result::{
    Beside, Checked, Connection, Degraded, Named, Recovered, ResultDetail, ResultEvent, pages,
};
use crate::steps::runs;
use crate::time::Time;
use crate::workflow::{
    Check, MarkChange, NextState, PathTried, StepInput, StepOutput, StepResult, Verify,
};
use paths::Path;

/// How many events one call of EventBridge takes.
const AT_ONCE: usize = 10;

/// How many marks are written at a time: a state of the machine hands on so much and no more.
const MOST_MARKS: usize = 50;

/// Looks, and says what is to be told next.
pub(super) async fn look(outside: &Outside<'_>, input: StepInput) -> StepResult {
    let mut check = input.check.unwrap_or_default();
    let execution = input.execution;
    let progress = input.progress;
    let progress = progress.unwrap_or_else(|| Progress::begin(&execution));
    if !check.marks.is_empty() {
        // They could not be written when it was time.
        return Ok(noting(check, execution, progress));
    }
    let now = outside.clock.now();
    if let Some(answer) = &input.answer {
        paths::read(&mut check, answer, now);
    }
    if !check.to_try.is_empty() {
        return Ok(trying(check, execution, progress));
    }
    let mut ours = endpoints(outside).await?;
    if check.verifies && !check.chosen {
        check.chosen = true;
        paths::choose(outside, &execution, &ours, &mut check).await?;
        if !check.to_try.is_empty() {
            return Ok(trying(check, execution, progress));
        }
    }
    let mut told = Vec::new();
    let has_more = |held: Held<'_>| {
        !check.told.contains(&held.named.key()) && (held.is_news() || held.is_proven_anew())
    };
    if check.pages == 0 && held_by_all(&ours, &check.tried).any(has_more) {
        // Somebody may be at work on it: then it is as it was planned. The look comes after the question.
        let worked_on = runs::worked_on(outside, &execution).await?;
        ours = endpoints(outside).await?;
        // Where it is not known who is, the next check tells.
        let is_worked_on = |held: &Held<'_>| {
            let mut all = holders(&held.endpoint.tags);
            let is_among = |ids: &BTreeSet<String>| all.any(|(request, _)| ids.contains(request));
            worked_on.as_ref().is_none_or(is_among)
        };
        for held in held_by_all(&ours, &check.tried) {
            let key = held.named.key();
            if check.told.contains(&key) || is_worked_on(&held) {
                continue;
            }
            if held.is_news() && told.len() < AT_ONCE {
                told.push(held.event(&progress, &execution, now));
            } else if held.is_news() || !held.is_proven_anew() || check.marks.len() >= MOST_MARKS {
                continue;
            }
            check.told.push(key);
            check.marks.extend(held.mark_change());
        }
        if told.is_empty() && !check.marks.is_empty() {
            return Ok(noting(check, execution, progress));
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
            .flat_map(|one| connections(one, running.as_ref(), &check.tried));
        let pages = pages(all.collect());
        let mut beside = Beside::default();
        if check.pages == 0 {
            beside = things::look(outside, &ours).await;
            beside.not_looked_at.extend(check.untried.iter().cloned());
        }
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

/// Has the verifier of the first that is to be tried connect to it.
fn trying(check: Check, execution: Execution, progress: Progress) -> StepOutput {
    let first = check.to_try.first();
    let verify = first.map(|one| Verify {
        function: one.function.clone(),
        trial: one.trial.clone(),
    });
    StepOutput {
        verify,
        check: Some(check),
        ..StepOutput::to(NextState::VerifyPath, execution, progress)
    }
}

fn noting(check: Check, execution: Execution, progress: Progress) -> StepOutput {
    StepOutput {
        check: Some(check),
        ..StepOutput::to(NextState::NoteFound, execution, progress)
    }
}

/// Notes what was announced, and what was proven: one call for an endpoint. A mark that says something else by now is left alone: its request may be gone.
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
        let mut marks: BTreeMap<&EndpointId, Tags> = BTreeMap::new();
        for change in check.marks.iter().filter(still) {
            let its = marks.entry(&change.endpoint).or_default();
            its.insert(change.key.clone(), change.after.clone());
        }
        for (endpoint, marks) in marks {
            match outside.ec2.tag(endpoint, &marks).await {
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
    path: Path,
}

impl Held<'_> {
    /// What is not as it was, as the mark says it; none if all is. A way that is not tried is as it was told last.
    fn noticed(&self) -> Option<String> {
        let said = self.drift.iter();
        let said: Vec<String> = said.map(|(field, now)| format!("{field} {now}")).collect();
        let said: Vec<&str> = said.iter().map(String::as_str).collect();
        let shown = match said.is_empty() {
            true => String::new(),
            false => canonical::digest(&said)[..8].to_owned(),
        };
        let path = match &self.path {
            Path::Works(_) => String::new(),
            Path::Broken(what) => canonical::digest(&[what])[..4].to_owned(),
            Path::Unknown => noticed_path_in(self.mark).to_owned(),
        };
        noticed_of(&shown, &path)
    }

    fn is_news(&self) -> bool {
        self.noticed().as_deref() != noticed_in(self.mark)
    }

    /// Whether its mark is to say that it was proven in this check.
    fn is_proven_anew(&self) -> bool {
        matches!(self.path, Path::Works(_)) && self.mark_change().is_some()
    }

    fn mark_change(&self) -> Option<MarkChange> {
        let mut after = with_noticed(self.mark, self.noticed().as_deref());
        if let Path::Works(at) = self.path {
            let ports = paths::ports(self.endpoint, self.mark);
            after = with_verified(&after, &Verified::of(at, ports));
        }
        (after != self.mark).then(|| MarkChange {
            endpoint: self.endpoint.id.clone(),
            key: format!("{REQUEST}{}", self.named.request_id),
            before: self.mark.to_owned(),
            after,
        })
    }

    /// Everything that is not as it was, with what it is now.
    fn all_drift(&self) -> Vec<(&'static str, String)> {
        let path = match &self.path {
            Path::Works(_) => None,
            Path::Broken(what) => Some(what.clone()),
            Path::Unknown if noticed_path_in(self.mark).is_empty() => None,
            Path::Unknown => {
                Some("closed when it was tried last; in this check it was not".to_owned())
            }
        };
        let path = path.map(|now| ("path", now));
        self.drift.iter().cloned().chain(path).collect()
    }

    fn event(&self, progress: &Progress, execution: &Execution, now: Time) -> ResultEvent {
        let (named, drift) = (self.named.clone(), self.all_drift());
        match drift.is_empty() {
            true => Recovered::of(named, progress, execution, now).event(),
            false => Degraded::of(named, drift, progress, execution, now).event(),
        }
    }
}

fn held_by_all<'e>(all: &'e [Endpoint], tried: &'e [PathTried]) -> impl Iterator<Item = Held<'e>> {
    all.iter().flat_map(|one| held_by(one, tried))
}

/// The confirmed connections through an endpoint. While somebody works on it, it is not judged.
fn held_by<'e>(endpoint: &'e Endpoint, tried: &[PathTried]) -> Vec<Held<'e>> {
    // A change is under way; or the last holder is leaving.
    if matches!(endpoint.state, State::Pending | State::Unknown) || is_closing(&endpoint.tags) {
        return Vec::new();
    }
    let confirmed = holders(&endpoint.tags).filter_map(|(request, mark)| {
        let built = built_in(mark)?;
        let (drift, path) = if endpoint.state == State::Available {
            (drift(built, endpoint), Path::of(endpoint, mark, tried))
        } else {
            // Nothing else matters of one that lets nobody through.
            (vec![("state", endpoint.raw_state.clone())], Path::Unknown)
        };
        Some(Held {
            named: Named::of(request, endpoint),
            endpoint,
            mark,
            drift,
            path,
        })
    });
    confirmed.collect()
}

/// An endpoint in the inventory: once for each request that holds it, or once where none does.
fn connections(
    endpoint: &Endpoint,
    running: Option<&BTreeSet<String>>,
    tried: &[PathTried],
) -> Vec<Connection> {
    if endpoint.state == State::Deleted {
        return Vec::new();
    }
    let runs = |mark: &str| running.is_none_or(|all| all.contains(mark));
    let closer = endpoint.tags.get(CLOSING).filter(|one| !one.is_empty());
    let leaving = closer.map(|closer| match runs(closer) {
        true => "leaving",
        false => "left",
    });
    let degraded: Vec<String> = held_by(endpoint, tried)
        .into_iter()
        .filter(|held| !held.all_drift().is_empty())
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
        // Marks of this check show seconds later; what they will say is to the minute.
        let verified = match Path::of(endpoint, mark, tried) {
            Path::Works(at) => Some(Verified::of(at, []).at),
            Path::Broken(_) | Path::Unknown => Verified::in_mark(mark).map(|last| last.at),
        };
        Connection::of(Some(&named), endpoint, condition, verified)
    };
    let mut all: Vec<Connection> = holders(&endpoint.tags).map(of_request).collect();
    if all.is_empty() {
        let condition = leaving.unwrap_or("unheld");
        all.push(Connection::of(None, endpoint, condition, None));
    }
    all
}
