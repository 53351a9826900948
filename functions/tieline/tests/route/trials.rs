//! What a verifier has not proven is tried, before names are on and before anybody is told.

use tieline::execution::{Phase, Progress};
use tieline::plan::{Plan, Verifier};
use tieline::problem::{Code, Problem};
use tieline::trial::{Report, Tried};
use tieline::workflow::{Finding, NextState, Observed};

use super::looks::{decide, done, sent, word};

fn verified(must: bool) -> (Plan, Progress) {
    let (mut plan, mut progress) = sent("status-polling/create");
    plan.verifier = Verifier::Function {
        arn: "arn:aws:lambda:us-east-1:123456789012:function:tieline-verify-vpc-0f3a9c51d7e2b8640"
            .parse()
            .unwrap(),
        must,
        doubtful: false,
    };
    progress.spent.clear();
    (plan, progress)
}

fn wrong() -> Option<Finding> {
    let problem = Problem::new(Code::PathClosed, "nobody gets through", "let them in");
    Some(Finding::Wrong(problem))
}

fn unreached() -> Option<Finding> {
    Some(Finding::Unreached("it sleeps".to_owned()))
}

#[test]
fn both_halves_are_tried_in_their_order() {
    let (plan, progress) = verified(false);
    type Change = fn(&mut Observed, &mut Progress);
    let table: [(&str, Phase, Change, &str); 7] = [
        ("the path first", Phase::Create, |_, _| {}, "verify"),
        (
            "before names are on",
            Phase::Create,
            |seen, _| seen.endpoint.as_mut().unwrap().private_dns = false,
            "verify",
        ),
        (
            "once every interface shows",
            Phase::Create,
            |seen, _| seen.interfaces = None,
            "wait",
        ),
        (
            "then the names are switched on",
            Phase::VerifyPath,
            |seen, progress| {
                progress.path = Some(Tried::proven(Report::default()));
                seen.endpoint.as_mut().unwrap().private_dns = false;
            },
            NextState::EnableDns.name(),
        ),
        (
            "and tried",
            Phase::EnableDns,
            |_, progress| progress.path = Some(Tried::proven(Report::default())),
            "verify",
        ),
        (
            "and confirmed",
            Phase::VerifyNames,
            |_, progress| {
                progress.path = Some(Tried::not_tried("asleep"));
                progress.names = Some(Tried::proven(Report::default()));
            },
            NextState::Confirm.name(),
        ),
        (
            "and announced",
            Phase::Confirm,
            |_, progress| {
                progress.path = Some(Tried::proven(Report::default()));
                progress.names = Some(Tried::proven(Report::default()));
            },
            "ready",
        ),
    ];
    for (what, phase, change, then) in table {
        let mut progress = progress.clone();
        progress.phase = phase;
        let mut observed = done(&plan, &progress);
        change(&mut observed, &mut progress);

        let decision = decide(&plan, &progress, 30, &observed);
        assert_eq!(word(&decision.then), then, "{what}");
    }
}

#[test]
fn what_does_not_work_is_tried_again_for_a_while_and_what_is_not_tried_is_said() {
    // The path has a quarter of a phase of 1200 s, the names have all of it.
    for (what, phase, finding, must, after, then) in [
        ("closed", Phase::VerifyPath, wrong(), false, 299, "wait"),
        (
            "closed",
            Phase::VerifyPath,
            wrong(),
            false,
            300,
            "PATH_CLOSED",
        ),
        ("asleep", Phase::VerifyPath, unreached(), true, 299, "wait"),
        (
            "asleep",
            Phase::VerifyPath,
            unreached(),
            true,
            300,
            "VERIFIER_MISSING",
        ),
        (
            "asleep",
            Phase::VerifyPath,
            unreached(),
            false,
            300,
            "leave untried",
        ),
        ("unnamed", Phase::VerifyNames, wrong(), false, 1199, "wait"),
        (
            "unnamed",
            Phase::VerifyNames,
            wrong(),
            false,
            1200,
            "PATH_CLOSED",
        ),
        (
            "asleep",
            Phase::VerifyNames,
            unreached(),
            false,
            300,
            "leave untried",
        ),
    ] {
        let (plan, mut progress) = verified(must);
        progress.phase = phase;
        if phase == Phase::VerifyNames {
            progress.path = Some(Tried::proven(Report::default()));
        }
        let mut observed = done(&plan, &progress);
        observed.finding = finding;

        let decision = decide(&plan, &progress, after, &observed);
        assert_eq!(
            word(&decision.then),
            then,
            "{what} in {phase:?} after {after} s"
        );
        assert_eq!(decision.phase, phase, "{what}");
    }
}
