//! Lives of connections with faults at any call, by chance and at every place, and what must never break. A life comes from its
//! name alone, so that one that breaks a rule can be played again, and made smaller.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tests::Wrong;

mod cast;
mod hands;
mod life;
mod meetings;
mod named;
mod placement;
mod play;
mod rules;
mod told;
mod weather;

pub use life::{Codes, Hand, Life, Step, Thing};
pub use meetings::meetings;
pub use named::named_lives;
pub use placement::Place;
pub use play::{Played, play};

/// What is done wrongly on purpose: lives have to notice each.
pub const WRONG: [Wrong; 22] = [
    // Those that the first lives notice.
    Wrong::LeavingIsNotSaid,
    Wrong::FailedStartsFailed,
    Wrong::ConfirmationIsForgotten,
    Wrong::OutagesAreErrors,
    Wrong::ThrottlesAreRefusals,
    Wrong::TokensNameNoStack,
    Wrong::MarksNameNoStack,
    Wrong::NothingSettles,
    Wrong::MarksNameNoExecution,
    Wrong::NobodyElseRuns,
    Wrong::FailuresAreAtWork,
    Wrong::UnheldIsRemoved,
    Wrong::OutagesCount,
    Wrong::ResultsAreTriedOnce,
    Wrong::ResultsHaveIdsOfTheirOwn,
    // Of removals, changes and checks.
    Wrong::NamesStayOn,
    Wrong::OthersAreNotSeen,
    Wrong::PartsAreForgotten,
    Wrong::NarrowsFirst,
    Wrong::ChangesAreForgotten,
    Wrong::DegradedIsNotNoted,
    Wrong::DriftIsNotSeen,
];

/// The life of a name: a seed, `meeting/<target>/<what>/<seconds>`, `named/<what>`, or `<target>/<deed>/<what goes wrong where>`.
#[must_use]
pub fn named(name: &str) -> Option<Life> {
    if let Ok(seed) = name.parse() {
        return Some(Life::of(seed));
    }
    if let Some(life) = meetings()
        .chain(named_lives())
        .find(|life| life.name == name)
    {
        return Some(life);
    }
    let (place, rest) = Place::named(name)?;
    place.life_of(rest)
}

/// The first seed whose life breaks a rule while something is done wrongly, of so many; and the rule.
#[must_use]
pub fn first_to_notice(wrong: Wrong, most: usize) -> Option<(u64, String)> {
    let first: Mutex<Option<(u64, String)>> = Mutex::new(None);
    on_all_cores(|at| {
        if at >= most || lock(&first).is_some() {
            return false;
        }
        let seed = u64::try_from(at).expect("few");
        let played = wrong.during(|| play(&Life::of(seed)));
        if let Some(why) = played.broken {
            lock(&first).get_or_insert((seed, why));
        }
        true
    });
    first.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// What a thread has for its stack, in bytes: functions that nobody has optimized take much of it.
const STACK: usize = 32 << 20;

/// Does the work of each number from 0 on, on all cores, as long as there is any.
pub fn on_all_cores(work: impl Fn(usize) -> bool + Sync) {
    let next = AtomicUsize::new(0);
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            let thread = std::thread::Builder::new().stack_size(STACK);
            let one = || while work(next.fetch_add(1, Ordering::Relaxed)) {};
            thread.spawn_scoped(scope, one).expect("a thread");
        }
    });
}

pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A smaller life that breaks a rule as well: each of its steps and faults is needed for that.
#[must_use]
pub fn shrink(mut life: Life) -> Life {
    loop {
        let smaller = life.smaller().into_iter();
        let broken = smaller.into_iter().find(|one| play(one).broken.is_some());
        match broken {
            Some(one) => life = one,
            None => return life,
        }
    }
}
