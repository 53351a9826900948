//! A private zone's names and VPCs are changed in place: what is added comes first, what is left out goes last, what others hold stays.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tests::{Simulated, Stage, code, detail, request, writes};
use world::gate::{Fault, FaultKind};
use world::model::route53::{AssociateVPCWithHostedZone, Inventory, Vpc};
use world::scenario;
use world::scenario::{CONNECTED_VPC, PEER_VPC, SUBNETS, VPC};

use crate::{change, changed, connected, watched, with, with_id};

const DOMAIN: &str = "warehouse.partner.example.com";

fn zone(stage: &Stage) -> Inventory {
    let zones = stage.outside().world().state().hosted_zones;
    let mut ours = zones
        .into_iter()
        .filter(|zone| zone.tags.contains_key("tieline:managed"));
    let zone = ours.next().unwrap();
    assert!(ours.next().is_none(), "a second zone");
    zone
}

/// What of a zone a change may make different.
fn form(zone: &Inventory) -> Value {
    let vpcs: BTreeSet<&String> = zone.vpcs.iter().collect();
    let records = zone.records.iter().map(|one| json!(one).to_string());
    json!([vpcs, records.collect::<BTreeSet<_>>(), zone.tags])
}

fn vpcs(stage: &Stage) -> BTreeSet<String> {
    zone(stage).vpcs.into_iter().collect()
}

/// Whether a name leads somewhere in a VPC.
fn leads(stage: &Stage, vpc: &str, name: &str) -> bool {
    !stage.outside().world().resolve(vpc, name).is_empty()
}

/// What Route 53 was ordered: what adds and what takes, in this order.
fn orders(stage: &Stage) -> Vec<&'static str> {
    let world = stage.outside().world();
    let all = world
        .writes()
        .filter_map(|call| match call.action.as_str() {
            "AssociateVPCWithHostedZone" => Some("associate"),
            "DisassociateVPCFromHostedZone" => Some("disassociate"),
            "ChangeResourceRecordSets" if call.parameters.to_string().contains("DELETE") => {
                Some("delete")
            }
            "ChangeResourceRecordSets" => Some("put"),
            _ => None,
        });
    all.collect()
}

fn sample() -> (Value, Value) {
    let before = request("endpoint-service-private-zone");
    let after = tests::json("events/changes/endpoint-service-private-zone.json");
    (before, after)
}

#[tokio::test(start_paused = true)]
async fn names_and_vpcs_come_before_others_go() {
    let (before, after) = sample();
    let simulated = Simulated::verified(scenario::world("default"));
    let (mut stage, announced) = connected(simulated, std::slice::from_ref(&before)).await;
    let was = form(&zone(&stage));

    let (ended, count) = watched(&mut stage, &announced, after.clone()).await;
    let said = detail(&ended);
    assert_eq!(code(&ended), "CONNECTED", "{said:#}");
    assert_eq!(
        changed(said),
        [
            "target.privateZone.records.*.use1-az1",
            "target.privateZone.records.replica",
            "target.privateZone.vpcIds",
        ]
    );
    assert_eq!(said["changes"][1]["before"], Value::Null, "{said:#}");
    assert_eq!(said["changes"][1]["after"], "use1-az6", "{said:#}");
    assert!(count.tried > 60 && count.failed == 0, "{count:?}");
    assert_eq!(orders(&stage), ["associate", "put", "delete"]);
    for vpc in [VPC, PEER_VPC] {
        assert!(leads(&stage, vpc, &format!("replica.{DOMAIN}")), "{vpc}");
        assert!(leads(&stage, vpc, &format!("db.{DOMAIN}")), "{vpc}");
        assert!(
            !leads(&stage, vpc, &format!("x.use1-az1.{DOMAIN}")),
            "{vpc}"
        );
    }

    // Nothing is left to do, for the change and for the request as it is now.
    for input in [after.clone(), after["detail"].clone()] {
        stage.outside().world().clear_calls();
        stage.start(input, None);
        let again = stage.run().await.pop().unwrap();
        assert_eq!(code(&again), "CONNECTED", "{}", detail(&again));
        assert_eq!(writes(stage.outside()), [""; 0]);
    }

    // And back.
    let announced = said.clone();
    stage.outside().world().clear_calls();
    let (ended, count) = watched(&mut stage, &announced, change(&before)).await;
    assert_eq!(code(&ended), "CONNECTED", "{:#}", detail(&ended));
    assert_eq!(count.failed, 0, "{count:?}");
    assert_eq!(orders(&stage), ["put", "delete", "disassociate"]);
    assert_eq!(form(&zone(&stage)), was);
}

