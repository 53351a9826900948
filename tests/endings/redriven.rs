//! Executions that a person has go on where they were stopped, long after. Nobody has cleaned up meanwhile, as where the event of their end
//! was lost; those that somebody has cleaned up after are among the proof's lives with names.

use std::time::Duration;

use serde_json::{Value, json};
use tests::{Stage, code, detail, everything, everything_now, request};
use world::gate::{Fault, FaultKind};
use world::{Service, scenario};

use crate::begun;

const DAY_AND_MORE: Duration = Duration::from_secs(30 * 3600);

/// The last one is stopped while it waits, after so many seconds or a little more, and redriven the day after. `is_out`: EC2 and DMS give
/// no answer in the minute that follows.
async fn redriven(stage: &mut Stage, seconds: u64, is_out: bool) {
    let number = stage.ended().len() - 1;
    stage.pass(Duration::from_secs(seconds)).await;
    while stage.ended()[number].states.last().expect("it has begun") != "Wait" {
        assert_eq!(stage.ended()[number].status, "RUNNING");
        stage.pass(Duration::from_secs(1)).await;
    }
    stage.end(number, "ABORTED", None);
    stage.pass(DAY_AND_MORE).await;
    for service in [Service::Ec2, Service::Dms] {
        let outage = Fault {
            seconds: Some(60.0),
            ..Fault::of(service, FaultKind::ErrorBeforeEffect)
        };
        if is_out {
            stage.outside().world().add_fault(outage);
        }
    }
    stage.redrive(number);
}

fn removal(request: &Value) -> Value {
    json!({"detail-type": "Private Connection Removal Requested", "detail": request})
}

/// What is still to be made takes its time in the same phase: an instance is there, and an endpoint and a test are not.
#[tokio::test(start_paused = true)]
async fn a_request_that_is_redriven_the_day_after_still_has_its_time() {
    for is_out in [false, true] {
        let mut stage = begun("default", request("dms-tidb-cloud"));
        redriven(&mut stage, 100, is_out).await;
        let ended = stage.run().await.remove(0);
        assert_eq!(code(&ended), "CONNECTED", "{is_out}: {:#}", detail(&ended));
    }
}

/// It had said that the endpoint is leaving, and had taken nothing yet.
#[tokio::test(start_paused = true)]
async fn a_removal_that_is_redriven_the_day_after_still_has_its_time() {
    let before = everything_now(&scenario::world("default"));
    for is_out in [false, true] {
        let request = request("aurora-dsql-minimal");
        let mut stage = begun("default", request.clone());
        stage.run().await;
        stage.remove(removal(&request), None);
        redriven(&mut stage, 100, is_out).await;
        let ended = stage.run().await.pop().unwrap();
        assert_eq!(code(&ended), "REMOVED", "{is_out}: {:#}", detail(&ended));
        let left = everything(&mut stage.outside().world());
        assert_eq!(left, before, "{is_out}");
    }
}
