//! Domain names as Route 53 stores them.

/// The name in lower case, with a dot at its end, and with everything but `a-z 0-9 - _ .` escaped.
///
/// Source: Route 53 developer guide, "DNS domain name format": upper case is stored as lower case,
/// the dot at the end is assumed, `*` is stored as `\052`.
pub(crate) fn stored(name: &str) -> String {
    let mut stored = String::new();
    let mut bytes = name.trim_end_matches('.').bytes().peekable();
    while let Some(byte) = bytes.next() {
        match byte.to_ascii_lowercase() {
            plain @ (b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.') => {
                stored.push(char::from(plain))
            }
            // An escape that is one already.
            b'\\' if bytes.peek().is_some_and(u8::is_ascii_digit) => stored.push('\\'),
            other => stored.push_str(&format!("\\{other:03o}")),
        }
    }
    stored.push('.');
    stored
}

/// What is wrong with a stored name. The words are not verified.
pub(crate) fn problem(stored: &str) -> Option<String> {
    let name = stored.trim_end_matches('.');
    if name.is_empty() || name.split('.').any(str::is_empty) {
        return Some(format!(
            "FATAL problem: DomainLabelEmpty (Domain label is empty) encountered with '{name}'"
        ));
    }
    let length = |label: &str| label.len() - 3 * label.matches('\\').count();
    if name.split('.').any(|label| length(label) > 63) {
        return Some(format!(
            "FATAL problem: DomainLabelTooLong (Domain label is too long) encountered with '{name}'"
        ));
    }
    if name
        .split('.')
        .map(|label| length(label) + 1)
        .sum::<usize>()
        > 255
    {
        return Some(format!(
            "FATAL problem: DomainNameTooLong (Domain name is too long) encountered with '{name}'"
        ));
    }
    None
}

/// What orders names: their labels from the last to the first (Route 53 API reference,
/// `ListResourceRecordSets`).
pub(crate) fn order(stored: &str) -> Vec<String> {
    stored
        .trim_end_matches('.')
        .rsplit('.')
        .map(str::to_owned)
        .collect()
}

/// Whether the name is the domain's own or lies below it.
pub(crate) fn is_within(name: &str, domain: &str) -> bool {
    name == domain
        || name
            .strip_suffix(domain)
            .is_some_and(|rest| rest.ends_with('.'))
}

/// The name without its first label.
pub(crate) fn parent(name: &str) -> Option<&str> {
    name.split_once('.')
        .map(|(_, rest)| rest)
        .filter(|rest| !rest.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_stored_in_lower_case_with_a_dot_and_escapes() {
        assert_eq!(stored("*.Example.COM"), "\\052.example.com.");
        assert_eq!(stored("\\052.example.com."), "\\052.example.com.");
        assert_eq!(stored("a_b-c.example.com"), "a_b-c.example.com.");
    }

    #[test]
    fn names_without_labels_or_with_long_ones_are_none() {
        assert!(problem("a..b.").is_some() && problem(".").is_some());
        assert!(problem(&format!("{}.com.", "x".repeat(64))).is_some());
        assert!(problem("\\052.example.com.").is_none());
    }

    #[test]
    fn a_domain_holds_whole_labels_only() {
        assert!(is_within("a.b.c.", "b.c.") && is_within("b.c.", "b.c."));
        assert!(!is_within("ab.c.", "b.c."));
    }
}
