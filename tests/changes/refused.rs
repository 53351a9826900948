//! Changes that are refused: what cannot become another one in place, and what others would lose by.

use serde_json::json;
use tests::{Simulated, code, detail, request, writes};
use world::scenario;
use world::scenario::SUBNETS;

use crate::{change, connected, with, with_id};

#[tokio::test(start_paused = true)]
async fn what_cannot_be_changed_in_place_is_refused_with_the_way_to_do_it() {
    let request_of = |name: &str| request(name);
    let monitoring = request("aws-service-monitoring");
    let zone = request("endpoint-service-private-zone");
    let cases = [
        (
            "NOTHING_TO_CHANGE",
            monitoring.clone(),
            with_id(monitoring.clone(), "other"),
        ),
        (
            "CHANGE_NOT_IN_PLACE",
            monitoring.clone(),
            with(monitoring.clone(), "/target/service", json!("sts")),
        ),
        (
            "CHANGE_NOT_IN_PLACE",
            zone.clone(),
            with(zone, "/target/privateZone/name", json!("other.example.com")),
        ),
        (
            "CHANGE_NOT_IN_PLACE",
            request_of("tidb-cloud-to-confluent"),
            request_of("tidb-cloud-to-confluent"),
        ),
        (
            "CHANGE_NOT_IN_PLACE",
            request_of("dms-tidb-cloud"),
            with(
                request_of("dms-tidb-cloud"),
                "/target/migrationType",
                json!("full-load"),
            ),
        ),
        (
            "SUBNET_NOT_FOUND",
            monitoring.clone(),
            with(
                monitoring,
                "/network/subnetIds",
                json!(["subnet-00000000000000000"]),
            ),
        ),
    ];
    for (expected, before, after) in cases {
        let simulated = Simulated::on(scenario::world("default"));
        let (mut stage, _) = connected(simulated, std::slice::from_ref(&before)).await;
        stage.start(change(&after), None);
        let ended = stage.run().await.pop().unwrap();

        let said = detail(&ended);
        assert_eq!(code(&ended), expected, "{said:#}");
        assert_eq!(writes(stage.outside()), [""; 0], "{expected}");
        let fix = said["nextStep"].as_str().unwrap();
        assert!(!fix.is_empty(), "{said:#}");
        if expected == "CHANGE_NOT_IN_PLACE" && !before["network"].is_null() {
            assert_eq!(said["stands"], true, "{said:#}");
        }
    }
}

/// What others have is not taken; what is added is theirs as well.
#[tokio::test(start_paused = true)]
async fn others_keep_what_they_have() {
    let first = with(
        request("aws-service-monitoring"),
        "/network/subnetIds",
        json!(&SUBNETS[..2]),
    );
    let second = with_id(first.clone(), "other");
    let less = [
        with(first.clone(), "/network/subnetIds", json!(&SUBNETS[..1])),
        with(first.clone(), "/privateDns", json!(false)),
        with(
            first.clone(),
            "/policy",
            json!({"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}]}),
        ),
    ];
    for after in less {
        let simulated = Simulated::on(scenario::world("default"));
        let (mut stage, _) = connected(simulated, &[first.clone(), second.clone()]).await;
        stage.start(change(&after), None);
        let ended = stage.run().await.pop().unwrap();
        let said = detail(&ended);
        assert_eq!(code(&ended), "CHANGE_TAKES_FROM_OTHERS", "{said:#}");
        assert!(
            said["message"].as_str().unwrap().contains("for other"),
            "{said:#}"
        );
        assert_eq!(said["stands"], true);
        assert_eq!(writes(stage.outside()), [""; 0]);
    }
    let more = with(first.clone(), "/network/subnetIds", json!(&SUBNETS[..3]));
    let simulated = Simulated::on(scenario::world("default"));
    let (mut stage, _) = connected(simulated, &[first.clone(), second.clone()]).await;
    stage.start(change(&more), None);
    let ended = stage.run().await.pop().unwrap();
    assert_eq!(code(&ended), "CONNECTED", "{:#}", detail(&ended));
    stage.start(second, None);
    let again = stage.run().await.pop().unwrap();
    assert_eq!(code(&again), "CONNECTED", "{:#}", detail(&again));
}
