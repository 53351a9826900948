//! `CreateVpcEndpoint`: defaults, tokens, and what the endpoint is like.

use world::model::endpoints::CreateVpcEndpoint;
use world::model::network::DescribeSubnets;
use world::scenario::{GROUP, SUBNETS, VPC};

use crate::{
    available, aws, code, create, endpoints, pass, request, request_for, state, strings, world,
};

// AWS PrivateLink guide, "Access an AWS service": pending, then available.
#[test]
fn a_new_interface_endpoint_is_pending_before_it_is_available() {
    let mut world = world("default");

    let endpoint = create(&mut world, request());

    assert_eq!(endpoint.state, "pending");
    pass(&mut world, 59);
    assert_eq!(state(&mut world, &endpoint.vpc_endpoint_id), "pending");
    pass(&mut world, 1);
    assert_eq!(state(&mut world, &endpoint.vpc_endpoint_id), "available");
}

// EC2 developer guide, "Ensuring idempotency".
#[test]
fn the_same_token_with_the_same_parameters_is_one_endpoint() {
    let mut world = world("default");
    let request = CreateVpcEndpoint {
        client_token: Some("token-1".to_owned()),
        ..request()
    };

    let first = world.call(request.clone()).unwrap();
    pass(&mut world, 90);
    let again = world.call(request).unwrap();

    assert_eq!(first, again);
    assert_eq!(again.client_token.as_deref(), Some("token-1"));
    assert_eq!(endpoints(&world).len(), 1);
}

// EC2 developer guide, "Ensuring idempotency".
#[test]
fn the_same_token_with_other_parameters_is_a_mismatch() {
    let mut world = world("default");
    let first = CreateVpcEndpoint {
        client_token: Some("token-1".to_owned()),
        ..request()
    };
    create(&mut world, first.clone());

    let other = CreateVpcEndpoint {
        private_dns_enabled: Some(false),
        ..first
    };

    assert_eq!(code(world.call(other)), "IdempotentParameterMismatch");
}

// EC2 developer guide, "Ensuring idempotency": what follows for a token that is used after the
// endpoint is gone.
#[test]
fn a_token_replays_its_answer_even_when_the_endpoint_is_long_gone() {
    let mut world = world("default");
    let request = CreateVpcEndpoint {
        client_token: Some("token-1".to_owned()),
        ..request()
    };
    let id = available(&mut world, request.clone());
    crate::deletion::delete(&mut world, &id);
    pass(&mut world, 1000);

    let replayed = create(&mut world, request);

    assert_eq!(
        (replayed.vpc_endpoint_id.as_str(), replayed.state.as_str()),
        (id.as_str(), "pending")
    );
    assert!(endpoints(&world).is_empty());
}

// EC2 developer guide, "Ensuring idempotency": a refused request used no token.
#[test]
fn a_refused_request_does_not_use_its_token_up() {
    let mut world = world("vpc-dns-off");
    let token = Some("token-1".to_owned());
    let refused = CreateVpcEndpoint {
        client_token: token.clone(),
        ..request()
    };
    assert_eq!(code(world.call(refused.clone())), "InvalidParameter");

    create(
        &mut world,
        CreateVpcEndpoint {
            private_dns_enabled: Some(false),
            ..refused
        },
    );
}

// EC2 API reference, CreateVpcEndpoint, ClientToken: up to 64 ASCII characters. The code is not
// verified.
#[test]
fn a_token_of_65_characters_is_refused() {
    let mut world = world("default");
    let request = CreateVpcEndpoint {
        client_token: Some("x".repeat(65)),
        ..request()
    };

    assert_eq!(code(world.call(request)), "InvalidClientToken");
}

