//! What others do by hand to what a zone of ours leads to, and to the zone.

use std::time::Duration;

use serde_json::{Value, json};
use tests::{Seen, Simulated, Stage, code, detail, request, writes};
use world::gate::{Fault, FaultKind};
use world::model::endpoints::DeleteVpcEndpoints;
use world::model::route53::{
    Change, ChangeBatch, ChangeResourceRecordSets, GetChange, ResourceRecord, ResourceRecordSet,
    UpdateHostedZoneComment,
};
use world::scenario::{self, VPC};

use crate::{another_warehouse, problems};

/// A name beside the sample's, in the same zone and through another endpoint.
fn beside() -> Value {
    let mut other = another_warehouse();
    other["target"]["privateZone"]["records"] = json!({"db2": "regional"});
    other
}

async fn connect(stage: &mut Stage, input: Value) -> Value {
    stage.start(input, None);
    let ended = stage.run().await.pop().unwrap();
    assert_eq!(code(&ended), "CONNECTED", "{:#}", detail(&ended));
    detail(&ended).clone()
}

fn resolves(stage: &Stage, name: &str) -> bool {
    let name = format!("{name}.warehouse.partner.example.com");
    !stage.outside().world().resolve(VPC, &name).is_empty()
}

/// What is missing is made again: a name that leads to an endpoint which is no more belongs to nobody, also as long as others hold the zone.
#[tokio::test(start_paused = true)]
async fn a_name_that_leads_to_an_endpoint_that_is_gone_is_led_to_the_new_one() {
    // EC2 shows it as deleted, or nothing of it any more.
    for seconds in [60, 900] {
        let mut stage = Stage::on(Simulated::on(scenario::world("default")));
        let first = request("endpoint-service-private-zone");
        let made = connect(&mut stage, first.clone()).await;
        connect(&mut stage, beside()).await;
        let id = made["endpoint"]["id"].as_str().unwrap().to_owned();
        let call = DeleteVpcEndpoints {
            vpc_endpoint_ids: vec![id.clone()],
            ..DeleteVpcEndpoints::default()
        };
        stage.outside().world().arrange(call).unwrap();
        stage.pass(Duration::from_secs(seconds)).await;

        let made = connect(&mut stage, first).await;
        assert_ne!(made["endpoint"]["id"], id.as_str(), "{seconds}");
        assert!(
            resolves(&stage, "db") && resolves(&stage, "db2"),
            "{seconds}"
        );
        assert_eq!(Seen::at_last(&mut stage.outside().world()).ours().len(), 2);
    }
}

/// One look that shows nothing of an endpoint is no reason to take its name for nobody's.
#[tokio::test(start_paused = true)]
async fn an_endpoint_that_one_look_does_not_show_keeps_its_name() {
    let mut third = another_warehouse();
    third["requestId"] = json!("third-warehouse");
    third["target"]["service"] = json!(scenario::VENDOR_NAMELESS);
    third["target"]["privateZone"]["records"] = json!({"db": "regional"});
    for nth in 1..=12 {
        let mut stage = Stage::on(Simulated::on(scenario::world("default")));
        connect(&mut stage, beside()).await;
        // Of what comes from here on, that look shows nothing.
        let fault = Fault {
            after: Some("GetChange".to_owned()),
            ..Fault::nth("DescribeVpcEndpoints", nth, FaultKind::Empty)
        };
        stage.outside().world().add_fault(fault);
        connect(&mut stage, request("endpoint-service-private-zone")).await;
        {
            let mut world = stage.outside().world();
            world.call(GetChange::default()).unwrap_err();
            world.clear_calls();
        }
        stage.start(third.clone(), None);
        let ended = stage.run().await.pop().unwrap();

        let codes: Vec<&str> = problems(&ended).collect();
        assert!(codes.contains(&"PRIVATE_ZONE_TAKEN"), "{nth}: {codes:?}");
        assert_eq!(writes(stage.outside()), [""; 0], "{nth}");
        assert!(resolves(&stage, "db"), "{nth}");
    }
}

