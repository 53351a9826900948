//! The vendors' targets through real parts: the functions' own HTTPS and SDK clients speak to the world's wires.

use std::time::Duration;

use crate::stage::{put, request, start};
use local::{Outcome, Settings, Stage};
use world::model::credentials::CANARY;

/// Longer than making a replication instance takes.
const LIMIT: Duration = Duration::from_secs(240);

const TARGETS: [&str; 7] = [
    "tidb-cloud-dedicated",
    "tidb-cloud-serverless",
    "tidb-cloud-to-confluent",
    "dms-tidb-cloud",
    "endpoint-service",
    "endpoint-service-private-zone",
    "aurora-dsql-private-zone",
];

/// Twice as fast as usual: what vendors and DMS make takes minutes.
fn fast() -> Settings {
    Settings {
        time_scale: 24.0,
        ..Settings::default()
    }
}

fn assert_clean(text: &str, what: &str) {
    assert!(!text.contains(CANARY), "a secret in {what}");
}

#[tokio::test]
async fn every_target_of_a_vendor_becomes_ready_and_no_secret_is_left_anywhere() {
    let mut stage = start(&fast()).await;
    let requests = TARGETS.map(request);
    let executions = put(&stage, &requests).await;

    for (name, execution) in TARGETS.iter().zip(&executions) {
        let Outcome { status, event } = stage.outcome(execution, LIMIT).await.expect("a result");
        assert_eq!(
            event["detail-type"], "Private Connection Ready",
            "{name}: {event}"
        );
        assert_eq!(status, "SUCCEEDED", "{name}");
        assert_clean(&event.to_string(), name);
        let history = stage.history(execution).await.expect("a history");
        assert!(history.len() > 10, "{name}: {} events", history.len());
        assert_clean(&serde_json::to_string(&history).expect("JSON"), name);
    }
    // Both services want to be accepted.
    assert_eq!(stage.notices().len(), 2, "{:?}", stage.notices());
    assert_no_secret_in_log_and_calls(&stage, "the step is done");
    stage.stop().await;
}

#[tokio::test]
async fn no_secret_is_left_where_a_vendor_fails() {
    for (scenario, name, code) in [
        (
            "tidb-key-refused",
            "tidb-cloud-dedicated",
            "CREDENTIALS_REFUSED",
        ),
        (
            "confluent-access-fails",
            "tidb-cloud-to-confluent",
            "PROVIDER_FAILED",
        ),
        ("dms-test-fails", "dms-tidb-cloud", "DMS_TEST_FAILED"),
    ] {
        let settings = Settings {
            scenario: scenario.to_owned(),
            ..fast()
        };
        let mut stage = start(&settings).await;
        let executions = put(&stage, &[request(name)]).await;
        let outcome = stage
            .outcome(&executions[0], LIMIT)
            .await
            .expect("a result");

        assert_eq!(outcome.event["detail"]["code"], code, "{}", outcome.event);
        assert_clean(&outcome.event.to_string(), scenario);
        let history = stage.history(&executions[0]).await.expect("a history");
        assert_clean(&serde_json::to_string(&history).expect("JSON"), scenario);
        assert_no_secret_in_log_and_calls(&stage, "execution");
        stage.stop().await;
    }
}

/// `word` is in the log, so that an empty one is noticed.
fn assert_no_secret_in_log_and_calls(stage: &Stage, word: &str) {
    let log = stage.log().expect("the functions' log");
    assert!(log.contains(word), "{log}");
    assert_clean(&log, "the functions' logs");
    let world = stage.world();
    let world = world.lock().expect("the world");
    let calls = serde_json::to_string(world.calls()).expect("JSON");
    assert_clean(&calls, "the calls");
}
