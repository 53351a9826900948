//! EC2's XML: objects are elements, lists are elements full of `<item>`, what is absent is left
//! out.

use serde::Serialize;
use serde_json::Value;

const NAMESPACE: &str = "http://ec2.amazonaws.com/doc/2016-11-15/";

/// The whole document of an answer.
pub(super) fn answer(action: &str, request_id: &str, answer: &impl Serialize) -> String {
    let mut body = String::new();
    write_fields(&mut body, &serde_json::to_value(answer).unwrap_or_default());
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<{action}Response xmlns=\"{NAMESPACE}\">\
         <requestId>{request_id}</requestId>{body}</{action}Response>"
    )
}

/// The whole document of an error.
pub(super) fn error(code: &str, message: &str, request_id: &str) -> String {
    let (code, message) = (escape(code), escape(message));
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response><Errors><Error><Code>{code}</Code><Message>{message}</Message>\
         </Error></Errors><RequestID>{request_id}</RequestID></Response>"
    )
}

fn write_fields(out: &mut String, value: &Value) {
    match value {
        Value::Null => {}
        Value::Bool(flag) => out.push_str(&flag.to_string()),
        Value::Number(number) => out.push_str(&number.to_string()),
        Value::String(text) => out.push_str(&escape(text)),
        Value::Array(items) => items
            .iter()
            .for_each(|item| write_element(out, "item", item)),
        Value::Object(fields) => fields
            .iter()
            .for_each(|(name, field)| write_element(out, name, field)),
    }
}

fn write_element(out: &mut String, name: &str, value: &Value) {
    if !value.is_null() {
        out.push_str(&format!("<{name}>"));
        write_fields(out, value);
        out.push_str(&format!("</{name}>"));
    }
}

pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn lists_are_items_and_absent_fields_are_left_out() {
        let mut out = String::new();
        write_fields(
            &mut out,
            &json!({"a": ["x", {"b": true}], "c": null, "d": "<&>"}),
        );

        assert_eq!(
            out,
            "<a><item>x</item><item><b>true</b></item></a><d>&lt;&amp;&gt;</d>"
        );
    }
}
