//! Endpoints with IPv6 addresses (AWS PrivateLink Guide, "IP address types" and "DNS record IP type").

use std::net::IpAddr;

use serde_json::{Value, json};
use tests::{Ended, Seen, Simulated, Stage, Wrong, code, detail, request, writes};
use world::World;
use world::model::route53::{
    AliasTarget, Change, ChangeBatch, ChangeResourceRecordSets, ResourceRecordSet,
};
use world::scenario;

fn monitoring(id: &str, kind: &str) -> Value {
    let mut input = request("aws-service-monitoring");
    input["requestId"] = json!(id);
    input["network"]["ipAddressType"] = json!(kind);
    input
}

async fn play(world: World, input: Value) -> (Ended, Simulated) {
    let mut stage = Stage::on(Simulated::verified(world));
    stage.start(input, None);
    (stage.run().await.remove(0), stage.outside().clone())
}

/// The codes of a failure, sorted.
fn codes(ended: &Ended) -> Vec<String> {
    let all = detail(ended)["problems"].as_array().expect("problems");
    let mut codes: Vec<String> = all
        .iter()
        .filter_map(|one| Some(one["code"].as_str()?.to_owned()))
        .collect();
    codes.sort();
    codes.dedup();
    codes
}

/// How many addresses of each family a name has in the VPC.
fn families(outside: &Simulated, name: &str) -> (usize, usize) {
    let found = outside.world().look_up_all(scenario::SUBNETS[0], name);
    let ipv4 = found.iter().filter(|one| one.is_ipv4()).count();
    (ipv4, found.len() - ipv4)
}

#[tokio::test(start_paused = true)]
async fn a_dual_stack_endpoint_is_proven_over_both_families() {
    let mut input = monitoring("x", "dualstack");
    // Without groups, our own is opened for the VPC's blocks of both families.
    input["network"]
        .as_object_mut()
        .expect("a network")
        .remove("securityGroupIds");
    let (ended, outside) = play(scenario::world("dual-stack"), input).await;

    let said = detail(&ended);
    assert_eq!(code(&ended), "CONNECTED", "{said:#}");
    assert_eq!(said["verified"]["path"]["outcome"], "proven", "{said:#}");
    assert_eq!(said["verified"]["names"]["outcome"], "proven", "{said:#}");
    let zones = said["endpoint"]["zones"].as_array().expect("zones");
    let attempts = said["verified"]["path"]["seen"]["attempts"]
        .as_array()
        .expect("attempts");
    for zone in zones {
        for address in [&zone["privateIp"], &zone["ipv6"]] {
            let text = address.as_str().unwrap_or_default();
            assert!(text.parse::<IpAddr>().is_ok(), "{zone}");
            let attempt = attempts.iter().find(|one| one["address"] == *address);
            let layers = attempt.expect("an attempt")["layers"].as_array();
            assert_eq!(layers.expect("layers")[0]["outcome"], "proven", "{zone}");
        }
    }
    let ours = Seen::at_last(&mut outside.world()).ours()[0].clone();
    assert_eq!(ours.ip_address_type, "dualstack");
    assert_eq!(ours.dns_options.dns_record_ip_type, "dualstack");
    let name = "monitoring.us-east-1.amazonaws.com";
    assert_eq!(families(&outside, name), (3, 3));
}

