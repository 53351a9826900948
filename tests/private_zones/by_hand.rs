//! What others do by hand to what a zone of ours leads to, and to the zone.

use std::time::Duration;

use serde_json::{Value, json};
use tests::{Seen, Simulated, Stage, code, detail, request, writes};
use world::gate::{Fault, FaultKind};
use world::model::endpoints::DeleteVpcEndpoints;
use world::model::route53::{GetChange, UpdateHostedZoneComment};
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
