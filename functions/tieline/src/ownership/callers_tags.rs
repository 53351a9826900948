//! Which of the caller's tags a connection's endpoint had when it was confirmed: a word of its mark, in digests.

use super::verified::LONGEST;
use super::{Owner, is_confirmed};
use crate::json::canonical;
use crate::outside::Tags;

/// Begins that word; no other one does.
const TAGS: char = 't';

/// Digits that stand for a tag.
const OF_TAG: usize = 3;

/// What checks write into a mark needs so much room.
pub(super) const KEPT_FREE: usize = 65;

impl Owner {
    /// A confirmed connection's mark that says which of the caller's and of the deployment's tags are on an endpoint, if there is room:
    /// those that are there for this request, and those that its mark of before says and that are still to be there. The name is
    /// everybody's to change.
    pub fn with_tags_on(&self, mark: &str, before: &str, there: &Tags) -> String {
        let own = self.default_tags.iter().chain(&self.tags);
        let own = own.filter(|(key, value)| {
            *key != "Name" && (there.get(*key) == Some(*value) || says_tag(before, key, value))
        });
        let mut digits: Vec<String> = own.map(|(key, value)| digits(key, value)).collect();
        digits.sort_unstable();
        digits.dedup();
        let with = format!("{mark}.{TAGS}{}", digits.concat());
        match with.len() + KEPT_FREE <= LONGEST && !digits.is_empty() {
            true => with,
            false => mark.to_owned(),
        }
    }
}

/// How many of the tags that a mark says are not on an endpoint any more.
pub fn tags_gone(mark: &str, there: &Tags) -> usize {
    let there: Vec<String> = there
        .iter()
        .map(|(key, value)| digits(key, value))
        .collect();
    said(mark)
        .filter(|said| !there.iter().any(|one| one == said))
        .count()
}

/// Whether a mark says that a tag was there for its request.
pub fn says_tag(mark: &str, key: &str, value: &str) -> bool {
    let digits = digits(key, value);
    said(mark).any(|said| said == digits)
}

/// The digests in that word.
fn said(mark: &str) -> impl Iterator<Item = &str> {
    let mut words = mark.split('.').skip(2);
    let word = words.find_map(|word| word.strip_prefix(TAGS));
    let said = word.filter(|_| is_confirmed(mark)).unwrap_or_default();
    (0..said.len() / OF_TAG).filter_map(move |at| said.get(at * OF_TAG..(at + 1) * OF_TAG))
}

fn digits(key: &str, value: &str) -> String {
    canonical::digest(&[key, value])[..OF_TAG].to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::tests::owner;
    use super::super::{Noticed, built_in, with_noticed};
    use super::*;

    fn tags(pairs: &[(&str, &str)]) -> Tags {
        let pairs = pairs.iter().map(|(key, value)| (*key, *value));
        pairs
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .collect()
    }

    #[test]
    fn a_mark_says_which_tags_were_there() {
        let mark = "0123456789abcdef.ready.d1a2-3c4d-5e6f-7089";
        let owner = Owner {
            tags: tags(&[("team", "orders"), ("stage", "prod"), ("Name", "db")]),
            default_tags: tags(&[("cost", "42")]),
            ..owner()
        };
        let mut there = tags(&[
            ("team", "orders"),
            ("cost", "42"),
            ("stage", "test"),
            ("Name", "db"),
        ]);
        let with = owner.with_tags_on(mark, "", &there);
        assert_eq!(with.len(), mark.len() + 2 + 2 * OF_TAG);
        assert_eq!(built_in(&with), built_in(mark));
        let told = with_noticed(
            &with,
            &Noticed {
                shown: "deadbeef".to_owned(),
                ..Noticed::default()
            },
        );
        assert_eq!(tags_gone(&told, &there), 0);
        there.insert("team".to_owned(), "billing".to_owned());
        assert_eq!(tags_gone(&told, &there), 1);
        there.remove("cost");
        there.insert("Name".to_owned(), "other".to_owned());
        assert_eq!(tags_gone(&told, &there), 2);
        assert_eq!(tags_gone(mark, &Tags::new()), 0);

        // What a request is confirmed with once more does not forget what was there, as long as it is to be there.
        let again = owner.with_tags_on(mark, &told, &there);
        assert_eq!(tags_gone(&again, &there), 2);
        assert!(says_tag(&again, "team", "orders") && !says_tag(&again, "team", "billing"));
        let less = Owner {
            tags: tags(&[("stage", "prod")]),
            ..owner.clone()
        };
        assert_eq!(
            tags_gone(&less.with_tags_on(mark, &told, &there), &there),
            1
        );

        // The rest of the mark is needed more.
        let long = format!("{mark}.{}", "z01234567-89ab".repeat(11));
        assert_eq!(owner.with_tags_on(&long, "", &there), long);
        assert_eq!(owner.with_tags_on(mark, "", &Tags::new()), mark);
    }
}
