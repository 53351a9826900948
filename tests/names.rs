//! Names that are announced: each resolves in the VPC to the endpoint, and none is a wildcard.
//!
//! The names are what the vendors' pages have (CONTRACTS quotes them), not computed.

mod names {
    mod zones;
}

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};
use tests::{Ended, Simulated, Stage, Wrong, code, detail, files, play, request, writes};
use world::gate::{Fault, FaultKind};
use world::model::route53::{Change, ChangeBatch, ChangeResourceRecordSets, ResourceRecordSet};
use world::model::services::NewService;
use world::scenario;

async fn run(input: Value) -> (Ended, Simulated) {
    let mut stage = Stage::on(Simulated::on(scenario::world("default")));
    stage.start(input, None);
    let ended = stage.run().await.remove(0);
    (ended, stage.outside().clone())
}

fn asked(target: Value) -> Value {
    json!({"requestId": "x", "region": "us-east-1", "target": target, "network": {"vpcId": scenario::VPC}})
}

/// How many addresses a name has in a VPC.
fn addresses(outside: &Simulated, vpc: &str, name: &str) -> usize {
    let there = outside.world().resolve(vpc, name);
    there
        .iter()
        .map(|one| one.address)
        .collect::<BTreeSet<_>>()
        .len()
}

#[tokio::test(start_paused = true)]
async fn a_wildcard_is_announced_as_a_pattern() {
    let dsql = json!({"kind": "aws-service", "service": "dsql-fnh4", "port": 5432});
    let (ended, outside) = run(asked(dsql)).await;

    assert_eq!(code(&ended), "CONNECTED", "{}", detail(&ended));
    let connection = &detail(&ended)["connection"];
    assert_eq!(connection["host"], json!(null), "{connection}");
    assert_eq!(
        connection["hostPattern"],
        "<name>.dsql-fnh4.us-east-1.on.aws"
    );
    assert!(
        connection["note"]
            .as_str()
            .unwrap()
            .contains("the id of the cluster"),
        "{connection}"
    );
    assert!(
        !detail(&ended)["nextStep"].as_str().unwrap().contains('*'),
        "{connection}"
    );
    assert_eq!(
        addresses(&outside, scenario::VPC, "dsql-fnh4.us-east-1.on.aws"),
        0
    );
    let cluster = format!("{}.dsql-fnh4.us-east-1.on.aws", scenario::CLUSTER);
    assert_eq!(addresses(&outside, scenario::VPC, &cluster), 3);
}

#[tokio::test(start_paused = true)]
async fn the_own_names_of_an_s3_endpoint_are_patterns() {
    let mut input = request("aws-service-s3");
    input["privateDns"] = json!(false);
    input["target"]
        .as_object_mut()
        .unwrap()
        .remove("inboundResolverOnly");
    let (ended, outside) = run(input).await;

    let connection = &detail(&ended)["connection"];
    let pattern = connection["hostPattern"].as_str().unwrap();
    assert!(pattern.starts_with("<name>.vpce-"), "{connection}");
    assert!(
        connection["note"]
            .as_str()
            .unwrap()
            .contains("bucket, accesspoint or control"),
        "{connection}"
    );
    let vpc = detail(&ended)["endpoint"]["vpcId"].as_str().unwrap();
    assert!(addresses(&outside, vpc, &pattern.replace("<name>", "bucket")) > 0);
    assert_eq!(
        addresses(&outside, vpc, pattern.trim_start_matches("<name>.")),
        0
    );
}

