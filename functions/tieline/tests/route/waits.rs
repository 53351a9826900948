//! When the next look comes.

use std::time::Duration;

use tieline::execution::{Phase, Progress};
use tieline::time::Time;
use tieline::workflow::{Disposition, First, Inventory, Observed, Remaining, RemainingPart, Then};

use super::looks::{LIMITS, decide, endpoint, sent, word};

/// While claims from before may still have to show, no look tells anything: the next one comes when that is over, or after a minute.
#[test]
fn who_lets_claims_show_looks_again_when_that_is_over() {
    let (plan, mut progress) = sent("status-polling/create");
    let part = sent("delete-endpoint/dms-test-failed").0.parts[0].clone();
    let began = progress.since;
    progress.phase = Phase::RollBack;
    let of_endpoint = || Inventory {
        first: First::Settle,
        endpoints: vec![(endpoint(&plan, &progress), Disposition::IsClosing)],
        ..Inventory::default()
    };
    let of_part = |settles: Option<Time>| Inventory {
        parts: Remaining {
            parts: vec![RemainingPart {
                part: part.clone(),
                is_going: true,
                settles,
                goes: Vec::new(),
            }],
            ..Remaining::default()
        },
        ..Inventory::default()
    };
    let seconds = |progress: &Progress, inventory, after| {
        let observed = Observed {
            inventory: Some(inventory),
            ..Observed::default()
        };
        let then = decide(&plan, progress, after, &observed).then;
        let Then::Wait { seconds, .. } = then else {
            panic!("{}", word(&then));
        };
        seconds
    };
    assert_eq!(seconds(&progress, of_part(None), 10), 5);
    for (after, expected) in [(0, 60), (53, 7), (100, 10)] {
        let at = Some(began + LIMITS.settle);
        assert_eq!(seconds(&progress, of_part(at), after), expected, "{after}");
    }
    let mut closing = progress.clone();
    closing.closing = Some(began);
    for (after, expected) in [(0, 60), (53, 7)] {
        let seconds = seconds(&closing, of_endpoint(), after);
        assert_eq!(seconds, expected, "{after}");
    }
    let anothers = seconds(&progress, of_endpoint(), 10);
    assert_eq!(anothers, 5, "another one lets go of it");
}

/// What was waited for before, as for somebody who checks or who began earlier, does not take it from them.
#[test]
fn names_have_time_to_go_off_from_when_nobody_can_claim_what_they_lead_to() {
    let (plan, mut progress) = sent("status-polling/create");
    let began = progress.since;
    progress.phase = Phase::RollBack;
    let observed = Observed {
        inventory: Some(Inventory {
            first: First::NamesGoOff,
            endpoints: vec![(endpoint(&plan, &progress), Disposition::IsDeleted)],
            ..Inventory::default()
        }),
        ..Observed::default()
    };
    let limit = plan.phase_limit(progress.phase, &LIMITS).as_secs();
    let settled = limit / 3 + LIMITS.settle.as_secs();
    for (closed, after, then) in [
        (None, limit / 2 - 1, "wait"),
        (None, limit / 2, "Roll back"),
        (Some(limit / 3), settled + limit / 4 - 1, "wait"),
        (Some(limit / 3), settled + limit / 4, "Roll back"),
        (Some(limit / 2), limit * 3 / 4 - 1, "wait"),
        (Some(limit / 2), limit * 3 / 4 + 1, "Roll back"),
    ] {
        progress.closing = closed.map(|seconds| began + Duration::from_secs(seconds));
        let decided = word(&decide(&plan, &progress, after, &observed).then);
        assert_eq!(decided, then, "closed after {closed:?}, {after} s");
    }
}
