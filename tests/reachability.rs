//! Whether clients can reach what is made, as far as it shows before anything is made: certain failure is a problem, likely
//! trouble a warning.

#![expect(clippy::unwrap_used, reason = "a test panics")]

mod reachability {
    pub(crate) mod around;
    mod sources;
}

use std::time::Duration;

use reachability::around;
use serde_json::{Value, json};
use tests::{Ended, Simulated, Stage, Wrong, code, detail, request, writes};
use world::model::groups::{AuthorizeSecurityGroupIngress, CreateSecurityGroup};
use world::model::network::CreateSubnet;
use world::{World, scenario};

/// A request for monitoring from a VPC, the smallest that there is.
fn monitoring() -> Value {
    json!({
        "requestId": "x", "region": "us-east-1", "target": {"kind": "aws-service", "service": "monitoring"},
        "network": {"vpcId": scenario::VPC, "subnetIds": [scenario::SUBNETS[0]]},
    })
}

/// A group of the VPC that lets these in on port 443.
fn group(world: &mut World, sources: &[&str]) -> String {
    group_named(world, "asked-for", sources)
}

fn group_named(world: &mut World, name: &str, sources: &[&str]) -> String {
    let made = world.arrange(CreateSecurityGroup {
        group_name: name.to_owned(),
        description: "in a test".to_owned(),
        vpc_id: scenario::VPC.to_owned(),
        ..CreateSecurityGroup::default()
    });
    let id = made.unwrap().group_id;
    world.advance(Duration::from_secs(60));
    for source in sources {
        let peer = match source.split_once('-') {
            Some(("sg", _)) => json!({"Groups": [{"GroupId": source}]}),
            Some(("pl", _)) => json!({"PrefixListIds": [{"PrefixListId": source}]}),
            _ => json!({"IpRanges": [{"CidrIp": source}]}),
        };
        let mut rule = json!({"IpProtocol": "tcp", "FromPort": "443", "ToPort": "443"});
        rule.as_object_mut()
            .unwrap()
            .extend(peer.as_object().unwrap().clone());
        let rule: AuthorizeSecurityGroupIngress =
            serde_json::from_value(json!({"GroupId": id, "IpPermissions": [rule]})).unwrap();
        world.arrange(rule).unwrap();
    }
    world.advance(Duration::from_secs(60));
    id
}

async fn run(world: World, input: Value) -> (Ended, Simulated) {
    let mut stage = Stage::on(Simulated::on(world));
    stage.start(input, None);
    (stage.run().await.remove(0), stage.outside().clone())
}

/// The codes of the warnings of a result.
fn warned(ended: &Ended) -> Vec<&str> {
    let warnings = detail(ended)["warnings"].as_array().unwrap();
    warnings
        .iter()
        .map(|one| one["code"].as_str().unwrap())
        .collect()
}

