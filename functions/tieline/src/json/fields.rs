//! The kinds of fields that an object can have: how each is read, and right beside it how it is described.

use std::ops::RangeInclusive;
use std::str::FromStr;

use serde_json::{Value, json};

use super::{Condition, kind_of};
use crate::ids::{Named, Ports};

/// A field's name, or one of the words that it takes: the contract's, so it stands in the code.
pub type Word = &'static str;

/// One kind of an object that comes in several.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    pub name: Word,
    pub about: &'static str,
}

/// The schema of a name of this kind.
pub fn name_schema<T: Named>(about: &str) -> Value {
    let mut schema = Value::Object(T::shape().schema());
    schema["description"] = json!(match about {
        "" => T::EXPECTED.to_owned(),
        about => format!("{about} ({})", T::EXPECTED),
    });
    schema
}

fn port_schema(about: &str) -> Value {
    json!({"description": about, "type": "integer", "minimum": 1, "maximum": u16::MAX})
}

/// The fields of one JSON object, declared one after the other.
///
/// While an object is being described there are no values: then every field is left out, and nothing may be concluded from
/// that. A function that declares fields therefore declares all of them before it gives up.
pub trait Fields: Sized {
    /// A field of any kind. Whoever declares it checks it, and says in `schema` what a schema can say of that.
    fn field(&mut self, name: Word, needed: bool, schema: impl FnOnce() -> Value) -> Option<Value>;

    /// An object in a field; `None` if it is missing or wrong.
    fn nested<T>(
        &mut self,
        name: Word,
        needed: bool,
        about: &str,
        read: impl FnOnce(&mut Self) -> Option<T>,
    ) -> Option<T>;

    /// An object of one of a few kinds, which its field `tag` names; `read` gets the name and declares what else belongs to
    /// the kind.
    fn variants<T>(
        &mut self,
        name: Word,
        tag: Word,
        kinds: &[Kind],
        about: &str,
        read: impl Fn(&mut Self, &str) -> Option<T>,
    ) -> Option<T>;

    /// Whether a condition holds for this object.
    fn holds(&self, when: Condition) -> bool;

    /// A rule: where the first schema holds, the second holds too. The reader knows it otherwise.
    fn rule(&mut self, rule: impl FnOnce() -> (Value, Value));

    /// Notes a problem at a field of this object.
    fn wrong(&mut self, name: &str, message: impl Into<String>);

    /// An object that may be left out; the outer `None` means that it is wrong.
    fn object_if_there<T>(
        &mut self,
        name: Word,
        about: &str,
        read: impl FnOnce(&mut Self) -> Option<T>,
    ) -> Option<Option<T>> {
        let there = self.holds(Condition::Has(name));
        let read = self.nested(name, false, about, read);
        if there { read.map(Some) } else { Some(None) }
    }

    /// A text that must be there and of the shape that `T` wants.
    fn required<T: Named>(&mut self, name: Word, about: &str) -> Option<T> {
        let value = self.field(name, true, || name_schema::<T>(about))?;
        self.parse(name, &value)
    }

    /// The same, and it may be left out.
    fn optional<T: Named>(&mut self, name: Word, about: &str) -> Option<T> {
        let value = self.field(name, false, || name_schema::<T>(about))?;
        self.parse(name, &value)
    }

    /// A list of such texts, at least one and none of them twice; in order, because theirs means nothing: sorted, the same
    /// request is the same text. Left out, it is `None`.
    fn names<T: Named + Ord>(&mut self, name: Word, about: &str) -> Option<Vec<T>> {
        let value = self.field(name, false, || {
            json!({
                "description": about,
                "type": "array",
                "items": name_schema::<T>(""),
                "minItems": 1,
                "uniqueItems": true,
            })
        })?;
        self.list(name, value, Self::parse)
    }

    /// Any text that may be left out.
    fn text(&mut self, name: Word, about: &str) -> Option<String> {
        let value = self.field(
            name,
            false,
            || json!({"description": about, "type": "string"}),
        )?;
        self.parse(name, &value)
    }

    /// A flag, with its default.
    fn flag(&mut self, name: Word, default: bool, about: &str) -> bool {
        let value = self.field(
            name,
            false,
            || json!({"description": about, "type": "boolean", "default": default}),
        );
        self.as_flag(name, value).unwrap_or(default)
    }

    /// A flag whose default depends on other fields.
    fn flag_if_there(&mut self, name: Word, about: &str) -> Option<bool> {
        let value = self.field(
            name,
            false,
            || json!({"description": about, "type": "boolean"}),
        );
        self.as_flag(name, value)
    }

    /// A word that must be there, one of a few.
    fn required_word(&mut self, name: Word, words: &[Word], about: &str) -> Option<Word> {
        let value = self.field(name, true, || json!({"description": about, "enum": words}))?;
        self.one_of(name, &value, words)
    }

    /// One of a few words; left out, it is the first.
    fn word(&mut self, name: Word, words: &[Word], about: &str) -> Option<Word> {
        let value = self.field(
            name,
            false,
            || json!({"description": about, "enum": words, "default": words.first()}),
        );
        match value {
            None => words.first().copied(),
            Some(value) => self.one_of(name, &value, words),
        }
    }

    /// One of a few words, with a default that depends on other fields.
    fn word_or(&mut self, name: Word, words: &[Word], default: Word, about: &str) -> Option<Word> {
        match self.field(name, false, || json!({"description": about, "enum": words})) {
            None => Some(default),
            Some(value) => self.one_of(name, &value, words),
        }
    }

