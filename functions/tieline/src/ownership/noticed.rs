//! What the scheduled check remembers, in the mark of a connection that is confirmed: a word for what it has told of it.

use super::is_confirmed;
use super::verified::{LONGEST, fitting};
use crate::time::Time;

/// Begins that word; no other one begins with it and has no hyphen.
const NOTICED: char = 'd';

/// What of that word comes behind this is of the way to the connection, which is not tried in every check.
const PATH: char = 'p';

/// The same of the names that private zones have for it.
const NAMES: char = 'n';

/// The same of what its vendor says, or of the key.
const VENDOR: char = 'k';

/// Begins the word for since when somebody else is at work on what the connection needs; no other one begins with it.
const SINCE: char = 's';

const MINUTE: u64 = 60_000;

/// What was told of a connection last, as digests of it; empty what was as it should be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Noticed {
    /// Of what every look shows.
    pub shown: String,
    /// Of the way to it.
    pub path: String,
    /// Of the names that private zones have for it.
    pub names: String,
    /// Of what its vendor says, or of the key that it is asked with.
    pub vendor: String,
}

/// The digest of what a connection was when it was confirmed, as its mark says it.
pub fn built_in(mark: &str) -> Option<&str> {
    let built = mark.split('.').nth(2)?;
    (is_confirmed(mark) && built.contains('-') && !built.starts_with(super::ZONE)).then_some(built)
}

impl Noticed {
    pub fn in_mark(mark: &str) -> Self {
        let mut words = mark.split('.').skip(2);
        let word = words.find(|word| is_noticed(word));
        let said = word.and_then(|word| word.strip_prefix(NOTICED));
        let said = said.unwrap_or_default();
        let (said, vendor) = said.split_once(VENDOR).unwrap_or((said, ""));
        let (said, names) = said.split_once(NAMES).unwrap_or((said, ""));
        let (shown, path) = said.split_once(PATH).unwrap_or((said, ""));
        Self {
            shown: shown.to_owned(),
            path: path.to_owned(),
            names: names.to_owned(),
            vendor: vendor.to_owned(),
        }
    }

    /// All of it as one word, also where all was as it should be.
    pub fn digest(&self) -> String {
        self.word().unwrap_or_else(|| NOTICED.to_string())
    }

    /// As it stands in a mark; none if all was as it should be.
    fn word(&self) -> Option<String> {
        let behind = |begins: char, digest: &str| match digest {
            "" => String::new(),
            digest => format!("{begins}{digest}"),
        };
        let (path, names) = (behind(PATH, &self.path), behind(NAMES, &self.names));
        let vendor = behind(VENDOR, &self.vendor);
        (*self != Self::default()).then(|| format!("{NOTICED}{}{path}{names}{vendor}", self.shown))
    }
}

fn is_noticed(word: &str) -> bool {
    word.starts_with(NOTICED) && !word.contains('-')
}

/// The same mark with another word for what was told, or none.
pub fn with_noticed(mark: &str, noticed: &Noticed) -> String {
    with_word(mark, is_noticed, noticed.word())
}

/// Since when somebody else is at work, to the minute.
pub fn since_in(mark: &str) -> Option<Time> {
    let mut words = mark.split('.').skip(2);
    let minutes = words.find_map(|word| word.strip_prefix(SINCE))?;
    let minutes = u64::from_str_radix(minutes, 16).ok()?;
    Some(Time(minutes.checked_mul(MINUTE)?))
}

/// The same mark with another such time, or none.
pub fn with_since(mark: &str, since: Option<Time>) -> String {
    let word = since.map(|since| format!("{SINCE}{:x}", since.0 / MINUTE));
    with_word(mark, |word| word.starts_with(SINCE), word)
}

fn with_word(mark: &str, is_one: impl Fn(&str) -> bool, word: Option<String>) -> String {
    let words = mark.split('.').enumerate();
    let words = words.filter(|(at, word)| *at < 2 || !is_one(word));
    let words = words.map(|(_, word)| word.to_owned());
    let now = fitting(words.chain(word).collect::<Vec<_>>().join("."));
    // No tag takes one that is longer: with twenty zones in it, it says what it said.
    if now.len() > LONGEST {
        return mark.to_owned();
    }
    now
}

/// The same mark with another digest of what the connection is.
pub fn with_built(mark: &str, built: &str) -> String {
    let words = mark.split('.').enumerate();
    let words = words.map(|(at, word)| if at == 2 { built } else { word });
    words.collect::<Vec<_>>().join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_says_what_was_told_and_nothing_else_changes() {
        let mark = "0123456789abcdef.ready.d1a2-3c4d-5e6f-7089.z01234567-89ab";
        assert_eq!(built_in(mark), Some("d1a2-3c4d-5e6f-7089"));
        assert_eq!(Noticed::in_mark(mark), Noticed::default());
        for (shown, path, names, vendor, word) in [
            ("deadbeef", "", "", "", "ddeadbeef"),
            ("", "1a2b", "", "", "dp1a2b"),
            ("deadbeef", "1a2b", "", "", "ddeadbeefp1a2b"),
            ("", "", "1a2b", "", "dn1a2b"),
            ("", "", "", "1a2b", "dk1a2b"),
            ("", "1a2b", "", "3c4d", "dp1a2bk3c4d"),
            (
                "deadbeef",
                "1a2b",
                "3c4d",
                "5e6f",
                "ddeadbeefp1a2bn3c4dk5e6f",
            ),
        ] {
            let noticed = Noticed {
                shown: shown.to_owned(),
                path: path.to_owned(),
                names: names.to_owned(),
                vendor: vendor.to_owned(),
            };
            let told = with_noticed(mark, &noticed);
            assert_eq!(told, format!("{mark}.{word}"));
            assert_eq!(Noticed::in_mark(&told), noticed);
            assert_eq!(built_in(&told), built_in(mark));
            let since = with_since(&told, Some(Time(1_788_253_234_567)));
            assert_eq!(since_in(&since), Some(Time(1_788_253_200_000)));
            assert_eq!(Noticed::in_mark(&since), noticed);
            let none = with_noticed(&with_since(&since, None), &Noticed::default());
            assert_eq!((none.as_str(), since_in(mark)), (mark, None));
        }
        assert_eq!(
            with_built(mark, "1-2-3-4"),
            "0123456789abcdef.ready.1-2-3-4.z01234567-89ab"
        );
        for other in ["0123.89abcdef", "0123.ready", "0123.ready.z01234567-89ab"] {
            assert_eq!(built_in(other), None, "{other}");
        }
    }
}
