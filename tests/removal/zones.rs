//! Private zones of connections that go, whatever was done to them by hand, and whatever does not say any more that there are some.

use std::time::Duration;

use serde_json::{Value, json};
use tests::{Seen, Stage, code, detail, everything, request, writes};
use world::gate::{Fault, FaultKind};
use world::model::endpoints::DeleteVpcEndpoints;
use world::model::route53::{
    AssociateVPCWithHostedZone, ChangeTagsForResource, CreateHostedZone,
    DisassociateVPCFromHostedZone, Inventory, UpdateHostedZoneComment, Vpc,
};
use world::model::services::NewService;
use world::scenario::{self, CONNECTED_VPC, PEER_VPC, VPC};
use world::{World, scenario::CLUSTER};

use crate::{connected, removal, remove, with_id};

const DOMAIN: &str = "warehouse.partner.example.com";

/// The zone of this deployment's.
fn ours(world: &World) -> Inventory {
    let zones = world.state().hosted_zones.into_iter();
    let mut ours = zones.filter(|zone| zone.tags.contains_key("tieline:managed"));
    ours.next().unwrap()
}

/// Somebody takes a VPC out of a zone and has it see one of the same name that was made by hand; its id.
fn moves(world: &mut World, zone: &str, vpc: &str) -> String {
    world
        .arrange(DisassociateVPCFromHostedZone {
            hosted_zone_id: zone.to_owned(),
            vpc: Vpc::here(vpc),
            ..DisassociateVPCFromHostedZone::default()
        })
        .unwrap();
    let by_hand = json!({
        "Name": DOMAIN, "CallerReference": vpc, "VPC": {"VPCId": vpc, "VPCRegion": "us-east-1"},
        "HostedZoneConfig": {"Comment": "by hand", "PrivateZone": "true"},
    });
    let by_hand: CreateHostedZone = serde_json::from_value(by_hand).unwrap();
    let made = world.arrange(by_hand).unwrap().hosted_zone.id;
    made.replace("/hostedzone/", "")
}

/// Somebody deletes the one endpoint of this deployment's, and this much time passes.
async fn lose_endpoint(stage: &mut Stage, time: Duration) {
    let id = Seen::at_last(&mut stage.outside().world()).ours()[0]
        .vpc_endpoint_id
        .clone();
    let call = DeleteVpcEndpoints {
        vpc_endpoint_ids: vec![id],
        ..DeleteVpcEndpoints::default()
    };
    stage.outside().world().arrange(call).unwrap();
    stage.pass(time).await;
    stage.outside().world().clear_calls();
}

/// As long as EC2 shows what was deleted.
const FORGOTTEN: Duration = Duration::from_secs(900);

fn removed(said: &Value) -> Vec<&str> {
    let all = said["removed"].as_array().unwrap().iter();
    all.map(|one| one.as_str().unwrap()).collect()
}

/// The other zone is left alone, and ours goes before what its names lead to.
#[tokio::test(start_paused = true)]
async fn a_zone_goes_also_where_a_vpc_of_the_requests_sees_another_one_by_now() {
    let mut request = request("endpoint-service-private-zone");
    request["target"]["privateZone"]["vpcIds"] = json!([PEER_VPC]);
    for moved in [&[PEER_VPC][..], &[VPC], &[VPC, PEER_VPC]] {
        let (mut stage, mut before) =
            connected(scenario::world("default"), std::slice::from_ref(&request)).await;
        {
            let mut world = stage.outside().world();
            let zone = ours(&world).id;
            // Route 53 takes the last VPC of no zone.
            let further = AssociateVPCWithHostedZone {
                hosted_zone_id: zone.clone(),
                vpc: Vpc::here(CONNECTED_VPC),
                ..AssociateVPCWithHostedZone::default()
            };
            if moved.len() > 1 {
                world.arrange(further).unwrap();
            }
            for vpc in moved {
                before.insert(format!("zone {}", moves(&mut world, &zone, vpc)));
            }
        }
        let mut asks = request.clone();
        asks["dryRun"] = json!(true);
        let foretold = remove(&mut stage, removal(&asks)).await;
        let goes = detail(&foretold)["removal"]["goes"].to_string();
        assert!(goes.contains(DOMAIN), "{moved:?}: {goes}");
        let ended = remove(&mut stage, removal(&request)).await;

        let said = detail(&ended);
        assert_eq!(code(&ended), "REMOVED", "{moved:?}: {said:#}");
        assert_eq!(said["stays"], json!([]), "{moved:?}: {said:#}");
        let orders = writes(stage.outside());
        let at = |action: &str| orders.iter().position(|one| *one == action).unwrap();
        assert!(
            at("DeleteHostedZone") < at("DeleteVpcEndpoints"),
            "{moved:?}: {orders:?}"
        );
        assert_eq!(
            everything(&mut stage.outside().world()),
            before,
            "{moved:?}"
        );
    }
}

