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
mod fields;
pub mod policy;
mod reader;

pub use condition::Condition;
pub use describer::Describer;
pub use fields::{Fields, Kind, Word, name_schema};
pub use reader::{Reader, kind_of};
