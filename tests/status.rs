//! How a request stands, to whoever asks on the bus.

use std::time::Duration;

use serde_json::{Value, json};
use tests::{Simulated, Stage, code, detail, request, writes};
use world::scenario;

fn question(id: &str, region: &str) -> Value {
    json!({
        "version": "0", "id": "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9", "source": "me", "account": "123456789012",
        "time": "2026-09-01T09:00:00Z", "region": "us-east-1", "resources": [],
        "detail-type": "Private Connection Status Requested", "detail": {"requestId": id, "region": region},
    })
}

#[tokio::test(start_paused = true)]
async fn a_request_that_waits_for_a_person_says_so_to_whoever_asks() {
    let world = scenario::world("acceptance-after-hours");
    let mut stage = Stage::on(Simulated::on(world));
    let asked = request("endpoint-service");
    stage.start(asked.clone(), None);
    stage.pass(Duration::from_secs(3600)).await;
    let before = writes(stage.outside());
    let id = asked["requestId"].as_str().unwrap();
    stage.start(question(id, "us-east-1"), None);
    stage.pass(Duration::from_secs(60)).await;

    let told = detail(&stage.ended()[1]).clone();
    assert_eq!(told["code"], "STATUS", "{told:#}");
    assert_eq!(told["requestId"], id);
    let running = told["running"].as_array().unwrap();
    assert_eq!(running.len(), 1, "{told:#}");
    assert_eq!(running[0]["phase"], "accept");
    let seconds = running[0]["phaseSeconds"].as_u64().unwrap();
    assert!((3000..3700).contains(&seconds), "{told:#}");
    let waits = running[0]["waitingFor"].as_str().unwrap();
    assert!(waits.contains("owner to accept"), "{waits}");
    let endpoints = told["endpoints"].as_array().unwrap();
    assert_eq!(endpoints[0]["state"], "pendingAcceptance");
    assert_eq!(endpoints[0]["confirmed"], false);
    assert_eq!(endpoints[0]["id"], running[0]["endpointId"]);
    assert_eq!(writes(stage.outside()), before);
    assert_eq!(stage.ended()[1].status, "SUCCEEDED");

    let ended = stage.run().await;
    assert_eq!(code(&ended[0]), "CONNECTED");
}

#[tokio::test(start_paused = true)]
async fn what_is_connected_and_what_nobody_knows_is_told_apart() {
    let mut stage = Stage::on(Simulated::on(scenario::world("default")));
    let asked = request("aurora-dsql-minimal");
    stage.start(asked.clone(), None);
    stage.run().await;
    stage.start(
        question(asked["requestId"].as_str().unwrap(), "us-east-1"),
        None,
    );
    stage.start(question("never-heard-of", "us-east-1"), None);
    stage.start(question("x", "eu-west-1"), None);
    let ended = stage.run().await;

    let told = detail(&ended[1]);
    assert_eq!(told["running"], json!([]));
    assert_eq!(told["endpoints"][0]["confirmed"], true);
    let endpoint = &detail(&ended[0])["endpoint"];
    assert_eq!(told["endpoints"][0]["id"], endpoint["id"]);
    let unknown = detail(&ended[2]);
    assert_eq!(unknown["endpoints"], json!([]));
    assert!(
        unknown["message"]
            .as_str()
            .unwrap()
            .starts_with("nothing is known")
    );
    assert_eq!(code(&ended[3]), "REQUEST_INVALID");
}

/// A question that is aborted made nothing, and its end says nothing of the request that it is about.
#[tokio::test(start_paused = true)]
async fn the_end_of_a_question_starts_nothing() {
    let mut stage = Stage::on(Simulated::on(scenario::world("default")));
    let asked = request("aurora-dsql-minimal");
    stage.start(asked.clone(), None);
    stage.run().await;
    stage.start(
        question(asked["requestId"].as_str().unwrap(), "us-east-1"),
        None,
    );
    stage.pass(Duration::from_millis(50)).await;
    stage.abort();
    let change = stage.status_change(1);
    stage.start(change, None);
    let ended = stage.run().await;

    assert_eq!(ended[2].events, [json!(null); 0]);
    assert_eq!(ended[2].status, "SUCCEEDED");
}
