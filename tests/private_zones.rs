//! Private hosted zones of ours: shared by requests, and never somebody else's.

#![expect(clippy::unwrap_used, reason = "a test panics")]

mod private_zones {
    mod by_hand;
}

use serde_json::{Value, json};
use tests::{
    Ended, Seen, Simulated, Stage, code, detail, everything, everything_now, play, request, writes,
};
use world::World;
use world::gate::{Fault, FaultKind};
use world::model::endpoints::CreateVpcEndpoint;
use world::model::route53::CreateHostedZone;
use world::scenario;

/// A cluster behind the same service as the sample's, in the same zone of ours.
fn other_cluster() -> Value {
    let mut input = request("aurora-dsql-private-zone");
    input["requestId"] = json!("reports-peered");
    input["target"]["clusterId"] = json!(scenario::OTHER_CLUSTER);
    input
}

#[tokio::test(start_paused = true)]
async fn a_zone_serves_every_request_and_goes_with_none_but_the_last() {
    let mut stage = Stage::on(Simulated::on(scenario::world("default")));
    stage.start(request("aurora-dsql-private-zone"), None);
    assert_eq!(code(&stage.run().await[0]), "CONNECTED");
    let zones = stage.outside().world().state().hosted_zones;

    // The second one fails at the very end, when it is to be marked on the endpoint.
    let fault = Fault::nth("CreateTags", 2, FaultKind::AccessDenied);
    stage.outside().world().add_fault(fault);
    stage.start(other_cluster(), None);
    let failed = stage.run().await.pop().unwrap();
    assert_eq!(code(&failed), "PERMISSION_DENIED", "{}", detail(&failed));
    assert_eq!(stage.outside().world().state().hosted_zones, zones);

    stage.outside().world().clear_faults();
    stage.start(other_cluster(), None);
    let second = stage.run().await.pop().unwrap();
    assert_eq!(code(&second), "CONNECTED", "{}", detail(&second));
    let shared = stage.outside().world().state().hosted_zones;
    assert_eq!(shared.len(), zones.len());
    let ours = shared.iter().find(|zone| !zone.tags.is_empty()).unwrap();
    // It has room for few tags: whoever holds the endpoint that it leads to for it, holds it.
    assert_eq!(ours.tags.keys().collect::<Vec<_>>(), ["tieline:managed"]);
}

/// A request for the same names that leads them to another service.
fn another_warehouse() -> Value {
    let mut input = request("endpoint-service-private-zone");
    input["requestId"] = json!("another-warehouse");
    input["target"]["service"] = json!(scenario::PARTNER);
    input
}

#[tokio::test(start_paused = true)]
async fn a_name_of_another_request_is_never_led_elsewhere() {
    let mut stage = Stage::on(Simulated::on(scenario::world("default")));
    stage.start(request("endpoint-service-private-zone"), None);
    assert_eq!(code(&stage.run().await[0]), "CONNECTED");
    let zones = stage.outside().world().state().hosted_zones;
    stage.start(another_warehouse(), None);
    let second = stage.run().await.pop().unwrap();

    assert_eq!(code(&second), "PRIVATE_ZONE_TAKEN", "{}", detail(&second));
    assert_eq!(stage.outside().world().state().hosted_zones, zones);
}

