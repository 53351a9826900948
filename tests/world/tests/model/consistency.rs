//! Eventual consistency. Source of all: EC2 developer guide, "Ensuring eventual consistency".

use world::model::endpoints::ModifyVpcEndpoint;
use world::model::groups::{CreateSecurityGroup, DescribeSecurityGroups};
use world::model::shapes::{Filter, TagInput, TagSpecification};
use world::model::tags::CreateTags;
use world::scenario::{SERVICE, VPC};
use world::store::Table;

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

#[test]
fn a_write_counts_at_once_and_is_seen_later() {
    let mut table = Table::default();
    table.put("a", 1, 0);
    table.put("a", 2, 10);

    assert_eq!(table.latest("a"), Some(&2));
    assert_eq!(table.seen("a", 9), Some(&1));
    assert_eq!(table.seen("a", 10), Some(&2));
}

#[test]
fn a_deleted_row_is_seen_until_the_deletion_has_spread() {
    let mut table = Table::default();
    table.put("a", 1, 0);
    table.delete("a", 10);

    assert_eq!(table.latest("a"), None);
    assert_eq!(table.seen("a", 9), Some(&1));
    assert_eq!(table.seen("a", 10), None);
}

#[test]
fn readers_never_see_an_older_write_after_a_newer_one() {
    let mut table = Table::default();
    table.put("a", 1, 10);
    table.put("a", 2, 5);

    assert_eq!(table.seen("a", 9), None);
    assert_eq!(table.seen("a", 10), Some(&2));
}
