//! The names that private zones have for connections: what is missing, leads elsewhere or is not seen is told once, and so is that it is
//! as it was; a check looks at a few zones, in turn.

use std::collections::BTreeSet;

use tests::{Simulated, Stage, request, writes};
use tieline::ownership::zone_mark;
use world::gate::{Fault, FaultKind};
use world::model::route53::{
    AssociateVPCWithHostedZone, Change, ChangeBatch, ChangeResourceRecordSets, CreateHostedZone,
    DeleteHostedZone, DisassociateVPCFromHostedZone, HostedZoneConfig, ListHostedZonesByName,
    ListResourceRecordSets, ResourceRecordSet, UpdateHostedZoneComment, Vpc,
};
use world::scenario::{self, VPC};

use crate::{HOUR, check, connected, counts, marked_endpoint, next, of_type, told_once, wrong};

/// A connection with names in a zone of ours.
async fn named(name: &str) -> Stage {
    connected(Simulated::on(scenario::world("default")), &[request(name)]).await
}

/// The id of the one zone of this deployment's.
fn zone(stage: &Stage) -> String {
    let mut world = stage.outside().world();
    let all = world.arrange(ListHostedZonesByName::default()).unwrap();
    let is_ours = |comment: &Option<String>| comment.as_deref() == Some("tieline:managed tieline");
    let mut ours = all.hosted_zones.into_iter();
    let ours = ours.find(|zone| is_ours(&zone.config.comment)).unwrap();
    ours.id.replace("/hostedzone/", "")
}

/// The records of our making.
fn records(stage: &Stage) -> Vec<ResourceRecordSet> {
    let call = ListResourceRecordSets {
        hosted_zone_id: zone(stage),
        ..ListResourceRecordSets::default()
    };
    let all = stage.outside().world().arrange(call).unwrap();
    let mut all = all.resource_record_sets;
    all.retain(|one| one.kind == "CNAME");
    all
}

fn write(stage: &Stage, action: &str, records: &[ResourceRecordSet]) {
    let changes = records.iter().map(|one| Change::new(action, one.clone()));
    let call = ChangeResourceRecordSets {
        hosted_zone_id: zone(stage),
        change_batch: ChangeBatch {
            changes: changes.collect(),
            ..ChangeBatch::default()
        },
    };
    stage.outside().world().arrange(call).unwrap();
}

/// What is told of the names, once, and once that they are as they were; it takes two marks.
async fn told_of_names(
    stage: &mut Stage,
    break_it: impl Fn(&Stage),
    mend: impl Fn(&Stage),
) -> String {
    let (field, said) = told_once(stage, break_it, mend).await;
    assert_eq!(field, "names", "{said}");
    assert_eq!(writes(stage.outside()), ["CreateTags", "CreateTags"]);
    said
}