    /// A whole number within bounds, with its default.
    fn number(
        &mut self,
        name: Word,
        bounds: RangeInclusive<u32>,
        default: u32,
        about: &str,
    ) -> u32 {
        let (least, most) = (*bounds.start(), *bounds.end());
        let value = self.field(name, false, || {
            json!({
                "description": about,
                "type": "integer",
                "minimum": least,
                "maximum": most,
                "default": default,
            })
        });
        let Some(value) = value else {
            return default;
        };
        let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
        number
            .filter(|number| bounds.contains(number))
            .unwrap_or_else(|| {
                let message = format!("expected a whole number from {least} to {most}");
                self.wrong(name, message);
                default
            })
    }

    /// A TCP port that must be there.
    fn required_port(&mut self, name: Word, about: &str) -> Option<u16> {
        let value = self.field(name, true, || port_schema(about))?;
        self.as_port(name, &value)
    }

    /// A TCP port that may be left out.
    fn port(&mut self, name: Word, about: &str) -> Option<u16> {
        let value = self.field(name, false, || port_schema(about))?;
        self.as_port(name, &value)
    }

    /// A list of TCP ports and ranges of them, at least one, none of them twice, in order; left out, it is empty.
    fn ports(&mut self, name: Word, at_most: usize, about: &str) -> Vec<Ports> {
        let value = self.field(name, false, || {
            json!({
                "description": about,
                "type": "array",
                "items": Ports::schema("each"),
                "minItems": 1,
                "maxItems": at_most,
                "uniqueItems": true,
            })
        });
        let ports = value.and_then(|value| self.list(name, value, Self::as_ports));
        let ports: Vec<Ports> = ports.unwrap_or_default();
        if ports.len() > at_most {
            self.wrong(name, format!("expected at most {at_most} ports and ranges"));
        }
        let meets = |pair: &&[Ports]| pair[0] != pair[1] && pair[0].overlaps(pair[1]);
        if let Some(pair) = ports.windows(2).find(meets) {
            self.wrong(name, format!("{} repeats {}", pair[1], pair[0]));
        }
        ports
    }

    /// A field has to be there where a condition holds.
    fn needs(&mut self, when: Condition, name: Word, why: &str) {
        self.rule(|| (when.schema(), json!({"required": [name]})));
        if self.holds(when) && !self.holds(Condition::Has(name)) {
            self.wrong(name, why);
        }
    }

    /// Fields have to be left out where a condition holds.
    fn refuses(&mut self, when: Condition, names: &[Word], why: &str) {
        self.rule(|| {
            let mut nothing = json!({});
            for name in names {
                nothing[*name] = json!(false);
            }
            (when.schema(), json!({"properties": nothing}))
        });
        for name in names {
            if self.holds(when) && self.holds(Condition::Has(name)) {
                self.wrong(name, why);
            }
        }
    }

    /// A field can have only this value where a condition holds.
    fn allows_only(&mut self, when: Condition, name: Word, value: Word, why: &str) {
        self.rule(|| {
            let only = json!({"properties": {name: {"const": value}}});
            (when.schema(), only)
        });
        let other = self.holds(Condition::Has(name)) && self.holds(Condition::IsNot(name, value));
        if self.holds(when) && other {
            self.wrong(name, why);
        }
    }

    /// A text of the shape that `T` wants.
    fn parse<T: FromStr<Err: ToString>>(&mut self, at: &str, value: &Value) -> Option<T> {
        let parsed = match value.as_str() {
            Some(text) => text.parse().map_err(|error: T::Err| error.to_string()),
            None => Err(format!("expected a text, found {}", kind_of(value))),
        };
        parsed.map_err(|message| self.wrong(at, message)).ok()
    }

    /// A list, at least one item and none twice; each wrong item is a problem of its own.
    fn list<T: Ord>(
        &mut self,
        name: &str,
        value: Value,
        read: impl Fn(&mut Self, &str, &Value) -> Option<T>,
    ) -> Option<Vec<T>> {
        let Value::Array(values) = value else {
            let found = kind_of(&value);
            self.wrong(name, format!("expected a list, found {found}"));
            return None;
        };
        if values.is_empty() {
            let message = format!("{name} is empty: name at least one, or leave it out");
            self.wrong(name, message);
        }
        let mut list = Vec::new();
        for (index, value) in values.iter().enumerate() {
            let at = format!("{name}[{index}]");
            if let Some(item) = read(self, &at, value) {
                if list.contains(&item) {
                    self.wrong(&at, format!("{value} is named twice"));
                }
                list.push(item);
            }
        }
        list.sort();
        Some(list)
    }

    fn as_ports(&mut self, at: &str, value: &Value) -> Option<Ports> {
        let ports = Ports::try_from(value.clone());
        if let Err(error) = &ports {
            self.wrong(at, error.to_string());
        }
        ports.ok()
    }

    fn as_port(&mut self, at: &str, value: &Value) -> Option<u16> {
        let port = value
            .as_u64()
            .and_then(|number| u16::try_from(number).ok())
            .filter(|port| *port > 0);
        if port.is_none() {
            let found = kind_of(value);
            self.wrong(
                at,
                format!("expected a port from 1 to 65535, found {found}"),
            );
        }
        port
    }

    fn as_flag(&mut self, name: &str, value: Option<Value>) -> Option<bool> {
        let value = value?;
        if !value.is_boolean() {
            let found = kind_of(&value);
            self.wrong(name, format!("expected true or false, found {found}"));
        }
        value.as_bool()
    }

    fn one_of(&mut self, name: &str, value: &Value, words: &[Word]) -> Option<Word> {
        let found = words.iter().find(|word| value.as_str() == Some(**word));
        if found.is_none() {
            let all: Vec<String> = words.iter().map(|word| format!("{word:?}")).collect();
            self.wrong(name, format!("expected {}", all.join(" or ")));
        }
        found.copied()
    }
}