/// Route 53 does not say what a VPC sees that is gone, or that nobody may look at: what leads to the endpoint is found all the same.
#[tokio::test(start_paused = true)]
async fn a_vpc_that_may_not_be_looked_at_hides_no_zone() {
    let request = request("endpoint-service-private-zone");
    let (mut stage, before) =
        connected(scenario::world("default"), std::slice::from_ref(&request)).await;
    let refusal = Fault::on("ListHostedZonesByVPC", FaultKind::AccessDenied);
    stage.outside().world().add_fault(refusal);
    let ended = remove(&mut stage, removal(&request)).await;

    let said = detail(&ended);
    assert_eq!(code(&ended), "REMOVED", "{said:#}");
    assert!(
        removed(said).iter().any(|one| one.contains(DOMAIN)),
        "{said:#}"
    );
    assert_eq!(everything(&mut stage.outside().world()), before);
}

/// Another comment takes nothing from a zone that has its tag. Where nothing on it says that it is ours, it is not touched, and named.
#[tokio::test(start_paused = true)]
async fn a_zone_without_our_marks_is_named_as_left_behind() {
    let request = request("endpoint-service-private-zone");
    for has_tag in [true, false] {
        let (mut stage, mut before) =
            connected(scenario::world("default"), std::slice::from_ref(&request)).await;
        let zone = {
            let mut world = stage.outside().world();
            let zone = ours(&world);
            let comment = UpdateHostedZoneComment {
                id: zone.id.clone(),
                comment: Some("names of the warehouse".to_owned()),
            };
            world.arrange(comment).unwrap();
            let untag = ChangeTagsForResource {
                resource_type: "hostedzone".to_owned(),
                resource_id: zone.id.clone(),
                remove_tag_keys: zone.tags.keys().cloned().collect(),
                ..ChangeTagsForResource::default()
            };
            if !has_tag {
                world.arrange(untag).unwrap();
            }
            zone
        };
        let ended = remove(&mut stage, removal(&request)).await;

        let said = detail(&ended);
        if has_tag {
            assert_eq!(code(&ended), "REMOVED", "{said:#}");
        } else {
            assert_eq!(code(&ended), "UNDO_INCOMPLETE", "{said:#}");
            let left = said["leftBehind"].to_string();
            assert!(left.contains(&zone.id), "{said:#}");
            let there = stage.outside().world().state().hosted_zones;
            let there = there.iter().find(|one| one.id == zone.id).unwrap();
            assert_eq!(there.records, zone.records);
            before.insert(format!("zone {}", zone.id));
        }
        assert_eq!(everything(&mut stage.outside().world()), before, "{said:#}");
    }
}

/// A request for another name in the same zone, through another endpoint.
fn beside() -> Value {
    let mut other = with_id(
        request("endpoint-service-private-zone"),
        "another-warehouse",
    );
    other["target"]["service"] = json!(scenario::PARTNER);
    other["target"]["privateZone"]["records"] = json!({"db2": "regional"});
    other
}

#[tokio::test(start_paused = true)]
async fn of_a_zone_that_others_hold_only_the_names_are_said_to_be_gone() {
    let (first, second) = (request("endpoint-service-private-zone"), beside());
    let both = [first.clone(), second.clone()];
    let (mut stage, before) = connected(scenario::world("default"), &both).await;
    let zone = format!("the private hosted zone {DOMAIN}");
    let name = format!("db.{DOMAIN} in {zone}");
    let mut asks = first.clone();
    asks["dryRun"] = json!(true);
    let foretold = remove(&mut stage, removal(&asks)).await;
    let foretold = &detail(&foretold)["removal"];
    assert!(foretold["goes"].to_string().contains(&name), "{foretold:#}");
    let stays = foretold["stays"].to_string();
    assert!(stays.contains("another-warehouse"), "{foretold:#}");
    let ended = remove(&mut stage, removal(&first)).await;

    let said = detail(&ended);
    assert_eq!(code(&ended), "REMOVED", "{said:#}");
    let gone = removed(said);
    assert!(
        gone.contains(&&*name) && !gone.contains(&&*zone),
        "{said:#}"
    );
    let stays = said["stays"].as_array().unwrap();
    let told = stays.iter().filter_map(Value::as_str);
    let told: Vec<&str> = told.filter(|one| one.starts_with(&zone)).collect();
    assert!(
        told.len() == 1 && told[0].contains("for another-warehouse"),
        "{said:#}"
    );
    let ended = remove(&mut stage, removal(&second)).await;
    let said = detail(&ended);
    assert_eq!(code(&ended), "REMOVED", "{said:#}");
    assert_eq!(said["stays"], json!([]), "{said:#}");
    assert!(removed(said).contains(&&*zone), "{said:#}");
    assert_eq!(everything(&mut stage.outside().world()), before);
}

/// Of an endpoint that EC2 does not know any more a name may be left in a zone that others hold. It goes with the request that names it.
#[tokio::test(start_paused = true)]
async fn a_name_of_an_endpoint_that_is_gone_goes_with_its_request() {
    let (first, second) = (beside(), request("endpoint-service-private-zone"));
    let (mut stage, before) =
        connected(scenario::world("default"), std::slice::from_ref(&first)).await;
    lose_endpoint(&mut stage, FORGOTTEN).await;
    // The zone is held by this one from now on.
    stage.start(second.clone(), None);
    let ended = stage.run().await.pop().unwrap();
    assert_eq!(code(&ended), "CONNECTED", "{:#}", detail(&ended));
    for one in [first, second] {
        let ended = remove(&mut stage, removal(&one)).await;
        let said = detail(&ended);
        assert_eq!(code(&ended), "REMOVED", "{said:#}");
        assert!(
            removed(said).iter().any(|one| one.contains(DOMAIN)),
            "{said:#}"
        );
    }
    assert_eq!(everything(&mut stage.outside().world()), before);
}

