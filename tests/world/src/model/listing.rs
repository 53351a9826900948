//! Filters and pages, as every Describe call has them.

use crate::Failure;
use crate::failure::{invalid_value, refuse};

use super::shapes::{Filter, Tag};

/// Something that a Describe call lists.
pub(crate) trait Listed {
    /// The filters that EC2's API reference gives for it, beside those on tags.
    const FILTERS: &'static [&'static str];

    /// What orders it and marks its place between pages.
    fn id(&self) -> String;

    /// Its values under one of the filters.
    fn values(&self, filter: &str) -> Vec<String>;

    /// Its tags.
    fn tags(&self) -> &[Tag];
}

/// How many results a call may ask for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum PageSize {
    /// EC2 API reference, `DescribeVpcEndpoints`: more than 1,000 counts as 1,000.
    AtMostThousand,
    /// EC2 API reference, `DescribeSubnets` and most others: between 5 and 1000.
    FiveToThousand,
}

/// A page of a list, and where the next one begins.
pub(crate) type Page<T> = (Vec<T>, Option<String>);

/// Keeps what all filters let through.
pub(crate) fn filter<T: Listed>(mut items: Vec<T>, filters: &[Filter]) -> Result<Vec<T>, Failure> {
    if let Some(unknown) = filters.iter().find(|filter| !is_known::<T>(&filter.name)) {
        // Observed: aws/aws-cli #7225, boto/boto3 #1299.
        return Err(invalid_value(format!(
            "The filter '{}' is invalid",
            unknown.name
        )));
    }
    items.retain(|item| filters.iter().all(|filter| matches(item, filter)));
    Ok(items)
}

fn is_known<T: Listed>(name: &str) -> bool {
    T::FILTERS.contains(&name) || name == "tag-key" || name.starts_with("tag:")
}

fn matches<T: Listed>(item: &T, filter: &Filter) -> bool {
    let values = match filter.name.strip_prefix("tag:") {
        Some(key) => item
            .tags()
            .iter()
            .filter(|tag| tag.key == key)
            .map(|tag| tag.value.clone())
            .collect(),
        None if filter.name == "tag-key" => item.tags().iter().map(|tag| tag.key.clone()).collect(),
        None => item.values(&filter.name),
    };
    values.iter().any(|value| {
        filter
            .values
            .iter()
            .any(|pattern| fits(pattern.as_bytes(), value.as_bytes()))
    })
}

/// Whether a value fits a pattern with `*` for any text, `?` for one character and `\` before a
/// literal one.
///
/// Source: EC2 user guide, "Filter resources": values are case-sensitive, wildcards are `*` and
/// `?`.
fn fits(pattern: &[u8], value: &[u8]) -> bool {
    match pattern {
        [] => value.is_empty(),
        [b'*', rest @ ..] => (0..=value.len()).any(|skipped| fits(rest, &value[skipped..])),
        [b'?', rest @ ..] => !value.is_empty() && fits(rest, &value[1..]),
        [b'\\', literal, rest @ ..] | [literal, rest @ ..] => {
            value.first() == Some(literal) && fits(rest, &value[1..])
        }
    }
}

/// Cuts a page out of a list.
pub(crate) fn page<T: Listed>(
    mut items: Vec<T>,
    max_results: Option<i32>,
    next_token: Option<&str>,
    size: PageSize,
) -> Result<Page<T>, Failure> {
    let limit = limit(max_results, size)?;
    items.sort_by_key(Listed::id);
    if let Some(token) = next_token.filter(|token| !token.is_empty()) {
        let last = decode(token)
            .ok_or_else(|| refuse("InvalidNextToken", "The specified NextToken is not valid."))?;
        items.retain(|item| item.id() > last);
    }

    let more = items.len() > limit;
    items.truncate(limit);
    let next = items.last().filter(|_| more).map(|last| encode(&last.id()));
    Ok((items, next))
}

fn limit(max_results: Option<i32>, size: PageSize) -> Result<usize, Failure> {
    let Some(wanted) = max_results else {
        return Ok(usize::MAX);
    };
    let least = match size {
        PageSize::AtMostThousand => 1,
        PageSize::FiveToThousand => 5,
    };
    let capped = match size {
        PageSize::AtMostThousand => wanted.min(1000),
        PageSize::FiveToThousand => wanted,
    };
    if !(least..=1000).contains(&capped) {
        let message = format!(
            "Value ( {wanted} ) for parameter maxResults is invalid. Expecting a value between {least} and 1000."
        );
        return Err(invalid_value(message));
    }
    Ok(usize::try_from(capped).unwrap_or_default())
}

/// A token that nobody is tempted to take apart: the last id in hexadecimal.
pub(crate) fn encode(id: &str) -> String {
    id.bytes().map(|byte| format!("{byte:02x}")).collect()
}

/// The id in a token that [`encode`] made.
pub(crate) fn decode(token: &str) -> Option<String> {
    if !token.is_ascii() || token.len() % 2 == 1 {
        return None;
    }
    let bytes = (0..token.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&token[at..at + 2], 16).ok());
    String::from_utf8(bytes.collect::<Option<_>>()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_value_may_hold_wildcards() {
        assert!(fits(b"tieline:*", b"tieline:managed"));
        assert!(fits(b"vpce-?", b"vpce-1"));
        assert!(!fits(b"vpce-?", b"vpce-"));
        assert!(!fits(b"Available", b"available"));
        assert!(fits(br"\*", b"*") && !fits(br"\*", b"x"));
    }

    #[test]
    fn a_page_token_survives_its_journey() {
        assert_eq!(decode(&encode("vpce-0a")).as_deref(), Some("vpce-0a"));
        assert_eq!(decode("nonsense"), None);
    }
}
