//! What is done wrongly between the functions and the state machine, and between that and the bus.

use serde_json::{Value, json};
use tieline::workflow::Function;

use super::{NOW, Wrong};

/// What a function answered, as the state machine sees it.
pub(crate) fn step(function: Function, answer: Value) -> Result<Value, (String, String)> {
    let mut answer = answer;
    let waits_for_a_service = answer["waitingFor"]
        .as_str()
        .is_some_and(|what| what.starts_with("a service to answer"));
    match NOW.get() {
        Some(Wrong::OutagesAreErrors) if waits_for_a_service => {
            let cause = json!({"errorMessage": answer["waitingFor"]}).to_string();
            return Err(("Tieline.Unavailable".to_owned(), cause));
        }
        Some(Wrong::OutagesCount) => {
            if let Some(progress) = answer["progress"].as_object_mut() {
                progress.remove("putOff");
            }
        }
        Some(Wrong::PartsAreForgotten) if answer["progress"]["removal"].is_object() => {
            if let Some(parts) = answer["plan"]["parts"].as_array_mut() {
                parts.clear();
            }
        }
        Some(Wrong::NarrowsFirst)
            if function == Function::Preflight
                && answer["plan"]["change"].is_object()
                && answer["next"] == "Create the endpoint" =>
        {
            answer["next"] = json!("Take away what is left out");
        }
        Some(Wrong::ChangesAreForgotten) if answer["progress"]["failure"].is_object() => {
            if let Some(plan) = answer["plan"].as_object_mut() {
                plan.remove("change");
            }
        }
        Some(Wrong::ApexesAreLeftOut) => each_record(&mut answer, |name| name != "@"),
        Some(Wrong::BrokersAreOne) => each_record(&mut answer, |name| !name.contains("-az")),
        Some(Wrong::PortsAreCutOff) => {
            let ports = answer["plan"]["endpoint"]["furtherPorts"].as_array_mut();
            if let Some(ports) = ports {
                ports.truncate(3);
            }
        }
        Some(Wrong::PathsCountAsProven) => count_as_proven(&mut answer, "Verify the path", "path"),
        Some(Wrong::NamesCountAsProven) => {
            count_as_proven(&mut answer, "Verify the names", "names");
        }
        Some(Wrong::CertificatesAreNotChecked) if answer["verify"].is_object() => {
            answer["verify"]["trial"]["speech"]["certificate"] = json!("nothing");
        }
        Some(Wrong::ProtocolsAreNotSpoken) if answer["verify"].is_object() => {
            answer["verify"]["trial"]["speech"] = json!({"protocol": "tcp"});
        }
        Some(Wrong::VerifiersAreAskedOnce)
            if answer["waitingFor"]
                .as_str()
                .is_some_and(|what| what.starts_with("the verifier could not")) =>
        {
            answer["progress"]["path"] = json!({"outcome": "not-tried", "reason": "asleep"});
        }
        _ => {}
    }
    Ok(answer)
}

/// Leaves records of a planned zone out.
fn each_record(answer: &mut Value, stays: impl Fn(&str) -> bool) {
    for part in answer["plan"]["parts"].as_array_mut().into_iter().flatten() {
        if let Some(records) = part["records"].as_object_mut() {
            records.retain(|name, _| stays(name));
        }
    }
}

/// What the verifier is to try is left out, and counts as if it had been seen.
fn count_as_proven(answer: &mut Value, state: &str, half: &str) {
    if answer["next"] == state {
        answer["progress"][half] = json!({"outcome": "proven"});
        answer["next"] = json!("Poll the status");
    }
}

/// The event of a result, as it is put on the bus.
pub(crate) fn event(mut event: Value, execution: &str) -> Value {
    let pattern = event["Detail"]["connection"]["hostPattern"].as_str();
    if Wrong::WildcardsAreHosts.is_now()
        && let Some((_, domain)) = pattern.and_then(|pattern| pattern.split_once('.'))
    {
        event["Detail"]["connection"] = json!({"host": domain});
    }
    if Wrong::ResultsHaveIdsOfTheirOwn.is_now() {
        event["Detail"]["resultId"] = json!(execution);
    }
    event
}