#[tokio::test(start_paused = true)]
async fn one_name_of_several_that_is_missing_is_told() {
    let mut stage = named("endpoint-service-private-zone").await;
    let all = records(&stage);
    assert_eq!(all.len(), 2);
    for one in all {
        let one = [one];
        stage.outside().world().clear_calls();
        let said = told_of_names(
            &mut stage,
            |stage| write(stage, "DELETE", &one),
            |stage| write(stage, "CREATE", &one),
        );
        let said = said.await;
        assert!(
            said.starts_with("a name in warehouse.partner.example.com"),
            "{said}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_name_that_leads_elsewhere_is_told_with_where() {
    let mut stage = named("endpoint-service-private-zone").await;
    let all = records(&stage);
    let is_db = |one: &&ResourceRecordSet| one.name.starts_with("db.");
    let before = [all.iter().find(is_db).unwrap().clone()];
    let elsewhere = ResourceRecordSet::new(&before[0].name, "CNAME", 60, &["db.example.com"]);
    let said = told_of_names(
        &mut stage,
        |stage| write(stage, "UPSERT", std::slice::from_ref(&elsewhere)),
        |stage| write(stage, "UPSERT", &before),
    );
    assert_eq!(
        said.await,
        "db.warehouse.partner.example.com leads to db.example.com"
    );
}

/// Its tag says whose it is, whatever somebody writes into its comment.
#[tokio::test(start_paused = true)]
async fn a_zone_with_another_comment_is_looked_at_like_before() {
    let mut stage = named("endpoint-service-private-zone").await;
    let call = UpdateHostedZoneComment {
        id: zone(&stage),
        comment: Some("names of the warehouse".to_owned()),
    };
    stage.outside().world().arrange(call).unwrap();
    for _ in 0..2 {
        assert_eq!(counts(&next(&mut stage).await), (0, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn a_zone_that_its_vpc_does_not_see_any_more_is_told() {
    let mut stage = named("endpoint-service-private-zone").await;
    let associate = |stage: &Stage, vpc: &str| {
        let call = AssociateVPCWithHostedZone {
            hosted_zone_id: zone(stage),
            vpc: Vpc::here(vpc),
            comment: None,
        };
        stage.outside().world().arrange(call).unwrap();
    };
    let peer = "vpc-0b7d2e9f4a6c81350";
    // Route 53 lets nobody take the last one away.
    associate(&stage, peer);
    let said = told_of_names(
        &mut stage,
        |stage| {
            let call = DisassociateVPCFromHostedZone {
                hosted_zone_id: zone(stage),
                vpc: Vpc::here(VPC),
                comment: None,
            };
            stage.outside().world().arrange(call).unwrap();
        },
        |stage| associate(stage, VPC),
    );
    let said = said.await;
    assert!(said.starts_with("no VPC of the request's sees"), "{said}");
}

#[tokio::test(start_paused = true)]
async fn a_zone_that_is_gone_is_told_and_an_outage_of_route_53_tells_nothing() {
    let mut stage = named("endpoint-service-private-zone").await;
    let outage = Fault::of(world::Service::Route53, FaultKind::ErrorBeforeEffect);
    stage.outside().world().add_fault(outage);
    let events = next(&mut stage).await;
    assert_eq!(counts(&events), (0, 0), "{events:#?}");
    let page = &of_type(&events, "Checked")[0]["Detail"];
    let missing = page["notLookedAt"][0].as_str().unwrap();
    assert!(missing.starts_with("private zones ("), "{missing}");
    stage.outside().world().clear_faults();

    write(&stage, "DELETE", &records(&stage));
    let call = DeleteHostedZone { id: zone(&stage) };
    stage.outside().world().arrange(call).unwrap();
    assert_eq!(
        wrong(&next(&mut stage).await).1,
        "a private zone of the request's is gone"
    );
    assert_eq!(counts(&next(&mut stage).await), (0, 0));
}

/// Marks of versions before say no names, or no VPCs either: then it is enough that one leads there.
#[tokio::test(start_paused = true)]
async fn twenty_zones_come_round_and_marks_of_the_versions_before_are_understood() {
    let mut world = scenario::world("default");
    world.set_quota(200);
    for number in 0..20 {
        let domain = format!("zone-{number}.example.com");
        let config = HostedZoneConfig {
            comment: Some("tieline:managed tieline".to_owned()),
            private_zone: Some(true),
        };
        let made = world.arrange(CreateHostedZone {
            name: domain.clone(),
            vpc: Some(Vpc::here(VPC)),
            caller_reference: domain.clone(),
            hosted_zone_config: Some(config),
        });
        let zone = made.unwrap().hosted_zone.id.replace("/hostedzone/", "");
        let db = format!("db.{domain}");
        let whole = zone_mark(&domain, &[VPC.parse().unwrap()], std::slice::from_ref(&db));
        let parts: Vec<&str> = whole.split('-').take(1 + number % 3).collect();
        let mark = format!(
            "0123456789abcdef.ready.1111-2222-3333-4444.{}",
            parts.join("-")
        );
        let endpoint = marked_endpoint(&mut world, number, &mark);
        // Half of them lead where they should.
        if number < 10 {
            let leads_to = format!("{}-0a1b2c3d.example.com", endpoint.vpc_endpoint_id);
            let record = ResourceRecordSet::new(&db, "CNAME", 60, &[&leads_to]);
            let call = ChangeResourceRecordSets {
                hosted_zone_id: zone,
                change_batch: ChangeBatch {
                    changes: vec![Change::new("CREATE", record)],
                    ..ChangeBatch::default()
                },
            };
            world.arrange(call).unwrap();
        }
    }
    world.advance(HOUR);
    let mut stage = Stage::on(Simulated::on(world));
    let mut told = BTreeSet::new();
    for round in 0..3 {
        stage.outside().world().clear_calls();
        let events = check(&mut stage).await;
        for degraded in of_type(&events, "Degraded") {
            let said = &degraded["Detail"];
            let mut drift = said["drift"].as_array().unwrap().iter();
            if drift.any(|one| one["field"] == "names") {
                told.insert(said["requestId"].as_str().unwrap().to_owned());
            }
        }
        {
            let world = stage.outside().world();
            let count = |action: &str| {
                let calls = world.calls().iter();
                calls.filter(|call| call.action == action).count()
            };
            assert_eq!(count("ListHostedZonesByName"), 1, "{round}");
            assert_eq!(count("GetHostedZone"), 8, "{round}");
            assert_eq!(count("ListResourceRecordSets"), 8, "{round}");
        }
        stage.pass(HOUR).await;
    }
    let expected = (10..20).map(|number| format!("request-{number}"));
    assert_eq!(told, expected.collect());
}