#[tokio::test(start_paused = true)]
async fn a_name_that_leads_elsewhere_never_leads_nowhere() {
    let (before, _) = sample();
    let simulated = Simulated::verified(scenario::world("default"));
    let (mut stage, announced) = connected(simulated, std::slice::from_ref(&before)).await;
    let pointer = "/target/privateZone/records/db";
    let after = with(before, pointer, json!("use1-az6"));
    let (ended, count) = watched(&mut stage, &announced, change(&after)).await;
    let said = detail(&ended);
    assert_eq!(code(&ended), "CONNECTED", "{said:#}");
    assert_eq!(changed(said), ["target.privateZone.records.db"]);
    assert_eq!(said["changes"][0]["before"], "regional", "{said:#}");
    assert_eq!(count.failed, 0, "{count:?}");
    assert_eq!(orders(&stage), ["put"]);
}

/// Names below a zone's id come with the endpoint's network interface there, and go before it.
#[tokio::test(start_paused = true)]
async fn names_of_zones_come_and_go_with_the_endpoints_subnets() {
    let mut two = request("endpoint-service-private-zone");
    two["target"]["privateZone"] = json!({"name": DOMAIN});
    two["network"]["subnetIds"] = json!(&SUBNETS[..2]);
    let three = with(two.clone(), "/network/subnetIds", json!(&SUBNETS[..3]));
    let simulated = Simulated::verified(scenario::world("default"));
    let (mut stage, mut announced) = connected(simulated, std::slice::from_ref(&two)).await;
    let was = form(&zone(&stage));
    for (after, order) in [(&three, "put"), (&two, "delete")] {
        stage.outside().world().clear_calls();
        let (ended, count) = watched(&mut stage, &announced, change(after)).await;
        let said = detail(&ended);
        assert_eq!(code(&ended), "CONNECTED", "{said:#}");
        let zonal = |field: &&&str| field.starts_with("target.privateZone.records.*.");
        assert_eq!(changed(said).iter().filter(zonal).count(), 1, "{said:#}");
        assert_eq!(count.failed, 0, "{order}: {count:?}");
        let calls: Vec<String> = writes(stage.outside());
        let of = |action: &str| calls.iter().position(|call| call == action).unwrap();
        let names_first = of("ChangeResourceRecordSets") < of("ModifyVpcEndpoint");
        assert_eq!(names_first, order == "delete", "{calls:?}");
        announced = said.clone();
    }
    assert_eq!(form(&zone(&stage)), was);
}

/// One VPC stays, so that it stays the same zone.
#[tokio::test(start_paused = true)]
async fn a_zone_moves_from_one_vpc_to_another_in_two_steps() {
    let of = |vpcs: &[&str]| {
        let asked = request("aurora-dsql-private-zone");
        with(asked, "/target/zoneVpcIds", json!(vpcs))
    };
    let simulated = Simulated::on(scenario::world("default"));
    let (mut stage, _) = connected(simulated, &[of(&[PEER_VPC])]).await;
    stage.start(change(&of(&[CONNECTED_VPC])), None);
    let refused = stage.run().await.pop().unwrap();
    assert_eq!(
        code(&refused),
        "CHANGE_NOT_IN_PLACE",
        "{:#}",
        detail(&refused)
    );
    assert_eq!(detail(&refused)["stands"], true);
    assert_eq!(writes(stage.outside()), [""; 0]);

    for next in [&[PEER_VPC, CONNECTED_VPC][..], &[CONNECTED_VPC]] {
        stage.start(change(&of(next)), None);
        let ended = stage.run().await.pop().unwrap();
        let said = detail(&ended);
        assert_eq!(code(&ended), "CONNECTED", "{said:#}");
        assert_eq!(changed(said), ["target.zoneVpcIds"]);
        let expected: BTreeSet<String> = next.iter().map(|&id| id.to_owned()).collect();
        assert_eq!(vpcs(&stage), expected);
    }
    assert_eq!(orders(&stage), ["associate", "put", "disassociate"]);
}

