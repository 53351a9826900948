//! XML, as EC2, IAM and Route 53 have it: objects are elements, lists are elements full of elements
//! whose name follows from the list's, and what is absent is left out.

use quick_xml::Reader;
use quick_xml::escape::{partial_escape as escape, unescape};
use quick_xml::events::Event;
use serde_json::{Map, Value};

/// How a service calls the members of a list.
pub type MemberName = fn(&str) -> &'static str;

/// A value's fields as elements.
pub fn write(value: &Value, member: MemberName) -> String {
    let mut out = String::new();
    write_content(&mut out, "", value, member);
    out
}

fn write_content(out: &mut String, name: &str, value: &Value, member: MemberName) {
    match value {
        Value::Null => {}
        Value::Bool(flag) => out.push_str(&flag.to_string()),
        Value::Number(number) => out.push_str(&number.to_string()),
        Value::String(text) => out.push_str(&escape(text)),
        Value::Array(items) => items
            .iter()
            .for_each(|item| write_element(out, member(name), item, member)),
        Value::Object(fields) => fields
            .iter()
            .for_each(|(name, field)| write_element(out, name, field, member)),
    }
}

fn write_element(out: &mut String, name: &str, value: &Value, member: MemberName) {
    if !value.is_null() {
        out.push_str(&format!("<{name}>"));
        write_content(out, name, value, member);
        out.push_str(&format!("</{name}>"));
    }
}

/// An error as Route 53 and IAM word it. Observed: boto/boto #2887 has the whole of one.
pub(super) fn error(
    namespace: &str,
    status: u16,
    code: &str,
    message: &str,
    request_id: &str,
) -> String {
    let kind = if status < 500 { "Sender" } else { "Receiver" };
    let (code, message) = (escape(code), escape(message));
    format!(
        "<ErrorResponse xmlns=\"{namespace}\"><Error><Type>{kind}</Type><Code>{code}</Code>\
         <Message>{message}</Message></Error><RequestId>{request_id}</RequestId></ErrorResponse>"
    )
}

/// The content of a document's root element: texts are strings, other elements are objects, and
/// those of `lists` are arrays. Attributes are ignored.
pub fn read(document: &str, lists: &[&str]) -> Option<Value> {
    let mut reader = Reader::from_str(document);
    reader.config_mut().expand_empty_elements = true;
    let Content { text, children } = content(&mut reader, lists, false)?;
    let [(_, root)] = <[_; 1]>::try_from(children).ok()?;
    text.trim().is_empty().then_some(root)
}

/// What an element holds, or the document itself.
#[derive(Default)]
struct Content {
    /// With its entities as they came.
    text: String,
    children: Vec<(String, Value)>,
}

/// Reads up to the end of the element, or else of the document.
fn content(reader: &mut Reader<&[u8]>, lists: &[&str], in_element: bool) -> Option<Content> {
    let mut found = Content::default();
    loop {
        match reader.read_event().ok()? {
            Event::Start(start) => {
                let name = start.name().into_inner().to_owned();
                let value = content(reader, lists, true)?.value(lists.contains(&name.as_str()))?;
                found.children.push((name, value));
            }
            Event::Text(text) => found.text.push_str(&text),
            Event::GeneralRef(entity) => found.text.push_str(&format!("&{};", &*entity)),
            Event::CData(text) => found.text.push_str(&escape(&*text)),
            Event::End(_) => return Some(found),
            Event::Eof => return (!in_element).then_some(found),
            // Empty elements come as a start and an end.
            Event::Empty(_)
            | Event::Comment(_)
            | Event::Decl(_)
            | Event::PI(_)
            | Event::DocType(_) => {}
        }
    }
}

impl Content {
    fn value(self, is_list: bool) -> Option<Value> {
        let Self { text, children } = self;
        if is_list {
            return Some(children.into_iter().map(|(_, value)| value).collect());
        }
        if children.is_empty() {
            return Some(Value::String(unescape(&text).ok()?.into_owned()));
        }
        Some(Value::Object(children.into_iter().collect::<Map<_, _>>()))
    }
}
