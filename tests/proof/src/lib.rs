//! Random lives of connections: several requests, their changes and removals, checks, aborts and repeated events, with faults at any
//! call. A life comes from its seed alone, so that one that breaks a rule can be played again, and made smaller.

use tests::Wrong;

mod life;
mod play;
mod rules;

pub use life::{Life, Step};
pub use play::{Played, play};

/// What is done wrongly on purpose: lives have to notice each.
pub const WRONG: [Wrong; 3] = [
    Wrong::LeavingIsNotSaid,
    Wrong::ConfirmationIsForgotten,
    Wrong::MarksNameNoStack,
];

/// The first seed whose life breaks a rule while something is done wrongly, of so many; and the rule.
#[must_use]
pub fn first_to_notice(wrong: Wrong, most: u64) -> Option<(u64, String)> {
    (0..most).find_map(|seed| {
        let played = wrong.during(|| play(&Life::of(seed)));
        Some((seed, played.broken?))
    })
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
