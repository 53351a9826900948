//! What confirmed connections have in AWS DMS: what is in a bad state or of another size is told once, and so is that it is again; a
//! state that passes is told only if it does not.

use serde_json::{Value, json};
use tests::{Simulated, Stage, assert_connected, code, detail, request, writes};
use world::model::dms::{InstanceOutlook, ModifyReplicationInstance};
use world::scenario;

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
