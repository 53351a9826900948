//! Whose last holder is leaving: that is not judged. Where whoever began to leave has ended, only its own request counts as leaving: the
//! others hold the endpoint as before, and what is not any more as it was is told of them.

use std::collections::BTreeSet;

use super::ends;
use crate::execution::Execution;
use crate::outside::{ENDED, Endpoint, Outside, Reply};
use crate::ownership::{CLOSING, holders, is_closing, is_confirmed, run_mark};
use crate::request;
use crate::steps::runs;
use crate::workflow::{Check, Leaver};

/// Finds out, once in a check, for which requests those were leaving that have ended. It takes Step Functions to say so: whoever is not
/// among those that ended may run. Calls are made only where an endpoint is being let go of that somebody is confirmed on.
pub(super) async fn look(
    outside: &Outside<'_>,
    execution: &Execution,
    ours: &[Endpoint],
    check: &mut Check,
) -> Reply<()> {
    if check.leavers.is_some() {
        return Ok(());
    }
    let mut found = Vec::new();
    let is_held = |one: &&Endpoint| holders(&one.tags).any(|(_, mark)| is_confirmed(mark));
    let there = ours.iter().filter(|one| !one.state.is_dead());
    let closers = there.filter(is_held).filter_map(closer).map(str::to_owned);
    let mut closers: BTreeSet<String> = closers.collect();
    if !closers.is_empty() {
        match ends::running(outside, execution).await? {
            Some(running) => closers.retain(|closer| !running.contains(closer)),
            None => closers.clear(),
        }
    }
    if !closers.is_empty() {
        let since = ends::before(execution.started(), ends::KEPT);
        for (machine, _) in ends::machines(outside, execution) {
            for status in ENDED {
                let executions = outside.executions;
                let ended = executions.ended(&machine, status, since, ends::LONGEST);
                let ended = ended.await?.unwrap_or_default().into_iter();
                let its = ended.map(|one| (run_mark(&one.arn), one.arn));
                for (mark, arn) in its.filter(|(mark, _)| closers.contains(mark)) {
                    // One that was redriven runs again.
                    if let Some((false, asked)) = runs::asked(outside, &arn).await?
                        && let Some(id) = request::request_id(&asked)
                    {
                        found.push(Leaver {
                            closer: mark,
                            request: id.to_string(),
                        });
                    }
                }
            }
        }
    }
    check.leavers = Some(found);
    Ok(())
}

/// Which execution lets go of an endpoint, if one does.
fn closer(endpoint: &Endpoint) -> Option<&str> {
    let closer = endpoint.tags.get(CLOSING);
    closer
        .map(String::as_str)
        .filter(|closer| !closer.is_empty())
}

/// Whether a request may be leaving an endpoint as its last holder.
pub(super) fn leaves(endpoint: &Endpoint, request: &str, check: &Check) -> bool {
    if !is_closing(&endpoint.tags) {
        return false;
    }
    let known = check.leavers.iter().flatten();
    let mut its = known.filter(|one| Some(one.closer.as_str()) == closer(endpoint));
    its.next().is_none_or(|one| one.request == request)
}
