//! Random lives of connections: several requests, their changes and removals, checks, aborts and repeated events, with faults at any
//! call. A life comes from its seed alone, so that one that breaks a rule can be played again, and made smaller.

mod life;
mod play;
mod rules;

pub use life::{Life, Step};
pub use play::{Played, play};

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
