//! What status-polling hands to the verifier, and what it makes of its answer.

use serde_json::Value;

use crate::outside::Interface;
use crate::plan::Verifier;
use crate::trial::{Outcome, Report, Tried};
use crate::workflow::{
    ErrorOutput, Finding, Half, NextState, Observed, StepOutput, Trying, Untried, Verify, Work,
};

/// Has the state machine invoke the verifier.
pub(super) fn ask(work: Work<'_>, half: Half, observed: &Observed) -> StepOutput {
    let function = match &work.plan.verifier {
        Verifier::Function { arn, .. } => Some(arn.clone()),
        Verifier::Nobody { .. } => None,
    };
    let verify = trying(&work, observed).zip(function);
    let verify = verify.map(|(trying, function)| Verify {
        function,
        trial: trying.trial(half),
    });
    match verify {
        Some(verify) => StepOutput {
            verify: Some(verify),
            ..work.go(half.state())
        },
        // Cannot be: what is to be tried was just observed.
        None => work.go(NextState::Poll),
    }
}

/// Reads the verifier's answer to the half that was being tried: a proof, or why there is none. Of an answer nothing can be
/// said while a network interface does not show.
pub(super) fn read(
    work: &Work<'_>,
    observed: &Observed,
    answer: &Value,
) -> Option<Result<(Half, Tried), Finding>> {
    let half = match work.progress.path {
        None => Half::Path,
        Some(_) => Half::Names,
    };
    let trying = trying(work, observed).filter(Trying::is_whole)?;
    if let Ok(error) = serde_json::from_value::<ErrorOutput>(answer.clone()) {
        let why = format!("the verifier could not be invoked ({})", error.words());
        return Some(Err(Finding::Unreached(why)));
    }
    let report = serde_json::from_value(answer["said"].clone());
    Some(match report {
        Ok(report) => judge(&trying, half, report).map(|tried| (half, tried)),
        // Another version of it, or another function.
        Err(error) => Err(Finding::Unreached(format!(
            "the verifier could not be understood ({error})"
        ))),
    })
}

fn judge(trying: &Trying<'_>, half: Half, report: Report) -> Result<Tried, Finding> {
    let vpc = &trying.wanted.vpc_id;
    if report.vpc_id != vpc.as_str() {
        let why = format!(
            "the verifier for {vpc} says that it is in {}",
            report.vpc_id
        );
        return Err(Finding::Unreached(why));
    }
    let must = matches!(trying.plan.verifier, Verifier::Function { must: true, .. });
    let untried = trying.untried(half, &report);
    match &untried {
        Untried::All(why) => return Err(Finding::Unreached(why.clone())),
        Untried::Announced(why) if must => return Err(Finding::Unreached(why.clone())),
        Untried::Announced(_) | Untried::Some(_) | Untried::None => {}
    }
    trying.judge(half, &report).map_err(Finding::Wrong)?;
    let mut tried = Tried::proven(report);
    match untried {
        // Names lead clients there.
        Untried::Announced(why) => {
            tried.outcome = Outcome::NotTried;
            tried.reason = Some(format!("not all of them: {why}"));
        }
        Untried::Some(why) => tried.reason = Some(format!("not all addresses: {why}")),
        Untried::All(_) | Untried::None => {}
    }
    if half == Half::Names
        && let Some(why) = trying.unseen()
    {
        tried.outcome = Outcome::NotTried;
        tried.reason = Some(format!("not all of them: {why}"));
    }
    Ok(tried)
}

fn trying<'w>(work: &'w Work<'_>, observed: &'w Observed) -> Option<Trying<'w>> {
    let interfaces: &[Interface] = observed.interfaces.as_deref()?;
    Some(Trying {
        plan: &work.plan,
        wanted: work.plan.endpoint.as_ref()?,
        endpoint: observed.endpoint.as_ref()?,
        interfaces,
    })
}
