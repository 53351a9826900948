//! XML as Route 53 and IAM have it: lists are elements full of elements whose name follows from the
//! list's.

use serde_json::{Map, Value};

use super::xml::escape;

/// How a service calls the members of a list.
pub(super) type MemberName = fn(&str) -> &'static str;

/// Writes a value's fields as elements; what is absent is left out.
pub(super) fn write(out: &mut String, value: &Value, name: &str, member: MemberName) {
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
        write(out, value, name, member);
        out.push_str(&format!("</{name}>"));
    }
}

/// The content of a document's root element: texts are strings, other elements are objects, and
/// those of `lists` are arrays. Attributes are ignored.
pub(super) fn read(document: &str, lists: &[&str]) -> Option<Value> {
    let mut rest = document;
    loop {
        rest = rest.trim_start();
        let Some(declaration) = rest.strip_prefix("<?") else {
            break;
        };
        rest = declaration.split_once("?>")?.1;
    }
    let (_, value, rest) = element(rest, lists)?;
    rest.trim().is_empty().then_some(value)
}

/// The first element: its name, its content, and what follows it.
fn element<'d>(text: &'d str, lists: &[&str]) -> Option<(&'d str, Value, &'d str)> {
    let (tag, rest) = text.strip_prefix('<')?.split_once('>')?;
    let name = tag.trim_end_matches('/').split_whitespace().next()?;
    let (inside, rest) = if tag.ends_with('/') {
        (Content::default(), rest)
    } else {
        content(name, rest, lists)?
    };
    let children = inside.children.into_iter();
    let value = if lists.contains(&name) {
        children.map(|(_, value)| value).collect()
    } else if children.len() == 0 {
        Value::String(inside.text)
    } else {
        let fields = children.map(|(name, value)| (name.to_owned(), value));
        Value::Object(fields.collect::<Map<_, _>>())
    };
    Some((name, value, rest))
}

/// What an element holds.
#[derive(Default)]
struct Content<'d> {
    text: String,
    children: Vec<(&'d str, Value)>,
}

/// What the element of this name holds, and what follows its end.
fn content<'d>(name: &str, mut rest: &'d str, lists: &[&str]) -> Option<(Content<'d>, &'d str)> {
    let mut content = Content::default();
    loop {
        let (before, after) = rest.split_at(rest.find('<')?);
        content.text.push_str(&unescape(before));
        if let Some(end) = after.strip_prefix("</") {
            let (closed, following) = end.split_once('>')?;
            return (closed.trim_end() == name).then_some((content, following));
        }
        let (child, value, following) = element(after, lists)?;
        content.children.push((child, value));
        rest = following;
    }
}

fn unescape(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&apos;", "'")
        .replace("&#39;", "'")
        .replace("&#34;", "\"")
        .replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn elements_are_objects_and_named_lists_are_arrays() {
        let document = "<?xml version=\"1.0\"?>\n<A xmlns=\"x\"><B>1 &amp; &lt;2&gt;</B><Cs><C><D>x</D></C><C><D/></C></Cs>\n</A>";

        assert_eq!(
            read(document, &["Cs"]),
            Some(json!({"B": "1 & <2>", "Cs": [{"D": "x"}, {"D": ""}]}))
        );
        assert_eq!(read("<A><B></A>", &[]), None);
        assert_eq!(read("", &[]), None);
    }

    #[test]
    fn members_are_named_after_their_list() {
        let mut out = String::new();
        let member: MemberName = |list| if list == "VPCs" { "VPC" } else { "member" };

        write(
            &mut out,
            &json!({"VPCs": ["a"], "Xs": ["b"], "N": null}),
            "",
            member,
        );

        assert_eq!(out, "<VPCs><VPC>a</VPC></VPCs><Xs><member>b</member></Xs>");
    }
}
