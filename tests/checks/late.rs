//! Ends that nobody heard of, and a check that comes late.

use std::time::Duration;

use serde_json::{Value, json};
use tests::{Seen, Simulated, Stage, code, detail, request};
use world::gate::{Fault, FaultKind};
use world::scenario;

use crate::{HOUR, check, connected, of_type};

const DAY: Duration = Duration::from_secs(86_400);

async fn begun() -> Stage {
    let asked = request("aurora-dsql");
    connected(Simulated::on(scenario::world("default")), &[asked]).await
}

/// A request that waits for its owner is stopped, and nobody hears of it.
async fn stopped(stage: &mut Stage) -> usize {
    stage.start(request("endpoint-service"), None);
    stage.pass(Duration::from_secs(30)).await;
    let number = stage.ended().len() - 1;
    stage.end(number, "ABORTED", None);
    number
}

/// What a check tells of ends.
fn ends(events: &[Value]) -> Vec<Value> {
    let told = of_type(events, "Execution Ended").into_iter();
    let told =
        told.map(|event| json!({"detail-type": event["DetailType"], "detail": event["Detail"]}));
    told.collect()
}

/// The bus has the machine clean up.
async fn cleaned_up(stage: &mut Stage, told: &[Value]) {
    let [told] = told else {
        panic!("{told:#?}");
    };
    stage.start(told.clone(), None);
    let ended = stage.run().await.pop().unwrap();
    assert_eq!(code(&ended), "EXECUTION_ENDED", "{:#}", detail(&ended));
    let seen = Seen::at_last(&mut stage.outside().world());
    assert_eq!(seen.ours().len(), 1, "{:?}", seen.ours());
}

/// However rare checks are: each looks at everything since the one before.
#[tokio::test(start_paused = true)]
async fn an_end_is_heard_of_however_late_the_next_check_comes() {
    for days in [2, 6, 30] {
        let mut stage = begun().await;
        assert_eq!(ends(&check(&mut stage).await), [Value::Null; 0], "{days}");
        stage.pass(HOUR).await;
        stopped(&mut stage).await;
        stage.pass(days * DAY).await;
        let told = ends(&check(&mut stage).await);
        cleaned_up(&mut stage, &told).await;
        stage.pass(days * DAY).await;
        assert_eq!(ends(&check(&mut stage).await), [Value::Null; 0], "{days}");
    }
}

/// Checks that fail for days look at what the next one that succeeds looks at as well, which tells what has been cleaned up after by then
/// to nobody.
#[tokio::test(start_paused = true)]
async fn an_end_is_heard_of_after_days_of_checks_that_fail() {
    for is_heard in [false, true] {
        let mut stage = begun().await;
        assert_eq!(ends(&check(&mut stage).await), [Value::Null; 0]);
        stage.pass(HOUR).await;
        let number = stopped(&mut stage).await;
        if is_heard {
            let change = stage.status_change(number);
            cleaned_up(&mut stage, &[change]).await;
        }
        let out = Fault::on("DescribeVpcEndpoints", FaultKind::AccessDenied);
        stage.outside().world().add_fault(out);
        for _ in 0..3 {
            stage.check();
            let ended = stage.run().await.pop().unwrap();
            assert_eq!(ended.status, "FAILED", "{ended:#?}");
            stage.pass(DAY).await;
        }
        stage.outside().world().clear_faults();
        let told = ends(&check(&mut stage).await);
        match is_heard {
            true => assert_eq!(told, [Value::Null; 0]),
            false => cleaned_up(&mut stage, &told).await,
        }
    }
}

/// The first check of a stack looks back as far as an execution may last.
#[tokio::test(start_paused = true)]
async fn the_first_check_hears_of_what_ended_days_ago() {
    let mut stage = begun().await;
    stopped(&mut stage).await;
    stage.pass(4 * DAY).await;
    let told = ends(&check(&mut stage).await);
    cleaned_up(&mut stage, &told).await;
}

/// A check leaves an end to the cleanup that runs; that is stopped as well, and nobody hears of it.
#[tokio::test(start_paused = true)]
async fn a_cleanup_that_ends_unheard_is_gone_on_with() {
    let mut stage = begun().await;
    assert_eq!(ends(&check(&mut stage).await), [Value::Null; 0]);
    stage.pass(HOUR).await;
    let number = stopped(&mut stage).await;
    let change = stage.status_change(number);
    stage.pass(HOUR).await;
    stage.start(change, None);
    stage.check();
    stage.pass(Duration::from_secs(20)).await;
    let all = stage.ended();
    let [.., cleanup, look] = &all[..] else {
        panic!("{all:#?}");
    };
    assert_eq!((cleanup.status, look.status), ("RUNNING", "SUCCEEDED"));
    assert_eq!(ends(&look.events), [Value::Null; 0]);
    stage.end(all.len() - 2, "ABORTED", None);
    stage.pass(HOUR).await;

    let told = ends(&check(&mut stage).await);
    // Not as one that had begun to take something.
    assert_eq!(told[0]["detail"]["left"], Value::Null, "{told:#?}");
    cleaned_up(&mut stage, &told).await;
    stage.pass(HOUR).await;
    assert_eq!(ends(&check(&mut stage).await), [Value::Null; 0]);
}
