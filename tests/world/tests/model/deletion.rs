//! `DeleteVpcEndpoints`.

use world::World;
use world::model::endpoints::DeleteVpcEndpoints;
use world::model::groups::{CreateSecurityGroup, DeleteSecurityGroup};
use world::model::network::{DeleteSubnet, DescribeSubnets};
use world::scenario::{SUBNETS, VENDOR, VPC};

use crate::{available, code, create, describe, pass, request, request_for, state, strings, world};

/// Deletes an endpoint and gives the codes of what was unsuccessful.
pub(crate) fn delete(world: &mut World, id: &str) -> Vec<String> {
    let request = DeleteVpcEndpoints {
        vpc_endpoint_ids: strings(&[id]),
        ..Default::default()
    };
    let unsuccessful = world.call(request).unwrap().unsuccessful;
    unsuccessful
        .into_iter()
        .map(|item| item.error.code)
        .collect()
}

// AWS PrivateLink guide, "Delete an interface endpoint".
#[test]
fn a_deleted_endpoint_is_deleting_then_deleted_then_forgotten() {
    let mut world = world("default");
    let id = available(&mut world, request());

    assert!(delete(&mut world, &id).is_empty());
    pass(&mut world, 2);
    assert_eq!(state(&mut world, &id), "deleting");
    pass(&mut world, 58);
    assert_eq!(state(&mut world, &id), "deleted");
    pass(&mut world, 300);
    assert_eq!(
        code(describe(&mut world, &id)),
        "InvalidVpcEndpointId.NotFound"
    );
}

// EC2 API reference, DeleteVpcEndpoints: `Unsuccessful`; terraform-provider-aws knows the code of
// this call.
#[test]
fn what_is_not_there_is_unsuccessful_and_the_rest_is_deleted() {
    let mut world = world("default");
    let id = available(&mut world, request());
    let unknown = "vpce-0000000000000000a";

    let both = DeleteVpcEndpoints {
        vpc_endpoint_ids: strings(&[unknown, &id]),
        ..Default::default()
    };
    let unsuccessful = world.call(both).unwrap().unsuccessful;

    assert_eq!(unsuccessful.len(), 1);
    assert_eq!(
        (
            unsuccessful[0].resource_id.as_str(),
            unsuccessful[0].error.code.as_str()
        ),
        (unknown, "InvalidVpcEndpoint.NotFound")
    );
    pass(&mut world, 2);
    assert_eq!(state(&mut world, &id), "deleting");
}

// terraform-provider-aws: repeating a deletion is harmless; once it is deleted it is not found.
#[test]
fn deleting_twice_is_harmless_until_it_is_gone() {
    let mut world = world("default");
    let id = available(&mut world, request());

    assert!(delete(&mut world, &id).is_empty());
    pass(&mut world, 30);
    assert!(delete(&mut world, &id).is_empty());
    pass(&mut world, 30);
    assert_eq!(delete(&mut world, &id), ["InvalidVpcEndpoint.NotFound"]);
}

// EC2 API reference, DeleteVpcEndpoints: no state is documented to forbid it.
#[test]
fn an_endpoint_can_be_deleted_in_every_state() {
    let mut world = world("default");
    let pending = create(&mut world, request()).vpc_endpoint_id;
    let waiting = create(&mut world, request_for(VENDOR)).vpc_endpoint_id;
    pass(&mut world, 2);

    assert!(delete(&mut world, &pending).is_empty() && delete(&mut world, &waiting).is_empty());
    world.foresee(world::model::endpoints::Outlook::NeverAvailable);
    let stuck = create(&mut world, request_for(&crate::aws("sts"))).vpc_endpoint_id;
    pass(&mut world, 1000);
    assert_eq!(state(&mut world, &stuck), "pending");
    assert!(delete(&mut world, &stuck).is_empty());
}

// EC2 API reference, DeleteVpcEndpoints, "Error codes".
#[test]
fn a_malformed_id_fails_the_whole_call() {
    let mut world = world("default");
    let ids = |ids: &[&str]| DeleteVpcEndpoints {
        vpc_endpoint_ids: strings(ids),
        ..Default::default()
    };

    assert_eq!(
        code(world.call(ids(&["nonsense"]))),
        "InvalidVpcEndpointId.Malformed"
    );
    assert_eq!(code(world.call(ids(&[]))), "MissingParameter");
}

// terraform-provider-aws retries DependencyViolation: the interfaces outlive the endpoint.
#[test]
fn a_group_and_a_subnet_are_in_use_until_the_interfaces_have_gone() {
    let mut world = world("default");
    let new = CreateSecurityGroup {
        group_name: "endpoint".to_owned(),
        description: "of the endpoint".to_owned(),
        vpc_id: VPC.to_owned(),
        ..Default::default()
    };
    let group_id = world.call(new).unwrap().group_id;
    pass(&mut world, 2);
    let mut request = request();
    request.security_group_ids = vec![group_id.clone()];
    let id = available(&mut world, request);
    let group = DeleteSecurityGroup {
        group_id,
        ..Default::default()
    };
    let subnet = DeleteSubnet {
        subnet_id: SUBNETS[0].to_owned(),
        ..Default::default()
    };

    delete(&mut world, &id);
    pass(&mut world, 79);
    assert_eq!(state(&mut world, &id), "deleted");
    assert_eq!(code(world.call(group.clone())), "DependencyViolation");
    assert_eq!(code(world.call(subnet.clone())), "DependencyViolation");

    pass(&mut world, 1);
    world.call(group).unwrap();
    world.call(subnet).unwrap();
}

// AWS PrivateLink guide: the addresses come from the subnets, and go back to them.
#[test]
fn the_addresses_come_back() {
    let mut world = world("default");
    let id = available(&mut world, request());
    delete(&mut world, &id);

    pass(&mut world, 80);

    let subnet = DescribeSubnets {
        subnet_ids: strings(&[SUBNETS[0]]),
        ..Default::default()
    };
    assert_eq!(
        world.call(subnet).unwrap().subnets[0].available_ip_address_count,
        251
    );
}

// EC2 API reference, VpcEndpoint.RequesterManaged; the message: people who clean up after
// ElastiCache Serverless.
#[test]
fn an_endpoint_that_an_aws_service_manages_is_not_deleted() {
    let mut world = world("default");
    let id = available(&mut world, request());
    world.hand_over_to_aws(&id);

    let both = DeleteVpcEndpoints {
        vpc_endpoint_ids: strings(&[&id]),
        ..Default::default()
    };
    let unsuccessful = world.call(both).unwrap().unsuccessful;

    assert_eq!(unsuccessful[0].error.code, "InvalidParameter");
    assert!(
        unsuccessful[0]
            .error
            .message
            .starts_with("Operation is not allowed for requester-managed VPC endpoints")
    );
    assert_eq!(state(&mut world, &id), "available");
}