/// A VPC that somebody associated by hand is not the request's to take away.
#[tokio::test(start_paused = true)]
async fn what_was_added_by_hand_stays() {
    let (before, after) = sample();
    let simulated = Simulated::on(scenario::world("default"));
    let (mut stage, _) = connected(simulated, std::slice::from_ref(&before)).await;
    let by_hand = AssociateVPCWithHostedZone {
        hosted_zone_id: zone(&stage).id,
        vpc: Vpc::here(CONNECTED_VPC),
        comment: None,
    };
    stage.outside().world().arrange(by_hand).unwrap();
    for input in [after, change(&before)] {
        stage.start(input, None);
        let ended = stage.run().await.pop().unwrap();
        assert_eq!(code(&ended), "CONNECTED", "{:#}", detail(&ended));
        assert!(vpcs(&stage).contains(CONNECTED_VPC));
    }
    assert!(!vpcs(&stage).contains(PEER_VPC));
}

/// Whatever is refused, the zone is as it was.
#[tokio::test(start_paused = true)]
async fn a_change_of_a_zone_that_fails_is_put_back() {
    let (mut before, mut after) = sample();
    // One VPC comes and another one goes.
    before["target"]["privateZone"]["vpcIds"] = json!([CONNECTED_VPC]);
    after["detail"]["target"]["privateZone"]["records"]["db"] = json!("use1-az6");
    let faults = [
        ("AssociateVPCWithHostedZone", 1),
        ("ChangeResourceRecordSets", 1),
        ("ChangeResourceRecordSets", 2),
        ("DisassociateVPCFromHostedZone", 1),
        ("CreateTags", 1),
    ];
    for (action, nth) in faults {
        let simulated = Simulated::on(scenario::world("default"));
        let (mut stage, _) = connected(simulated, std::slice::from_ref(&before)).await;
        let was = form(&zone(&stage));
        let fault = Fault::nth(action, nth, FaultKind::AccessDenied);
        stage.outside().world().add_fault(fault);
        stage.start(after.clone(), None);
        let ended = stage.run().await.pop().unwrap();

        let said = detail(&ended);
        assert_eq!(
            code(&ended),
            "PERMISSION_DENIED",
            "{action} {nth}: {said:#}"
        );
        assert_eq!(said["stands"], true, "{action} {nth}: {said:#}");
        assert_eq!(said["leftBehind"], json!([]), "{action} {nth}: {said:#}");
        assert_eq!(form(&zone(&stage)), was, "{action} {nth}");

        stage.outside().world().clear_faults();
        stage.start(after.clone(), None);
        let again = stage.run().await.pop().unwrap();
        assert_eq!(
            code(&again),
            "CONNECTED",
            "{action} {nth}: {:#}",
            detail(&again)
        );
        let both = BTreeSet::from([PEER_VPC.to_owned(), VPC.to_owned()]);
        assert_eq!(vpcs(&stage), both);
    }
}

