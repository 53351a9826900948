//! The caller's tags on an endpoint: what is taken away or overwritten by hand is told once, and so is that it is there again.

use serde_json::{Value, json};
use tests::{Seen, Simulated, Stage, assert_connected, request};
use world::model::tags::{CreateTags, DeleteTags};
use world::scenario;

use crate::{connected, counts, next, of_type};

fn asked(id: &str, tags: Value) -> Value {
    let mut asked = request("aws-service-monitoring");
    asked["requestId"] = json!(id);
    asked["tags"] = tags;
    asked
}

/// Somebody tags the endpoint by hand, or takes a tag away.
fn by_hand(stage: &Stage, key: &str, value: Option<&str>) {
    let mut world = stage.outside().world();
    let id = Seen::now(&mut world).ours()[0].vpc_endpoint_id.clone();
    match value {
        Some(value) => {
            let call = json!({"ResourceId": [id], "Tag": [{"Key": key, "Value": value}]});
            let call: CreateTags = serde_json::from_value(call).unwrap();
            world.arrange(call).unwrap();
        }
        None => {
            let call = json!({"ResourceId": [id], "Tag": [{"Key": key}]});
            let call: DeleteTags = serde_json::from_value(call).unwrap();
            world.arrange(call).unwrap();
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_tag_that_is_taken_or_overwritten_by_hand_is_told_once() {
    let tags = json!({"team": "orders", "stage": "prod", "Name": "metrics"});
    let asked = asked("metrics", tags);
    let mut stage = connected(Simulated::on(scenario::world("default")), &[asked]).await;
    // What is added, and another name, is nobody's loss.
    by_hand(&stage, "by", Some("hand"));
    by_hand(&stage, "Name", Some("other"));
    assert_eq!(counts(&next(&mut stage).await), (0, 0));
    for value in [None, Some("billing")] {
        by_hand(&stage, "team", value);
        let events = next(&mut stage).await;
        let [degraded] = of_type(&events, "Degraded")[..] else {
            panic!("{value:?}: {events:#?}");
        };
        let expected = json!([{"field": "tags", "now": "1 are gone or have another value"}]);
        assert_eq!(degraded["Detail"]["drift"], expected, "{degraded:#}");
        assert_eq!(counts(&next(&mut stage).await), (0, 0), "told again");
        by_hand(&stage, "team", Some("orders"));
        assert_eq!(counts(&next(&mut stage).await), (0, 1), "{value:?}");
        assert_eq!(counts(&next(&mut stage).await), (0, 0), "{value:?}");
    }
}

/// Who shares an endpoint has no tags on it; a change of a request that is alone on it puts its own there.
#[tokio::test(start_paused = true)]
async fn only_who_put_tags_there_misses_them() {
    let first = asked("metrics", json!({"team": "orders"}));
    let second = asked("other", json!({"team": "billing"}));
    let world = scenario::world("default");
    let mut stage = connected(Simulated::on(world), &[first.clone(), second]).await;
    assert_eq!(counts(&next(&mut stage).await), (0, 0));
    by_hand(&stage, "team", None);
    let events = next(&mut stage).await;
    let told = of_type(&events, "Degraded");
    let told: Vec<&Value> = told.iter().map(|one| &one["Detail"]["requestId"]).collect();
    assert_eq!(told, ["metrics"]);

    let removal = json!({"detail-type": "Private Connection Removal Requested", "detail": first});
    stage.remove(removal, None);
    stage.run().await;
    assert_eq!(counts(&next(&mut stage).await), (0, 0));
    let changed = asked("other", json!({"team": "reports"}));
    stage.start(
        json!({"detail-type": "Private Connection Change Requested", "detail": changed}),
        None,
    );
    let ended = stage.run().await.pop().unwrap();
    assert_connected(&ended, "another tag");
    assert_eq!(counts(&next(&mut stage).await), (0, 0));
    by_hand(&stage, "team", None);
    assert_eq!(counts(&next(&mut stage).await), (1, 0));
}
