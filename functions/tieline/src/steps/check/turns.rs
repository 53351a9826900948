//! Whose turn it is, where each takes time or a call of its own.

use crate::json::canonical;
use crate::time::Time;

/// How many a check looks at more closely.
const MOST: u8 = 8;

const HOUR: u64 = 3_600_000;

/// Some after others, by the hour, and each day from somewhere else: so each comes round, whatever the schedule is.
pub(super) fn in_turn<T>(mut all: Vec<T>, began: Time) -> Vec<T> {
    let hour = began.0 / HOUR;
    let day = canonical::digest(&[&(hour / 24).to_string()]);
    let from = u64::from_str_radix(&day[..8], 16).unwrap_or_default();
    let count = u64::try_from(all.len()).unwrap_or(u64::MAX).max(1);
    // Whoever is asked may take too long for the rest: in as many hours as there are, each is the first.
    let comes_round = |step: &u64| {
        (2..=*step).all(|one| !(step.is_multiple_of(one) && count.is_multiple_of(one)))
    };
    let step = (1..=u64::from(MOST)).rev().find(comes_round).unwrap_or(1);
    let first = (from + hour * step) % count;
    all.rotate_left(usize::try_from(first).unwrap_or_default());
    all.truncate(usize::from(MOST));
    all
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_comes_round_whatever_the_schedule_is() {
        for every in [1, 2, 3, 6, 24] {
            let mut seen = BTreeSet::new();
            for check in 0..24 {
                let began = Time((400_000 + check * every) * HOUR);
                let chosen = in_turn((0..20).collect(), began);
                assert_eq!(chosen.len(), 8);
                seen.extend(chosen);
            }
            assert_eq!(seen.len(), 20, "every {every} hours");
        }
        let mut hourly = BTreeSet::new();
        for hour in 0..3 {
            hourly.extend(in_turn(Vec::from_iter(0..20), Time((24_000 + hour) * HOUR)));
        }
        assert_eq!(hourly.len(), 20);
        for count in [4, 16] {
            let first = |hour| in_turn((0..count).collect(), Time((24_000 + hour) * HOUR))[0];
            let firsts: BTreeSet<u64> = (0..count).map(first).collect();
            assert_eq!(firsts.len(), usize::try_from(count).unwrap());
        }
        assert_eq!(in_turn(vec![1, 2], Time(HOUR)).len(), 2);
        assert_eq!(in_turn(Vec::<u8>::new(), Time(HOUR)).len(), 0);
    }
}
