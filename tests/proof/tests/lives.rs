//! A share of the lives that `cargo run --profile proof -p proof` plays.

use proof::{Life, WRONG, first_to_notice, play};

#[test]
fn no_life_breaks_a_rule() {
    let (mut faults, mut lives) = (0, 0);
    for seed in 0..40 {
        let played = play(&Life::of(seed));
        assert_eq!(
            played.broken, None,
            "again: cargo run --profile proof -p proof -- --life {seed}"
        );
        faults += played.failed_calls;
        lives += 1;
    }
    println!("{lives} lives, {faults} calls went wrong");
    assert!(faults > 8 * lives, "{faults} faults");
}

#[test]
fn what_is_done_wrongly_is_noticed() {
    for wrong in WRONG {
        assert!(first_to_notice(wrong, 10).is_some(), "{wrong:?}");
    }
}
