//! Eventually consistent tables: a write counts at once, but readers see it a little later.
//!
//! Source: EC2 developer guide, "Ensuring eventual consistency": a resource that was just created
//! may be reported as not existing, and a change may not be visible to the next call.

use std::collections::BTreeMap;

use crate::clock::Moment;

/// Rows by id, each with the versions that some readers may still see.
#[derive(Debug, Clone)]
pub struct Table<T> {
    rows: BTreeMap<String, Vec<Version<T>>>,
}

/// A row's content as readers see it from a moment on; `None` once it is deleted.
#[derive(Debug, Clone)]
struct Version<T> {
    visible_from: Moment,
    content: Option<T>,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self {
            rows: BTreeMap::new(),
        }
    }
}

impl<T: Clone> Table<T> {
    /// Writes a row that readers see from `visible_from` on.
    pub fn put(&mut self, id: &str, content: T, visible_from: Moment) {
        self.write(id, Some(content), visible_from);
    }

    /// Deletes a row; readers see it until `visible_from`.
    pub fn delete(&mut self, id: &str, visible_from: Moment) {
        self.write(id, None, visible_from);
    }

    /// The row as it is, whatever readers see.
    pub fn latest(&self, id: &str) -> Option<&T> {
        self.rows.get(id)?.last()?.content.as_ref()
    }

    /// The row as a reader sees it now.
    pub fn seen(&self, id: &str, now: Moment) -> Option<&T> {
        seen(self.rows.get(id)?, now)
    }

    /// All rows as they are, by id.
    pub(crate) fn all_latest(&self) -> impl Iterator<Item = &T> {
        self.rows
            .values()
            .filter_map(|versions| versions.last()?.content.as_ref())
    }

    /// All rows as a reader sees them now, by id.
    pub(crate) fn all_seen(&self, now: Moment) -> impl Iterator<Item = &T> {
        self.rows
            .values()
            .filter_map(move |versions| seen(versions, now))
    }

    fn write(&mut self, id: &str, content: Option<T>, visible_from: Moment) {
        let versions = self.rows.entry(id.to_owned()).or_default();
        // Time never runs back for a reader: a write cannot become visible before the one that it
        // follows.
        let visible_from = versions
            .last()
            .map_or(visible_from, |last| last.visible_from.max(visible_from));
        versions.push(Version {
            visible_from,
            content,
        });
    }
}

fn seen<T>(versions: &[Version<T>], now: Moment) -> Option<&T> {
    versions
        .iter()
        .rev()
        .find(|version| version.visible_from <= now)?
        .content
        .as_ref()
}
