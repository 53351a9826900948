//! What the scheduled check remembers, in the mark of a connection that is confirmed: a word for what it has told of it.

use super::is_confirmed;
use super::verified::fitting;

/// Begins that word; no other one begins with it and has no hyphen.
const NOTICED: char = 'd';

/// What of that word comes behind this is of the way to the connection, which is not tried in every check.
const PATH: char = 'p';

/// The digest of what a connection was when it was confirmed, as its mark says it.
pub fn built_in(mark: &str) -> Option<&str> {
    let built = mark.split('.').nth(2)?;
    (is_confirmed(mark) && built.contains('-') && !built.starts_with(super::ZONE)).then_some(built)
}

/// What was told of it last; none if it was as it should be.
pub fn noticed_in(mark: &str) -> Option<&str> {
    let mut words = mark.split('.').skip(2);
    words
        .find(|word| is_noticed(word))
        .and_then(|word| word.strip_prefix(NOTICED))
}

/// As it stands in a mark, what was told: digests of what EC2 says and of the way to it; none if all was as it should be.
pub fn noticed_of(shown: &str, path: &str) -> Option<String> {
    match (shown, path) {
        ("", "") => None,
        (_, "") => Some(shown.to_owned()),
        _ => Some(format!("{shown}{PATH}{path}")),
    }
}

/// The digest of what was told of the way to it last; empty if it was open.
pub fn noticed_path_in(mark: &str) -> &str {
    let both = noticed_in(mark).and_then(|noticed| noticed.split_once(PATH));
    both.map_or("", |(_, path)| path)
}

fn is_noticed(word: &str) -> bool {
    word.starts_with(NOTICED) && !word.contains('-')
}

/// The same mark with another word for what was told, or none.
pub fn with_noticed(mark: &str, noticed: Option<&str>) -> String {
    let words = mark.split('.').enumerate();
    let words = words.filter(|(at, word)| *at < 2 || !is_noticed(word));
    let words = words.map(|(_, word)| word.to_owned());
    let noticed = noticed.map(|digest| format!("{NOTICED}{digest}"));
    fitting(words.chain(noticed).collect::<Vec<_>>().join("."))
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
        assert_eq!(noticed_in(mark), None);
        let told = with_noticed(mark, Some("deadbeef"));
        assert_eq!(noticed_in(&told), Some("deadbeef"));
        assert_eq!(with_noticed(&told, None), mark);
        assert_eq!(built_in(&told), built_in(mark));
        for (shown, path, noticed) in [
            ("", "", None),
            ("deadbeef", "", Some("deadbeef")),
            ("", "1a2b", Some("p1a2b")),
            ("deadbeef", "1a2b", Some("deadbeefp1a2b")),
        ] {
            let word = noticed_of(shown, path);
            let told = with_noticed(mark, word.as_deref());
            assert_eq!(noticed_in(&told), noticed);
            assert_eq!(noticed_path_in(&told), path);
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
