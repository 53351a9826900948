//! What a policy of IAM's allows, whatever it is written like.
//!
//! EC2 may give a policy back in other words than it was sent in: lists in another order, a scalar for a list of one,
//! `{"AWS": "*"}` for `"*"`, an account's id for the ARN of its root (terraform#3519, ec2-controller PR 343). Two policies
//! are the same here if their statements are, as sets. `Version` and `Sid` change nothing about what is allowed.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::canonical;

/// Whether two policies allow the same. None is full access: EC2 makes up the policy that says so, and may show it or not.
pub fn same(one: Option<&str>, other: Option<&str>) -> bool {
    match (meaning(one), meaning(other)) {
        (Some(one), Some(other)) => one == other,
        _ => false,
    }
}

/// The same text for all policies that are the same.
pub fn canonical(policy: Option<&str>) -> String {
    let statements = meaning(policy).map(Vec::from_iter);
    statements.map_or_else(
        || policy.unwrap_or_default().to_owned(),
        |all| all.join("\n"),
    )
}

fn full_access() -> BTreeSet<String> {
    let everything = json!({"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"});
    [statement(&everything)].into()
}

/// Every statement of a policy, each in its one form; none if the text is no policy.
fn meaning(policy: Option<&str>) -> Option<BTreeSet<String>> {
    let Some(text) = policy else {
        return Some(full_access());
    };
    let policy: Value = serde_json::from_str(text).ok()?;
    Some(
        list(policy.get("Statement")?)
            .iter()
            .map(|one| statement(one))
            .collect(),
    )
}

fn statement(statement: &Value) -> String {
    let Value::Object(fields) = statement else {
        return canonical::text(statement);
    };
    let mut said = Map::new();
    for (field, value) in fields {
        let value = match field.as_str() {
            "Sid" => continue,
            "Action" | "NotAction" => set(value, |action| action.to_ascii_lowercase()),
            "Resource" | "NotResource" => set(value, str::to_owned),
            "Principal" | "NotPrincipal" => principal(value),
            "Condition" if value.as_object().is_some_and(Map::is_empty) => continue,
            "Condition" => condition(value),
            _ => value.clone(),
        };
        said.insert(field.clone(), value);
    }
    canonical::text(&Value::Object(said))
}

/// `"*"` is everybody, as `{"AWS": "*"}` is.
fn principal(value: &Value) -> Value {
    let Value::Object(kinds) = value else {
        return json!({"AWS": set(value, account)});
    };
    kinds
        .iter()
        .map(|(kind, who)| (kind.clone(), set(who, account)))
        .collect()
}

/// The root of an account is the account.
fn account(principal: &str) -> String {
    let parts: Vec<&str> = principal.split(':').collect();
    match parts[..] {
        ["arn", _, "iam", "", account, "root"] => account.to_owned(),
        _ => principal.to_owned(),
    }
}

/// Keys of conditions have no case, and their values are texts.
fn condition(value: &Value) -> Value {
    let Value::Object(operators) = value else {
        return value.clone();
    };
    let keys = |tests: &Value| -> Value {
        let Some(tests) = tests.as_object() else {
            return tests.clone();
        };
        let lower = |(key, values): (&String, &Value)| {
            (key.to_ascii_lowercase(), texts(values, str::to_owned))
        };
        tests.iter().map(lower).collect()
    };
    operators
        .iter()
        .map(|(operator, tests)| (operator.clone(), keys(tests)))
        .collect()
}

/// A list without order; one of which a star is a part says no more than the star.
fn set(value: &Value, form: impl Fn(&str) -> String) -> Value {
    let texts = texts(value, form);
    if list(&texts).contains(&&json!("*")) {
        return json!(["*"]);
    }
    texts
}

/// A list without order, of texts.
fn texts(value: &Value, form: impl Fn(&str) -> String) -> Value {
    let texts: BTreeSet<String> = list(value)
        .into_iter()
        .map(|one| one.as_str().map_or_else(|| one.to_string(), &form))
        .collect();
    json!(texts)
}

fn list(value: &Value) -> Vec<&Value> {
    value
        .as_array()
        .map_or_else(|| vec![value], |items| items.iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(statement: Value) -> String {
        json!({"Version": "2012-10-17", "Statement": statement}).to_string()
    }

    #[test]
    fn full_access_is_no_policy_or_one_that_allows_everybody_everything() {
        for all in [
            json!({"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}),
            json!([{"Sid": "x", "Effect": "Allow", "Principal": {"AWS": "*"}, "Action": ["*"], "Resource": ["*"]}]),
            json!([{"Effect": "Allow", "Principal": {"AWS": ["*"]}, "Action": ["*", "s3:Get*"], "Resource": "*", "Condition": {}}]),
        ] {
            assert!(same(None, Some(&policy(all.clone()))), "{all}");
        }
        for less in [
            json!({"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}),
            json!({"Effect": "Allow", "Principal": "*", "Action": "dsql:*", "Resource": "*"}),
            json!({"Effect": "Allow", "Principal": "123456789012", "Action": "*", "Resource": "*"}),
            json!({"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*", "Condition": {"Bool": {"aws:SecureTransport": "true"}}}),
            json!([{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}, {"Effect": "Deny"}]),
        ] {
            assert!(!same(None, Some(&policy(less.clone()))), "{less}");
        }
    }

    #[test]
    fn what_means_the_same_is_the_same() {
        let sent = policy(json!([
            {"Sid": "a", "Effect": "Allow", "Principal": {"AWS": ["arn:aws:iam::111122223333:root", "arn:aws:iam::444455556666:role/x"]},
             "Action": ["s3:GetObject", "s3:PutObject"], "Resource": "arn:aws:s3:::b/*",
             "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}, "Bool": {"aws:SecureTransport": true}}},
            {"Effect": "Deny", "Principal": "*", "Action": "s3:DeleteObject", "Resource": "*"},
        ]));
        let shown = policy(json!([
            {"Effect": "Deny", "Principal": {"AWS": "*"}, "Action": ["s3:deleteobject"], "Resource": ["*"]},
            {"Effect": "Allow", "Principal": {"AWS": ["arn:aws:iam::444455556666:role/x", "111122223333"]},
             "Action": ["s3:PutObject", "s3:GetObject"], "Resource": ["arn:aws:s3:::b/*"],
             "Condition": {"Bool": {"AWS:SecureTransport": ["true"]}, "StringEquals": {"aws:principalorgid": ["o-1"]}}},
        ]));
        assert!(same(Some(&sent), Some(&shown)));
        for (from, to) in [
            ("o-1", "o-2"),
            ("b/*", "B/*"),
            ("111122223333", "111122223334"),
            ("s3:PutObject", "s3:PutObjectAcl"),
            ("Bool", "BoolIfExists"),
            ("Deny", "Allow"),
        ] {
            assert!(!same(Some(&sent), Some(&shown.replace(from, to))), "{from}");
        }
    }

    #[test]
    fn what_is_no_policy_is_not_the_same_as_anything() {
        for text in ["", "{}", "[]", "1"] {
            assert!(
                !same(Some(text), Some(text)) && !same(None, Some(text)),
                "{text}"
            );
        }
    }
}
