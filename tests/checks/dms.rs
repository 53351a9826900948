//! What confirmed connections have in AWS DMS: what is in a bad state or of another size is told once, and so is that it is again; a
//! state that passes is told only if it does not.

use std::time::Duration;

use serde_json::{Value, json};
use tests::{Simulated, Stage, assert_connected, code, detail, request, writes};
use world::gate::{Fault, FaultKind};
use world::model::dms::{
    DeleteConnection, DeleteEndpoint, InstanceOutlook, ModifyReplicationInstance,
};
use world::{World, scenario};

use crate::{check, counts, next, of_type};

/// A connection of AWS DMS's, and the ARN of its instance.
async fn migrating() -> (Stage, String) {
    let mut stage = Stage::on(Simulated::on(scenario::world("default")));
    stage.start(request("dms-tidb-cloud"), None);
    let ended = stage.run().await.pop().unwrap();
    assert_connected(&ended, "dms-tidb-cloud");
    let arn = &detail(&ended)["parts"]["dms-replication-instance"]["arn"];
    let arn = arn.as_str().unwrap().to_owned();
    stage.outside().world().clear_calls();
    (stage, arn)
}

/// What the inventory says of the instance and of the endpoint.
fn conditions(events: &[Value]) -> [String; 2] {
    let [page] = of_type(events, "Checked")[..] else {
        panic!("{events:#?}");
    };
    ["dms-replication-instance", "dms-endpoint"].map(|kind| {
        let mut things = page["Detail"]["things"].as_array().unwrap().iter();
        let thing = things.find(|one| one["kind"] == kind).unwrap();
        thing["condition"].as_str().unwrap().to_owned()
    })
}

/// The one field that is said not to be as it was, and what it is now.
fn drift(events: &[Value]) -> [String; 2] {
    let [degraded] = of_type(events, "Degraded")[..] else {
        panic!("{events:#?}");
    };
    let said = &degraded["Detail"];
    assert_eq!(said["requestId"], "legacy-load", "{said:#}");
    assert!(
        said["dmsEndpoint"].is_string() && said.get("endpointId").is_none(),
        "{said:#}"
    );
    let [drift] = &said["drift"].as_array().unwrap()[..] else {
        panic!("{said:#}");
    };
    ["field", "now"].map(|name| drift[name].as_str().unwrap().to_owned())
}

#[tokio::test(start_paused = true)]
async fn an_instance_in_a_bad_state_is_told_once_and_so_is_that_it_works() {
    let (mut stage, _) = migrating().await;
    assert_eq!(counts(&next(&mut stage).await), (0, 0));
    for round in 0..2 {
        let broken = InstanceOutlook::IncompatibleNetwork;
        stage.outside().world().turn_instances(broken);
        let events = next(&mut stage).await;
        assert_eq!(
            drift(&events),
            ["replicationInstance", "incompatible-network"]
        );
        assert_eq!(conditions(&events), ["degraded", "confirmed"]);
        for _ in 0..3 {
            let events = next(&mut stage).await;
            assert_eq!(counts(&events), (0, 0), "{round}: told again");
            assert_eq!(conditions(&events), ["degraded", "confirmed"]);
        }
        stage
            .outside()
            .world()
            .turn_instances(InstanceOutlook::Available);
        let events = next(&mut stage).await;
        assert_eq!(counts(&events), (0, 1), "{round}: {events:#?}");
        assert_eq!(conditions(&events), ["confirmed", "confirmed"]);
        assert_eq!(counts(&next(&mut stage).await), (0, 0), "{round}");
    }
    // Each was noted with one call, and nothing else was written.
    assert_eq!(writes(stage.outside()), ["AddTagsToResource"; 4]);
}