/// Route 53 refuses to delete what it has deleted already: that is what the order was for.
#[tokio::test(start_paused = true)]
async fn names_that_went_without_an_answer_are_gone() {
    let (before, after) = sample();
    for kind in [FaultKind::LostAnswer, FaultKind::ErrorAfterEffect] {
        let simulated = Simulated::on(scenario::world("default"));
        let (mut stage, _) = connected(simulated, std::slice::from_ref(&before)).await;
        let fault = Fault::nth("ChangeResourceRecordSets", 2, kind);
        stage.outside().world().add_fault(fault);
        stage.outside().world().clear_calls();
        stage.start(after.clone(), None);
        let ended = stage.run().await.pop().unwrap();
        assert_eq!(code(&ended), "CONNECTED", "{kind:?}: {:#}", detail(&ended));
        let deletions = orders(&stage)
            .iter()
            .filter(|order| **order == "delete")
            .count();
        assert!(deletions > 1, "{kind:?}: {:?}", orders(&stage));
        assert!(!leads(&stage, VPC, &format!("x.use1-az1.{DOMAIN}")));
    }
}

/// Who else holds the zone keeps its names and VPCs; what is added is theirs as well.
#[tokio::test(start_paused = true)]
async fn names_and_vpcs_of_others_are_not_taken() {
    let vpc_ids = "/target/privateZone/vpcIds";
    let first = with(sample().0, vpc_ids, json!([PEER_VPC]));
    let second = with_id(first.clone(), "other");
    let records = |records: Value| with(first.clone(), "/target/privateZone/records", records);
    let less = [
        records(json!({"db": "regional"})),
        records(json!({"db": "use1-az6", "*.use1-az1": "use1-az1"})),
        with(first.clone(), vpc_ids, json!([CONNECTED_VPC])),
    ];
    for after in less {
        let simulated = Simulated::on(scenario::world("default"));
        let (mut stage, _) = connected(simulated, &[first.clone(), second.clone()]).await;
        let was = form(&zone(&stage));
        stage.start(change(&after), None);
        let ended = stage.run().await.pop().unwrap();
        let said = detail(&ended);
        assert_eq!(code(&ended), "CHANGE_TAKES_FROM_OTHERS", "{said:#}");
        assert!(
            said["message"].as_str().unwrap().contains("for other"),
            "{said:#}"
        );
        assert_eq!(said["stands"], true);
        assert_eq!(writes(stage.outside()), [""; 0]);
        assert_eq!(form(&zone(&stage)), was);
    }
    let more = records(json!({"db": "regional", "*.use1-az1": "use1-az1", "replica": "regional"}));
    let more = with(more, vpc_ids, json!([PEER_VPC, CONNECTED_VPC]));
    let simulated = Simulated::on(scenario::world("default"));
    let (mut stage, _) = connected(simulated, &[first.clone(), second.clone()]).await;
    stage.start(change(&more), None);
    let ended = stage.run().await.pop().unwrap();
    assert_eq!(code(&ended), "CONNECTED", "{:#}", detail(&ended));
    stage.outside().world().clear_calls();
    stage.start(second, None);
    let again = stage.run().await.pop().unwrap();
    assert_eq!(code(&again), "CONNECTED", "{:#}", detail(&again));
    assert_eq!(writes(stage.outside()), [""; 0]);
    // A VPC of its own goes again.
    let back = records(json!({"db": "regional", "*.use1-az1": "use1-az1", "replica": "regional"}));
    stage.start(change(&back), None);
    let ended = stage.run().await.pop().unwrap();
    assert_eq!(code(&ended), "CONNECTED", "{:#}", detail(&ended));
    assert!(!vpcs(&stage).contains(CONNECTED_VPC));
}

#[tokio::test(start_paused = true)]
async fn a_dry_run_of_a_zone_names_the_differences_and_writes_nothing() {
    let (before, mut after) = sample();
    after["detail"]["dryRun"] = json!(true);
    let simulated = Simulated::on(scenario::world("default"));
    let (mut stage, _) = connected(simulated, std::slice::from_ref(&before)).await;
    stage.start(after, None);
    let ended = stage.run().await.pop().unwrap();
    let said = detail(&ended);
    assert_eq!(code(&ended), "PLANNED", "{said:#}");
    assert_eq!(changed(said).len(), 3, "{said:#}");
    assert_eq!(writes(stage.outside()), [""; 0]);
}
