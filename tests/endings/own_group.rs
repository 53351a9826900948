//! The group of our own, which no request holds by a mark: whose it is when one fails that needed it as well.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::json;
use tests::{Simulated, Stage, code, detail, everything, everything_now, request};
use world::gate::{Fault, FaultKind};
use world::model::groups::CreateSecurityGroup;
use world::{World, scenario};

use crate::{SETTLE, begun, deletes};

/// How long EC2 takes no order for an endpoint, in seconds: whoever waits for it has nothing but the group.
const OUTAGE: f64 = 400.0;

fn tries_to_create(world: &World, outcome: &str) -> bool {
    let mut calls = world.calls().iter();
    calls.any(|call| call.action == "CreateVpcEndpoint" && call.outcome.contains(outcome))
}

fn outage(stage: &Stage) {
    let outage = Fault::on("CreateVpcEndpoint", FaultKind::ErrorBeforeEffect);
    stage.outside().world().add_fault(Fault {
        seconds: Some(OUTAGE),
        ..outage
    });
}

#[tokio::test(start_paused = true)]
async fn a_failure_leaves_the_group_to_an_equal_that_has_no_endpoint_yet() {
    let mut stage = begun("default", request("aurora-dsql-minimal"));
    outage(&stage);
    stage.start(request("aurora-dsql-minimal"), None);
    stage.pass(Duration::from_secs(30)).await;
    {
        let mut world = stage.outside().world();
        world.clear_faults();
        world.clear_calls();
        world.add_fault(Fault::once("CreateVpcEndpoint", FaultKind::AccessDenied));
    }
    let denied = |world: &mut World| tries_to_create(world, "UnauthorizedOperation");
    stage.until("a create that is refused", denied).await;
    outage(&stage);
    let ended = stage.run().await;

    let failed = ended.iter().position(|one| one.status == "FAILED").unwrap();
    let (failed, other) = (&ended[failed], &ended[1 - failed]);
    let what = format!("{} {}", detail(failed), detail(other));
    assert_eq!(code(failed), "PERMISSION_DENIED", "{what}");
    assert_eq!(code(other), "CONNECTED", "{what}");
    assert_eq!(deletes(&stage), 0, "{what}");
    // It was over before the other one, and says whose the group is.
    let behind = detail(failed)["leftBehind"].to_string();
    assert!(behind.contains("sg-"), "{what}");
    assert!(failed.seconds < other.seconds, "{what}");
}

/// What is left of a request that needs the group, and fails; and how many groups it removed.
async fn fails_at(mut world: World, action: &str) -> (BTreeSet<String>, usize) {
    world.add_fault(Fault::on(action, FaultKind::AccessDenied));
    let mut stage = Stage::on(Simulated::on(world));
    stage.start(request("aurora-dsql-minimal"), None);
    let ended = stage.run().await.remove(0);
    let said = detail(&ended);
    assert_eq!(code(&ended), "PERMISSION_DENIED", "{said}");
    assert_eq!(said["leftBehind"], json!([]), "{said}");
    let mut world = stage.outside().world();
    let removed = world
        .writes()
        .filter(|call| call.action == "DeleteSecurityGroup" && call.outcome == "ok");
    let removed = removed.count();
    (everything(&mut world), removed)
}

/// The group that comes so late has the name of the one that was made and removed meanwhile.
#[tokio::test(start_paused = true)]
async fn a_group_that_comes_late_is_removed_like_the_one_in_whose_place_it_comes() {
    for seconds in (20..=u32::try_from(SETTLE.as_secs()).unwrap()).step_by(4) {
        let mut world = scenario::world("default");
        let before = everything_now(&world);
        let late = FaultKind::LateEffect {
            seconds: seconds.into(),
        };
        world.add_fault(Fault::once("CreateSecurityGroup", late));
        let (left, removed) = fails_at(world, "CreateVpcEndpoint").await;
        assert_eq!((left, removed), (before, 2), "{seconds} s late");
    }
}

/// Under the name of the version before, none is made any more: it was there before, whenever it goes.
#[tokio::test(start_paused = true)]
async fn a_group_with_the_name_of_before_goes_as_well() {
    let names = ["tieline-dsql-fnh4-a6c281ff", "tieline-dsql-fnh4-4f21ba3c"];
    for order in [[0, 1], [1, 0]] {
        let mut world = scenario::world("default");
        let before = everything_now(&world);
        for number in order {
            let group: CreateSecurityGroup = serde_json::from_value(json!({
                "GroupName": names[number], "GroupDescription": "ours", "VpcId": scenario::VPC,
                "TagSpecification": [{
                    "ResourceType": "security-group", "Tag": [{"Key": "tieline:managed", "Value": "tieline"}],
                }],
            }))
            .unwrap();
            world.arrange(group).unwrap();
            world.advance(Duration::from_secs(60));
        }
        // An endpoint that was made goes once claims have settled, and so have late creates by then.
        let (left, removed) = fails_at(world, "ModifyVpcEndpoint").await;
        assert_eq!((left, removed), (before, 2), "{order:?}");
    }
}
