//! What is around an endpoint and in its subnets: network ACLs, resolvers, other endpoints, routes.

use serde_json::json;
use tests::{Simulated, Stage, code, detail, request, writes};
use world::gate::{Fault, FaultKind};
use world::model::network::{
    AssociateDhcpOptions, CreateDhcpOptions, CreateNetworkAclEntry, CreateRoute,
    NewDhcpConfiguration, PortRange,
};
use world::{World, scenario};

use crate::{monitoring, run, warned};

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
pub(crate) async fn a_network_acl_that_keeps_clients_or_answers_out_is_said() {
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
pub(crate) async fn resolvers_of_ones_own_are_said() {
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
pub(crate) async fn a_replication_instance_needs_a_way_to_secrets_manager() {
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
