//! `CreateVpcEndpoint`: what it refuses.

use world::model::endpoints::{CreateVpcEndpoint, SubnetConfiguration};
use world::scenario::SUBNETS;

use crate::{aws, code, create, message, request, request_for, strings, world};

// EC2 API reference, CreateVpcEndpoint: "Default: Gateway"; the message: terraform-provider-aws.
#[test]
fn the_default_type_is_gateway_and_a_gateway_takes_no_subnets() {
    let mut world = world("default");

    let refusal = message(world.call(CreateVpcEndpoint {
        vpc_endpoint_type: None,
        ..request()
    }));

    assert_eq!(
        refusal,
        "InvalidParameter: Subnet IDs are only supported for Interface and GatewayLoadBalancer type VPC Endpoints"
    );
}

// hashicorp/terraform #24478 quotes the message.
#[test]
fn a_type_that_the_service_does_not_offer_is_refused() {
    let mut world = world("default");
    let gateway = CreateVpcEndpoint {
        vpc_endpoint_type: None,
        subnet_ids: Vec::new(),
        security_group_ids: Vec::new(),
        ..request()
    };

    assert!(message(world.call(gateway)).contains("Endpoint type (Gateway) does not match"));
}

// Terraform's users: two subnets in one zone (terraform-aws-modules/terraform-aws-vpc #583).
#[test]
fn two_subnets_in_one_zone_are_refused() {
    let mut world = world("default");
    let request = CreateVpcEndpoint {
        subnet_ids: strings(&[SUBNETS[0], SUBNETS[4]]),
        ..request()
    };

    let refusal = message(world.call(request));

    assert!(refusal.starts_with(
        "DuplicateSubnetsInSameZone: Found another VPC endpoint subnet in the availability zone of"
    ));
    assert!(refusal.contains(SUBNETS[4]));
}

// Terraform's users: terraform-aws-modules/terraform-aws-vpc #785.
#[test]
fn a_subnet_outside_the_services_zones_is_refused() {
    let mut world = world("default");
    let request = CreateVpcEndpoint {
        subnet_ids: strings(&[SUBNETS[3]]),
        ..request()
    };

    assert_eq!(
        message(world.call(request)),
        "InvalidParameter: The VPC endpoint service com.amazonaws.us-east-1.dsql-fnh4 does not support the availability \
         zone of the subnet: subnet-0d4f81a35c7e902b6."
    );
}

// EC2 API reference, "Error codes".
#[test]
fn what_does_not_exist_is_named_by_its_own_code() {
    let mut world = world("default");
    let unknown = |change: fn(&mut CreateVpcEndpoint)| {
        let mut request = request();
        change(&mut request);
        request
    };

    let vpc = unknown(|request| request.vpc_id = "vpc-0000000000000000a".to_owned());
    assert_eq!(code(world.call(vpc)), "InvalidVpcID.NotFound");
    let subnet = unknown(|request| request.subnet_ids = strings(&["subnet-0000000000000000a"]));
    assert_eq!(code(world.call(subnet)), "InvalidSubnetID.NotFound");
    let group = unknown(|request| request.security_group_ids = strings(&["sg-0000000000000000a"]));
    assert_eq!(code(world.call(group)), "InvalidGroup.NotFound");
    let malformed =
        unknown(|request| request.subnet_ids = strings(&["module.vpc.database_subnets"]));
    assert_eq!(code(world.call(malformed)), "InvalidSubnetId.Malformed");
    let service = unknown(|request| request.service_name = Some(aws("nonsense")));
    assert_eq!(
        message(world.call(service)),
        "InvalidServiceName: The Vpc Endpoint Service 'com.amazonaws.us-east-1.nonsense' does not exist"
    );
}

// EC2 API reference, CreateVpcEndpoint: VpcId is required; ServiceName is for these types.
#[test]
fn a_missing_parameter_is_named() {
    let mut world = world("default");

    let nothing = world.call(CreateVpcEndpoint::default());
    assert_eq!(
        message(nothing),
        "MissingParameter: The request must contain the parameter vpcId"
    );
    let no_service = world.call(CreateVpcEndpoint {
        service_name: None,
        ..request()
    });
    assert_eq!(
        message(no_service),
        "MissingParameter: The request must contain the parameter ServiceName"
    );
}

// AWS PrivateLink guide, "Control access … using endpoint policies": only where supported, at most
// 20,480 characters.
#[test]
fn a_policy_must_be_supported_valid_and_short() {
    let mut world = world("default");
    let statement = r#"{"Statement":[]}"#;
    let with_policy = |service: &str, policy: &str| CreateVpcEndpoint {
        policy_document: Some(policy.to_owned()),
        ..request_for(&aws(service))
    };

    assert_eq!(
        code(world.call(with_policy("transfer.server", statement))),
        "InvalidParameter"
    );
    assert_eq!(
        code(world.call(with_policy("sts", "not JSON"))),
        "InvalidPolicyDocument"
    );
    let exactly = format!("{statement}{}", " ".repeat(20_480 - statement.len()));
    assert_eq!(
        code(world.call(with_policy("sts", &format!("{exactly} ")))),
        "InvalidParameter"
    );
    assert_eq!(
        create(&mut world, with_policy("sts", &exactly)).policy_document,
        exactly
    );
    assert!(
        create(&mut world, request_for(&aws("dms")))
            .policy_document
            .contains(r#""Principal":"*""#)
    );
}

// AWS PrivateLink guide, "Quotas": 50 interface endpoints per VPC.
#[test]
fn the_fifty_first_interface_endpoint_is_refused() {
    let mut world = world("quota-reached");

    assert_eq!(code(world.call(request())), "VpcEndpointLimitExceeded");
}

// EC2 API reference, "Error codes": InsufficientFreeAddressesInSubnet.
#[test]
fn a_full_subnet_is_refused() {
    let mut world = world("subnet-full");

    assert_eq!(
        code(world.call(request())),
        "InsufficientFreeAddressesInSubnet"
    );
}

// VPC user guide, "Share your VPC subnets". The code is not verified.
#[test]
fn a_subnet_of_another_account_is_refused() {
    let mut world = world("subnet-shared");

    assert_eq!(code(world.call(request())), "InvalidParameter");
}

// EC2 API reference, SubnetConfigurations.
#[test]
fn a_subnet_configuration_must_be_for_one_of_the_subnets() {
    let mut world = world("default");
    let configuration = SubnetConfiguration {
        subnet_id: SUBNETS[2].to_owned(),
        ..Default::default()
    };
    let request = CreateVpcEndpoint {
        subnet_configurations: vec![configuration],
        ..request()
    };

    assert_eq!(code(world.call(request)), "InvalidParameter");
}
