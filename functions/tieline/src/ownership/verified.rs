//! When the verifier got through to a confirmed connection last, and on which ports: a word of its mark.

use super::is_confirmed;
use crate::time::Time;

/// Begins that word; no other one does.
const VERIFIED: char = 'v';

/// What a tag's value has room for (EC2 User Guide, "Tag restrictions").
pub(super) const LONGEST: usize = 256;

/// How many ports it names: the first ones.
const MOST_PORTS: usize = 6;

const MINUTE: u64 = 60_000;

/// When the verifier got through last, to the minute, and on which ports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    pub at: Time,
    pub ports: Vec<u16>,
}

impl Verified {
    pub fn of(at: Time, ports: impl IntoIterator<Item = u16>) -> Self {
        Self {
            at: Time(at.0 / MINUTE * MINUTE),
            ports: ports.into_iter().take(MOST_PORTS).collect(),
        }
    }

    /// What a mark says of it.
    pub fn in_mark(mark: &str) -> Option<Self> {
        let mut words = mark.split('.').skip(2);
        let word = words.find(|word| word.starts_with(VERIFIED));
        let mut parts = word.filter(|_| is_confirmed(mark))?[1..].split('_');
        let minutes = u64::from_str_radix(parts.next()?, 16).ok()?;
        let ports = parts.map(|port| u16::from_str_radix(port, 16).ok());
        Some(Self {
            at: Time(minutes.checked_mul(MINUTE)?),
            ports: ports.collect::<Option<_>>()?,
        })
    }

    /// No hyphen is in it, which only digests and zones have.
    fn word(&self) -> String {
        let ports = self.ports.iter().map(|port| format!("_{port:x}"));
        format!(
            "{VERIFIED}{:x}{}",
            self.at.0 / MINUTE,
            String::from_iter(ports)
        )
    }
}

/// The same mark with another such word; a mark with many zones may have no room for it.
pub fn with_verified(mark: &str, verified: &Verified) -> String {
    fitting(format!("{}.{}", without(mark), verified.word()))
}

/// A mark as a tag takes it: everything else that it says is needed more.
pub(super) fn fitting(mark: String) -> String {
    match mark.len() {
        0..=LONGEST => mark,
        _ => without(&mark),
    }
}

/// Whether two marks differ at most in when the verifier got through.
pub fn say_the_same(mark: &str, other: &str) -> bool {
    without(mark) == without(other)
}

fn without(mark: &str) -> String {
    let words = mark.split('.').enumerate();
    let words = words.filter(|(at, word)| *at < 2 || !word.starts_with(VERIFIED));
    Vec::from_iter(words.map(|(_, word)| word)).join(".")
}

#[cfg(test)]
mod tests {
    use super::super::{Noticed, built_in, with_built, with_noticed};
    use super::*;

    const MARK: &str = "0123456789abcdef.ready.d1a2-3c4d-5e6f-7089.z01234567-89ab";

    #[test]
    fn a_mark_says_when_and_on_which_ports_and_nothing_else_changes() {
        assert_eq!(Verified::in_mark(MARK), None);
        let first = Verified::of(Time(1_788_253_234_567), [5432, 443]);
        assert_eq!(first.at, Time(1_788_253_200_000));
        let mark = with_verified(MARK, &first);
        assert_eq!(Verified::in_mark(&mark), Some(first));
        assert_eq!(built_in(&mark), built_in(MARK));
        assert_eq!(Noticed::in_mark(&mark), Noticed::default());

        let noticed = Noticed {
            shown: "deadbeef".to_owned(),
            path: "1234".to_owned(),
            ..Noticed::default()
        };
        let told = with_noticed(&mark, &noticed);
        let later = Verified::of(Time(1_788_256_800_000), [5432]);
        let mark = with_built(&with_verified(&told, &later), "1-2-3-4");
        assert_eq!(Verified::in_mark(&mark), Some(later));
        assert_eq!(Noticed::in_mark(&mark), noticed);
        assert_eq!(
            with_noticed(&without(&mark), &Noticed::default()),
            with_built(MARK, "1-2-3-4")
        );
    }

    #[test]
    fn other_marks_say_nothing_of_it() {
        for mark in [
            "0123.89abcdef",
            "0123.ready",
            "0123.ready.v",
            "0123.ready.vx_1",
            "0123.ready.v1_10000",
            "0123.89abcdef.v1_1bb",
        ] {
            assert_eq!(Verified::in_mark(mark), None, "{mark}");
        }
        // Nor is it taken for what was read back, where there is none.
        assert_eq!(built_in("0123.ready.v1c6b2f0_1538"), None);
    }

    #[test]
    fn a_tag_has_room_for_a_mark() {
        let verified = Verified::of(Time(1_788_253_200_000), 60_000..60_100);
        assert_eq!(verified.ports.len(), MOST_PORTS);
        let long = format!("{MARK}.{}", "z01234567-89ab.".repeat(10));
        let with = with_verified(&long, &verified);
        assert!(with.len() <= LONGEST && Verified::in_mark(&with).is_some());
        let noticed = Noticed {
            shown: "deadbeef".to_owned(),
            path: "1234".to_owned(),
            ..Noticed::default()
        };
        let told = with_noticed(&with, &noticed);
        assert!(told.len() <= LONGEST, "{told}");
        assert!(Noticed::in_mark(&told) == noticed && Verified::in_mark(&told).is_none());
        let longer = format!("{long}{}", "z01234567-89ab.".repeat(3));
        assert_eq!(with_verified(&longer, &verified), longer);
    }
}
