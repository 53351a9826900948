//! A share of the lives that `cargo run --profile proof -p proof` plays.

use proof::{Life, Place, WRONG, first_to_notice, meetings, play};

fn holds(life: &Life) -> usize {
    let played = play(life);
    let name = &life.name;
    assert_eq!(
        played.broken, None,
        "again: cargo run --profile proof -p proof -- --life {name}"
    );
    played.failed_calls
}

#[test]
fn no_life_breaks_a_rule() {
    let lives = 30;
    let faults: usize = (0..lives).map(|seed| holds(&Life::of(seed))).sum();
    println!("{lives} lives, {faults} calls went wrong");
    assert!(faults as u64 > 8 * lives, "{faults} faults");
}

#[test]
fn no_fault_at_any_place_breaks_a_rule() {
    let mut lives = 0;
    for place in Place::all("tidb-cloud-dedicated/") {
        for life in place.singles().step_by(199) {
            holds(&life);
            lives += 1;
        }
        holds(&place.pair(lives));
    }
    assert!(lives > 12, "{lives} lives");
}

#[test]
fn no_meeting_breaks_a_rule() {
    let lives: Vec<Life> = meetings().step_by(19).collect();
    assert!(lives.len() > 12);
    for life in lives {
        holds(&life);
    }
}

/// Those that a handful of lives notice; `-- --wrong` tries all of them.
#[test]
fn what_is_done_wrongly_is_noticed() {
    for wrong in WRONG.into_iter().take(7) {
        assert!(first_to_notice(wrong, 10).is_some(), "{wrong:?}");
    }
}
