//! Who lets go of an endpoint that others hold says so on it, and may be stopped before it is opened again: whoever goes on does that.

use std::time::Duration;

use serde_json::{Value, json};
use tests::{Seen, Stage, code, detail, everything, request, writes};
use world::model::endpoints::VpcEndpoint;
use world::model::tags::DeleteTags;
use world::{World, scenario};

use crate::{by_id, connected, removal, remove, with_id};

/// The one endpoint of ours.
fn endpoint(stage: &Stage) -> VpcEndpoint {
    let seen = Seen::at_last(&mut stage.outside().world());
    let [one] = seen.ours()[..] else {
        panic!("{} endpoints", seen.ours().len());
    };
    one.clone()
}

fn tag<'e>(endpoint: &'e VpcEndpoint, key: &str) -> &'e str {
    let mut tags = endpoint.tags.iter();
    let tag = tags.find(|tag| tag.key == key);
    tag.map(|tag| tag.value.as_str()).unwrap_or_default()
}

const CLOSING: &str = "tieline:closing";

/// Lets everything run until a mark was taken away, and stops that execution then.
async fn stopped_once_a_mark_is_gone(stage: &mut Stage, number: usize) {
    stage.outside().world().clear_calls();
    let is_gone = |world: &mut World| {
        let mut writes = world.writes();
        writes.any(|call| call.action == "DeleteTags" && call.outcome == "ok")
    };
    stage.until("a mark that goes", is_gone).await;
    stage.end(number, "ABORTED", None);
    // Its last call is still under way.
    stage.pass(Duration::from_secs(20)).await;
    assert_ne!(tag(&endpoint(stage), CLOSING), "");
}

/// Two connections through one endpoint, and a removal of the first that was stopped once its mark was gone.
async fn let_go(asked: &dyn Fn(&Value) -> Value) -> (Stage, std::collections::BTreeSet<String>) {
    let first = request("aws-service-monitoring");
    let second = with_id(first.clone(), "other");
    let both = [first.clone(), second];
    let (mut stage, before) = connected(scenario::world("default"), &both).await;
    stage.remove(asked(&first), None);
    stopped_once_a_mark_is_gone(&mut stage, 2).await;
    assert_eq!(tag(&endpoint(&stage), "tieline:request/metrics"), "");
    (stage, before)
}

#[tokio::test(start_paused = true)]
async fn what_a_stopped_removal_let_go_of_is_opened_again_for_those_who_stay() {
    let whole: &dyn Fn(&Value) -> Value = &removal;
    let alone: &dyn Fn(&Value) -> Value = &|_| by_id("metrics");
    for (what, asked) in [("whole", whole), ("by id", alone)] {
        let (mut stage, before) = let_go(asked).await;
        let change = stage.status_change(2);
        let ended = remove(&mut stage, change).await;

        let said = detail(&ended);
        assert_eq!(code(&ended), "REMOVED", "{what}: {said:#}");
        assert_eq!(said["resultId"], "e-removal.result", "{what}");
        assert!(
            said["stays"].to_string().contains("other"),
            "{what}: {said:#}"
        );
        let there = endpoint(&stage);
        assert_eq!(tag(&there, CLOSING), "", "{what}: {:?}", there.tags);
        assert_ne!(tag(&there, "tieline:request/other"), "", "{what}");
        assert!(there.private_dns_enabled, "{what}");
        // Nobody but the last holder takes it away.
        assert!(!writes(stage.outside()).contains(&"DeleteVpcEndpoints".to_owned()));
        let second = with_id(request("aws-service-monitoring"), "other");
        let ended = remove(&mut stage, removal(&second)).await;
        assert_eq!(code(&ended), "REMOVED", "{what}: {:#}", detail(&ended));
        assert_eq!(everything(&mut stage.outside().world()), before, "{what}");
    }
}

/// The first asked again meanwhile, and got nothing: whoever goes on takes nothing, and opens it all the same.
#[tokio::test(start_paused = true)]
async fn what_was_let_go_of_is_opened_again_also_where_somebody_asked_since() {
    let (mut stage, _) = let_go(&removal).await;
    let mut again = request("aws-service-monitoring");
    again["network"]["subnetIds"] = json!(["subnet-0000000000000dead"]);
    stage.start(again, None);
    let refused = stage.run().await.pop().unwrap();
    assert_eq!(refused.status, "FAILED", "{:#}", detail(&refused));
    let change = stage.status_change(2);
    let ended = remove(&mut stage, change).await;

    assert_eq!(code(&ended), "EXECUTION_ENDED", "{:#}", detail(&ended));
    let there = endpoint(&stage);
    assert_eq!(tag(&there, CLOSING), "", "{:?}", there.tags);
    assert_ne!(tag(&there, "tieline:request/other"), "");
    assert!(there.private_dns_enabled);
}