#[tokio::test(start_paused = true)]
async fn a_state_that_passes_is_told_only_if_it_lasts() {
    let (mut stage, _) = migrating().await;
    stage
        .outside()
        .world()
        .turn_instances(InstanceOutlook::NeverAvailable);
    for hour in 0..3 {
        let events = next(&mut stage).await;
        assert_eq!(counts(&events), (0, 0), "{hour}: {events:#?}");
        assert_eq!(conditions(&events), ["confirmed", "confirmed"]);
    }
    // That it was seen first is noted once.
    assert_eq!(writes(stage.outside()), ["AddTagsToResource"]);
    let events = next(&mut stage).await;
    let [field, now] = drift(&events);
    assert_eq!(field, "replicationInstance");
    assert!(now.starts_with("creating since 20"), "{now}");
    assert_eq!(counts(&next(&mut stage).await), (0, 0), "told again");

    stage
        .outside()
        .world()
        .turn_instances(InstanceOutlook::Available);
    assert_eq!(counts(&next(&mut stage).await), (0, 1));
    // The next time begins anew.
    stage
        .outside()
        .world()
        .turn_instances(InstanceOutlook::NeverAvailable);
    assert_eq!(counts(&next(&mut stage).await), (0, 0));
    stage
        .outside()
        .world()
        .turn_instances(InstanceOutlook::Available);
    assert_eq!(counts(&next(&mut stage).await), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn an_instance_that_becomes_another_one_by_hand_is_told_and_a_change_puts_it_back() {
    let (mut stage, arn) = migrating().await;
    let call = ModifyReplicationInstance {
        replication_instance_arn: arn,
        replication_instance_class: Some("dms.r6i.large".to_owned()),
        apply_immediately: Some(true),
        ..ModifyReplicationInstance::default()
    };
    stage.outside().world().arrange(call).unwrap();
    // Now it is `modifying`.
    assert_eq!(counts(&check(&mut stage).await), (0, 0));
    let events = next(&mut stage).await;
    assert_eq!(
        drift(&events),
        ["replicationInstance.class", "dms.r6i.large"]
    );
    assert_eq!(conditions(&events), ["degraded", "confirmed"]);
    assert_eq!(counts(&next(&mut stage).await), (0, 0), "told again");

    // An equal request takes nothing of it back, neither there nor in the mark.
    stage.start(request("dms-tidb-cloud"), None);
    let ended = stage.run().await.pop().unwrap();
    assert_connected(&ended, "an equal request");
    assert_eq!(counts(&next(&mut stage).await), (0, 0));

    let change = json!({"detail-type": "Private Connection Change Requested", "detail": request("dms-tidb-cloud")});
    stage.start(change, None);
    let ended = stage.run().await.pop().unwrap();
    assert_eq!(code(&ended), "CONNECTED", "{:#}", detail(&ended));
    assert_eq!(counts(&next(&mut stage).await), (0, 1));
    assert_eq!(counts(&next(&mut stage).await), (0, 0));
}

/// Somebody deletes the endpoint by hand, and before that the test that needs it.
fn delete_endpoint(stage: &Stage) {
    let mut world = stage.outside().world();
    let dms = world.state().dms;
    let endpoint_arn = dms.endpoints[0].endpoint_arn.clone();
    for test in dms.connections {
        let call = DeleteConnection {
            endpoint_arn: test.endpoint_arn,
            replication_instance_arn: test.replication_instance_arn,
        };
        world.arrange(call).unwrap();
    }
    world.advance(Duration::from_secs(600));
    world.arrange(DeleteEndpoint { endpoint_arn }).unwrap();
    world.advance(Duration::from_secs(600));
    assert_eq!(world.state().dms.endpoints.len(), 0);
}

/// What the inventory says of the instance, where there is no endpoint.
fn of_instance(events: &[Value]) -> String {
    let [page] = of_type(events, "Checked")[..] else {
        panic!("{events:#?}");
    };
    let [thing] = &page["Detail"]["things"].as_array().unwrap()[..] else {
        panic!("{page:#}");
    };
    assert_eq!(thing["kind"], "dms-replication-instance", "{thing:#}");
    thing["condition"].as_str().unwrap().to_owned()
}

/// The mark goes with the endpoint; the instance, which costs as before, says that there was one.
#[tokio::test(start_paused = true)]
async fn an_endpoint_that_is_deleted_by_hand_is_told_once_and_the_request_makes_it_anew() {
    let (mut stage, _) = migrating().await;
    assert_eq!(counts(&next(&mut stage).await), (0, 0));
    for round in 0..2 {
        delete_endpoint(&stage);
        // One look that does not show it is not enough.
        let events = next(&mut stage).await;
        assert_eq!(counts(&events), (0, 0), "{round}: {events:#?}");
        assert_eq!(of_instance(&events), "unheld", "{round}");
        let events = next(&mut stage).await;
        let [field, now] = drift(&events);
        assert_eq!(field, "state", "{round}");
        assert!(now.starts_with("it is gone since 20"), "{round}: {now}");
        let said = &of_type(&events, "Degraded")[0]["Detail"];
        let next_step = said["nextStep"].as_str().unwrap();
        assert!(next_step.contains("send the request again"), "{next_step}");
        assert_eq!(of_instance(&events), "degraded", "{round}");
        for _ in 0..2 {
            let events = next(&mut stage).await;
            assert_eq!(counts(&events), (0, 0), "{round}: told again");
            assert_eq!(of_instance(&events), "degraded", "{round}");
        }
        stage.start(request("dms-tidb-cloud"), None);
        let ended = stage.run().await.pop().unwrap();
        assert_connected(&ended, "the same once more");
        for _ in 0..2 {
            let events = next(&mut stage).await;
            assert_eq!(counts(&events), (0, 0), "{round}: {events:#?}");
            assert_eq!(conditions(&events), ["confirmed", "confirmed"], "{round}");
        }
    }
}

/// What DMS does not show for a moment is not gone, however often that happens.
#[tokio::test(start_paused = true)]
async fn an_endpoint_that_a_look_does_not_show_is_not_told() {
    let (mut stage, _) = migrating().await;
    for round in 0..3 {
        let unseen = Fault::on("DescribeEndpoints", FaultKind::Empty);
        stage.outside().world().add_fault(unseen);
        let events = next(&mut stage).await;
        assert_eq!(counts(&events), (0, 0), "{round}: {events:#?}");
        stage.outside().world().clear_faults();
        let events = next(&mut stage).await;
        assert_eq!(counts(&events), (0, 0), "{round}: {events:#?}");
        assert_eq!(conditions(&events), ["confirmed", "confirmed"], "{round}");
    }
}

/// What a stopped removal has half taken is not told: its endpoint is not missing.
#[tokio::test(start_paused = true)]
async fn an_endpoint_that_a_removal_took_is_not_missing() {
    let (mut stage, _) = migrating().await;
    let removal = json!({"detail-type": "Private Connection Removal Requested", "detail": request("dms-tidb-cloud")});
    stage.remove(removal, None);
    let is_taken = |world: &mut World| {
        let mut writes = world.writes();
        writes.any(|call| call.action == "DeleteEndpoint" && call.outcome == "ok")
    };
    stage.until("an endpoint that goes", is_taken).await;
    stage.end(1, "ABORTED", None);
    for _ in 0..3 {
        let events = next(&mut stage).await;
        assert_eq!(counts(&events), (0, 0), "{events:#?}");
    }
    assert_eq!(of_instance(&next(&mut stage).await), "unheld");
}

/// Nobody makes it any more: it is not for ever being made.
#[tokio::test(start_paused = true)]
async fn an_instance_whose_maker_has_ended_is_unheld() {
    let mut stage = Stage::on(Simulated::on(scenario::world("default")));
    stage.start(request("dms-tidb-cloud"), None);
    let is_made = |world: &mut World| {
        let mut writes = world.writes();
        writes.any(|call| call.action == "CreateReplicationInstance" && call.outcome == "ok")
    };
    stage.until("an instance", is_made).await;
    stage.pass(Duration::from_secs(30)).await;
    stage.check();
    while stage.ended()[1].status == "RUNNING" {
        stage.pass(Duration::from_secs(1)).await;
    }
    assert_eq!(of_instance(&stage.ended()[1].events), "being-made");
    stage.end(0, "ABORTED", None);
    assert_eq!(of_instance(&next(&mut stage).await), "unheld");
}
