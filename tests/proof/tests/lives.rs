//! A share of the lives that `cargo run --profile proof -p proof` plays.

use std::collections::BTreeSet;

use proof::{Life, Place, WRONG, first_to_notice, meetings, named_lives, play};

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

/// One of each kind at least; those with days in them are long, and not in the share.
#[test]
fn no_life_with_a_name_breaks_a_rule() {
    let all: Vec<Life> = named_lives().collect();
    let names: BTreeSet<&str> = all.iter().map(|life| life.name.as_str()).collect();
    assert_eq!(names.len(), all.len());
    let kind = |life: &Life| life.name.split('/').nth(1).map(str::to_owned);
    let is_long = |life: &Life| {
        let days = ["named/never-accepted", "named/accepted-after-the-deadline"];
        days.iter()
            .any(|beginning| life.name.starts_with(beginning))
    };
    let mut kinds = BTreeSet::new();
    let short = all.iter().filter(|life| !is_long(life));
    for (at, life) in short.enumerate() {
        if kinds.insert(kind(life)) || at % 41 == 7 {
            holds(life);
        }
    }
    assert!(kinds.len() > 20, "{kinds:?}");
}

/// A life that ends in another way than its name says is told.
#[test]
fn what_comes_of_a_life_with_a_name_is_held_against_it() {
    let refused = |life: &Life| life.name == "named/expired";
    let life = named_lives().find(refused).expect("a refusal");
    let other = Life {
        outcomes: vec![&["CONNECTED"]],
        ..life
    };
    let broken = play(&other).broken.expect("it is refused");
    assert!(broken.contains("ENDPOINT_EXPIRED"), "{broken}");
}

/// Those that some dozens of lives notice; `-- --wrong` tries all of them.
#[test]
fn what_is_done_wrongly_is_noticed() {
    for wrong in WRONG.into_iter().take(7) {
        assert!(first_to_notice(wrong, 60).is_some(), "{wrong:?}");
    }
}
