//! Domain names as Route 53 stores them.

/// The name in lower case, with a dot at its end, and with everything but `a-z 0-9 - _ .` escaped.
///
/// Source: Route 53 developer guide, "DNS domain name format": upper case is stored as lower case,
/// the dot at the end is assumed, `*` is stored as `\052`.
pub fn stored(name: &str) -> String {
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
pub fn problem(stored: &str) -> Option<String> {
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
pub fn is_within(name: &str, domain: &str) -> bool {
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
