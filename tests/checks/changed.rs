//! What was changed by hand and is sent as a change is put right, and told to have recovered only then.

use std::time::Duration;

use serde_json::{Value, json};
use tests::{Seen, Simulated, Stage, code, detail, request};
use world::model::groups::CreateSecurityGroup;
use world::model::tags::DeleteTags;
use world::scenario::{self, GROUP, SUBNETS, VPC};

use crate::{connected, counts, modify, next, of_type};

fn with_id(mut asked: Value, id: &str) -> Value {
    asked["requestId"] = json!(id);
    asked
}

/// A request that leaves its groups to Tieline.
fn without_groups(mut asked: Value) -> Value {
    let network = asked["network"].as_object_mut().unwrap();
    network.remove("securityGroupIds");
    asked
}

/// Sends the request as a change; the code of what comes of it, and its result.
async fn change(stage: &mut Stage, asked: &Value) -> (String, Value) {
    let event = json!({"detail-type": "Private Connection Change Requested", "detail": asked});
    stage.start(event, None);
    let ended = stage.run().await.pop().unwrap();
    let (code, detail) = (code(&ended).to_owned(), detail(&ended).clone());
    stage.pass(Duration::from_secs(60)).await;
    (code, detail)
}

/// Who was told to be degraded.
async fn degraded(stage: &mut Stage) -> Vec<String> {
    let events = next(stage).await;
    let told = of_type(&events, "Degraded").into_iter();
    let ids = told.map(|one| one["Detail"]["requestId"].as_str().unwrap().to_owned());
    ids.collect()
}

fn subnets(stage: &Stage) -> usize {
    let seen = Seen::now(&mut stage.outside().world());
    seen.ours()[0].subnet_ids.len()
}

fn groups(stage: &Stage) -> Vec<String> {
    let seen = Seen::now(&mut stage.outside().world());
    let groups = seen.ours()[0].groups.iter();
    groups.map(|group| group.group_id.clone()).collect()
}

/// A group of somebody's, for whom the endpoint is given.
fn another_group(stage: &Stage) -> String {
    let call = CreateSecurityGroup {
        group_name: "by-hand".to_owned(),
        description: "by hand".to_owned(),
        vpc_id: VPC.to_owned(),
        ..CreateSecurityGroup::default()
    };
    let mut world = stage.outside().world();
    let made = world.arrange(call).unwrap();
    world.advance(Duration::from_secs(60));
    made.group_id
}

/// Somebody gives the endpoint this group instead of those that it has.
fn swap_groups(stage: &Stage, group: &str) {
    let before = groups(stage);
    let swap = json!({"AddSecurityGroupId": [group], "RemoveSecurityGroupId": before});
    modify(&mut stage.outside().world(), swap);
    assert_eq!(groups(stage), [group]);
}

fn untag(stage: &Stage, id: &str, key: &str) {
    let call = json!({"ResourceId": [id], "Tag": [{"Key": key}]});
    let call: DeleteTags = serde_json::from_value(call).unwrap();
    let mut world = stage.outside().world();
    world.arrange(call).unwrap();
    world.advance(Duration::from_secs(60));
}

fn endpoint(stage: &Stage) -> String {
    let seen = Seen::now(&mut stage.outside().world());
    seen.ours()[0].vpc_endpoint_id.clone()
}

/// The value of a tag of the endpoint.
fn tag(stage: &Stage, key: &str) -> Option<String> {
    let seen = Seen::now(&mut stage.outside().world());
    let mut tags = seen.ours()[0].tags.iter();
    let tag = tags.find(|tag| tag.key == key)?;
    Some(tag.value.clone())
}

#[tokio::test(start_paused = true)]
async fn a_zone_that_the_request_does_not_name_comes_back_before_it_has_recovered() {
    let asked = request("aurora-dsql-minimal");
    let simulated = Simulated::on(scenario::world("default"));
    let mut stage = connected(simulated, std::slice::from_ref(&asked)).await;
    for is_clear in [true, false] {
        let taken = json!({"RemoveSubnetId": [SUBNETS[0]]});
        modify(&mut stage.outside().world(), taken);
        assert_eq!(degraded(&mut stage).await, ["orders-minimal"]);
        if !is_clear {
            // Two subnets could have it now.
            untag(&stage, SUBNETS[0], "tieline:endpoints");
            let (code, said) = change(&mut stage, &asked).await;
            assert_eq!(code, "SUBNETS_AMBIGUOUS", "{said:#}");
            let events = next(&mut stage).await;
            assert_eq!(counts(&events), (0, 0), "{events:#?}");
            return;
        }
        let (code, said) = change(&mut stage, &asked).await;
        assert_eq!(code, "CONNECTED", "{said:#}");
        assert_eq!(subnets(&stage), 3);
        assert_eq!(counts(&next(&mut stage).await), (0, 1));
        assert_eq!(counts(&next(&mut stage).await), (0, 0));
    }
}

