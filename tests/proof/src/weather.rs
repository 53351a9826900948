//! What may go wrong with a call.

use tests::{ATTEMPTS, KINDS};
use world::Service;
use world::gate::{Fault, FaultKind};

/// What only the whole of Tieline can bridge, and no client.
const BEYOND_CLIENTS: [FaultKind; 5] = [
    FaultKind::Stale,
    FaultKind::Empty,
    FaultKind::Unknown,
    FaultKind::CrashBeforeEffect,
    FaultKind::CrashAfterEffect,
];

/// Everything, each with how often in a row: once, which the clients bridge, and as often as they try.
pub(crate) fn kinds() -> impl Iterator<Item = (FaultKind, u32)> {
    let of_clients = KINDS.into_iter().flat_map(|kind| {
        let most = if is_final(kind) { 1 } else { ATTEMPTS };
        [1, most]
            .into_iter()
            .take(most.min(2) as usize)
            .map(move |count| (kind, count))
    });
    of_clients.chain(BEYOND_CLIENTS.map(|kind| (kind, 1)))
}

/// Whether it does not pass: a permission that is missing is an answer, and nobody asks again.
pub(crate) fn is_final(kind: FaultKind) -> bool {
    kind == FaultKind::AccessDenied
}

/// So many calls that go wrong from the nth on.
pub(crate) fn at(action: &str, nth: u32, (kind, count): (FaultKind, u32)) -> Fault {
    Fault {
        count: Some(count),
        ..Fault::nth(action, nth, kind)
    }
}

/// A time in which a service answers nobody, longer than most phases.
pub(crate) fn outage(dice: &mut fastrand::Rng) -> Fault {
    let kinds = [FaultKind::ErrorBeforeEffect, FaultKind::Throttle];
    Fault {
        seconds: Some(f64::from(dice.u32(300..2400))),
        ..Fault::of(Service::Ec2, kinds[dice.usize(..kinds.len())])
    }
}

/// One of all kinds by chance. What does not pass ends a request, and so is not in most lives.
pub(crate) fn by_chance(dice: &mut fastrand::Rng) -> (FaultKind, u32) {
    let all: Vec<(FaultKind, u32)> = kinds().collect();
    loop {
        let (kind, count) = all[dice.usize(..all.len())];
        if is_final(kind) && dice.usize(..8) != 0 {
            continue;
        }
        let is_late = matches!(kind, FaultKind::LateEffect { .. });
        let seconds = f64::from(dice.u32(5..100));
        let kind = if is_late {
            FaultKind::LateEffect { seconds }
        } else {
            kind
        };
        return (kind, count);
    }
}
