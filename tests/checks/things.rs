//! What there is beside endpoints: it is in the inventory, and stays.

use serde_json::{Value, json};
use tests::{Simulated, Stage, detail, request, writes};
use world::gate::{Fault, FaultKind};
use world::model::dms::RemoveTagsFromResource;
use world::model::groups::CreateSecurityGroup;
use world::scenario::VPC;
use world::{Service, scenario};

use crate::{HOUR, check, connected, of_type};

/// The first page of the inventory.
async fn page(stage: &mut Stage) -> Value {
    stage.pass(HOUR).await;
    stage.outside().world().clear_calls();
    let events = check(stage).await;
    let [page] = of_type(&events, "Checked")[..] else {
        panic!("{events:#?}");
    };
    assert_eq!(writes(stage.outside()), [""; 0]);
    page["Detail"].clone()
}

#[tokio::test(start_paused = true)]
async fn a_group_that_no_endpoint_has_is_reported_and_stays() {
    // Its endpoint has a group of our own.
    let asked = request("aurora-dsql-minimal");
    let mut stage = connected(Simulated::on(scenario::world("default")), &[asked]).await;
    assert_eq!(page(&mut stage).await["things"], json!([]));

    let mut ids = Vec::new();
    for deployment in ["tieline", "somebody"] {
        let call = json!({
            "GroupName": format!("left of {deployment}"), "GroupDescription": "left", "VpcId": VPC,
            "TagSpecification": [{"ResourceType": "security-group", "Tag": [{"Key": "tieline:managed", "Value": deployment}]}],
        });
        let call: CreateSecurityGroup = serde_json::from_value(call).unwrap();
        ids.push(stage.outside().world().arrange(call).unwrap().group_id);
    }
    let said = page(&mut stage).await;
    let expected = json!([
        {"kind": "security-group", "id": ids[0], "requestId": null, "state": null, "condition": "unheld"},
    ]);
    assert_eq!(said["things"], expected, "{said:#}");
    assert_eq!(said["notLookedAt"], json!([]));
    let world = stage.outside().world();
    let looks = world.calls().iter();
    let looks = looks.filter(|call| call.action == "DescribeSecurityGroups");
    assert_eq!(looks.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_is_in_aws_dms_is_in_the_inventory() {
    let mut stage = Stage::on(Simulated::on(scenario::world("default")));
    stage.start(request("dms-tidb-cloud"), None);
    let ended = stage.run().await.pop().unwrap();
    let arn = &detail(&ended)["parts"]["dms-replication-instance"]["arn"];
    let arn = arn.as_str().unwrap().to_owned();
    let conditions = |page: &Value| {
        let things = page["things"].as_array().unwrap().iter();
        let things = things.map(|one| {
            let word = |field: &str| one[field].as_str().unwrap_or("-").to_owned();
            [word("kind"), word("requestId"), word("condition")].join(" ")
        });
        Vec::from_iter(things)
    };
    let expected = [
        "dms-replication-instance legacy-load confirmed",
        "dms-endpoint legacy-load confirmed",
    ];
    let said = page(&mut stage).await;
    assert_eq!(conditions(&said), expected, "{said:#}");

    let call = RemoveTagsFromResource {
        resource_arn: arn,
        tag_keys: vec!["tieline:request/legacy-load".to_owned()],
    };
    stage.outside().world().arrange(call).unwrap();
    let said = page(&mut stage).await;
    assert_eq!(conditions(&said)[0], "dms-replication-instance - unheld");

    // Its outage keeps nobody from the rest.
    let outage = Fault::of(Service::Dms, FaultKind::ErrorBeforeEffect);
    stage.outside().world().add_fault(outage);
    let said = page(&mut stage).await;
    assert_eq!(said["things"], json!([]));
    let missing = said["notLookedAt"][0].as_str().unwrap();
    assert!(missing.starts_with("AWS DMS"), "{missing}");
}