#[tokio::test(start_paused = true)]
async fn names_go_from_a_shared_zone_also_when_ec2_has_forgotten_where_they_led() {
    let mut stage = Stage::on(Simulated::on(scenario::world("default")));
    stage.start(request("endpoint-service-private-zone"), None);
    assert_eq!(code(&stage.run().await[0]), "CONNECTED");
    let zones = stage.outside().world().state().hosted_zones;
    let mut other = another_warehouse();
    other["target"]["privateZone"]["records"] = json!({"db2": "regional"});
    {
        let mut world = stage.outside().world();
        world.add_fault(Fault::nth("CreateTags", 1, FaultKind::AccessDenied));
        // Route 53 takes the names, and then refuses to let go of them for a while.
        world.add_fault(Fault {
            nth: Some(2),
            seconds: Some(1100.0),
            ..Fault::on("ChangeResourceRecordSets", FaultKind::AccessDenied)
        });
    }
    stage.start(other, None);
    let failed = stage.run().await.pop().unwrap();

    assert_eq!(code(&failed), "PERMISSION_DENIED", "{}", detail(&failed));
    assert_eq!(stage.outside().world().state().hosted_zones, zones);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_fails_takes_no_names_from_an_endpoint_that_stays() {
    let mut world = scenario::world("default");
    world
        .call(CreateVpcEndpoint {
            vpc_id: scenario::VPC.to_owned(),
            service_name: Some(scenario::PARTNER_NAMELESS.to_owned()),
            vpc_endpoint_type: Some("Interface".to_owned()),
            subnet_ids: scenario::SUBNETS[..3]
                .iter()
                .map(|&id| id.to_owned())
                .collect(),
            security_group_ids: vec![scenario::GROUP.to_owned()],
            ..CreateVpcEndpoint::default()
        })
        .unwrap();
    everything(&mut world);
    let mut first = request("endpoint-service-private-zone");
    first["adopt"] = json!(true);
    first["target"]
        .as_object_mut()
        .unwrap()
        .remove("furtherPorts");
    let mut stage = Stage::on(Simulated::on(world));
    stage.start(first.clone(), None);
    let ended = stage.run().await.remove(0);
    assert_eq!(code(&ended), "CONNECTED", "{}", detail(&ended));
    assert_eq!(detail(&ended)["endpoint"]["adopted"], true);
    let zones = stage.outside().world().state().hosted_zones;
    let mut second = first;
    second["requestId"] = json!("another-warehouse");
    second["target"]["privateZone"]["records"]["db2"] = json!("regional");
    let fault = Fault::once("ChangeResourceRecordSets", FaultKind::AccessDenied);
    stage.outside().world().add_fault(fault);
    stage.start(second, None);
    let failed = stage.run().await.pop().unwrap();

    assert_eq!(code(&failed), "PERMISSION_DENIED", "{}", detail(&failed));
    assert_eq!(stage.outside().world().state().hosted_zones, zones);
}

#[tokio::test(start_paused = true)]
async fn requests_on_different_ports_that_fail_together_leave_no_group() {
    let world = scenario::world("acceptance-rejected");
    let before = everything_now(&world);
    let mut stage = Stage::on(Simulated::on(world));
    for (id, port) in [("one", 9092), ("other", 443)] {
        let mut input = request("endpoint-service");
        input["requestId"] = json!(id);
        input["target"]["port"] = json!(port);
        stage.start(input, None);
    }
    for ended in stage.run().await {
        assert_eq!(code(&ended), "ENDPOINT_REJECTED", "{}", detail(&ended));
    }
    assert_eq!(everything(&mut stage.outside().world()), before);
}

/// The blocks that the group of our own lets in on a port.
fn let_in(stage: &Stage, port: i32) -> Vec<String> {
    let state = stage.outside().world().state();
    let ours = state.groups.iter();
    let rules = ours
        .filter(|group| group.group_name.starts_with("tieline-"))
        .flat_map(|group| &group.ip_permissions);
    let mut blocks: Vec<String> = rules
        .filter(|rule| rule.from_port == Some(port))
        .flat_map(|rule| &rule.ip_ranges)
        .map(|range| range.cidr_ip.clone())
        .collect();
    blocks.sort();
    blocks
}

#[tokio::test(start_paused = true)]
async fn a_shared_endpoint_lets_in_the_vpcs_that_see_the_zone() {
    let mut stage = Stage::on(Simulated::on(scenario::world("default")));
    stage.start(request("aurora-dsql-minimal"), None);
    assert_eq!(code(&stage.run().await[0]), "CONNECTED");
    let before = let_in(&stage, 5432);
    let mut input = request("aurora-dsql-private-zone");
    input["network"] = json!({"vpcId": scenario::VPC});

    // The one that fails in between leaves no rule behind.
    stage
        .outside()
        .world()
        .add_fault(Fault::on("CreateHostedZone", FaultKind::AccessDenied));
    stage.start(input.clone(), None);
    let failed = stage.run().await.pop().unwrap();
    assert_eq!(code(&failed), "PERMISSION_DENIED", "{}", detail(&failed));
    assert_eq!(let_in(&stage, 5432), before);

    stage.outside().world().clear_faults();
    stage.start(input.clone(), None);
    let second = stage.run().await.pop().unwrap();
    assert_eq!(code(&second), "CONNECTED", "{}", detail(&second));
    let both = let_in(&stage, 5432);
    assert_eq!(both.len(), before.len() + 1, "{both:?}");
    assert!(before.iter().all(|block| both.contains(block)), "{both:?}");

    stage.outside().world().clear_calls();
    stage.start(input, None);
    assert_eq!(code(&stage.run().await[2]), "CONNECTED");
    assert_eq!(writes(stage.outside()), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn every_port_that_clients_need_is_open_for_each_request() {
    let input = request("endpoint-service-private-zone");
    let mut plain = input.clone();
    plain["requestId"] = json!("one-port");
    let target = plain["target"].as_object_mut().unwrap();
    target.remove("furtherPorts");
    target.remove("privateZone");
    plain["privateDns"] = json!(false);
    let mut stage = Stage::on(Simulated::on(scenario::world("default")));
    let mut seen = Vec::new();
    let mut another = plain.clone();
    another["requestId"] = json!("another-port");
    another["target"]["port"] = json!(8443);
    for one in [plain, input.clone(), another] {
        stage.start(one, None);
        let ended = stage.run().await.pop().unwrap();
        assert_eq!(code(&ended), "CONNECTED", "{}", detail(&ended));
        seen.push([443, 80, 8443].map(|port| let_in(&stage, port).len()));
    }
    assert_eq!(seen, [[1, 0, 0], [1, 1, 0], [1, 1, 1]]);

    let mut named = input;
    named["network"]["securityGroupIds"] = json!([scenario::GROUP]);
    let (ended, _) = play("group-closed", named).await;
    assert_eq!(code(&ended), "SECURITY_GROUP_CLOSED", "{}", detail(&ended));
    let message = detail(&ended)["message"].as_str().unwrap();
    assert!(message.ends_with("TCP port 80"), "{message}");
}

/// A zone that somebody makes for the name of the sample's service.
fn zone_by_hand(vpc: &str) -> CreateHostedZone {
    let zone = json!({
        "Name": "dsql-fnh4.us-east-1.on.aws", "CallerReference": "by hand",
        "VPC": {"VPCId": vpc, "VPCRegion": "us-east-1"},
        "HostedZoneConfig": {"Comment": "by hand", "PrivateZone": "true"},
    });
    serde_json::from_value(zone).expect("a call that the world knows")
}

#[tokio::test(start_paused = true)]
async fn a_zone_of_somebody_elses_stays_as_it_is() {
    for foreign in [true, false] {
        let mut world = scenario::world("default");
        let mut input = request("aurora-dsql-private-zone");
        if foreign {
            world = scenario::world("zone-name-taken");
            input["privateDns"] = json!(false);
            input["target"]["zoneVpcIds"] = json!([scenario::VPC]);
        } else {
            // Of this account, and made by somebody else.
            world.arrange(zone_by_hand(scenario::PEER_VPC)).unwrap();
        }
        let zones = world.state().hosted_zones;
        let mut stage = Stage::on(Simulated::on(world));
        stage.start(input, None);
        let ended = stage.run().await.remove(0);

        assert_eq!(code(&ended), "PRIVATE_ZONE_TAKEN", "{}", detail(&ended));
        assert_eq!(writes(stage.outside()), [""; 0]);
        assert_eq!(stage.outside().world().state().hosted_zones, zones);
    }
}

#[tokio::test(start_paused = true)]
async fn a_zone_that_takes_the_services_name_is_found_before_anything_is_made() {
    let (ended, simulated) = play("zone-name-taken", request("aurora-dsql")).await;

    let detail = detail(&ended);
    assert_eq!(detail["code"], "PRIVATE_DNS_TAKEN", "{detail}");
    assert!(
        detail["message"].to_string().contains("210987654321"),
        "{detail}"
    );
    assert_eq!(writes(&simulated), [""; 0]);

    // Without private DNS nothing is in the way.
    let mut unnamed = request("aurora-dsql");
    unnamed["privateDns"] = json!(false);
    let (ended, _) = play("zone-name-taken", unnamed).await;
    assert_eq!(code(&ended), "CONNECTED");
}

/// Preflight sees nothing of what comes after it: EC2 says no when the names are ordered.
#[tokio::test(start_paused = true)]
async fn a_zone_that_comes_later_is_noticed_when_the_names_are_ordered() {
    let mut stage = Stage::on(Simulated::on(scenario::world("default")));
    stage.start(request("aurora-dsql"), None);
    let written = |world: &mut World| world.writes().count() > 0;
    stage.until("a write", written).await;
    let zone = zone_by_hand(scenario::VPC);
    stage.outside().world().arrange(zone).unwrap();
    let ended = stage.run().await.remove(0);

    let detail = detail(&ended);
    assert_eq!(detail["code"], "PRIVATE_DNS_TAKEN", "{detail}");
    assert_eq!(detail["leftBehind"], json!([]));
    assert_eq!(Seen::at_last(&mut stage.outside().world()).left(), [""; 0]);
}

/// Every problem at once, also those of what would be made after the endpoint.
#[tokio::test(start_paused = true)]
async fn a_zone_in_the_way_is_named_beside_what_is_wrong_with_the_endpoint() {
    let mut world = scenario::world("default");
    world.arrange(zone_by_hand(scenario::PEER_VPC)).unwrap();
    let mut input = request("aurora-dsql-private-zone");
    input["network"]["securityGroupIds"] = json!(["sg-0000000000000000a"]);
    let mut stage = Stage::on(Simulated::on(world));
    stage.start(input, None);
    let ended = stage.run().await.remove(0);

    let codes: Vec<&str> = problems(&ended).collect();
    assert_eq!(codes, ["SECURITY_GROUP_NOT_FOUND", "PRIVATE_ZONE_TAKEN"]);
}

/// Zones behind endpoints' names are listed as well; their endpoint is named, and nothing twice.
#[tokio::test(start_paused = true)]
async fn a_name_that_an_endpoint_holds_is_one_problem() {
    let (ended, _) = play("dns-name-taken", request("aurora-dsql")).await;

    assert_eq!(problems(&ended).collect::<Vec<_>>(), ["PRIVATE_DNS_TAKEN"]);
    assert!(detail(&ended)["message"].to_string().contains("vpce-"));
}

/// An endpoint that is used as it is needs no names from us.
#[tokio::test(start_paused = true)]
async fn a_zone_does_not_keep_an_endpoint_from_being_adopted() {
    let mut stage = Stage::on(Simulated::on(scenario::world("zone-name-taken")));
    let by_hand = serde_json::from_value(json!({
        "VpcEndpointType": "Interface", "VpcId": scenario::VPC, "PrivateDnsEnabled": "false",
        "ServiceName": "com.amazonaws.us-east-1.dsql-fnh4",
        "SubnetId": request("aurora-dsql")["network"]["subnetIds"],
        "SecurityGroupId": request("aurora-dsql")["network"]["securityGroupIds"],
    }));
    let by_hand: CreateVpcEndpoint = by_hand.unwrap();
    stage.outside().world().arrange(by_hand).unwrap();
    // Until readers see it, and it works.
    let minutes = std::time::Duration::from_secs(300);
    stage.outside().world().advance(minutes);
    let mut input = request("aurora-dsql");
    input["adopt"] = json!(true);
    stage.start(input, None);
    let ended = stage.run().await.remove(0);

    let codes: Vec<&str> = problems(&ended).collect();
    assert_eq!(codes, ["ENDPOINT_DIFFERS"], "its private DNS is off");
}

/// The codes of everything that is wrong.
fn problems(ended: &Ended) -> impl Iterator<Item = &str> {
    let problems = detail(ended)["problems"].as_array().into_iter().flatten();
    problems.filter_map(|problem| problem["code"].as_str())
}
