//! That a connection is confirmed, in the mark of something that belongs to it: what carries the confirmation may be deleted by hand, and
//! this says then that it was there.

use super::{CONFIRMED, is_confirmed};

/// The mark of what belongs to a connection that an execution makes, once that is confirmed. A mark that names no execution stays as it is.
pub fn confirmed_beside(mark: &str) -> String {
    let mut words = mark.split('.');
    match (words.next(), words.next(), words.next()) {
        (Some(fingerprint), Some(run), None) if run != CONFIRMED => {
            format!("{fingerprint}.{run}.{CONFIRMED}")
        }
        (_, _, _) => mark.to_owned(),
    }
}

/// Whether a mark says that.
pub fn is_confirmed_beside(mark: &str) -> bool {
    !is_confirmed(mark) && mark.split('.').nth(2) == Some(CONFIRMED)
}

/// The same mark without it.
pub fn unconfirmed_beside(mark: &str) -> String {
    match is_confirmed_beside(mark) {
        true => mark.split('.').take(2).collect::<Vec<_>>().join("."),
        false => mark.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::owner;
    use super::super::{MANAGED, Noticed, Ownership, built_in, since_in, with_noticed, with_since};
    use super::*;
    use crate::time::Time;

    #[test]
    fn what_belongs_to_a_confirmed_connection_says_so_and_is_not_confirmed_itself() {
        let mark = confirmed_beside("0123.89ab");
        assert_eq!(mark, "0123.89ab.ready");
        assert!(is_confirmed_beside(&mark) && !is_confirmed(&mark));
        assert_eq!(confirmed_beside(&mark), mark);
        assert_eq!(unconfirmed_beside(&mark), "0123.89ab");
        let tags = [
            (MANAGED.to_owned(), "net".to_owned()),
            (owner().request_tag(), mark.clone()),
        ];
        assert_eq!(owner().of_tags(&tags.into()), Ownership::Ours);
        assert_eq!(built_in(&mark), None);

        // The check notes on it what it has told.
        let told = Noticed {
            shown: "deadbeef".to_owned(),
            ..Noticed::default()
        };
        let noted = with_since(&with_noticed(&mark, &told), Some(Time(60_000)));
        assert!(is_confirmed_beside(&noted), "{noted}");
        assert_eq!(Noticed::in_mark(&noted), told);
        assert_eq!(since_in(&noted), Some(Time(60_000)));
        assert_eq!(unconfirmed_beside(&noted), "0123.89ab");
    }

    #[test]
    fn other_marks_say_nothing_of_it() {
        for mark in [
            "0123",
            "0123.ready",
            "0123.ready.1a2b-3c4d",
            "0123.ready.ready",
        ] {
            assert_eq!(confirmed_beside(mark), mark);
            assert_eq!(unconfirmed_beside(mark), mark);
            assert!(!is_confirmed_beside(mark), "{mark}");
        }
    }
}
