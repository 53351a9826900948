//! Filters and pages, as DMS has them.

use serde::{Deserialize, Serialize};

use crate::Failure;
use crate::model::listing::{self, Listed};

use super::{invalid_value, not_found};

/// A filter of a Describe call: it holds when any of its values is the thing's own.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase", deny_unknown_fields)]
pub struct Filter {
    /// The filter's name.
    pub name: String,
    /// Its values.
    pub values: Vec<String>,
}

impl Filter {
    /// A filter.
    #[must_use]
    pub fn new(name: &str, values: &[&str]) -> Self {
        Self {
            name: name.to_owned(),
            values: values.iter().map(|&value| value.to_owned()).collect(),
        }
    }
}

/// Something that has a Describe call of DMS's own.
pub(super) trait Described: Listed {
    /// What messages call several of it.
    const NAME: &'static str;
    /// The smallest page, and the one for those who do not ask.
    const PAGE: (usize, usize) = (20, 100);
}

/// What a Describe call asks for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted<'r> {
    pub(super) filters: &'r [Filter],
    pub(super) max_records: Option<i64>,
    pub(super) marker: Option<&'r String>,
}

/// The wanted page of what all filters let through, and where the next one begins.
pub(super) fn page<T: Described>(
    mut items: Vec<T>,
    wanted: &Wanted<'_>,
) -> Result<(Vec<T>, Option<String>), Failure> {
    let limit = limit::<T>(wanted.max_records)?;
    for filter in wanted.filters {
        if !T::FILTERS.contains(&filter.name.as_str()) {
            return Err(invalid_value(format!(
                "Invalid filter name: {}. Valid filter names: {}",
                filter.name,
                T::FILTERS.join(", ")
            )));
        }
        items.retain(|item| {
            let values = item.values(&filter.name);
            values.iter().any(|value| filter.values.contains(value))
        });
    }
    // The waiters `endpoint_deleted` and `replication_instance_deleted` of botocore end with this
    // error, so a filter that finds nothing is one. For filters that name no resource that is not
    // verified.
    if items.is_empty() && !wanted.filters.is_empty() {
        return Err(not_found(format!(
            "No {} found matching provided filters",
            T::NAME
        )));
    }

    let marker = wanted.marker.map(String::as_str);
    listing::cut(items, limit, marker.filter(|marker| !marker.is_empty()))
        .ok_or_else(|| invalid_value("The marker is not valid."))
}

/// DMS API reference, `MaxRecords`: 20 to 100, by default 100.
fn limit<T: Described>(wanted: Option<i64>) -> Result<usize, Failure> {
    let (least, default) = T::PAGE;
    let wanted = wanted.map_or(Ok(default), usize::try_from);
    match wanted {
        Ok(wanted) if (least..=100).contains(&wanted) => Ok(wanted),
        Ok(_) | Err(_) => Err(invalid_value(format!(
            "Invalid value for MaxRecords. Must be between {least} and 100"
        ))),
    }
}

/// A Describe operation: its request, its answer, and how it gets from one to the other.
macro_rules! describe {
    ($(#[$about:meta])* $action:ident, $answer:ident { $(#[$list_about:meta])* $list:ident: $item:ty }, $all:ident) => {
        $(#[$about])*
        #[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(default, rename_all = "PascalCase", deny_unknown_fields)]
        pub struct $action {
            /// Which ones.
            pub filters: Vec<$crate::model::dms::Filter>,
            /// How many at most.
            pub max_records: Option<i64>,
            /// Where the page begins.
            pub marker: Option<String>,
        }

        $(#[$list_about])*
        #[derive(Debug, Clone, Default, PartialEq, serde::Serialize)]
        #[serde(rename_all = "PascalCase")]
        pub struct $answer {
            $(#[$list_about])*
            pub $list: Vec<$item>,
            /// Where the next page begins.
            pub marker: Option<String>,
        }

        impl $crate::Operation for $action {
            type Answer = $answer;
            const SERVICE: $crate::Service = $crate::Service::Dms;
            const ACTION: &'static str = stringify!($action);
            const WRITE: bool = false;

            fn perform(
                self,
                model: &mut $crate::model::Model,
            ) -> Result<$answer, $crate::Failure> {
                let wanted = $crate::model::dms::listing::Wanted {
                    filters: &self.filters,
                    max_records: self.max_records,
                    marker: self.marker.as_ref(),
                };
                let ($list, marker) = $crate::model::dms::listing::page(model.$all(), &wanted)?;
                Ok($answer { $list, marker })
            }
        }
    };
}

pub(super) use describe;
