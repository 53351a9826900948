//! Pages as the vendors cut them: a size, a token, and how many to skip.

use super::listing::{decode, encode};

/// A part of a list.
#[derive(Debug, Clone)]
pub(crate) struct Page<T> {
    pub(crate) items: Vec<T>,
    /// How many there are on all pages.
    pub(crate) total: usize,
    /// Where the next one begins.
    pub(crate) next: Option<String>,
}

/// Where a page begins and how long it is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cut {
    pub(crate) offset: usize,
    pub(crate) size: usize,
}

impl Cut {
    /// Cuts the page out of the list.
    pub(crate) fn of<T>(self, items: Vec<T>) -> Page<T> {
        let total = items.len();
        let end = self.offset.saturating_add(self.size);
        let next = (end < total).then(|| encode(&end.to_string()));
        let items = items.into_iter().skip(self.offset).take(self.size);
        Page {
            items: items.collect(),
            total,
            next,
        }
    }
}

/// The offset in a token that a page gave out.
pub(crate) fn offset(token: &str) -> Option<usize> {
    decode(token)?.parse().ok()
}
