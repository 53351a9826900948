//! Names of an AWS service in further VPCs: in its own VPC it has EC2's private DNS, the others have zones of ours.

use serde_json::{Value, json};
use tests::{Ended, Simulated, Stage, code, detail, everything, writes};
use world::gate::{Fault, FaultKind};
use world::model::services::NewService;
use world::{World, scenario};

use crate::{addresses, asked};

/// What is asked for, and the names that every VPC is to have.
fn cases() -> [(&'static str, &'static [&'static str]); 3] {
    [
        ("monitoring", &["monitoring.us-east-1.amazonaws.com"]),
        ("ecr.dkr", &["123456789012.dkr.ecr.us-east-1.amazonaws.com"]),
        (
            "two",
            &[
                "two.us-east-1.amazonaws.com",
                "any.two.us-east-1.api.aws",
                "two.us-east-1.api.aws",
            ],
        ),
    ]
}

/// One of its services has names in two domains, of one of which it has the domain itself as well.
fn world() -> World {
    let mut world = scenario::world("default");
    let names = [
        "two.us-east-1.amazonaws.com",
        "*.two.us-east-1.api.aws",
        "two.us-east-1.api.aws",
    ];
    let service = NewService {
        name: "com.amazonaws.us-east-1.two".to_owned(),
        zone_ids: vec!["use1-az4".to_owned(), "use1-az6".to_owned()],
        private_names: names.map(str::to_owned).to_vec(),
        ..NewService::default()
    };
    world.offer(service).expect("a service");
    world
}

fn for_further_vpcs(service: &str) -> Value {
    asked(json!({"kind": "aws-service", "service": service, "zoneVpcIds": [scenario::PEER_VPC]}))
}

async fn run(simulated: Simulated, input: Value) -> (Ended, Simulated) {
    let mut stage = Stage::on(simulated);
    stage.start(input, None);
    (stage.run().await.remove(0), stage.outside().clone())
}

#[tokio::test(start_paused = true)]
async fn further_vpcs_have_zones_for_every_name_of_an_aws_service() {
    for (service, names) in cases() {
        let input = for_further_vpcs(service);
        let (ended, outside) = run(Simulated::on(world()), input.clone()).await;

        assert_eq!(code(&ended), "CONNECTED", "{}", detail(&ended));
        for name in names {
            for vpc in [scenario::VPC, scenario::PEER_VPC] {
                assert!(addresses(&outside, vpc, name) > 1, "{vpc} {name}");
            }
        }
        let zone = &detail(&ended)["parts"]["private-zone"];
        assert_eq!(zone["vpcIds"], json!([scenario::PEER_VPC]), "{zone}");
        let further = zone["further"].as_array().map_or(0, Vec::len);
        assert_eq!(further, usize::from(service == "two"), "{zone}");
        // The same again writes nothing.
        outside.world().clear_calls();
        let (ended, outside) = run(outside, input).await;
        assert_eq!(code(&ended), "CONNECTED", "{}", detail(&ended));
        assert_eq!(writes(&outside), [""; 0]);
    }
}

/// A request that fails takes all of its zones with it.
#[tokio::test(start_paused = true)]
async fn every_zone_goes_when_the_request_fails() {
    let simulated = Simulated::on(world());
    let before = everything(&mut simulated.world());
    let fault = Fault::on("DescribeNetworkInterfaces", FaultKind::AccessDenied);
    simulated.world().add_fault(fault);
    let (ended, outside) = run(simulated, for_further_vpcs("two")).await;

    let made = writes(&outside);
    let zones = made.iter().filter(|one| *one == "CreateHostedZone").count();
    assert_eq!(zones, 2, "{made:?}");
    let said = detail(&ended);
    assert_eq!(code(&ended), "PERMISSION_DENIED", "{said:#}");
    assert_eq!(said["leftBehind"], json!([]), "{said:#}");
    outside.world().clear_faults();
    assert_eq!(everything(&mut outside.world()), before);
}

#[tokio::test(start_paused = true)]
async fn a_vpc_has_names_from_private_dns_or_from_a_zone() {
    let target =
        json!({"kind": "aws-service", "service": "monitoring", "zoneVpcIds": [scenario::VPC]});
    let (ended, outside) = run(Simulated::on(world()), asked(target.clone())).await;

    assert_eq!(code(&ended), "REQUEST_INVALID", "{}", detail(&ended));
    assert_eq!(writes(&outside), [""; 0]);

    let mut input = asked(target);
    input["privateDns"] = json!(false);
    let (ended, outside) = run(outside, input).await;
    assert_eq!(code(&ended), "CONNECTED", "{}", detail(&ended));
    let name = "monitoring.us-east-1.amazonaws.com";
    assert!(addresses(&outside, scenario::VPC, name) > 1);
    // Whoever reads the result connects to the service's name, and not to the endpoint's.
    assert_eq!(detail(&ended)["connection"]["host"], name);
}

/// Two requests share an endpoint, and not a zone: VPCs that see nothing of each other have one each of the same name.
#[tokio::test(start_paused = true)]
async fn a_zone_of_other_vpcs_goes_with_the_request_that_fails() {
    let (ended, outside) = run(Simulated::on(world()), for_further_vpcs("monitoring")).await;
    assert_eq!(code(&ended), "CONNECTED", "{}", detail(&ended));
    let before = everything(&mut outside.world());
    let mut second = for_further_vpcs("monitoring");
    second["requestId"] = json!("other");
    second["target"]["zoneVpcIds"] = json!([scenario::CONNECTED_VPC]);
    let fault = Fault::on("DescribeNetworkInterfaces", FaultKind::AccessDenied);
    outside.world().add_fault(fault);
    let (ended, outside) = run(outside, second).await;

    let said = detail(&ended);
    assert_eq!(code(&ended), "PERMISSION_DENIED", "{said:#}");
    let made = writes(&outside);
    assert!(
        made.iter().filter(|one| *one == "CreateHostedZone").count() == 2,
        "{made:?}"
    );
    assert_eq!(said["leftBehind"], json!([]), "{said:#}");
    outside.world().clear_faults();
    assert_eq!(everything(&mut outside.world()), before);
}

/// S3's names with a star, and API Gateway's, take more away in further VPCs than they bring.
#[tokio::test(start_paused = true)]
async fn names_that_go_in_further_vpcs_are_said() {
    for (service, expected) in [("s3", true), ("monitoring", false)] {
        let mut input = for_further_vpcs(service);
        input["dryRun"] = json!(true);
        let (ended, _) = run(Simulated::on(world()), input).await;

        assert_eq!(code(&ended), "PLANNED", "{}", detail(&ended));
        let warnings = detail(&ended)["warnings"].to_string();
        assert_eq!(
            warnings.contains("NAMES_TAKEN_OVER"),
            expected,
            "{warnings}"
        );
    }
}
