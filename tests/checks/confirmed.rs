//! What is written as confirmed is what was ordered, also where EC2 answers from before.

use serde_json::Value;
use tests::{Simulated, Stage, assert_connected, request};
use world::gate::{Fault, FaultKind};
use world::scenario;

use crate::{HOUR, check, counts};

/// These requests and changes, one after the other. EC2 answers the last one's look of this number from before its last order.
async fn played(events: &[Value], stale: Option<u32>) -> Stage {
    let mut stage = Stage::on(Simulated::on(scenario::world("default")));
    for (at, event) in events.iter().enumerate() {
        stage.outside().world().clear_calls();
        if let Some(nth) = stale.filter(|_| at + 1 == events.len()) {
            let fault = Fault::nth("DescribeVpcEndpoints", nth, FaultKind::Stale);
            stage.outside().world().add_fault(fault);
        }
        stage.start(event.clone(), None);
        let ended = stage.run().await.pop().unwrap();
        assert_connected(&ended, &event.to_string());
    }
    stage
}

/// Which look is that of the confirmation: the last one before tags are written, which comes after all that is ordered.
fn confirmation(stage: &Stage) -> u32 {
    let world = stage.outside().world();
    let calls = world.calls();
    let is = |at: &usize, action: &str| calls[*at].action == action;
    let all = 0..calls.len();
    let ordered = all.clone().rfind(|at| is(at, "ModifyVpcEndpoint")).unwrap();
    let written = all.clone().find(|at| *at > ordered && is(at, "CreateTags"));
    let looks = (0..written.unwrap()).filter(|at| is(at, "DescribeVpcEndpoints"));
    u32::try_from(looks.count()).unwrap()
}

/// How often the last one confirmed.
fn confirms(stage: &Stage) -> usize {
    let ended = stage.ended().pop().unwrap();
    let invoked = ended.invoked.iter();
    invoked
        .filter(|state| *state == "Confirm the connection")
        .count()
}

/// Names that a request turned on, and a subnet that a change added.
#[tokio::test(start_paused = true)]
async fn a_look_from_before_is_not_written_as_confirmed() {
    let asked = request("aurora-dsql");
    let changed = tests::json("events/changes/aurora-dsql-third-zone.json");
    for events in [vec![asked.clone()], vec![asked, changed]] {
        let calm = played(&events, None).await;
        let mut stage = played(&events, Some(confirmation(&calm))).await;

        let what = events.len();
        let stale = {
            let world = stage.outside().world();
            let calls = world.calls().iter();
            calls.filter(|call| call.outcome == "(as it was)").count()
        };
        assert_eq!(stale, 1, "{what}");
        let times = confirms(&stage);
        stage.pass(HOUR).await;
        let events = check(&mut stage).await;
        assert_eq!(counts(&events), (0, 0), "{what}: {events:#?}");
        // It was that look, and waited for the next one.
        assert!(times > confirms(&calm), "{what}");
    }
}
