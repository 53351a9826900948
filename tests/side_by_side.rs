//! Looks that do not need each other run side by side.

use std::time::Duration;

use serde_json::json;
use tests::{Simulated, invoke, request};
use tieline::workflow::{Function, NextState};
use tokio::time::Instant;
use world::scenario;

const CALL: Duration = Duration::from_millis(100);

#[tokio::test(start_paused = true)]
async fn preflight_takes_the_time_of_its_longest_chain_of_looks() {
    let simulated = Simulated::with_latency(scenario::world("default"), CALL);
    let payload = json!({
        "execution": {"id": "arn:aws:states:us-east-1:123456789012:execution:connect:1",
            "startedAt": "2026-09-01T09:00:00Z", "definition": 3},
        "input": request("aurora-dsql"),
    });
    let began = Instant::now();

    let answer = invoke(Function::Preflight, payload, &simulated)
        .await
        .unwrap();

    let (took, calls) = (began.elapsed(), simulated.world().calls().len());
    println!("preflight of aurora-dsql: {calls} calls of {CALL:?} each in {took:?}");
    assert_eq!(answer.next, NextState::Create);
    assert!(calls >= 10, "{calls} calls");
    assert!(took <= Duration::from_millis(600), "{took:?}");
}