#[tokio::test(start_paused = true)]
async fn records_are_for_the_addresses_that_were_asked_for() {
    for (records, expected) in [
        ("ipv4", (3, 0)),
        ("ipv6", (0, 3)),
        ("dualstack", (3, 3)),
        ("service-defined", (3, 0)),
    ] {
        let mut input = monitoring("x", "dualstack");
        input["network"]["dnsRecordIpType"] = json!(records);
        let (ended, outside) = play(scenario::world("dual-stack"), input).await;

        assert_eq!(code(&ended), "CONNECTED", "{records}: {}", detail(&ended));
        let name = "monitoring.us-east-1.amazonaws.com";
        assert_eq!(families(&outside, name), expected, "{records}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_own_name_of_a_zone_has_an_alias_for_each_family() {
    let mut input = request("endpoint-service-private-zone");
    input["network"]["ipAddressType"] = json!("dualstack");
    let zone = input["target"]["privateZone"].as_object_mut();
    zone.expect("a zone").remove("records");
    let name = input["target"]["privateZone"]["name"].clone();
    let name = name.as_str().expect("a name");
    let simulated = Simulated::verified(scenario::world("dual-stack"));
    let mut stage = Stage::on(simulated);
    stage.start(input.clone(), None);
    let ended = stage.run().await.remove(0);

    assert_eq!(code(&ended), "CONNECTED", "{}", detail(&ended));
    for name in [name.to_owned(), format!("b0.{name}")] {
        let (ipv4, ipv6) = families(stage.outside(), &name);
        assert!(ipv4 > 0 && ipv4 == ipv6, "{name}: {ipv4} {ipv6}");
    }
    // The same again writes nothing, and what was made is known as our own.
    stage.outside().world().clear_calls();
    stage.start(input, None);
    assert_eq!(code(&stage.run().await[1]), "CONNECTED");
    assert_eq!(writes(stage.outside()), [""; 0]);
}

/// Somebody's alias for IPv6 addresses at a name that is planned is not written over, and not taken for ours.
#[tokio::test(start_paused = true)]
async fn an_alias_of_somebodys_at_a_planned_name_stays() {
    let mut input = request("endpoint-service-private-zone");
    let zone = input["target"]["privateZone"].as_object_mut();
    zone.expect("a zone").remove("records");
    let mut first = input.clone();
    first["target"]["privateZone"]["records"] = json!({"*": "regional"});
    let (ended, outside) = play(scenario::world("dual-stack"), first).await;
    assert_eq!(code(&ended), "CONNECTED", "{}", detail(&ended));
    let zone = &detail(&ended)["parts"]["private-zone"];
    let text = |field: &str| zone[field].as_str().expect("a text").to_owned();
    let elsewhere = AliasTarget {
        hosted_zone_id: "Z35SXDOTRQ7X7K".to_owned(),
        dns_name: "lb-1.us-east-1.elb.amazonaws.com".to_owned(),
        evaluate_target_health: "false".to_owned(),
    };
    let alias = ChangeResourceRecordSets {
        hosted_zone_id: text("id"),
        change_batch: ChangeBatch {
            changes: vec![Change {
                action: "UPSERT".to_owned(),
                resource_record_set: ResourceRecordSet {
                    name: text("domain"),
                    kind: "AAAA".to_owned(),
                    alias_target: Some(elsewhere),
                    ..ResourceRecordSet::default()
                },
            }],
            ..ChangeBatch::default()
        },
    };
    outside.world().arrange(alias).expect("it is changed");
    input["requestId"] = json!("y");
    let mut stage = Stage::on(outside);
    stage.start(input, None);
    let ended = stage.run().await.remove(0);

    assert_eq!(codes(&ended), ["PRIVATE_ZONE_TAKEN"], "{}", detail(&ended));
}

/// Who asks for less than the endpoint of ours has gets the names that it has.
#[tokio::test(start_paused = true)]
async fn a_sharer_of_a_dual_stack_endpoint_and_its_zone_finds_them_as_they_are() {
    let mut first = request("endpoint-service-private-zone");
    let zone = first["target"]["privateZone"].as_object_mut();
    zone.expect("a zone").remove("records");
    let mut second = first.clone();
    first["network"]["ipAddressType"] = json!("dualstack");
    second["requestId"] = json!("y");
    let mut stage = Stage::on(Simulated::verified(scenario::world("dual-stack")));
    for input in [first, second] {
        stage.start(input, None);
        let ended = stage.run().await.pop().expect("an end");
        assert_eq!(code(&ended), "CONNECTED", "{}", detail(&ended));
    }
}

#[tokio::test(start_paused = true)]
async fn what_does_not_have_the_addresses_is_named_before_anything_is_made() {
    let mut cluster = request("aurora-dsql");
    cluster["network"]["ipAddressType"] = json!("dualstack");
    for (world, input, expected) in [
        // The subnets have no IPv6 addresses, or others beside them.
        (
            "default",
            monitoring("x", "dualstack"),
            "ADDRESS_TYPE_UNSUPPORTED",
        ),
        (
            "dual-stack",
            monitoring("x", "ipv6"),
            "ADDRESS_TYPE_UNSUPPORTED",
        ),
        // Nor has the service.
        ("dual-stack", cluster, "ADDRESS_TYPE_UNSUPPORTED"),
    ] {
        let (ended, outside) = play(scenario::world(world), input).await;

        assert_eq!(codes(&ended), [expected], "{world}: {}", detail(&ended));
        assert_eq!(writes(&outside), [""; 0], "{world}");
    }
}

#[tokio::test(start_paused = true)]
async fn only_what_can_be_chosen_may_be_asked_for() {
    let mut records = monitoring("x", "ipv4");
    records["network"]["dnsRecordIpType"] = json!("dualstack");
    let mut migration = request("dms-tidb-cloud");
    migration["network"]["ipAddressType"] = json!("dualstack");
    for input in [monitoring("x", "IPv6"), records, migration] {
        let (ended, outside) = play(scenario::world("dual-stack"), input).await;

        assert_eq!(code(&ended), "REQUEST_INVALID", "{}", detail(&ended));
        assert_eq!(writes(&outside), [""; 0]);
    }
}

#[tokio::test(start_paused = true)]
async fn an_ipv6_endpoint_lies_in_subnets_of_its_own_kind() {
    let mut world = scenario::world("dual-stack");
    let subnet = "subnet-0d6f81a3c5e709214";
    let made = world.add_ipv6_subnet(scenario::VPC, subnet, "use1-az1");
    made.expect("a subnet");
    let mut input = monitoring("x", "ipv6");
    input["network"]["subnetIds"] = json!([subnet]);
    let (ended, outside) = play(world, input).await;

    let said = detail(&ended);
    assert_eq!(code(&ended), "CONNECTED", "{said:#}");
    assert_eq!(said["verified"]["path"]["outcome"], "proven", "{said:#}");
    assert_eq!(said["endpoint"]["zones"][0]["privateIp"], json!(null));
    assert_eq!(
        families(&outside, "monitoring.us-east-1.amazonaws.com"),
        (0, 1)
    );
}

/// A verifier without IPv6 addresses can say nothing of an endpoint that has no others.
#[tokio::test(start_paused = true)]
async fn a_verifier_without_addresses_of_a_family_says_so() {
    for (verify, expected) in [
        ("if-possible", "CONNECTED"),
        ("required", "VERIFIER_MISSING"),
    ] {
        let mut world = scenario::world("default");
        let subnet = "subnet-0d6f81a3c5e709214";
        let made = world.add_ipv6_subnet(scenario::VPC, subnet, "use1-az1");
        made.expect("a subnet");
        let mut input = monitoring("x", "ipv6");
        input["verify"] = json!(verify);
        input["network"] =
            json!({"vpcId": scenario::VPC, "subnetIds": [subnet], "ipAddressType": "ipv6"});
        let (ended, _) = play(world, input).await;

        let said = detail(&ended);
        assert_eq!(code(&ended), expected, "{said:#}");
        assert!(said.to_string().contains("no IPv6 address"), "{said:#}");
        if expected == "CONNECTED" {
            assert_eq!(said["verified"]["path"]["outcome"], "not-tried", "{said:#}");
        }
    }
}

/// Of a dual-stack endpoint, what names lead to has to be tried.
#[tokio::test(start_paused = true)]
async fn half_a_proof_is_none_where_names_lead_to_the_other_half() {
    for (records, verify, expected, outcome) in [
        ("ipv4", "required", "CONNECTED", "proven"),
        ("dualstack", "if-possible", "CONNECTED", "not-tried"),
        ("ipv6", "if-possible", "CONNECTED", "not-tried"),
        ("ipv6", "required", "VERIFIER_MISSING", ""),
    ] {
        let mut input = monitoring("x", "dualstack");
        input["network"]["dnsRecordIpType"] = json!(records);
        input["verify"] = json!(verify);
        let simulated = Simulated::verified_without_ipv6(scenario::world("dual-stack"));
        let mut stage = Stage::on(simulated);
        stage.start(input, None);
        let ended = stage.run().await.remove(0);

        let said = detail(&ended);
        assert_eq!(code(&ended), expected, "{records} {verify}: {said:#}");
        assert!(said.to_string().contains("no IPv6 address"), "{said:#}");
        if expected == "CONNECTED" {
            assert_eq!(
                said["verified"]["path"]["outcome"], outcome,
                "{records}: {said:#}"
            );
        }
    }
}

/// Whoever has no IPv6 address does not reach names that lead to nothing else.
#[tokio::test(start_paused = true)]
async fn clients_without_ipv6_are_named_where_the_names_lead_there_only() {
    for (records, expected) in [("ipv6", true), ("dualstack", false)] {
        let mut input = monitoring("x", "dualstack");
        input["network"]["dnsRecordIpType"] = json!(records);
        input["target"]["zoneVpcIds"] = json!([scenario::PEER_VPC]);
        input["dryRun"] = json!(true);
        let (ended, _) = play(scenario::world("dual-stack"), input).await;

        assert_eq!(code(&ended), "PLANNED", "{}", detail(&ended));
        let warnings = detail(&ended)["warnings"].to_string();
        let is_said =
            warnings.contains("IPv6 addresses only") && warnings.contains(scenario::PEER_VPC);
        assert_eq!(is_said, expected, "{records}: {warnings}");
    }
}

/// One that has more serves who wants less, and is not changed for who wants more.
#[tokio::test(start_paused = true)]
async fn who_shares_an_endpoint_takes_its_addresses() {
    for (first, second, expected) in [
        ("dualstack", "ipv4", "CONNECTED"),
        ("ipv4", "dualstack", "ENDPOINT_DIFFERS"),
    ] {
        let mut stage = Stage::on(Simulated::verified(scenario::world("dual-stack")));
        stage.start(monitoring("x", first), None);
        let ended = stage.run().await;
        assert_eq!(code(&ended[0]), "CONNECTED", "{}", detail(&ended[0]));
        stage.start(monitoring("y", second), None);
        let ended = stage.run().await;

        assert_eq!(code(&ended[1]), expected, "{}", detail(&ended[1]));
        assert_eq!(Seen::at_last(&mut stage.outside().world()).ours().len(), 1);
    }
}

#[test]
fn wrong_variants_are_noticed() {
    let guard = a_dual_stack_endpoint_is_proven_over_both_families;
    assert!(Wrong::AddressTypesAreLeftOut.is_noticed_by(guard));
    assert!(Wrong::OnlyIpv4IsLetIn.is_noticed_by(guard));
}
