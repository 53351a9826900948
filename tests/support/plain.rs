//! The plainest expressions of `JSONata`, which most of the definition's are: a path, and a path that is compared with a text.
//! `JSONata` itself reads all that a state carries for each of them, and a state with a choice has a dozen.

use serde_json::Value;

/// The value of an expression that is plain and whose path is there; everything else is for `JSONata`.
pub(crate) fn evaluate(expression: &str, states: &Value) -> Option<Value> {
    let expression = expression.trim();
    let Some((path, text)) = expression.split_once(" = ") else {
        return find(expression, states).cloned();
    };
    let text = text.strip_prefix('\'')?.strip_suffix('\'')?;
    if text.contains('\'') {
        return None;
    }
    Some((find(path, states)? == text).into())
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

    fn by_jsonata(expression: &str, states: &Value) -> Option<Value> {
        let expression = expression.replace("$states.", "$$.states.");
        let arena = Bump::new();
        let input = json!({"states": states}).to_string();
        let parsed = JsonAta::new(&expression, &arena).unwrap();
        let value = parsed
            .evaluate(Some(&input), Some(&HashMap::new()))
            .unwrap();
        (!value.is_undefined()).then(|| serde_json::from_str(&value.serialize(false)).unwrap())
    }

    #[test]
    fn it_says_what_jsonata_says_or_nothing() {
        let states = json!({
            "input": {"next": "Wait", "none": null, "plan": {"a": [1], "b": {"c": 2.5}}, "list": [{"x": 1}]},
            "result": {"Payload": {"text": "it's"}},
        });
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
        ] {
            let Some(value) = evaluate(expression, &states) else {
                continue;
            };
            assert_eq!(Some(value), by_jsonata(expression, &states), "{expression}");
            plain += 1;
        }
        assert_eq!(plain, 10);
    }
}
