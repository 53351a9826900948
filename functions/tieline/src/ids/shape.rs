//! The shapes of names: a pattern that is the parser, and that JSON Schema repeats word for word.

use std::str::FromStr;
use std::sync::OnceLock;

use regex_lite::Regex;
use serde_json::{Map, Value, json};

use super::Malformed;

/// A name with a shape that JSON Schema can state as well.
pub trait Named: FromStr<Err = Malformed> {
    /// What is expected, for a sentence.
    const EXPECTED: &'static str;

    fn shape() -> &'static Shape;
}

/// What a name looks like.
///
/// The patterns use only what every regular expression dialect has: no look-around, no class names.
#[derive(Debug)]
pub struct Shape {
    pub pattern: &'static str,
    /// The most characters, where the pattern does not say it.
    pub max_length: Option<usize>,
    pub never: Option<&'static str>,
    compiled: OnceLock<Option<(Regex, Option<Regex>)>>,
}

impl Shape {
    pub(super) const fn of(pattern: &'static str) -> Self {
        Self {
            pattern,
            max_length: None,
            never: None,
            compiled: OnceLock::new(),
        }
    }

    pub(super) const fn at_most(mut self, characters: usize) -> Self {
        self.max_length = Some(characters);
        self
    }

    pub(super) const fn never(mut self, pattern: &'static str) -> Self {
        self.never = Some(pattern);
        self
    }

    /// Whether a text has this shape. A pattern that does not compile fits nothing; a test tries them all.
    pub(super) fn fits(&self, text: &str) -> bool {
        let compile = || {
            let pattern = Regex::new(self.pattern).ok()?;
            let never = self.never.map(Regex::new).transpose().ok()?;
            Some((pattern, never))
        };
        let Some((pattern, never)) = self.compiled.get_or_init(compile) else {
            return false;
        };
        self.max_length
            .is_none_or(|most| text.chars().count() <= most)
            && pattern.is_match(text)
            && !never.as_ref().is_some_and(|never| never.is_match(text))
    }

    /// The same in JSON Schema's words.
    pub(crate) fn schema(&self) -> Map<String, Value> {
        let mut schema = Map::new();
        schema.insert("type".to_owned(), json!("string"));
        schema.insert("pattern".to_owned(), json!(self.pattern));
        if let Some(most) = self.max_length {
            schema.insert("maxLength".to_owned(), json!(most));
        }
        if let Some(never) = self.never {
            schema.insert("not".to_owned(), json!({"pattern": never}));
        }
        schema
    }
}
