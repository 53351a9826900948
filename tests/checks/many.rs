//! Checks where more executions run, or ended, than one step may look at.

use std::time::Duration;

use serde_json::json;
use tests::{MANY, Simulated, Stage, YOUNG, crowd, request, waiting};
use world::{World, scenario};

use crate::{HOUR, check, connected, counts, modify, next, of_type};

async fn begun() -> Stage {
    let asked = request("aurora-dsql");
    connected(Simulated::on(scenario::world("default")), &[asked]).await
}

fn end_all(world: &mut World, arns: &[String], status: &str, error: Option<&str>) {
    for arn in arns {
        world.end_execution(arn, status, error);
    }
}

/// Drift is told, unless one of them works on the connection: then it is told once that one has ended.
#[tokio::test(start_paused = true)]
async fn what_is_not_as_it_was_is_told_while_hundreds_run() {
    for works_on_it in [false, true] {
        let mut stage = begun().await;
        let own = request("aurora-dsql");
        let asked = |number| match number {
            YOUNG if works_on_it => own.clone(),
            other => waiting(other),
        };
        let arns = crowd(&mut stage.outside().world(), "connect", MANY, asked);
        stage.pass(HOUR).await;
        modify(
            &mut stage.outside().world(),
            json!({"PrivateDnsEnabled": "false"}),
        );
        stage.outside().world().clear_calls();
        let events = next(&mut stage).await;
        assert_eq!(
            counts(&events),
            (usize::from(!works_on_it), 0),
            "{events:#?}"
        );
        let page = &of_type(&events, "Checked")[0]["Detail"];
        assert_eq!(page["notLookedAt"], json!([]), "{page:#}");
        let looks = {
            let world = stage.outside().world();
            let calls = world.calls().iter();
            calls
                .filter(|call| call.action == "DescribeExecution")
                .count()
        };
        assert!((MANY..MANY + 20).contains(&looks), "{looks}");

        end_all(
            &mut stage.outside().world(),
            &arns[YOUNG..=YOUNG],
            "SUCCEEDED",
            None,
        );
        let events = next(&mut stage).await;
        assert_eq!(
            counts(&events),
            (usize::from(works_on_it), 0),
            "{events:#?}"
        );
    }
}

/// Hundreds wait, hundreds have failed before it and hundreds came and went after it: the end that nobody heard of is told, unless one of
/// these has cleaned up after it.
#[tokio::test(start_paused = true)]
async fn an_end_is_heard_of_among_hundreds() {
    for is_heard in [false, true] {
        let mut stage = begun().await;
        crowd(&mut stage.outside().world(), "connect", MANY, waiting);
        stage.pass(HOUR).await;
        assert_eq!(
            of_type(&check(&mut stage).await, "Execution Ended").len(),
            0
        );
        stage.pass(Duration::from_secs(1800)).await;
        {
            let mut world = stage.outside().world();
            let failed = crowd(&mut world, "connect", MANY, waiting);
            end_all(&mut world, &failed, "FAILED", Some("REQUEST_INVALID"));
        }
        stage.start(request("endpoint-service"), None);
        stage.pass(Duration::from_secs(30)).await;
        let number = stage.ended().len() - 1;
        stage.end(number, "ABORTED", None);
        let change = stage.status_change(number);
        stage.pass(Duration::from_secs(5)).await;
        {
            let mut world = stage.outside().world();
            let asked = |number| match number {
                YOUNG if is_heard => change.clone(),
                other => waiting(other),
            };
            let done = crowd(&mut world, "connect", MANY, asked);
            end_all(&mut world, &done, "SUCCEEDED", None);
        }
        let events = next(&mut stage).await;
        let told = of_type(&events, "Execution Ended");
        assert_eq!(told.len(), usize::from(!is_heard), "{told:#?}");
        for one in told {
            let arn = &change["detail"]["executionArn"];
            assert_eq!(&one["Detail"]["executionArn"], arn);
        }
        assert_eq!(of_type(&events, "Checked").len(), 1);
        assert_eq!(of_type(&next(&mut stage).await, "Execution Ended").len(), 0);
    }
}

/// Hundreds ended at once, and nobody heard of any: each is told, and told once.
#[tokio::test(start_paused = true)]
async fn hundreds_of_ends_are_each_told_once() {
    let mut stage = begun().await;
    assert_eq!(
        of_type(&check(&mut stage).await, "Execution Ended").len(),
        0
    );
    stage.pass(HOUR).await;
    let arns = {
        let mut world = stage.outside().world();
        let arns = crowd(&mut world, "connect", MANY, waiting);
        end_all(&mut world, &arns, "ABORTED", None);
        arns
    };
    let events = next(&mut stage).await;
    let told = of_type(&events, "Execution Ended").into_iter();
    let told = told.map(|one| one["Detail"]["executionArn"].as_str().unwrap());
    let mut told: Vec<&str> = told.collect();
    told.sort_unstable();
    assert_eq!(told, arns.iter().map(String::as_str).collect::<Vec<_>>());
}