/// The same where the zone with its names had gone: what is opened again is no connection, until a request has made it whole.
#[tokio::test(start_paused = true)]
async fn what_is_opened_again_stands_only_if_it_has_its_names() {
    for (has_gone, is_made_whole) in [(false, false), (true, false), (true, true)] {
        let request = request("endpoint-service-private-zone");
        let (mut stage, _) =
            connected(scenario::world("default"), std::slice::from_ref(&request)).await;
        stage.remove(removal(&request), None);
        let wanted = if has_gone {
            "DeleteHostedZone"
        } else {
            "CreateTags"
        };
        let is_written = |world: &mut World| {
            let mut writes = world.writes();
            writes.any(|call| call.action == wanted && call.outcome == "ok")
        };
        stage.until("a mark, or the zone to go", is_written).await;
        stage.end(1, "ABORTED", None);
        stage.pass(Duration::from_secs(5)).await;
        let mut again = request.clone();
        if !is_made_whole {
            again["network"]["subnetIds"] = json!(["subnet-0000000000000dead"]);
        }
        stage.start(again, None);
        stage.run().await;
        let change = stage.status_change(1);
        let ended = remove(&mut stage, change).await;

        let said = detail(&ended);
        assert_eq!(code(&ended), "EXECUTION_ENDED", "{said:#}");
        assert_eq!(said["stands"], !has_gone || is_made_whole, "{said:#}");
        assert_eq!(tag(&endpoint(&stage), CLOSING), "");
    }
}

/// Of two that leave in the same moment each sees the other: nobody holds it any more, and the last one's word for it is all that is left.
#[tokio::test(start_paused = true)]
async fn what_nobody_holds_any_more_goes_with_whoever_goes_on_for_the_last_one() {
    let (mut stage, before) = let_go(&removal).await;
    let id = endpoint(&stage).vpc_endpoint_id;
    let other = json!({"ResourceId": [id], "Tag": [{"Key": "tieline:request/other"}]});
    let other: DeleteTags = serde_json::from_value(other).unwrap();
    stage.outside().world().arrange(other).unwrap();
    stage.pass(Duration::from_secs(60)).await;
    let change = stage.status_change(2);
    let ended = remove(&mut stage, change).await;

    assert_eq!(code(&ended), "REMOVED", "{:#}", detail(&ended));
    assert_eq!(everything(&mut stage.outside().world()), before);
}

/// A request that was stopped once it had joined; whoever cleaned up after it was stopped as well, and the next one opens what that one had
/// let go of.
#[tokio::test(start_paused = true)]
async fn what_a_stopped_roll_back_let_go_of_is_opened_again() {
    let second = request("aws-service-monitoring");
    let first = with_id(second.clone(), "stopped");
    let there = std::slice::from_ref(&second);
    let (mut stage, _) = connected(scenario::world("default"), there).await;
    stage.start(first, None);
    let has_joined = |world: &mut World| {
        let mut writes = world.writes();
        writes.any(|call| call.action == "CreateTags" && call.outcome == "ok")
    };
    stage.until("its mark", has_joined).await;
    stage.end(1, "ABORTED", None);
    stage.pass(Duration::from_secs(20)).await;
    assert_ne!(tag(&endpoint(&stage), "tieline:request/stopped"), "");
    let change = stage.status_change(1);
    stage.start(change, None);
    stopped_once_a_mark_is_gone(&mut stage, 2).await;
    assert_eq!(tag(&endpoint(&stage), "tieline:request/stopped"), "");
    let change = stage.status_change(2);
    stage.start(change, None);
    let ended = stage.run().await.pop().unwrap();

    let said = detail(&ended);
    assert_eq!(code(&ended), "EXECUTION_ENDED", "{said:#}");
    assert_eq!(said["leftBehind"], json!([]), "{said:#}");
    let there = endpoint(&stage);
    assert_eq!(tag(&there, CLOSING), "", "{:?}", there.tags);
    assert_ne!(tag(&there, "tieline:request/metrics"), "");
    assert!(there.private_dns_enabled);
}
