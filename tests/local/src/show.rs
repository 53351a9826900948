//! A result as a person likes to read it.

use serde_json::Value;

/// The event's detail as text.
pub(crate) fn result(event: &Value) -> String {
    let detail = &event["detail"];
    let mut text = format!(
        "\n{}: {}\n",
        word(&event["detail-type"]),
        word(&detail["message"])
    );
    for (label, value) in [
        ("endpoint", &detail["endpoint"]["id"]),
        ("service", &detail["endpoint"]["serviceName"]),
        ("service", &detail["plan"]["serviceName"]),
        ("host", &detail["connection"]["host"]),
        ("port", &detail["connection"]["port"]),
        ("command", &detail["connection"]["command"]),
        ("note", &detail["connection"]["note"]),
        ("pattern", &detail["connection"]["hostPattern"]),
        ("verified", &detail["verified"]["connection"]),
        ("path", &detail["verified"]["path"]["outcome"]),
        ("", &detail["verified"]["path"]["reason"]),
        ("names", &detail["verified"]["names"]["outcome"]),
        ("", &detail["verified"]["names"]["reason"]),
    ] {
        line(&mut text, label, &word(value));
    }
    for zone in list(&detail["endpoint"]["zones"]).chain(list(&detail["plan"]["zones"])) {
        let place = format!(
            "{}  {}  {}",
            word(&zone["zoneId"]),
            word(&zone["subnetId"]),
            word(&zone["privateIp"])
        );
        line(&mut text, "address", &place);
    }
    for change in list(&detail["changes"]) {
        let (before, after) = (&change["before"], &change["after"]);
        let what = format!("{}: {before} -> {after}", word(&change["field"]));
        line(&mut text, "changed", &what);
    }
    for part in list(&detail["plan"]["parts"]) {
        line(&mut text, "part", &word(&part["kind"]));
    }
    for problem in list(&detail["problems"]) {
        let place = problem["path"]
            .as_str()
            .map(|path| format!(" at {path}"))
            .unwrap_or_default();
        line(
            &mut text,
            "problem",
            &format!(
                "{}{place}: {}",
                word(&problem["code"]),
                word(&problem["message"])
            ),
        );
        line(&mut text, "fix", &word(&problem["fix"]));
    }
    for left in list(&detail["leftBehind"]) {
        line(&mut text, "left", &word(left));
    }
    let phases: Vec<String> = list(&detail["phases"])
        .map(|phase| format!("{} {} s", word(&phase["phase"]), phase["seconds"]))
        .collect();
    line(&mut text, "time", &phases.join(", "));
    let cost = &detail["cost"];
    let price = cost["usdPerMonth"]
        .as_f64()
        .map(|price| format!("{price} USD a month: "));
    let cost = price.unwrap_or_default() + &word(&cost["basis"]);
    line(&mut text, "cost", &cost);
    text
}

fn line(text: &mut String, label: &str, value: &str) {
    if !value.is_empty() {
        text.push_str(&format!("  {label:<10} {value}\n"));
    }
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn word(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}