const ELSEWHERE: &str =
    "vpce-0bbbbbbbbbbbbbbbb-bbbbbbbb.vpce-svc-0bbbbbbbbbbbbbbbb.us-east-1.vpce.amazonaws.com";

/// Somebody leads a name in our zone to an endpoint of another account, in the very form in which names are written here.
fn lead_elsewhere(stage: &Stage, zone: &str) {
    let record = ResourceRecord {
        value: ELSEWHERE.to_owned(),
    };
    let by_hand = ChangeResourceRecordSets {
        hosted_zone_id: zone.to_owned(),
        change_batch: ChangeBatch {
            changes: vec![Change {
                action: "UPSERT".to_owned(),
                resource_record_set: ResourceRecordSet {
                    name: "db.warehouse.partner.example.com".to_owned(),
                    kind: "CNAME".to_owned(),
                    ttl: Some(60),
                    resource_records: vec![record],
                    ..ResourceRecordSet::default()
                },
            }],
            ..ChangeBatch::default()
        },
    };
    stage.outside().world().arrange(by_hand).unwrap();
    stage.outside().world().clear_calls();
}

/// EC2 shows nothing of an endpoint of another account, which may well work: it is not taken for one that is gone.
#[tokio::test(start_paused = true)]
async fn a_name_that_leads_to_an_endpoint_of_another_account_stays() {
    let wanted = request("endpoint-service-private-zone");
    let mut stage = Stage::on(Simulated::on(scenario::world("default")));
    let made = connect(&mut stage, beside()).await;
    let zone = made["parts"]["private-zone"]["id"].as_str().unwrap();
    let leads_elsewhere = |stage: &Stage| {
        let zones = stage.outside().world().state().hosted_zones;
        zones
            .iter()
            .any(|zone| format!("{zone:?}").contains(ELSEWHERE))
    };
    lead_elsewhere(&stage, zone);
    assert!(leads_elsewhere(&stage));
    stage.start(wanted.clone(), None);
    let ended = stage.run().await.pop().unwrap();
    let codes: Vec<&str> = problems(&ended).collect();
    assert_eq!(codes, ["PRIVATE_ZONE_TAKEN"], "{:#}", detail(&ended));
    assert_eq!(writes(stage.outside()), [""; 0]);

    // Nor does it go with a connection that had the name before.
    let mut stage = Stage::on(Simulated::on(scenario::world("default")));
    connect(&mut stage, wanted.clone()).await;
    connect(&mut stage, beside()).await;
    lead_elsewhere(&stage, zone);
    let removal = json!({
        "id": "e-removal", "source": "me", "detail-type": "Private Connection Removal Requested", "detail": wanted,
    });
    stage.remove(removal, None);
    let ended = stage.run().await.pop().unwrap();
    assert_eq!(code(&ended), "REMOVED", "{:#}", detail(&ended));
    assert!(leads_elsewhere(&stage), "{:#}", detail(&ended));
}

/// The tag that it has says whose it is.
#[tokio::test(start_paused = true)]
async fn a_zone_with_another_comment_serves_on() {
    let mut stage = Stage::on(Simulated::on(scenario::world("default")));
    let request = request("endpoint-service-private-zone");
    connect(&mut stage, request.clone()).await;
    let zones = stage.outside().world().state().hosted_zones;
    let ours = zones
        .iter()
        .find(|zone| zone.tags.contains_key("tieline:managed"));
    let comment = UpdateHostedZoneComment {
        id: ours.unwrap().id.clone(),
        comment: None,
    };
    stage.outside().world().arrange(comment).unwrap();
    stage.outside().world().clear_calls();
    connect(&mut stage, request).await;
    assert_eq!(writes(stage.outside()), [""; 0]);
}
