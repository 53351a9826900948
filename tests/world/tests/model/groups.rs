//! Security groups.

use world::World;
use world::model::groups::{
    AuthorizeSecurityGroupIngress, CreateSecurityGroup, DeleteSecurityGroup,
    DescribeSecurityGroupRules, DescribeSecurityGroups, IpPermission, IpRange,
};
use world::model::shapes::{Filter, TagSpecification};
use world::scenario::{GROUP, VPC};

use crate::{code, message, pass, strings, world};

fn new(name: &str) -> CreateSecurityGroup {
    CreateSecurityGroup {
        group_name: name.to_owned(),
        description: "for a test".to_owned(),
        vpc_id: VPC.to_owned(),
        tag_specifications: vec![TagSpecification::new("security-group", &[("k", "v")])],
        ..Default::default()
    }
}

fn opening(group_id: &str, port: i32, range: &str) -> AuthorizeSecurityGroupIngress {
    let ip_ranges = vec![IpRange {
        cidr_ip: range.to_owned(),
        description: None,
    }];
    let permission = IpPermission {
        ip_protocol: "tcp".to_owned(),
        from_port: Some(port),
        to_port: Some(port),
        ip_ranges,
        ..Default::default()
    };
    AuthorizeSecurityGroupIngress {
        group_id: group_id.to_owned(),
        ip_permissions: vec![permission],
        ..Default::default()
    }
}

fn group(world: &mut World, id: &str) -> world::model::groups::SecurityGroup {
    let request = DescribeSecurityGroups {
        group_ids: strings(&[id]),
        ..Default::default()
    };
    world.call(request).unwrap().security_groups.remove(0)
}

// EC2 API reference, CreateSecurityGroup and AuthorizeSecurityGroupIngress.
#[test]
fn a_new_group_lets_everything_out_and_in_only_what_it_is_told() {
    let mut world = world("default");
    let id = world.call(new("mine")).unwrap().group_id;
    pass(&mut world, 2);
    assert!(group(&mut world, &id).ip_permissions.is_empty());
    assert_eq!(
        group(&mut world, &id).ip_permissions_egress[0].ip_protocol,
        "-1"
    );

    let rules = world.call(opening(&id, 5432, "10.20.0.0/16")).unwrap();
    world.call(opening(&id, 5432, "10.30.0.0/16")).unwrap();
    pass(&mut world, 2);

    assert_eq!(
        rules.security_group_rules[0].cidr_ipv4.as_deref(),
        Some("10.20.0.0/16")
    );
    let ingress = group(&mut world, &id).ip_permissions;
    assert_eq!((ingress.len(), ingress[0].ip_ranges.len()), (1, 2));
    assert_eq!(group(&mut world, &id).tags[0].key, "k");
}

// EC2 API reference, "Error codes": InvalidGroup.Duplicate, and the name must not begin with sg-.
#[test]
fn a_second_group_of_the_same_name_is_refused() {
    let mut world = world("default");
    world.call(new("mine")).unwrap();

    assert_eq!(
        message(world.call(new("mine"))),
        format!("InvalidGroup.Duplicate: The security group 'mine' already exists for VPC '{VPC}'")
    );
    assert_eq!(code(world.call(new("default"))), "InvalidGroup.Duplicate");
    assert_eq!(code(world.call(new("sg-mine"))), "InvalidParameterValue");
}

// EC2 API reference, "Error codes": InvalidPermission.Duplicate.
#[test]
fn a_rule_that_is_already_there_is_refused() {
    let mut world = world("default");

    let outcome = world.call(opening(GROUP, 5432, "10.20.0.0/16"));

    assert_eq!(
        message(outcome),
        "InvalidPermission.Duplicate: the specified rule \"peer: 10.20.0.0/16, TCP, from port: 5432, to port: 5432, \
         ALLOW\" already exists"
    );
}

// EC2 API reference, "Error codes": CannotDelete, InvalidGroup.NotFound, InvalidGroupId.Malformed.
#[test]
fn the_default_group_cannot_be_deleted() {
    let mut world = world("default");
    let default = DescribeSecurityGroups {
        filters: vec![Filter::new("group-name", &["default"])],
        ..Default::default()
    };
    let default = world
        .call(default)
        .unwrap()
        .security_groups
        .remove(0)
        .group_id;
    let delete = |id: &str| DeleteSecurityGroup {
        group_id: id.to_owned(),
        ..Default::default()
    };

    assert_eq!(code(world.call(delete(&default))), "CannotDelete");
    assert_eq!(
        code(world.call(delete("sg-0000000000000000a"))),
        "InvalidGroup.NotFound"
    );
    assert_eq!(
        code(world.call(delete("group"))),
        "InvalidGroupId.Malformed"
    );
    world.call(delete(GROUP)).unwrap();
}

// VPC user guide, "Default security groups".
#[test]
fn the_default_group_lets_its_own_members_in() {
    let mut world = world("default");
    let filters = vec![
        Filter::new("group-name", &["default"]),
        Filter::new("vpc-id", &[VPC]),
    ];

    let default = world
        .call(DescribeSecurityGroups {
            filters,
            ..Default::default()
        })
        .unwrap();

    let default = &default.security_groups[0];
    assert_eq!(
        default.ip_permissions[0].user_id_group_pairs[0].group_id,
        default.group_id
    );
}

// EC2 API reference, DescribeSecurityGroupRules.
#[test]
fn the_rules_of_a_group_can_be_listed_one_by_one() {
    let mut world = world("default");
    let filters = vec![Filter::new("group-id", &[GROUP])];

    let rules = world
        .call(DescribeSecurityGroupRules {
            filters,
            ..Default::default()
        })
        .unwrap();

    let mut ports: Vec<_> = rules
        .security_group_rules
        .iter()
        .map(|rule| (rule.is_egress, rule.from_port))
        .collect();
    ports.sort_unstable();
    assert_eq!(ports, [(false, 443), (false, 5432), (true, -1)]);
}