/// Tags that somebody took: of an endpoint that others have as well, and those of the stack.
#[tokio::test(start_paused = true)]
async fn a_tag_that_was_there_comes_back_before_it_has_recovered() {
    let mut asked = request("aws-service-monitoring");
    asked["tags"] = json!({"team": "orders"});
    let mut other = with_id(asked.clone(), "other");
    other["tags"] = json!({"team": "billing", "stage": "prod"});
    for (key, is_shared) in [("team", true), ("CostCenter", true), ("CostCenter", false)] {
        let simulated = Simulated::on(scenario::world("default-tags"));
        let requests = [asked.clone(), other.clone()];
        let first = if is_shared { 2 } else { 1 };
        let mut stage = connected(simulated, &requests[..first]).await;
        assert_eq!(counts(&next(&mut stage).await), (0, 0));
        let before = tag(&stage, key);
        assert!(before.is_some(), "{key}");
        untag(&stage, &endpoint(&stage), key);
        assert_eq!(degraded(&mut stage).await, ["metrics"], "{key}");

        let (code, said) = change(&mut stage, &asked).await;
        assert_eq!(code, "CONNECTED", "{key}: {said:#}");
        let field = format!("tags.{key}");
        assert_eq!(said["changes"][0]["field"], *field, "{said:#}");
        assert_eq!(tag(&stage, key), before);
        assert_eq!(counts(&next(&mut stage).await), (0, 1), "{key}");
        untag(&stage, &endpoint(&stage), key);
        assert_eq!(degraded(&mut stage).await, ["metrics"], "{key}, again");
    }
}

/// What a request repeats is not confirmed anew: its mark says what it said.
#[tokio::test(start_paused = true)]
async fn who_repeats_a_request_confirms_nothing_that_was_changed_by_hand() {
    let asked = request("aurora-dsql-minimal");
    let simulated = Simulated::on(scenario::world("default"));
    let mut stage = connected(simulated, std::slice::from_ref(&asked)).await;
    let taken = json!({"RemoveSubnetId": [SUBNETS[1]]});
    modify(&mut stage.outside().world(), taken);
    assert_eq!(degraded(&mut stage).await, ["orders-minimal"]);
    stage.start(asked, None);
    let ended = stage.run().await.pop().unwrap();
    assert_eq!(code(&ended), "CONNECTED", "{:#}", detail(&ended));
    assert_eq!(counts(&next(&mut stage).await), (0, 0));
}

/// The group of our own, which all of them left to Tieline.
#[tokio::test(start_paused = true)]
async fn our_own_group_comes_back_to_a_shared_endpoint() {
    let first = request("aurora-dsql-minimal");
    let second = with_id(first.clone(), "other");
    let simulated = Simulated::on(scenario::world("default"));
    let mut stage = connected(simulated, &[first.clone(), second]).await;
    let own = groups(&stage);
    let another = another_group(&stage);
    swap_groups(&stage, &another);
    assert_eq!(degraded(&mut stage).await.len(), 2);
    let (code, said) = change(&mut stage, &first).await;
    assert_eq!(code, "CONNECTED", "{said:#}");
    assert_eq!(groups(&stage), own);
    assert_eq!(counts(&next(&mut stage).await), (0, 2));
    assert_eq!(counts(&next(&mut stage).await), (0, 0));
}

/// Who joined an endpoint with groups that another request names cannot say which these were; that one can.
#[tokio::test(start_paused = true)]
async fn groups_that_another_request_named_are_not_confirmed_as_others() {
    let first = request("aws-service-monitoring");
    let second = without_groups(with_id(first.clone(), "other"));
    let simulated = Simulated::on(scenario::world("default"));
    let mut stage = connected(simulated, &[first.clone(), second.clone()]).await;
    // Without drift it is no matter.
    let (code, said) = change(&mut stage, &second).await;
    assert_eq!(code, "CONNECTED", "{said:#}");
    let another = another_group(&stage);
    let added = json!({"AddSecurityGroupId": [another]});
    modify(&mut stage.outside().world(), added);
    assert_eq!(degraded(&mut stage).await.len(), 2);

    let (code, said) = change(&mut stage, &second).await;
    assert_eq!(code, "ENDPOINT_DIFFERS", "{said:#}");
    assert_eq!(said["stands"], true, "{said:#}");
    assert_eq!(counts(&next(&mut stage).await), (0, 0));
    let (code, said) = change(&mut stage, &first).await;
    assert_eq!(code, "CONNECTED", "{said:#}");
    assert_eq!(groups(&stage), [GROUP]);
    assert_eq!(counts(&next(&mut stage).await), (0, 2));
}

/// What nobody was confirmed on is not taken from those that share the endpoint; what one of them was, is.
#[tokio::test(start_paused = true)]
async fn what_came_by_hand_is_taken_back_from_a_shared_endpoint() {
    let mut first = request("aws-service-monitoring");
    first["network"]["subnetIds"] = json!(&SUBNETS[..2]);
    let second = with_id(first.clone(), "other");
    let with_policy = json!({"PolicyDocument": "{\"Statement\": []}"});
    for by_hand in [json!({"AddSubnetId": [SUBNETS[2]]}), with_policy] {
        let simulated = Simulated::on(scenario::world("default"));
        let mut stage = connected(simulated, &[first.clone(), second.clone()]).await;
        modify(&mut stage.outside().world(), by_hand.clone());
        assert_eq!(degraded(&mut stage).await.len(), 2, "{by_hand}");
        let (code, said) = change(&mut stage, &first).await;
        assert_eq!(code, "CONNECTED", "{by_hand}: {said:#}");
        assert_eq!(subnets(&stage), 2, "{by_hand}");
        assert_eq!(counts(&next(&mut stage).await), (0, 2), "{by_hand}");
    }
    // One that the other request has asked for since stays.
    let simulated = Simulated::on(scenario::world("default"));
    let mut stage = connected(simulated, &[first.clone(), second.clone()]).await;
    let mut more = second;
    more["network"]["subnetIds"] = json!(&SUBNETS[..3]);
    let (code, said) = change(&mut stage, &more).await;
    assert_eq!(code, "CONNECTED", "{said:#}");
    let (code, said) = change(&mut stage, &first).await;
    assert_eq!(code, "CHANGE_TAKES_FROM_OTHERS", "{said:#}");
    assert_eq!(subnets(&stage), 3);
}