fn for_a_peer(service: &str) -> Value {
    json!({
        "requestId": "peered", "region": "us-east-1",
        "target": {"kind": "aws-service", "service": service, "zoneVpcIds": [PEER_VPC]},
        "network": {"vpcId": VPC},
    })
}

/// Its private name has nothing of the usual form.
fn odd() -> NewService {
    NewService {
        name: "com.amazonaws.us-east-1.odd".to_owned(),
        zone_ids: vec!["use1-az4".to_owned(), "use1-az6".to_owned()],
        private_names: vec!["console.odd-names.us-east-1.amazonaws.com".to_owned()],
        ..NewService::default()
    }
}

/// The endpoint's mark says that there is a zone; and where there is no endpoint any more, names as AWS forms them do.
#[tokio::test(start_paused = true)]
async fn zones_of_a_service_that_ec2_does_not_list_go_as_well() {
    for (service, is_lost) in [("monitoring", false), ("odd", false), ("monitoring", true)] {
        let request = for_a_peer(service);
        let mut world = scenario::world("default");
        world.offer(odd()).unwrap();
        let (mut stage, before) = connected(world, std::slice::from_ref(&request)).await;
        if is_lost {
            lose_endpoint(&mut stage, FORGOTTEN).await;
        }
        let name = format!("com.amazonaws.us-east-1.{service}");
        stage.outside().world().withdraw(&name);
        let ended = remove(&mut stage, removal(&request)).await;

        let said = detail(&ended);
        assert_eq!(code(&ended), "REMOVED", "{service}: {said:#}");
        let gone = removed(said);
        assert!(
            gone.iter().any(|one| one.contains("private hosted zone")),
            "{service}: {said:#}"
        );
        assert_eq!(
            everything(&mut stage.outside().world()),
            before,
            "{service}"
        );
    }
}

/// Where no mark says it either, EC2 is asked again before anything is taken for gone, also where the removal had waited for something else
/// until then.
#[tokio::test(start_paused = true)]
async fn a_service_that_is_not_listed_for_a_moment_takes_no_zone_out_of_sight() {
    for unlisted in [0_u8, 45] {
        let request = for_a_peer("odd");
        let mut world = scenario::world("default");
        world.offer(odd()).unwrap();
        let (mut stage, before) = connected(world, std::slice::from_ref(&request)).await;
        lose_endpoint(&mut stage, FORGOTTEN).await;
        // Who works on the request may not be asked for some minutes.
        for nth in 1..=u32::from(unlisted) {
            let fault = Fault::nth("ListExecutions", nth, FaultKind::AccessDenied);
            stage.outside().world().add_fault(fault);
        }
        stage.outside().world().withdraw(&odd().name);
        stage.remove(removal(&request), None);
        let is_listed = |world: &mut World| {
            let lists = world.calls().iter();
            lists.filter(|call| call.action == "ListExecutions").count() > usize::from(unlisted)
        };
        stage.until("a list", is_listed).await;
        stage.pass(Duration::from_secs(60)).await;
        stage.outside().world().offer(odd()).unwrap();
        let ended = stage.run().await.pop().unwrap();

        let said = detail(&ended);
        assert_eq!(code(&ended), "REMOVED", "{unlisted}: {said:#}");
        let after = everything(&mut stage.outside().world());
        assert_eq!(after, before, "{unlisted}: {said:#}");
    }
}

/// Nothing says the service any more: neither the cluster nor an endpoint.
#[tokio::test(start_paused = true)]
async fn a_zone_of_a_cluster_that_is_gone_goes_without_its_endpoint() {
    let request = request("aurora-dsql-private-zone");
    let (mut stage, before) =
        connected(scenario::world("default"), std::slice::from_ref(&request)).await;
    lose_endpoint(&mut stage, FORGOTTEN).await;
    stage.outside().world().lose_cluster(CLUSTER);
    let ended = remove(&mut stage, removal(&request)).await;

    let said = detail(&ended);
    assert_eq!(code(&ended), "REMOVED", "{said:#}");
    let zone = "the private hosted zone dsql-fnh4.us-east-1.on.aws";
    assert!(removed(said).contains(&zone), "{said:#}");
    assert_eq!(everything(&mut stage.outside().world()), before);
    // Once more there is nothing to remove.
    stage.outside().world().clear_calls();
    let ended = remove(&mut stage, removal(&request)).await;
    let said = detail(&ended);
    assert_eq!(code(&ended), "REMOVED", "{said:#}");
    assert_eq!(said["removed"], json!([]), "{said:#}");
    assert_eq!(writes(stage.outside()), [""; 0]);
}
