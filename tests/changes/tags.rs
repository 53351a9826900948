//! Tags that a change leaves out go where it is known that the request had them, and stay otherwise.

use serde_json::{Value, json};
use tests::{Simulated, Stage, code, detail, request, writes};
use world::gate::{Fault, FaultKind};
use world::model::tags::CreateTags;
use world::scenario;
use world::scenario::SUBNETS;

use crate::{change, changed, connected, ours, with, with_id};

fn asked(tags: Value) -> Value {
    let monitoring = request("aws-service-monitoring");
    let two = with(monitoring, "/network/subnetIds", json!(&SUBNETS[..2]));
    with(two, "/tags", tags)
}

/// Connected with two tags, and with a third one that somebody put there by hand.
async fn tagged() -> Stage {
    let simulated = Simulated::on(scenario::world("default"));
    let before = asked(json!({"team": "one", "cost": "42"}));
    let (mut stage, _) = connected(simulated, &[before]).await;
    let by_hand = json!({
        "ResourceId": [ours(&stage).vpc_endpoint_id], "Tag": [{"Key": "by", "Value": "hand"}],
    });
    let by_hand: CreateTags = serde_json::from_value(by_hand).unwrap();
    stage.outside().world().arrange(by_hand).unwrap();
    stage.pass(std::time::Duration::from_secs(120)).await;
    stage
}

fn has(stage: &Stage, key: &str) -> bool {
    let tags = json!(ours(stage).tags).to_string();
    tags.contains(&format!("\"{key}\""))
}

/// What is said of tags that stay.
fn named(said: &Value) -> Option<&str> {
    let mut warnings = said["warnings"].as_array()?.iter();
    let one = warnings.find(|one| one["code"] == "TAGS_LEFT_OUT")?;
    one["message"].as_str()
}

#[tokio::test(start_paused = true)]
async fn a_tag_that_the_request_had_goes_and_others_stay() {
    let mut stage = tagged().await;
    let after = change(&asked(json!({"team": "another"})));
    stage.start(after.clone(), None);
    let ended = stage.run().await.pop().unwrap();
    let said = detail(&ended);
    assert_eq!(code(&ended), "CONNECTED", "{said:#}");
    assert_eq!(changed(said), ["tags.team", "tags.cost"]);
    assert_eq!(named(said), None, "{said:#}");
    assert!(has(&stage, "another") && has(&stage, "by"));
    assert!(!has(&stage, "cost"));
    stage.outside().world().clear_calls();
    stage.start(after, None);
    let again = stage.run().await.pop().unwrap();
    assert_eq!(code(&again), "CONNECTED", "{:#}", detail(&again));
    assert_eq!(writes(stage.outside()), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_tag_comes_back_where_the_change_fails() {
    let mut stage = tagged().await;
    // The mark, once the tag is gone.
    let fault = Fault::nth("CreateTags", 1, FaultKind::AccessDenied);
    stage.outside().world().add_fault(fault);
    stage.start(change(&asked(json!({"team": "one"}))), None);
    let ended = stage.run().await.pop().unwrap();
    let said = detail(&ended);
    assert_eq!(code(&ended), "PERMISSION_DENIED", "{said:#}");
    assert_eq!(said["stands"], true, "{said:#}");
    assert_eq!(said["leftBehind"], json!([]), "{said:#}");
    assert!(has(&stage, "cost") && has(&stage, "by"));
}

#[tokio::test(start_paused = true)]
async fn tags_of_which_it_is_not_known_whose_they_are_stay_and_are_named() {
    let mut stage = tagged().await;
    let after = asked(json!({"team": "one"}));
    let after = with(after, "/network/subnetIds", json!(&SUBNETS[..3]));
    stage.start(change(&after), None);
    let ended = stage.run().await.pop().unwrap();
    let said = detail(&ended);
    assert_eq!(code(&ended), "CONNECTED", "{said:#}");
    let message = named(said).unwrap();
    assert!(message.contains("by, cost"), "{message}");
    assert!(has(&stage, "cost") && has(&stage, "by"));
}

/// Who shares an endpoint has no tags on it but those that it put there before; what does not come and what stays is named.
#[tokio::test(start_paused = true)]
async fn tags_of_a_shared_endpoint_are_put_right_or_named() {
    let first = asked(json!({"team": "one", "cost": "42"}));
    let second = with_id(asked(json!({"team": "two", "stage": "prod"})), "other");
    let simulated = Simulated::on(scenario::world("default"));
    let (mut stage, _) = connected(simulated, &[second.clone(), first.clone()]).await;
    // The one that joined: the endpoint has another team already, and no room for more of its tags.
    stage.start(change(&second), None);
    let ended = stage.run().await.pop().unwrap();
    let said = detail(&ended);
    assert_eq!(code(&ended), "CONNECTED", "{said:#}");
    let message = named(said).unwrap();
    assert!(message.ends_with("stage, team"), "{message}");
    assert!(has_value(&stage, "one") && !has(&stage, "stage"));

    // The one whose tags these are: one has another value, one is new, and one is left out.
    let after = asked(json!({"team": "three", "by": "me"}));
    stage.start(change(&after), None);
    let ended = stage.run().await.pop().unwrap();
    let said = detail(&ended);
    assert_eq!(code(&ended), "CONNECTED", "{said:#}");
    assert_eq!(changed(said), ["tags.team"]);
    let warnings = said["warnings"].as_array().unwrap().iter();
    let messages = warnings.map(|one| one["message"].as_str().unwrap());
    let messages: Vec<&str> = messages.filter(|one| one.contains("shared")).collect();
    assert!(
        matches!(messages[..], [new, stays] if new.ends_with(": by") && stays.ends_with(": cost")),
        "{messages:#?}"
    );
    assert!(has_value(&stage, "three") && has(&stage, "cost") && !has(&stage, "by"));
}

fn has_value(stage: &Stage, value: &str) -> bool {
    let tags = json!(ours(stage).tags).to_string();
    tags.contains(&format!("\"{value}\""))
}
