//! Every scenario does to the sample request what its sentence says.

use world::World;
use world::model::dsql::{GetCluster, GetVpcEndpointServiceName};
use world::model::endpoints::{CreateVpcEndpoint, DescribeVpcEndpoints};
use world::model::services::DescribeVpcEndpointServices;
use world::model::shapes::Filter;
use world::scenario::{CLUSTER, SUBNETS, Scenario, VPC};

use crate::{code, create, endpoints, message, pass, request, state, strings, world};

fn sample() -> CreateVpcEndpoint {
    CreateVpcEndpoint {
        subnet_ids: strings(&SUBNETS[..3]),
        ..request()
    }
}

fn refusal(scenario: &str) -> String {
    message(world(scenario).call(sample()))
}

fn cluster_status(world: &mut World) -> String {
    world
        .call(GetCluster {
            identifier: CLUSTER.to_owned(),
        })
        .unwrap()
        .status
}

#[test]
fn all_scenarios_can_be_set_up_and_have_a_sentence() {
    assert_eq!(Scenario::all().len(), 89);
    for scenario in Scenario::all() {
        assert!(scenario.about.ends_with('.'), "{}", scenario.name);
        assert!(world(scenario.name).calls().is_empty());
    }
}

#[test]
fn in_the_default_scenario_the_sample_request_succeeds() {
    let mut world = world("default");

    let id = create(&mut world, sample()).vpc_endpoint_id;

    pass(&mut world, 60);
    assert_eq!(state(&mut world, &id), "available");
}

#[test]
fn in_these_scenarios_ec2_refuses_the_sample_request() {
    for (scenario, beginning) in [
        (
            "vpc-missing",
            "InvalidVpcID.NotFound: The vpc ID 'vpc-0f3a9c51d7e2b8640' does not exist",
        ),
        (
            "vpc-dns-off",
            "InvalidParameter: Enabling private DNS requires both",
        ),
        (
            "no-common-zone",
            "InvalidParameter: The VPC endpoint service com.amazonaws.us-east-1.dsql-fnh4 does not support",
        ),
        ("two-subnets-in-one-zone", "DuplicateSubnetsInSameZone: "),
        ("subnet-full", "InsufficientFreeAddressesInSubnet: "),
        (
            "subnet-shared",
            "InvalidParameter: VPC endpoints cannot be created in the shared subnet",
        ),
        (
            "dns-name-taken",
            "InvalidParameter: private-dns-enabled cannot be set because",
        ),
        (
            "shared-service",
            "InvalidParameter: private-dns-enabled cannot be set because",
        ),
        ("quota-reached", "VpcEndpointLimitExceeded: "),
        ("access-denied", "UnauthorizedOperation: "),
    ] {
        assert!(
            refusal(scenario).starts_with(beginning),
            "{scenario}: {}",
            refusal(scenario)
        );
    }
}

#[test]
fn in_these_scenarios_the_cluster_is_not_ready() {
    assert_eq!(cluster_status(&mut world("cluster-failed")), "FAILED");
    let mut world = world("cluster-creating");
    assert_eq!(cluster_status(&mut world), "CREATING");
    pass(&mut world, 60);
    assert_eq!(cluster_status(&mut world), "ACTIVE");
}

#[test]
fn in_this_scenario_dsql_names_a_service_that_ec2_does_not_know() {
    let mut world = world("service-unknown");
    let name = GetVpcEndpointServiceName {
        identifier: CLUSTER.to_owned(),
    };
    let service_names = vec![world.call(name).unwrap().service_name];

    let services = DescribeVpcEndpointServices {
        service_names,
        ..Default::default()
    };

    assert_eq!(code(world.call(services)), "InvalidServiceName");
}

#[test]
fn in_this_scenario_an_endpoint_of_ours_serves_the_other_cluster() {
    let mut world = world("shared-service");

    let endpoint = world
        .call(DescribeVpcEndpoints {
            filters: vec![Filter::new("vpc-id", &[VPC])],
            ..Default::default()
        })
        .unwrap()
        .vpc_endpoints
        .remove(0);

    assert_eq!(
        (endpoint.state.as_str(), endpoint.private_dns_enabled),
        ("available", true)
    );
    assert_eq!(endpoint.subnet_ids, SUBNETS[..3]);
    let tags: Vec<_> = endpoint
        .tags
        .iter()
        .map(|tag| (tag.key.as_str(), tag.value.as_str()))
        .collect();
    assert_eq!(
        tags,
        [
            ("tieline:managed", "true"),
            ("tieline:request/billing-prod", "0123456789abcdef.ready")
        ]
    );
}

#[test]
fn in_these_scenarios_the_service_lacks_something() {
    let unverified = &mut world("dns-name-unverified");
    assert_eq!(
        code(unverified.call(CreateVpcEndpoint {
            private_dns_enabled: Some(true),
            ..sample()
        })),
        "InvalidParameter"
    );
    let policy_document = Some(r#"{"Statement":[]}"#.to_owned());
    let unsupported = &mut world("policy-unsupported");
    assert_eq!(
        code(unsupported.call(CreateVpcEndpoint {
            policy_document,
            ..sample()
        })),
        "InvalidParameter"
    );
}

#[test]
fn in_the_throttled_scenario_changes_wait_and_every_third_look_is_refused() {
    let mut world = world::scenario::world("throttled");

    for _ in 0..4 {
        assert_eq!(code(world.call(sample())), "RequestLimitExceeded");
        pass(&mut world, 4);
    }
    create(&mut world, sample());
    let looks: Vec<_> = (0..3)
        .map(|_| world.call(DescribeVpcEndpoints::default()).is_ok())
        .collect();
    assert_eq!(looks, [true, true, false]);
}

#[test]
fn in_this_scenario_the_group_is_closed_on_the_databases_port() {
    let mut world = world("group-closed");

    let groups = world.state().groups;

    let group = groups
        .iter()
        .find(|group| group.group_name == "database-clients")
        .unwrap();
    assert_eq!(
        group
            .ip_permissions
            .iter()
            .map(|rule| rule.from_port)
            .collect::<Vec<_>>(),
        [Some(443)]
    );
    create(&mut world, sample());
}

#[test]
fn in_this_scenario_the_endpoint_never_becomes_available() {
    let mut world = world("endpoint-never-available");
    let id = create(&mut world, sample()).vpc_endpoint_id;

    pass(&mut world, 24 * 3600);

    assert_eq!(state(&mut world, &id), "pending");
}

#[test]
fn clusters_and_endpoints_can_be_in_every_state_that_the_models_have() {
    // Aurora DSQL API reference, GetCluster `status`; EC2 API reference, `VpcEndpoint.State`.
    for (scenario, status) in [
        ("cluster-idle", "IDLE"),
        ("cluster-inactive", "INACTIVE"),
        ("cluster-updating", "UPDATING"),
        ("cluster-pending-setup", "PENDING_SETUP"),
        ("cluster-failed", "FAILED"),
    ] {
        let mut world = world(scenario);
        let request = world::model::dsql::GetCluster {
            identifier: world::scenario::CLUSTER.to_owned(),
        };
        assert_eq!(world.call(request).unwrap().status, status);
    }
    for (scenario, state) in [
        ("endpoint-rejected", "rejected"),
        ("endpoint-expired", "expired"),
        ("endpoint-partial", "partial"),
    ] {
        let mut world = world(scenario);
        create(&mut world, sample());
        pass(&mut world, 120);
        assert_eq!(endpoints(&world)[0].state, state, "{scenario}");
    }
}
