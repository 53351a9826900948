//! Whether clients can reach what is made, as far as it shows before anything is made: certain failure is a problem, likely
//! trouble a warning.

#![expect(clippy::unwrap_used, reason = "a test panics")]

mod reachability {
    mod sources;
}

use std::time::Duration;

use serde_json::{Value, json};
use tests::{Ended, Simulated, Stage, Wrong, code, detail, request, writes};
use world::gate::{Fault, FaultKind};
use world::model::groups::{AuthorizeSecurityGroupIngress, CreateSecurityGroup};
use world::model::network::{
    AssociateDhcpOptions, CreateDhcpOptions, CreateNetworkAclEntry, CreateRoute, CreateSubnet,
    NewDhcpConfiguration, PortRange,
};
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

/// A rule that denies TCP in the VPC's network ACL.
fn deny(world: &mut World, egress: bool, from: i32, to: i32) {
    let rule = CreateNetworkAclEntry {
        network_acl_id: scenario::VPC.replace("vpc-", "acl-"),
        rule_number: Some(90),
        protocol: "6".to_owned(),
        rule_action: "deny".to_owned(),
        egress,
        cidr_block: "10.20.0.0/16".to_owned(),
        port_range: Some(PortRange {
            from: Some(from),
            to: Some(to),
        }),
        ..CreateNetworkAclEntry::default()
    };
    world.arrange(rule).unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_network_acl_that_keeps_clients_or_answers_out_is_said() {
    for (egress, from, to, is_said) in [
        (false, 443, 443, true),
        (false, 22, 22, false),
        (true, 1024, 65535, true),
        (true, 443, 443, false),
    ] {
        let mut world = scenario::world("default");
        deny(&mut world, egress, from, to);
        let (ended, _) = run(world, monitoring()).await;

        let what = format!("{egress} {from}: {}", detail(&ended));
        assert_eq!(code(&ended), "CONNECTED", "{what}");
        let expected: &[&str] = if is_said {
            &["NETWORK_ACL_CLOSED"]
        } else {
            &[]
        };
        assert_eq!(warned(&ended), expected, "{what}");
        if is_said {
            let warning = detail(&ended)["warnings"][0].to_string();
            assert!(warning.contains("rule 90 of acl-"), "{warning}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_may_not_be_looked_at_is_not_known() {
    for action in ["DescribeNetworkAcls", "DescribeDhcpOptions"] {
        let mut world = scenario::world("default");
        world.add_fault(Fault::on(action, FaultKind::AccessDenied));
        let (ended, _) = run(world, monitoring()).await;

        assert_eq!(code(&ended), "CONNECTED", "{action}: {}", detail(&ended));
        assert_eq!(warned(&ended), [""; 0], "{action}");
    }
}

#[tokio::test(start_paused = true)]
async fn resolvers_of_ones_own_are_said() {
    let mut world = scenario::world("default");
    let made = world.arrange(CreateDhcpOptions {
        configurations: vec![NewDhcpConfiguration {
            key: "domain-name-servers".to_owned(),
            // The second one is the VPC's own.
            values: vec!["10.20.0.53".to_owned(), "10.20.0.2".to_owned()],
        }],
        ..CreateDhcpOptions::default()
    });
    let made = made.unwrap().dhcp_options;
    let associated = AssociateDhcpOptions {
        dhcp_options_id: made.dhcp_options_id,
        vpc_id: scenario::VPC.to_owned(),
        ..AssociateDhcpOptions::default()
    };
    world.arrange(associated).unwrap();
    let (ended, outside) = run(world, monitoring()).await;
    assert_eq!(code(&ended), "CONNECTED", "{}", detail(&ended));
    assert_eq!(warned(&ended), ["RESOLVER_NOT_AWS"]);
    let warning = detail(&ended)["warnings"][0].to_string();
    assert!(warning.contains("10.20.0.53 for names"), "{warning}");

    // Whoever asks for no names is not told.
    let mut nameless = monitoring();
    nameless["requestId"] = json!("nameless");
    nameless["privateDns"] = json!(false);
    nameless["target"]["service"] = json!("sts");
    let mut stage = Stage::on(outside);
    stage.start(nameless, None);
    assert_eq!(warned(&stage.run().await[0]), [""; 0]);
}

/// A registry's layers lie in S3: who has an endpoint for the one and not for the other is told.
#[tokio::test(start_paused = true)]
async fn what_a_service_needs_beside_it_is_said() {
    let mut stage = Stage::on(Simulated::on(scenario::world("default")));
    for (number, (service, said)) in [
        ("ecr.dkr", "ecr.api and s3"),
        ("ecr.api", "s3"),
        ("monitoring", ""),
    ]
    .into_iter()
    .enumerate()
    {
        let mut input = monitoring();
        input["requestId"] = json!(service);
        input["target"]["service"] = json!(service);
        stage.start(input, None);
        let ended = stage.run().await.remove(number);

        assert_eq!(code(&ended), "CONNECTED", "{}", detail(&ended));
        let expected: &[&str] = if said.is_empty() {
            &[]
        } else {
            &["COMPANION_MISSING"]
        };
        assert_eq!(warned(&ended), expected, "{service}");
        let warning = detail(&ended)["warnings"][0]["message"].as_str();
        let together = format!("together with {said}, for which");
        assert!(
            warning.is_none_or(|text| text.contains(&together)),
            "{warning:?}"
        );
    }
}

/// A replication instance reads its secret by itself (CASE 11).
#[tokio::test(start_paused = true)]
async fn a_replication_instance_needs_a_way_to_secrets_manager() {
    let dms = || request("dms-tidb-cloud");
    let nowhere = || scenario::world("dms-no-way-out");
    let (ended, outside) = run(nowhere(), dms()).await;
    assert_eq!(
        code(&ended),
        "SECRETS_MANAGER_UNREACHABLE",
        "{}",
        detail(&ended)
    );
    assert_eq!(writes(&outside), [""; 0]);
    let fix = detail(&ended)["problems"][0]["fix"].as_str().unwrap();
    assert!(fix.contains("\"service\": \"secretsmanager\""), "{fix}");

    // An internet gateway is of no use to what has no public address.
    let mut world = nowhere();
    let route = CreateRoute {
        route_table_id: scenario::CONNECTED_VPC.replace("vpc-", "rtb-"),
        destination_cidr_block: "0.0.0.0/0".to_owned(),
        gateway_id: Some("igw-0a1b2c3d4e5f60718".to_owned()),
        ..CreateRoute::default()
    };
    world.arrange(route).unwrap();
    let (ended, _) = run(world, dms()).await;
    assert_eq!(code(&ended), "SECRETS_MANAGER_UNREACHABLE");

    // The request that the fix names makes the way.
    let mut way = monitoring();
    way["requestId"] = json!("way");
    way["target"]["service"] = json!("secretsmanager");
    way["network"] = json!({"vpcId": scenario::CONNECTED_VPC});
    let (ended, outside) = run(nowhere(), way).await;
    assert_eq!(code(&ended), "CONNECTED", "{}", detail(&ended));
    let mut stage = Stage::on(outside);
    stage.start(dms(), None);
    assert_eq!(code(&stage.run().await[0]), "CONNECTED");

    // Where nobody may look, nothing is known.
    let mut world = nowhere();
    world.add_fault(Fault::on("DescribeRouteTables", FaultKind::AccessDenied));
    let (ended, _) = run(world, dms()).await;
    assert_eq!(code(&ended), "CONNECTED", "{}", detail(&ended));
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
            a_network_acl_that_keeps_clients_or_answers_out_is_said,
        ),
        (Wrong::SurroundingsAreUsual, resolvers_of_ones_own_are_said),
        (
            Wrong::EveryRouteLeadsOut,
            a_replication_instance_needs_a_way_to_secrets_manager,
        ),
        (
            Wrong::KeysAreNotNamed,
            a_secret_under_a_key_that_may_not_be_used_is_the_keys_fault,
        ),
    ] {
        assert!(wrong.is_noticed_by(guard), "{wrong:?}");
    }
}
