//! How JSON objects are read and described: a field is declared once, and both follow from that.
//!
//! A module declares its fields in one generic function, `read<F: Fields>(fields: &mut F)`. Run with a [`Reader`], it reads
//! a value and keeps every problem, so that a caller hears of all of them at once; run with a [`Describer`], it writes the
//! JSON Schema of the same fields.
//!
//! Why not a crate? deserr 0.6 was tried: it holds fields against each other only in an object without any other problem, so
//! a caller would not hear of all of them at once, and `schemars` beside it wants every default and rule a second time.

pub mod canonical;
mod condition;
mod describer;
mod reader;

use std::ops::RangeInclusive;
use std::str::FromStr;

use serde_json::Value;

use crate::ids::Named;

pub use condition::Condition;
pub use describer::{Describer, Object, name_schema};
pub use reader::{Reader, kind_of};

/// One kind of an object that comes in several.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    pub name: &'static str,
    pub about: &'static str,
}

/// The fields of one JSON object, declared one after the other.
///
/// Every method takes the field's name and what it is about. While an object is being described there are no values: then
/// everything is `None` or the default, and nothing may be concluded from it. A function that declares fields therefore
/// declares all of them before it gives up.
pub trait Fields: Sized {
    /// A text that must be there and of the shape that `T` wants.
    fn required<T: Named + FromStr<Err: ToString>>(
        &mut self,
        name: &'static str,
        about: &str,
    ) -> Option<T>;

    /// The same, and it may be left out.
    fn optional<T: Named + FromStr<Err: ToString>>(
        &mut self,
        name: &'static str,
        about: &str,
    ) -> Option<T>;

    /// A list of such texts, at least one and none of them twice; in order, because theirs means nothing: sorted, the same
    /// request is the same text. Left out, it is `None`.
    fn names<T: Named + FromStr<Err: ToString> + Ord>(
        &mut self,
        name: &'static str,
        about: &str,
    ) -> Option<Vec<T>>;

    /// Any text that may be left out.
    fn text(&mut self, name: &'static str, about: &str) -> Option<String>;

    /// A flag, with its default.
    fn flag(&mut self, name: &'static str, default: bool, about: &str) -> bool;

    /// A flag whose default depends on other fields.
    fn flag_if_there(&mut self, name: &'static str, about: &str) -> Option<bool>;

    /// A word that must be there, one of a few.
    fn required_word(
        &mut self,
        name: &'static str,
        words: &[&'static str],
        about: &str,
    ) -> Option<&'static str>;

    /// One of a few words; left out, it is the first.
    fn word(
        &mut self,
        name: &'static str,
        words: &[&'static str],
        about: &str,
    ) -> Option<&'static str>;

    /// One of a few words, with a default that depends on other fields.
    fn word_or(
        &mut self,
        name: &'static str,
        words: &[&'static str],
        default: &'static str,
        about: &str,
    ) -> Option<&'static str>;

    /// A whole number within bounds, with its default.
    fn number(
        &mut self,
        name: &'static str,
        bounds: RangeInclusive<u32>,
        default: u32,
        about: &str,
    ) -> u32;

    /// A TCP port that must be there.
    fn required_port(&mut self, name: &'static str, about: &str) -> Option<u16>;

    /// A TCP port that may be left out.
    fn port(&mut self, name: &'static str, about: &str) -> Option<u16>;

    /// A list of TCP ports, at least one, none of them twice, in order; left out, it is empty.
    fn ports(&mut self, name: &'static str, at_most: usize, about: &str) -> Vec<u16>;

    /// An object that must be there; `None` if it is missing or wrong.
    fn object<T>(
        &mut self,
        name: &'static str,
        about: &str,
        read: impl FnOnce(&mut Self) -> Option<T>,
    ) -> Option<T>;

    /// The same, and it may be left out; the outer `None` means that it is wrong.
    fn object_if_there<T>(
        &mut self,
        name: &'static str,
        about: &str,
        read: impl FnOnce(&mut Self) -> Option<T>,
    ) -> Option<Option<T>>;

    /// An object of one of a few kinds, which its field `tag` names; `read` gets the name and declares what else belongs to
    /// the kind.
    fn variants<T>(
        &mut self,
        name: &'static str,
        tag: &'static str,
        kinds: &[Kind],
        about: &str,
        read: impl Fn(&mut Self, &str) -> Option<T>,
    ) -> Option<T>;

    /// Any JSON that may be left out. Whoever declares it checks it, and says in `schema` what a schema can say of that.
    fn json(&mut self, name: &'static str, schema: impl FnOnce() -> Value) -> Option<Value>;

    /// A field has to be there where a condition holds.
    fn needs(&mut self, when: Condition, name: &'static str, why: &str);

    /// Fields have to be left out where a condition holds.
    fn refuses(&mut self, when: Condition, names: &[&'static str], why: &str);

    /// A field can have only this value where a condition holds.
    fn allows_only(&mut self, when: Condition, name: &'static str, value: &'static str, why: &str);

    /// Whether a condition holds for this object.
    fn holds(&self, when: Condition) -> bool;

    /// A rule that the reader knows otherwise: where the first schema holds, the second holds too.
    fn rule(&mut self, rule: impl FnOnce() -> (Value, Value));

    /// Notes a problem at a field of this object, one that no schema knows of.
    fn wrong(&mut self, name: &str, message: impl Into<String>);
}
