//! The caller's tags: on everything that is made, in the create call where there is one (CASES 6 and 18).

use serde_json::{Map, Value, json};
use tests::{Ended, Seen, Simulated, Stage, Wrong, assert_connected, detail, request, writes};
use world::model::interfaces::DescribeNetworkInterfaces;
use world::model::route53::ListTagsForResource;
use world::model::shapes::Tag;
use world::scenario;

fn monitoring(id: &str, tags: Value) -> Value {
    json!({
        "requestId": id, "region": "us-east-1", "tags": tags,
        "target": {"kind": "aws-service", "service": "monitoring"},
        "network": {"vpcId": scenario::VPC},
    })
}

async fn play(stage: &mut Stage, input: Value) -> Ended {
    stage.start(input, None);
    let ended = stage.run().await.pop().expect("an execution");
    assert_connected(&ended, "monitoring");
    ended
}

fn value<'t>(tags: &'t [Tag], key: &str) -> Option<&'t str> {
    let mut all = tags.iter();
    all.find(|tag| tag.key == key).map(|tag| tag.value.as_str())
}

/// The tags of each of our endpoint's network interfaces.
fn interfaces(outside: &Simulated) -> Vec<Vec<Tag>> {
    let mut world = outside.world();
    let ours = Seen::at_last(&mut world);
    let id = ours.ours()[0].vpc_endpoint_id.clone();
    let all = world
        .arrange(DescribeNetworkInterfaces::default())
        .expect("interfaces");
    let of_endpoint = |description: &str| description.ends_with(&id);
    let all = all.network_interfaces.into_iter();
    all.filter(|one| of_endpoint(&one.description))
        .map(|one| one.tags)
        .collect()
}

#[tokio::test(start_paused = true)]
async fn the_callers_tags_are_on_endpoint_group_and_network_interfaces() {
    let mut stage = Stage::on(Simulated::on(scenario::world("default")));
    play(&mut stage, monitoring("x", json!({"CostCenter": "42"}))).await;

    let outside = stage.outside().clone();
    let seen = Seen::at_last(&mut outside.world());
    assert_eq!(value(&seen.ours()[0].tags, "CostCenter"), Some("42"));
    assert_eq!(value(&seen.own_groups()[0].tags, "CostCenter"), Some("42"));
    // What an organization refuses without its tags has them from the first moment.
    for action in ["CreateVpcEndpoint", "CreateSecurityGroup"] {
        let world = outside.world();
        let call = world.writes().find(|call| call.action == action);
        let parameters = call.expect("a call").parameters.to_string();
        assert!(parameters.contains("CostCenter"), "{action}: {parameters}");
    }
    let interfaces = interfaces(&outside);
    assert_eq!(interfaces.len(), 4);
    for tags in interfaces {
        assert_eq!(value(&tags, "CostCenter"), Some("42"), "{tags:?}");
        assert_eq!(value(&tags, "tieline:managed"), Some("tieline"), "{tags:?}");
    }
}

/// Route 53 has room for ten tags on a zone, two of which are ours; it tags none as it makes one.
#[tokio::test(start_paused = true)]
async fn a_private_zone_has_the_callers_tags_as_far_as_there_is_room() {
    for (count, on_zone) in [(1, 1), (8, 8), (12, 8)] {
        let mut stage = Stage::on(Simulated::on(scenario::world("default")));
        let mut input = request("endpoint-service-private-zone");
        let tags: Map<String, Value> = (0..count)
            .map(|index| (format!("Key{index:02}"), json!("42")))
            .collect();
        input["tags"] = json!(tags);
        stage.start(input, None);
        let ended = stage.run().await.pop().expect("an execution");
        assert_connected(&ended, "a private zone");

        let warnings = detail(&ended)["warnings"].to_string();
        let is_told = warnings.contains("TAGS_LEFT_OUT") && warnings.contains("Key11");
        assert_eq!(is_told, count > 8, "{warnings}");
        let id = detail(&ended)["parts"]["private-zone"]["id"].as_str();
        let there = stage.outside().world().arrange(ListTagsForResource {
            resource_type: "hostedzone".to_owned(),
            resource_id: id.expect("an id").to_owned(),
        });
        let there = there.expect("tags").resource_tag_set.tags;
        let own = there.iter().filter(|tag| tag.key.starts_with("Key"));
        assert_eq!(own.count(), on_zone, "{there:?}");
    }
}

/// An endpoint that others use keeps the tags that it has, and so do its interfaces; the same request again writes nothing.
#[tokio::test(start_paused = true)]
async fn a_sharer_and_a_repetition_tag_no_network_interface() {
    let mut stage = Stage::on(Simulated::on(scenario::world("default")));
    let first = monitoring("x", json!({"CostCenter": "42"}));
    play(&mut stage, first.clone()).await;
    play(&mut stage, monitoring("y", json!({"CostCenter": "7"}))).await;

    let outside = stage.outside().clone();
    for tags in interfaces(&outside) {
        assert_eq!(value(&tags, "CostCenter"), Some("42"), "{tags:?}");
    }
    outside.world().clear_calls();
    play(&mut stage, first).await;
    assert_eq!(writes(&outside), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn without_tags_of_the_caller_network_interfaces_stay_as_they_are() {
    let mut stage = Stage::on(Simulated::on(scenario::world("default")));
    play(&mut stage, request("aws-service-monitoring")).await;

    let outside = stage.outside().clone();
    assert!(interfaces(&outside).iter().all(Vec::is_empty));
}

#[tokio::test(start_paused = true)]
async fn the_stacks_tags_are_on_all_that_is_made_and_on_nothing_that_is_there() {
    let mut stage = Stage::on(Simulated::on(scenario::world("default-tags")));
    play(&mut stage, monitoring("x", json!({"Team": "billing"}))).await;

    let outside = stage.outside().clone();
    let seen = Seen::at_last(&mut outside.world());
    for tags in [&seen.ours()[0].tags, &seen.own_groups()[0].tags] {
        assert_eq!(value(tags, "CostCenter"), Some("42"), "{tags:?}");
        assert_eq!(value(tags, "Team"), Some("billing"), "{tags:?}");
    }
    for tags in interfaces(&outside) {
        assert_eq!(value(&tags, "CostCenter"), Some("42"), "{tags:?}");
    }

    // One that was made before the stack had tags is read back as it is.
    let mut stage = Stage::on(Simulated::on(scenario::world("default")));
    let asked = monitoring("x", json!({}));
    play(&mut stage, asked.clone()).await;
    let outside = stage.outside().clone();
    outside.world().deploy_with("DefaultTags", "CostCenter=42");
    outside.world().clear_calls();
    stage.start_in(&outside.beside("tieline"), asked);
    let ended = stage.run().await.pop().expect("an execution");
    assert_connected(&ended, "monitoring");
    assert_eq!(writes(&outside), [""; 0]);
}

#[test]
fn wrong_variants_are_noticed() {
    let guard = the_callers_tags_are_on_endpoint_group_and_network_interfaces;
    assert!(Wrong::OnlyEndpointsAreTagged.is_noticed_by(guard));
}
