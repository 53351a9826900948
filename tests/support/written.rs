//! How a schema is written into its file.

use serde_json::{Value, json};

/// Pretty JSON with a schema's head first and its definitions last.
pub(crate) fn text(schema: &Value) -> String {
    fn rank(key: &str) -> usize {
        let first = [
            "$schema",
            "$id",
            "title",
            "description",
            "kind",
            "type",
            "const",
            "enum",
            "properties",
            "required",
        ];
        let known = first.iter().position(|one| *one == key);
        known.unwrap_or(if key == "$defs" { 99 } else { 50 })
    }
    fn write(value: &Value, indent: usize, out: &mut String) {
        let line = |out: &mut String, indent: usize| {
            out.push('\n');
            out.push_str(&"  ".repeat(indent));
        };
        match value {
            Value::Object(entries) if !entries.is_empty() => {
                let mut keys: Vec<&String> = entries.keys().collect();
                keys.sort_by_key(|key| (rank(key), *key));
                for (index, key) in keys.into_iter().enumerate() {
                    out.push_str(if index == 0 { "{" } else { "," });
                    line(out, indent + 1);
                    out.push_str(&format!("{}: ", json!(key)));
                    write(&entries[key], indent + 1, out);
                }
                line(out, indent);
                out.push('}');
            }
            Value::Array(items) if items.iter().any(Value::is_object) => {
                for (index, item) in items.iter().enumerate() {
                    out.push_str(if index == 0 { "[" } else { "," });
                    line(out, indent + 1);
                    write(item, indent + 1, out);
                }
                line(out, indent);
                out.push(']');
            }
            Value::Array(items) => {
                let items: Vec<String> = items.iter().map(Value::to_string).collect();
                out.push_str(&format!("[{}]", items.join(", ")));
            }
            Value::Object(_)
            | Value::String(_)
            | Value::Number(_)
            | Value::Bool(_)
            | Value::Null => out.push_str(&value.to_string()),
        }
    }
    let mut out = String::new();
    write(schema, 0, &mut out);
    out.push('\n');
    out
}