// AWS PrivateLink guide; `describe-vpc-endpoints` transcripts: Regional name, zonal names by zone
// name, private name last.
#[test]
fn the_dns_names_are_regional_then_zonal_then_private() {
    let mut world = world("default");

    let endpoint = create(&mut world, request());

    let names: Vec<_> = endpoint
        .dns_entries
        .iter()
        .map(|entry| entry.dns_name.as_str())
        .collect();
    let stem = names[0].split_once('.').unwrap().0;
    assert!(stem.starts_with(&format!("{}-", endpoint.vpc_endpoint_id)));
    let domain = "dsql-fnh4.us-east-1.vpce.amazonaws.com";
    assert_eq!(
        names,
        [
            format!("{stem}.{domain}").as_str(),
            format!("{stem}-us-east-1a.{domain}").as_str(),
            format!("{stem}-us-east-1b.{domain}").as_str(),
            "*.dsql-fnh4.us-east-1.on.aws",
        ]
    );
}

// AWS PrivateLink guide: "we create an endpoint network interface in the subnet and assign it a
// private IP address".
#[test]
fn each_subnet_gets_an_interface_that_takes_one_of_its_addresses() {
    let mut world = world("default");
    let free = |world: &mut world::World| {
        let subnets = DescribeSubnets {
            subnet_ids: strings(&SUBNETS[..2]),
            ..Default::default()
        };
        let subnets = world.call(subnets).unwrap().subnets;
        subnets
            .iter()
            .map(|subnet| subnet.available_ip_address_count)
            .collect::<Vec<_>>()
    };
    assert_eq!(free(&mut world), [251, 251]);

    let endpoint = create(&mut world, request());

    assert_eq!(endpoint.network_interface_ids.len(), 2);
    assert_eq!(free(&mut world), [250, 250]);
}

// EC2 API reference, SecurityGroupIds: "uses the default security group for the VPC".
#[test]
fn without_groups_it_is_the_vpcs_default_group() {
    let mut world = world("default");

    let endpoint = create(
        &mut world,
        CreateVpcEndpoint {
            security_group_ids: Vec::new(),
            ..request()
        },
    );

    assert_eq!(endpoint.groups[0].group_name, "default");
    let named = create(
        &mut world,
        CreateVpcEndpoint {
            security_group_ids: strings(&[GROUP]),
            ..request_for(&aws("sts"))
        },
    );
    assert_eq!(named.groups[0].group_name, "database-clients");
}

// AWS PrivateLink guide, "Gateway endpoints": a route, not an interface.
#[test]
fn a_gateway_endpoint_is_available_at_once_and_has_no_interfaces() {
    let mut world = world("default");
    let request = CreateVpcEndpoint {
        vpc_id: VPC.to_owned(),
        service_name: Some(aws("s3")),
        ..Default::default()
    };

    let endpoint = create(&mut world, request);

    assert_eq!(
        (endpoint.vpc_endpoint_type.as_str(), endpoint.state.as_str()),
        ("Gateway", "available")
    );
    assert!(endpoint.network_interface_ids.is_empty() && endpoint.dns_entries.is_empty());
    assert!(!endpoint.private_dns_enabled);
}

// EC2 API reference, VpcEndpoint: LastError and FailureReason.
#[test]
fn an_endpoint_that_fails_says_why_twice() {
    let mut world = world("endpoint-fails");
    let id = create(&mut world, request()).vpc_endpoint_id;
    pass(&mut world, 19);
    assert_eq!(crate::describe(&mut world, &id).unwrap().last_error, None);

    pass(&mut world, 1);

    let endpoint = crate::describe(&mut world, &id).unwrap();
    assert_eq!(endpoint.state, "failed");
    assert!(endpoint.last_error.is_some() && endpoint.failure_reason.is_some());
}

// EC2 API reference, DryRun.
#[test]
fn a_dry_run_creates_nothing() {
    let mut world = world("default");

    let outcome = world.call(CreateVpcEndpoint {
        dry_run: true,
        ..request()
    });

    assert_eq!(code(outcome), "DryRunOperation");
    assert!(endpoints(&world).is_empty());
}
