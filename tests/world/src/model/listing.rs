//! What can be listed, by which filters, and page by page.

use crate::Failure;
use crate::failure::{invalid_value, refuse};

use super::Model;
use super::shapes::{Filter, Tag};

/// Something that can be listed.
pub(crate) trait Listed: Sized {
    /// The filters that the API reference gives for it, beside those on tags.
    const FILTERS: &'static [&'static str] = &[];

    /// What orders it and marks its place between pages.
    fn id(&self) -> String;

    /// Its values under one of the filters.
    fn values(&self, _filter: &str) -> Vec<String> {
        Vec::new()
    }

    /// Its tags.
    fn tags(&self) -> &[Tag] {
        &[]
    }
}

/// Something that has a Describe call of EC2's own.
pub(crate) trait Described: Listed {
    /// How many of it a page may have.
    const PAGE: PageSize = PageSize::FiveToThousand;

    /// Those with these ids, or all if there are none.
    fn asked_for(model: &Model, ids: &[String]) -> Result<Vec<Self>, Failure>;

    /// Refuses parameters that exclude each other.
    fn check(_ids: &[String], _max_results: Option<i32>) -> Result<(), Failure> {
        Ok(())
    }
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
pub fn fits(pattern: &[u8], value: &[u8]) -> bool {
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
    items: Vec<T>,
    max_results: Option<i32>,
    next_token: Option<&str>,
    size: PageSize,
) -> Result<Page<T>, Failure> {
    let limit = limit(max_results, size)?;
    let token = next_token.filter(|token| !token.is_empty());
    cut(items, limit, token)
        .ok_or_else(|| refuse("InvalidNextToken", "The specified NextToken is not valid."))
}

/// Cuts a page out of a list, unless the token is none that a page ended with.
pub(crate) fn cut<T: Listed>(
    mut items: Vec<T>,
    limit: usize,
    token: Option<&str>,
) -> Option<Page<T>> {
    items.sort_by_key(Listed::id);
    if let Some(token) = token {
        let last = decode(token)?;
        items.retain(|item| item.id() > last);
    }
    let more = items.len() > limit;
    items.truncate(limit);
    let next = items.last().filter(|_| more).map(|last| encode(&last.id()));
    Some((items, next))
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

/// A Describe operation of EC2: its request, its answer, and how it gets from one to the other. In
/// quotes stands what the wire calls the ids and the list.
macro_rules! describe {
    (
        $(#[$about:meta])*
        $action:ident { $($ids:ident: $id_parameter:literal)? },
        $(#[$answer_about:meta])*
        $answer:ident { $list:ident: $set:literal of $item:ty }
    ) => {
        $(#[$about])*
        #[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(default, rename_all = "PascalCase")]
        pub struct $action {
            /// Only check the permission.
            #[serde(deserialize_with = "crate::model::shapes::flag")]
            pub dry_run: bool,
            $(
                /// Which ones, by id; an unknown one is an error.
                #[serde(rename = $id_parameter)]
                pub $ids: Vec<String>,
            )?
            /// Which ones.
            #[serde(rename = "Filter")]
            pub filters: Vec<crate::model::shapes::Filter>,
            /// How many at most.
            #[serde(deserialize_with = "crate::model::shapes::text")]
            pub max_results: Option<i32>,
            /// Where the page begins.
            pub next_token: Option<String>,
        }

        $(#[$answer_about])*
        #[derive(Debug, Clone, Default, PartialEq, serde::Serialize)]
        #[serde(rename_all = "camelCase")]
        pub struct $answer {
            /// What is on it.
            #[serde(rename = $set)]
            pub $list: Vec<$item>,
            /// Where the next page begins.
            pub next_token: Option<String>,
        }

        impl crate::Operation for $action {
            type Answer = $answer;
            const SERVICE: crate::Service = crate::Service::Ec2;
            const ACTION: &'static str = stringify!($action);
            const WRITE: bool = false;

            fn dry_run(&self) -> bool {
                self.dry_run
            }

            fn perform(
                self,
                model: &mut crate::model::Model,
            ) -> Result<$answer, crate::Failure> {
                use crate::model::listing::{self, Described};

                let ids: &[String] = [$(self.$ids.as_slice())?].first().copied().unwrap_or_default();
                <$item>::check(ids, self.max_results)?;
                let found = listing::filter(<$item>::asked_for(model, ids)?, &self.filters)?;
                let token = self.next_token.as_deref();
                let ($list, next_token) =
                    listing::page(found, self.max_results, token, <$item>::PAGE)?;
                Ok($answer { $list, next_token })
            }
        }
    };
}

pub(crate) use describe;

/// A token that nobody is tempted to take apart: the last id in hexadecimal.
pub fn encode(id: &str) -> String {
    id.bytes().map(|byte| format!("{byte:02x}")).collect()
}

/// The id in a token that [`encode`] made.
pub fn decode(token: &str) -> Option<String> {
    if !token.is_ascii() || token.len() % 2 == 1 {
        return None;
    }
    let bytes = (0..token.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&token[at..at + 2], 16).ok());
    String::from_utf8(bytes.collect::<Option<_>>()?).ok()
}
