//! The plainest expressions of `JSONata`, which most of the definition's are: a path, a path that is compared with a text, and what a
//! path leads to with a field more. `JSONata` itself reads all that a state carries for each of them, and a state with a choice has
//! a dozen.

use serde_json::{Map, Value};

/// The value of an expression that is plain and whose path is there; everything else is for `JSONata`.
pub(crate) fn evaluate(
    expression: &str,
    states: &Value,
    variables: &Map<String, Value>,
) -> Option<Value> {
    let expression = expression.trim();
    if expression.starts_with("$merge(") {
        return merge(expression, states, variables);
    }
    let Some((path, text)) = expression.split_once(" = ") else {
        return find(expression, states).cloned();
    };
    let text = text.strip_prefix('\'')?.strip_suffix('\'')?;
    if text.contains('\'') {
        return None;
    }
    Some((find(path, states)? == text).into())
}

/// The value of an expression such as `$merge([$states.input, {'answer': $answer}])`.
fn merge(expression: &str, states: &Value, variables: &Map<String, Value>) -> Option<Value> {
    let inner = expression.strip_prefix("$merge([")?.strip_suffix("}])")?;
    let (path, field) = inner.split_once(", {'")?;
    let (name, value) = field.split_once("': ")?;
    let value = match value {
        "true" => &Value::Bool(true),
        variable => variables.get(variable.strip_prefix('$')?)?,
    };
    if value.is_array() {
        return None;
    }
    let mut merged = find(path, states)?.as_object()?.clone();
    merged.insert(name.to_owned(), value.clone());
    Some(Value::Object(merged))
}

/// What is at a path such as `$states.input.next`.
fn find<'s>(path: &str, states: &'s Value) -> Option<&'s Value> {
    let mut names = path.strip_prefix("$states.")?.split('.');
    let is_name = |name: &str| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric());
    let found = names.try_fold(states, |value, name| {
        value.as_object()?.get(name).filter(|_| is_name(name))
    });
    // An empty list, and one with a single item, are something else to JSONata.
    found.filter(|value| !value.is_array())
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use bumpalo::Bump;
    use jsonata_rs::JsonAta;
    use serde_json::json;

    use super::*;

    fn by_jsonata(
        expression: &str,
        states: &Value,
        variables: &Map<String, Value>,
    ) -> Option<Value> {
        let expression = expression.replace("$states.", "$$.states.");
        let arena = Bump::new();
        let input = json!({"states": states}).to_string();
        let parsed = JsonAta::new(&expression, &arena).unwrap();
        let variables = variables.iter();
        let variables: HashMap<&str, &Value> = variables
            .map(|(name, value)| (name.as_str(), value))
            .collect();
        let value = parsed.evaluate(Some(&input), Some(&variables)).unwrap();
        (!value.is_undefined()).then(|| serde_json::from_str(&value.serialize(false)).unwrap())
    }

    #[test]
    fn it_says_what_jsonata_says_or_nothing() {
        let states = json!({
            "input": {"next": "Wait", "none": null, "plan": {"a": [1], "b": {"c": 2.5}}, "list": [{"x": 1}]},
            "result": {"Payload": {"text": "it's"}},
        });
        let variables = json!({"answer": {"said": [1], "next": "x"}, "failure": null, "list": [1]});
        let variables = variables.as_object().unwrap();
        let mut plain = 0;
        for expression in [
            " $states.input ",
            "$states.input.next",
            "$states.input.next = 'Wait'",
            "$states.input.next = 'Roll back'",
            "$states.input.none",
            "$states.input.none = 'x'",
            "$states.input.absent",
            "$states.input.absent = 'x'",
            "$states.input.plan",
            "$states.input.plan.a",
            "$states.input.plan.b.c",
            "$states.input.list.x",
            "$states.result.Payload",
            "$states.result.Payload.text",
            "$split($states.input.next, ':')[-1]",
            "$states.input.next & '.result'",
            "$states.input.next = 'Wait' or $states.input.next = 'x'",
            "$merge([$states.input, {'answer': $answer}])",
            "$merge([$states.input, {'failure': $failure}])",
            "$merge([$states.input, {'next': $answer}])",
            "$merge([$states.input.plan, {'narrow': true}])",
            "$merge([$states.input, {'list': $list}])",
            "$merge([$states.input, {'other': $other}])",
            "$merge([$states.input.list, {'narrow': true}])",
            "$merge([$states.input, {'next': 'x'}])",
            "$merge([$states.input, {'plan': $merge([$states.input.plan, {'narrow': true}])}])",
        ] {
            let Some(value) = evaluate(expression, &states, variables) else {
                continue;
            };
            let said = by_jsonata(expression, &states, variables);
            assert_eq!(Some(value), said, "{expression}");
            plain += 1;
        }
        assert_eq!(plain, 14);
    }
}
