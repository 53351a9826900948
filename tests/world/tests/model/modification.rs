//! `ModifyVpcEndpoint`.

use world::World;
use world::model::endpoints::{CreateVpcEndpoint, ModifyVpcEndpoint};
use world::scenario::{SUBNETS, VENDOR};

use crate::{
    available, aws, code, create, describe, endpoints, message, pass, request, request_for, state,
    strings, world,
};

fn off(id: &str) -> ModifyVpcEndpoint {
    ModifyVpcEndpoint {
        vpc_endpoint_id: id.to_owned(),
        private_dns_enabled: Some(false),
        ..Default::default()
    }
}

fn modify(world: &mut World, request: ModifyVpcEndpoint) {
    assert!(world.call(request).unwrap().done);
}

// EC2 API reference, ModifyVpcEndpoint: the work is asynchronous, and the endpoint is pending until
// it is done.
#[test]
fn a_modified_endpoint_is_pending_until_the_change_is_done() {
    let mut world = world("default");
    let id = available(&mut world, request());

    modify(&mut world, off(&id));
    pass(&mut world, 2);

    assert_eq!(state(&mut world, &id), "pending");
    pass(&mut world, 28);
    assert_eq!(state(&mut world, &id), "available");
    assert!(!describe(&mut world, &id).unwrap().private_dns_enabled);
}

// terraform-provider-aws retries OperationInProgress, "VpcEndpoint modify operation in progress".
#[test]
fn one_modification_at_a_time() {
    let mut world = world("default");
    let id = available(&mut world, request());
    modify(&mut world, off(&id));

    let second = message(world.call(off(&id)));

    assert_eq!(
        second,
        "OperationInProgress: VpcEndpoint modify operation in progress"
    );
    pass(&mut world, 30);
    modify(&mut world, off(&id));
}

// EC2 API reference, ModifyVpcEndpoint; which code a dead endpoint gives is not verified.
#[test]
fn what_is_not_alive_cannot_be_modified() {
    let mut world = world("endpoint-fails");
    let id = create(&mut world, request()).vpc_endpoint_id;
    pass(&mut world, 20);

    assert_eq!(code(world.call(off(&id))), "IncorrectState");
    assert_eq!(
        code(world.call(off("vpce-0000000000000000a"))),
        "InvalidVpcEndpointId.NotFound"
    );
    assert_eq!(
        code(world.call(off("endpoint"))),
        "InvalidVpcEndpointId.Malformed"
    );
}

// AWS PrivateLink guide, "Manage DNS names": off before acceptance, on after it.
#[test]
fn private_dns_goes_on_once_the_owner_has_accepted_and_the_endpoint_is_available() {
    let mut world = world("default");
    let id = create(&mut world, request_for(VENDOR)).vpc_endpoint_id;
    pass(&mut world, 2);
    world
        .decide(&id, world::model::endpoints::Decision::Accept)
        .unwrap();
    pass(&mut world, 60);

    modify(
        &mut world,
        ModifyVpcEndpoint {
            private_dns_enabled: Some(true),
            ..off(&id)
        },
    );
    pass(&mut world, 30);

    let endpoint = describe(&mut world, &id).unwrap();
    assert!(endpoint.private_dns_enabled);
    assert_eq!(
        endpoint.dns_entries.last().unwrap().dns_name,
        "db.vendor.example.com"
    );
}

// AWS PrivateLink guide: to move to another subnet of a zone, remove and add.
#[test]
fn a_subnet_can_be_swapped_for_another_of_its_zone_in_one_call() {
    let mut world = world("default");
    let id = available(&mut world, request());
    let add = ModifyVpcEndpoint {
        add_subnet_ids: strings(&[SUBNETS[4]]),
        private_dns_enabled: None,
        ..off(&id)
    };
    assert_eq!(code(world.call(add.clone())), "DuplicateSubnetsInSameZone");

    modify(
        &mut world,
        ModifyVpcEndpoint {
            remove_subnet_ids: strings(&[SUBNETS[0]]),
            ..add
        },
    );
    pass(&mut world, 2);

    let endpoint = describe(&mut world, &id).unwrap();
    assert_eq!(endpoint.subnet_ids, [SUBNETS[1], SUBNETS[4]]);
    assert_eq!(endpoint.network_interface_ids.len(), 2);
}

// EC2 API reference, ModifyVpcEndpoint: PolicyDocument and ResetPolicy.
#[test]
fn a_policy_can_be_set_and_reset() {
    let mut world = world("default");
    let id = available(&mut world, request());
    let full = describe(&mut world, &id).unwrap().policy_document;
    let policy = r#"{"Statement":[]}"#.to_owned();

    let set = ModifyVpcEndpoint {
        vpc_endpoint_id: id.clone(),
        policy_document: Some(policy.clone()),
        ..Default::default()
    };
    modify(&mut world, set);
    pass(&mut world, 30);
    assert_eq!(describe(&mut world, &id).unwrap().policy_document, policy);
    let reset = ModifyVpcEndpoint {
        vpc_endpoint_id: id.clone(),
        reset_policy: true,
        ..Default::default()
    };
    modify(&mut world, reset);
    pass(&mut world, 30);
    assert_eq!(describe(&mut world, &id).unwrap().policy_document, full);
}

// EC2 API reference, ModifyVpcEndpoint: security groups are for interface endpoints.
#[test]
fn an_interface_endpoint_keeps_at_least_one_group_and_a_gateway_has_none() {
    let mut world = world("s3-gateway");
    let gateway = endpoints(&world)[0].vpc_endpoint_id.clone();
    let id = available(
        &mut world,
        CreateVpcEndpoint {
            private_dns_enabled: Some(false),
            ..request_for(&aws("sts"))
        },
    );
    let groups = strings(&[crate::GROUP]);

    let remove = ModifyVpcEndpoint {
        vpc_endpoint_id: id,
        remove_security_group_ids: groups.clone(),
        ..Default::default()
    };
    let add = ModifyVpcEndpoint {
        vpc_endpoint_id: gateway,
        add_security_group_ids: groups,
        ..Default::default()
    };

    assert_eq!(code(world.call(remove)), "InvalidParameter");
    assert_eq!(code(world.call(add)), "InvalidParameter");
}
