//! Eventual consistency. Source of all: EC2 developer guide, "Ensuring eventual consistency".

use world::model::endpoints::ModifyVpcEndpoint;
use world::model::groups::{CreateSecurityGroup, DescribeSecurityGroups};
use world::model::shapes::{Filter, TagInput, TagSpecification};
use world::model::tags::CreateTags;
use world::scenario::{SERVICE, VPC};

use crate::{available, code, create, describe, found, pass, request, state, strings, world};

#[test]
fn a_new_endpoint_is_not_found_at_first() {
    let mut world = world("default");
    let id = create(&mut world, request()).vpc_endpoint_id;

    assert_eq!(
        code(describe(&mut world, &id)),
        "InvalidVpcEndpointId.NotFound"
    );
    assert!(found(&mut world, Filter::new("service-name", &[SERVICE])).is_empty());
    assert_eq!(
        crate::deletion::delete(&mut world, &id),
        ["InvalidVpcEndpoint.NotFound"]
    );

    pass(&mut world, 2);
    assert_eq!(
        found(&mut world, Filter::new("service-name", &[SERVICE])),
        [id]
    );
}

#[test]
fn a_modified_endpoint_looks_available_at_first() {
    let mut world = world("default");
    let id = available(&mut world, request());
    let modify = ModifyVpcEndpoint {
        vpc_endpoint_id: id.clone(),
        private_dns_enabled: Some(false),
        ..Default::default()
    };

    world.call(modify).unwrap();

    assert_eq!(state(&mut world, &id), "available");
    assert!(describe(&mut world, &id).unwrap().private_dns_enabled);
    pass(&mut world, 2);
    assert_eq!(state(&mut world, &id), "pending");
}

#[test]
fn a_new_group_is_not_found_at_first() {
    let mut world = world("default");
    let new = CreateSecurityGroup {
        group_name: "new".to_owned(),
        description: "new".to_owned(),
        vpc_id: VPC.to_owned(),
        ..Default::default()
    };
    let group_id = world.call(new).unwrap().group_id;
    let by_id = DescribeSecurityGroups {
        group_ids: vec![group_id.clone()],
        ..Default::default()
    };
    let mut request = request();
    request.security_group_ids = vec![group_id];

    assert_eq!(code(world.call(by_id.clone())), "InvalidGroup.NotFound");
    assert_eq!(code(world.call(request.clone())), "InvalidGroup.NotFound");
    pass(&mut world, 2);
    assert_eq!(world.call(by_id).unwrap().security_groups.len(), 1);
    create(&mut world, request);
}

#[test]
fn a_new_tag_is_not_seen_at_first() {
    let mut world = world("default");
    let mut request = request();
    request.tag_specifications = vec![TagSpecification::new(
        "vpc-endpoint",
        &[("from", "the start")],
    )];
    let id = available(&mut world, request);
    let later = CreateTags {
        resources: strings(&[&id]),
        tags: vec![TagInput::new("later", "yes")],
        ..Default::default()
    };

    world.call(later).unwrap();

    assert_eq!(
        found(&mut world, Filter::new("tag:from", &["the start"])),
        [id.as_str()]
    );
    assert!(found(&mut world, Filter::new("tag:later", &["yes"])).is_empty());
    pass(&mut world, 2);
    assert_eq!(found(&mut world, Filter::new("tag:later", &["yes"])), [id]);
}

#[test]
fn how_long_it_takes_can_be_changed() {
    let mut world = world("default");
    world.timing().visible_after = std::time::Duration::ZERO;

    let id = create(&mut world, request()).vpc_endpoint_id;

    assert_eq!(state(&mut world, &id), "pending");
}
