//! Requests with one thing changed: what a schema and a parser have to agree about.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

/// Texts that some field takes and others do not.
const TEXTS: &[&str] = &[
    "",
    "x",
    "-1",
    "443",
    "full",
    "restricted",
    "keep",
    "roll-back",
    "private-zone",
    "endpoint",
    "none",
    "regional",
    "use1-az1",
    "use1-az",
    "-az1",
    "x-az1-az2",
    "US-az1",
    "usw2-lax1-az1",
    "source",
    "target",
    "dedicated",
    "serverless",
    "full-load",
    "cdc",
    "full-load-and-cdc",
    "verify-full",
    "verify-ca",
    "dms.t3.medium",
    "dms.t3",
    "dms..",
    "us-east-1",
    "vpc-0f3a9c51d7e2b8640",
    "subnet-0a1c5e70",
    "sg-0a7b3c9d5e1f24680",
    "k3abtwmzqhv5xn7rjd2yfe6upi",
    "10357519063427187436",
    "env-xk27rp",
    "monitoring",
    "com.amazonaws.us-east-1.s3",
    "privatelink.example.com",
    "*.db",
    "arn:aws:secretsmanager:us-east-1:123456789012:secret:x",
    "arn:aws:iam::123456789012:role/x",
    "arn:aws:dms:us-east-1:123456789012:rep:X",
    "{\"Statement\": []}",
    " \n{\"Statement\": {}}",
    "[]",
    "aws-service",
    "aurora-dsql",
    "aurora-dsql-management",
    "tidb-cloud-to-confluent",
    "dms-tidb-cloud",
    "oracle",
    "-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----\n",
    "-----BEGIN CERTIFICATE-----\nMII",
];

/// Values that some field takes and others do not.
pub(crate) fn values() -> Vec<Value> {
    let mut values: Vec<Value> = TEXTS.iter().map(|text| json!(text)).collect();
    values.extend([
        json!(null),
        json!(true),
        json!(false),
        json!(2.5),
        json!(-1),
    ]);
    let numbers = [0u64, 1, 4, 5, 168, 169, 6144, 6145, 65_535, 65_536, 1 << 40];
    values.extend(numbers.iter().map(|number| json!(number)));
    let (vpc, other) = ("vpc-0f3a9c51d7e2b8640", "vpc-0b7d2e9f");
    values.extend([
        json!([]),
        json!([1]),
        json!([vpc]),
        json!([vpc, other, vpc]),
    ]);
    values.extend([
        json!(["subnet-0a1c5e70"]),
        json!(["sg-0a7b3c9d"]),
        json!([[]]),
    ]);
    values.extend([
        json!({}),
        json!({"x": 1}),
        json!({"x": "y"}),
        json!({"Statement": {}}),
    ]);
    values.extend([
        json!({"Statement": "x"}),
        json!({"kind": "aurora-dsql-management"}),
    ]);
    values.extend([
        json!({"*": "regional"}),
        json!({"*": "x"}),
        json!({"aws:x": "y"}),
    ]);
    values.extend([
        json!({"Tieline:x": "y"}),
        json!({"tieline:x": "y"}),
        json!({"": "y"}),
    ]);
    values.extend([json!({"arn": "arn:aws:dms:us-east-1:123456789012:rep:X"})]);
    values.extend([
        json!({"storageGib": 5}),
        json!({"name": "privatelink.example.com"}),
    ]);
    values.extend([many(40), many(41), many(50), many(51)]);
    values.extend([json!({"x".repeat(128): "y"}), json!({"x".repeat(129): "y"})]);
    values.extend([json!({"x": "y".repeat(256)}), json!({"x": "y".repeat(257)})]);
    values
}

fn many(entries: usize) -> Value {
    let entries = (0..entries).map(|n| (format!("n{n}"), json!("regional")));
    Value::Object(entries.collect())
}

/// Everything that one change makes of a request: each value at each place, each of the `fields` in each object, texts
/// and lists changed a little.
pub(crate) fn of(request: &Value, fields: &BTreeSet<String>, mut hear: impl FnMut(Value)) {
    let values = values();
    for place in places(request) {
        let mut put = |value: Value| {
            let mut mutant = request.clone();
            *mutant.pointer_mut(&place).expect("a place of the request") = value;
            hear(mutant);
        };
        let there = request.pointer(&place).expect("a place of the request");
        values.iter().cloned().for_each(&mut put);
        match there {
            Value::String(text) => texts(text).for_each(|text| put(json!(text))),
            Value::Array(items) => lists(items).into_iter().for_each(|list| put(json!(list))),
            Value::Object(entries) => {
                for name in entries.keys() {
                    let mut fewer = entries.clone();
                    fewer.remove(name);
                    put(json!(fewer));
                }
                for name in fields.iter().filter(|name| !entries.contains_key(*name)) {
                    for value in &values {
                        put(json!(with(entries, name, value.clone())));
                    }
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}

/// One change by chance, of a kind that can come upon another change.
pub(crate) fn by_chance(request: &Value, fields: &[String], dice: &mut fastrand::Rng) -> Value {
    let mut mutant = request.clone();
    let places = places(request);
    let place = dice.choice(&places).expect("the root at least");
    let there = mutant.pointer_mut(place).expect("a place of the request");
    let value = dice.choice(values()).expect("values");
    if let Value::Object(entries) = there
        && dice.u8(..) < 224
    {
        let name = dice.choice(fields).expect("fields");
        if entries.remove(name).is_none() || dice.bool() {
            entries.insert(name.clone(), value);
        }
    } else {
        *there = value;
    }
    mutant
}

/// The fields that a schema names anywhere.
pub(crate) fn fields_of(schema: &Value, found: &mut BTreeSet<String>) {
    match schema {
        Value::Object(entries) => {
            if let Some(Value::Object(properties)) = entries.get("properties") {
                found.extend(properties.keys().cloned());
            }
            entries.values().for_each(|value| fields_of(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| fields_of(value, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The JSON pointer of everything in a value.
fn places(value: &Value) -> Vec<String> {
    fn walk(value: &Value, at: &str, found: &mut Vec<String>) {
        found.push(at.to_owned());
        if let Value::Object(entries) = value {
            for (name, value) in entries {
                let name = name.replace('~', "~0").replace('/', "~1");
                walk(value, &format!("{at}/{name}"), found);
            }
        } else if let Value::Array(items) = value {
            for (index, value) in items.iter().enumerate() {
                walk(value, &format!("{at}/{index}"), found);
            }
        }
    }
    let mut found = Vec::new();
    walk(value, "", &mut found);
    found
}

fn texts(text: &str) -> impl Iterator<Item = String> {
    [
        text[..text.len() - 1].to_owned(),
        text[1..].to_owned(),
        format!("{text}x"),
        format!("{text}0"),
        format!("{text}\n"),
        format!(" {text}"),
        text.to_uppercase(),
        text.replace('-', "_"),
        text.repeat(40),
    ]
    .into_iter()
}

fn lists(items: &[Value]) -> Vec<Vec<Value>> {
    let mut twice = items.to_vec();
    twice.extend(items.first().cloned());
    let mut lists = vec![items[1..].to_vec(), twice];
    for value in values() {
        let mut more = items.to_vec();
        more.push(value);
        lists.push(more);
    }
    lists
}

fn with(entries: &Map<String, Value>, name: &str, value: Value) -> Map<String, Value> {
    let mut entries = entries.clone();
    entries.insert(name.to_owned(), value);
    entries
}
