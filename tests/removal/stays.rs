//! What stays of a connection that goes is said, and whose it is.

use serde_json::{Value, json};
use tests::{code, detail, request};
use world::model::confluent::accesses::{
    CreatePrivateLinkAccess, NewAccess, UpdatePrivateLinkAccess,
};
use world::scenario;

use crate::{connected, removal, remove, with_id};

/// What a result says stays, in one text.
fn stays(said: &Value) -> String {
    said["stays"].to_string()
}

#[tokio::test(start_paused = true)]
async fn an_access_that_was_adopted_is_said_to_stay() {
    let first = request("tidb-cloud-to-confluent");
    let (mut stage, before) =
        connected(scenario::world("default"), std::slice::from_ref(&first)).await;
    let account = stage.outside().world().state().accesses[0]
        .spec
        .cloud
        .account
        .clone();
    let ended = remove(&mut stage, removal(&first)).await;
    assert_eq!(code(&ended), "REMOVED", "{:#}", detail(&ended));
    assert_eq!(tests::everything(&mut stage.outside().world()), before);
    // The same, made by somebody else.
    let spec = json!({
        "display_name": "by hand", "cloud": {"kind": "AwsPrivateLinkAccess", "account": account},
        "environment": {"id": first["target"]["confluent"]["environmentId"]},
        "network": {"id": first["target"]["confluent"]["networkId"]},
    });
    let spec: NewAccess = serde_json::from_value(spec).unwrap();
    let by_hand = stage
        .outside()
        .world()
        .arrange(CreatePrivateLinkAccess { spec });
    let by_hand = by_hand.unwrap().id;
    let before = tests::everything(&mut stage.outside().world());
    let mut second = with_id(first, "adopting");
    second["adopt"] = json!(true);
    stage.start(second.clone(), None);
    let ended = stage.run().await.pop().unwrap();
    assert_eq!(code(&ended), "CONNECTED", "{:#}", detail(&ended));
    let ended = remove(&mut stage, removal(&second)).await;

    let said = detail(&ended);
    assert_eq!(code(&ended), "REMOVED", "{said:#}");
    assert!(
        stays(said).contains("PrivateLink Access") && stays(said).contains("it is not ours"),
        "{said:#}"
    );
    assert_eq!(tests::everything(&mut stage.outside().world()), before);
    let there = stage.outside().world().state().accesses;
    assert!(there.iter().any(|one| one.id == by_hand));
}

/// Its name was the mark that it had.
#[tokio::test(start_paused = true)]
async fn an_access_that_got_another_name_is_said_to_stay() {
    let request = request("tidb-cloud-to-confluent");
    let (mut stage, _) =
        connected(scenario::world("default"), std::slice::from_ref(&request)).await;
    let id = stage.outside().world().state().accesses[0].id.clone();
    let spec = json!({
        "display_name": "streams",
        "environment": {"id": request["target"]["confluent"]["environmentId"]},
    });
    let spec: NewAccess = serde_json::from_value(spec).unwrap();
    let renamed = UpdatePrivateLinkAccess {
        id: id.clone(),
        spec,
    };
    stage.outside().world().arrange(renamed).unwrap();
    let ended = remove(&mut stage, removal(&request)).await;

    let said = detail(&ended);
    assert_eq!(code(&ended), "REMOVED", "{said:#}");
    assert!(
        stays(said).contains("PrivateLink Access") && stays(said).contains("not this request's"),
        "{said:#}"
    );
    let there = stage.outside().world().state().accesses;
    assert!(there.iter().any(|one| one.id == id));
}

/// Whoever shares an endpoint shares its registration.
#[tokio::test(start_paused = true)]
async fn a_registration_that_others_need_is_said_to_stay() {
    let first = request("tidb-cloud-dedicated");
    let both = [first.clone(), with_id(first.clone(), "other")];
    let (mut stage, _) = connected(scenario::world("default"), &both).await;
    let ended = remove(&mut stage, removal(&first)).await;

    let said = detail(&ended);
    assert_eq!(code(&ended), "REMOVED", "{said:#}");
    let all = said["stays"].as_array().unwrap().iter();
    let told: Vec<&str> = all.filter_map(Value::as_str).collect();
    let registration = told.iter().find(|one| one.contains("TiDB Cloud cluster"));
    assert!(
        registration.is_some_and(|one| one.contains("for other")),
        "{said:#}"
    );
}