#[tokio::test(start_paused = true)]
async fn a_group_that_lets_somebody_else_in_lets_nobody_in() {
    for (sources, expected) in [
        (&["192.0.2.0/24"][..], "SECURITY_GROUP_CLOSED"),
        (&[], "SECURITY_GROUP_CLOSED"),
        (&["10.20.0.0/16"], ""),
        (&["0.0.0.0/0"], ""),
        (&["10.20.0.0/17", "10.20.128.0/17"], ""),
        (&["10.20.3.0/24"], "CLIENTS_KEPT_OUT"),
        (&["10.20.3.0/24", scenario::GROUP], "CLIENTS_KEPT_OUT"),
        (&[scenario::GROUP], "CLIENTS_NOT_KNOWN"),
    ] {
        let mut world = scenario::world("default");
        let mut input = monitoring();
        input["network"]["securityGroupIds"] = json!([group(&mut world, sources)]);
        let (ended, outside) = run(world, input.clone()).await;

        let what = format!("{sources:?}: {}", detail(&ended));
        if expected == "SECURITY_GROUP_CLOSED" {
            assert_eq!(code(&ended), expected, "{what}");
            assert_eq!(writes(&outside), [""; 0], "{what}");
        } else {
            assert_eq!(code(&ended), "CONNECTED", "{what}");
            assert_eq!(warned(&ended).join(" "), expected, "{what}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_group_is_held_against_every_block_of_every_vpc() {
    // It lets the VPC in, and nobody of the further one that sees the zone.
    let mut input = request("aurora-dsql-private-zone");
    input["network"]["securityGroupIds"] = json!([scenario::GROUP]);
    input["dryRun"] = json!(true);
    let (ended, _) = run(scenario::world("default"), input).await;

    assert_eq!(code(&ended), "PLANNED", "{}", detail(&ended));
    assert_eq!(warned(&ended), ["CLIENTS_KEPT_OUT"], "{}", detail(&ended));
}

/// A group that lets in somebody outside of AWS only.
fn on_premises(world: &mut World) -> String {
    group(world, &["172.16.0.0/12"])
}

#[tokio::test(start_paused = true)]
async fn names_for_resolvers_outside_are_for_clients_outside() {
    let mut input = request("aws-service-s3");
    for inbound_only in [false, true] {
        let mut world = scenario::world("default");
        let id = on_premises(&mut world);
        input["network"]["securityGroupIds"] = json!([id]);
        input["target"]["inboundResolverOnly"] = json!(inbound_only);
        let (ended, _) = run(world, input.clone()).await;

        // The VPC has no gateway endpoint for the rest, and that is all.
        let codes = detail(&ended)["problems"].as_array().unwrap();
        let codes: Vec<&str> = codes
            .iter()
            .map(|one| one["code"].as_str().unwrap())
            .collect();
        let expected = ["SECURITY_GROUP_CLOSED", "GATEWAY_ENDPOINT_MISSING"];
        assert_eq!(
            codes,
            [expected[usize::from(inbound_only)]],
            "{}",
            detail(&ended)
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_range_of_ports_is_let_in_as_a_whole() {
    let mut world = scenario::world("default");
    let id = group(&mut world, &["10.20.0.0/16"]);
    for (first, last) in [("8443", "8447"), ("8448", "8450")] {
        let rule = json!({"IpProtocol": "tcp", "FromPort": first, "ToPort": last, "IpRanges": [{"CidrIp": "10.20.0.0/16"}]});
        let rule: AuthorizeSecurityGroupIngress =
            serde_json::from_value(json!({"GroupId": id, "IpPermissions": [rule]})).unwrap();
        world.arrange(rule).unwrap();
    }
    world.advance(Duration::from_secs(60));
    let mut input = partner(json!(["8443-8451"]));
    input["network"]["securityGroupIds"] = json!([id]);
    let (ended, _) = run(world, input).await;

    assert_eq!(code(&ended), "SECURITY_GROUP_CLOSED", "{}", detail(&ended));
    let message = detail(&ended)["message"].as_str().unwrap();
    assert!(message.contains("port 8451"), "{message}");
}

/// A partner's service that needs several ports.
fn partner(further: Value) -> Value {
    json!({
        "requestId": "x", "region": "us-east-1",
        "target": {"kind": "endpoint-service", "service": scenario::PARTNER, "port": 443, "furtherPorts": further},
        "network": {"vpcId": scenario::VPC}, "privateDns": false,
    })
}

#[tokio::test(start_paused = true)]
async fn ports_and_ranges_are_counted_as_the_rules_that_they_are() {
    let (ended, outside) = run(
        scenario::world("default"),
        partner(json!([2443, 6666, "8443-8451", 5432])),
    )
    .await;
    assert_eq!(code(&ended), "CONNECTED", "{}", detail(&ended));
    let groups = outside.world().state().groups;
    let own = groups
        .iter()
        .find(|group| group.group_name.starts_with("tieline-"))
        .unwrap();
    let rules = own
        .ip_permissions
        .iter()
        .map(|rule| (rule.from_port.unwrap(), rule.to_port.unwrap()));
    assert_eq!(
        rules.collect::<Vec<_>>(),
        [
            (443, 443),
            (2443, 2443),
            (5432, 5432),
            (6666, 6666),
            (8443, 8451)
        ]
    );

    // Two VPCs, so two rules a port.
    let mut input = partner(json!((1000..1030).collect::<Vec<u16>>()));
    input["target"]["privateZone"] =
        json!({"name": "partner.example.com", "vpcIds": [scenario::PEER_VPC]});
    let (ended, outside) = run(scenario::world("default"), input).await;
    assert_eq!(code(&ended), "TOO_MANY_RULES", "{}", detail(&ended));
    assert_eq!(writes(&outside), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn which_of_several_subnets_it_is_is_no_lottery() {
    let mut world = scenario::world("default");
    let more = world.arrange(CreateSubnet {
        vpc_id: scenario::VPC.to_owned(),
        cidr_block: "10.20.99.0/24".to_owned(),
        availability_zone_id: Some("use1-az6".to_owned()),
        ..CreateSubnet::default()
    });
    let more = more.unwrap().subnet.subnet_id;
    world.advance(Duration::from_secs(60));
    let mut input = monitoring();
    input["network"]
        .as_object_mut()
        .unwrap()
        .remove("subnetIds");
    let (ended, outside) = run(world, input).await;

    assert_eq!(code(&ended), "SUBNETS_AMBIGUOUS", "{}", detail(&ended));
    let message = detail(&ended)["message"].as_str().unwrap();
    assert!(
        message.contains(&more) && message.contains(scenario::SUBNETS[1]),
        "{message}"
    );
    // Of those in the other zone, one is tagged.
    assert!(!message.contains(scenario::SUBNETS[4]), "{message}");
    assert_eq!(writes(&outside), [""; 0]);
}

/// Secrets Manager says what KMS refuses, and the fix is the key's (CASE 12).
#[tokio::test(start_paused = true)]
async fn a_secret_under_a_key_that_may_not_be_used_is_the_keys_fault() {
    let world = scenario::world("secret-under-own-key");
    let (ended, outside) = run(world, request("tidb-cloud-dedicated")).await;

    assert_eq!(code(&ended), "SECRET_UNUSABLE", "{}", detail(&ended));
    let fix = detail(&ended)["problems"][0]["fix"].as_str().unwrap();
    assert!(
        fix.contains("SecretKeyArns") && fix.contains("describe-key"),
        "{fix}"
    );
    assert_eq!(writes(&outside), [""; 0]);
}

#[test]
fn wrong_variants_are_noticed() {
    for (wrong, guard) in [
        (
            Wrong::EveryGroupIsOpen,
            a_group_that_lets_somebody_else_in_lets_nobody_in as fn(),
        ),
        (
            Wrong::PortsAreCutOff,
            ports_and_ranges_are_counted_as_the_rules_that_they_are,
        ),
        (
            Wrong::SubnetsAreNotMarked,
            which_of_several_subnets_it_is_is_no_lottery,
        ),
        (
            Wrong::SurroundingsAreUsual,
            around::a_network_acl_that_keeps_clients_or_answers_out_is_said,
        ),
        (
            Wrong::SurroundingsAreUsual,
            around::resolvers_of_ones_own_are_said,
        ),
        (
            Wrong::EveryRouteLeadsOut,
            around::a_replication_instance_needs_a_way_to_secrets_manager,
        ),
        (
            Wrong::KeysAreNotNamed,
            a_secret_under_a_key_that_may_not_be_used_is_the_keys_fault,
        ),
    ] {
        assert!(wrong.is_noticed_by(guard), "{wrong:?}");
    }
}