#[tokio::test(start_paused = true)]
async fn a_zone_of_a_services_own_name_has_that_name_as_well() {
    let mut input = asked(json!({
        "kind": "endpoint-service", "service": "com.amazonaws.us-east-1.monitoring", "port": 443,
        "privateZone": {"name": "monitoring.us-east-1.amazonaws.com", "vpcIds": [scenario::PEER_VPC]},
    }));
    input["privateDns"] = json!(false);
    let (ended, outside) = run(input).await;

    assert_eq!(code(&ended), "CONNECTED", "{}", detail(&ended));
    assert_eq!(
        detail(&ended)["connection"]["host"],
        "monitoring.us-east-1.amazonaws.com"
    );
    for vpc in [scenario::VPC, scenario::PEER_VPC] {
        for name in [
            "monitoring.us-east-1.amazonaws.com",
            "eu.monitoring.us-east-1.amazonaws.com",
        ] {
            assert!(addresses(&outside, vpc, name) > 1, "{vpc} {name}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_zone_leads_to_an_s3_endpoint_whose_own_names_begin_with_a_star() {
    let mut input = asked(json!({
        "kind": "endpoint-service", "service": "com.amazonaws.us-east-1.s3", "port": 443,
        "privateZone": {"name": "s3.us-east-1.amazonaws.com"},
    }));
    input["privateDns"] = json!(false);
    let (ended, outside) = run(input.clone()).await;

    assert_eq!(code(&ended), "CONNECTED", "{}", detail(&ended));
    for name in [
        "s3.us-east-1.amazonaws.com",
        "logs.s3.us-east-1.amazonaws.com",
    ] {
        assert!(addresses(&outside, scenario::VPC, name) > 1, "{name}");
    }
    // Another request for it that fails takes nothing away, and the same one writes nothing.
    let mut other = input.clone();
    other["requestId"] = json!("y");
    let fault = Fault::on("DescribeNetworkInterfaces", FaultKind::AccessDenied);
    outside.world().add_fault(fault);
    let mut stage = Stage::on(outside);
    stage.start(other, None);
    assert_eq!(stage.run().await[0].status, "FAILED");
    stage.outside().world().clear_faults();
    stage.outside().world().clear_calls();
    stage.start(input, None);
    assert_eq!(code(&stage.run().await[1]), "CONNECTED");
    assert_eq!(writes(stage.outside()), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn an_address_that_somebody_put_into_a_zone_of_ours_stays() {
    let zone =
        json!({"name": "pr1jy6.us-east-1.aws.confluent.cloud", "records": {"*": "regional"}});
    let mut input = asked(json!({
        "kind": "endpoint-service", "service": scenario::PARTNER, "port": 9092, "privateZone": zone,
    }));
    input["privateDns"] = json!(false);
    let (ended, outside) = run(input.clone()).await;
    let id = detail(&ended)["parts"]["private-zone"]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let domain = "pr1jy6.us-east-1.aws.confluent.cloud";
    let by_hand = ChangeResourceRecordSets {
        hosted_zone_id: id,
        change_batch: ChangeBatch {
            changes: vec![Change {
                action: "UPSERT".to_owned(),
                resource_record_set: ResourceRecordSet::new(domain, "A", 60, &["10.20.1.99"]),
            }],
            ..ChangeBatch::default()
        },
    };
    outside.world().arrange(by_hand).unwrap();
    input["requestId"] = json!("y");
    input["target"]["privateZone"] = json!({"name": domain});
    let mut stage = Stage::on(outside);
    stage.start(input, None);
    let ended = stage.run().await.remove(0);

    assert_eq!(code(&ended), "PRIVATE_ZONE_TAKEN", "{}", detail(&ended));
    stage.pass(Duration::from_secs(60)).await;
    let there = stage.outside().world().resolve(scenario::VPC, domain);
    assert_eq!(there[0].address.to_string(), "10.20.1.99");
}

#[tokio::test(start_paused = true)]
async fn a_brokers_name_leads_to_the_interface_in_its_zone() {
    let mut input = asked(json!({
        "kind": "endpoint-service", "service": scenario::PARTNER, "port": 9092, "furtherPorts": [443],
        "privateZone": {"name": "pr1jy6.us-east-1.aws.confluent.cloud"},
    }));
    input["privateDns"] = json!(false);
    let (ended, outside) = run(input).await;

    assert_eq!(code(&ended), "CONNECTED", "{}", detail(&ended));
    let zones = detail(&ended)["endpoint"]["zones"].as_array().unwrap();
    assert_eq!(zones.len(), 4, "{zones:?}");
    for zone in zones {
        let name = format!(
            "e-00a1-g000.{}.pr1jy6.us-east-1.aws.confluent.cloud",
            zone["zoneId"].as_str().unwrap()
        );
        let there = outside.world().resolve(scenario::VPC, &name);
        let there: Vec<String> = there.iter().map(|one| one.address.to_string()).collect();
        assert_eq!(there, [zone["privateIp"].as_str().unwrap()], "{name}");
    }
    let note = detail(&ended)["connection"]["note"].to_string();
    assert!(note.contains("*.use1-az6.pr1jy6"), "{note}");
    let bootstrap = "lkc-00a1.pr1jy6.us-east-1.aws.confluent.cloud";
    assert_eq!(addresses(&outside, scenario::VPC, bootstrap), 4);
}

#[tokio::test(start_paused = true)]
async fn services_are_called_what_ec2_calls_them() {
    for (target, name) in [
        (
            json!({"kind": "aws-service", "service": "s3-global.accesspoint"}),
            "com.amazonaws.s3-global.accesspoint",
        ),
        (
            json!({"kind": "endpoint-service", "service": "com.amazonaws.route53", "port": 443}),
            "com.amazonaws.route53",
        ),
        (
            json!({"kind": "aws-service", "service": "route53"}),
            "com.amazonaws.route53",
        ),
        (
            json!({"kind": "aws-service", "service": "monitoring"}),
            "com.amazonaws.us-east-1.monitoring",
        ),
    ] {
        let (ended, _) = run(asked(target)).await;
        assert_eq!(code(&ended), "CONNECTED", "{name}: {}", detail(&ended));
        assert_eq!(detail(&ended)["endpoint"]["serviceName"], name);
    }
    let (ended, _) = run(asked(json!({"kind": "aws-service", "service": "nothing"}))).await;
    assert_eq!(code(&ended), "SERVICE_NOT_FOUND", "{}", detail(&ended));
}

#[tokio::test(start_paused = true)]
async fn what_the_services_owner_pays_costs_nothing() {
    for (world, cost) in [("default", 14.6), ("owner-pays", 0.0)] {
        let mut input = request("endpoint-service");
        input["dryRun"] = json!(true);
        let (ended, _) = play(world, input).await;

        assert_eq!(
            detail(&ended)["cost"]["usdPerMonth"].as_f64(),
            Some(cost),
            "{world}: {}",
            detail(&ended)
        );
    }
}

#[tokio::test(start_paused = true)]
async fn every_host_that_is_announced_resolves_to_the_endpoint() {
    let mut seen = 0;
    for file in files("events/requests") {
        let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
        let (ended, outside) = run(request(&name)).await;
        let result = detail(&ended);
        let Some(id) = result["endpoint"]["id"].as_str() else {
            continue;
        };
        let connection = &result["connection"];
        let hosts = [&connection["host"], &connection["hostPattern"]];
        let host = hosts.iter().find_map(|host| host.as_str()).unwrap();
        assert!(
            !connection.to_string().contains("\"*."),
            "{name}: {connection}"
        );
        let asked_for = host.replace("<name>", "any");
        let vpcs = result["parts"]["private-zone"]["vpcIds"].as_array();
        let vpc = vpcs.and_then(|vpcs| vpcs[0].as_str());
        let vpc = vpc.unwrap_or_else(|| result["endpoint"]["vpcId"].as_str().unwrap());
        let there = outside.world().resolve(vpc, &asked_for);
        // Names for inbound resolvers only say nothing in the VPC itself.
        if result["target"]["inboundResolverOnly"] != true {
            assert!(!there.is_empty(), "{name}: {asked_for} in {vpc}");
        }
        for one in there {
            assert_eq!(one.endpoint_id.as_deref(), Some(id), "{name}: {asked_for}");
        }
        seen += 1;
    }
    assert!(seen > 8, "{seen}");
}

/// Some services have several names: all of them are announced, lead to the endpoint, and are tried.
#[tokio::test(start_paused = true)]
async fn every_private_name_of_a_service_is_announced_and_resolves() {
    let names = ["two.us-east-1.amazonaws.com", "*.two.us-east-1.api.aws"];
    let mut world = scenario::world("default");
    let service = NewService {
        name: "com.amazonaws.us-east-1.two".to_owned(),
        zone_ids: vec!["use1-az4".to_owned(), "use1-az6".to_owned()],
        private_names: names.map(str::to_owned).to_vec(),
        ..NewService::default()
    };
    world.offer(service).unwrap();
    let mut stage = Stage::on(Simulated::verified(world));
    stage.start(
        asked(json!({"kind": "aws-service", "service": "two"})),
        None,
    );
    let ended = stage.run().await.remove(0);

    let said = detail(&ended);
    assert_eq!(code(&ended), "CONNECTED", "{said:#}");
    assert_eq!(said["endpoint"]["privateDnsNames"], json!(names));
    assert_eq!(said["connection"]["host"], names[0]);
    let tried = said["verified"]["names"]["seen"]["names"].to_string();
    for name in [names[0], "tieline.two.us-east-1.api.aws"] {
        assert!(tried.contains(name), "{name}: {tried}");
        assert_eq!(addresses(stage.outside(), scenario::VPC, name), 2, "{name}");
    }
    let bare = "two.us-east-1.api.aws";
    assert_eq!(addresses(stage.outside(), scenario::VPC, bare), 0);
}

#[tokio::test(start_paused = true)]
async fn names_that_hide_others_are_said() {
    let mut world = scenario::world("default");
    let service = NewService {
        name: "com.amazonaws.us-east-1.execute-api".to_owned(),
        zone_ids: vec!["use1-az4".to_owned()],
        private_names: vec!["*.execute-api.us-east-1.amazonaws.com".to_owned()],
        ..NewService::default()
    };
    world.offer(service).unwrap();
    let mut stage = Stage::on(Simulated::on(world));
    let mut input = asked(json!({"kind": "aws-service", "service": "execute-api"}));
    input["dryRun"] = json!(true);
    for (private_dns, expected) in [(true, "NAMES_TAKEN_OVER"), (false, "")] {
        input["privateDns"] = json!(private_dns);
        stage.start(input.clone(), None);
        let ended = stage.run().await.pop().unwrap();

        assert_eq!(code(&ended), "PLANNED", "{}", detail(&ended));
        let warnings = detail(&ended)["warnings"].as_array().unwrap();
        let codes: Vec<&str> = warnings
            .iter()
            .filter_map(|one| one["code"].as_str())
            .collect();
        assert_eq!(codes.join(" "), expected, "{}", detail(&ended));
    }
}

#[test]
fn wrong_variants_are_noticed() {
    for (wrong, guard) in [
        (
            Wrong::ApexesAreLeftOut,
            a_zone_of_a_services_own_name_has_that_name_as_well as fn(),
        ),
        (
            Wrong::BrokersAreOne,
            a_brokers_name_leads_to_the_interface_in_its_zone,
        ),
        (
            Wrong::WildcardsAreHosts,
            a_wildcard_is_announced_as_a_pattern,
        ),
        (
            Wrong::ServicesAreGlued,
            services_are_called_what_ec2_calls_them,
        ),
    ] {
        assert!(wrong.is_noticed_by(guard), "{wrong:?}");
    }
}
