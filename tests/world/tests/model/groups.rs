//! Security groups.

use world::World;
use world::model::groups::{
    AuthorizeSecurityGroupEgress, AuthorizeSecurityGroupIngress, CreateSecurityGroup,
    DeleteSecurityGroup, DescribeSecurityGroupRules, DescribeSecurityGroups, IpPermission, IpRange,
    Ipv6Range, RevokeSecurityGroupEgress,
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

fn everything(range: &str) -> IpPermission {
    IpPermission {
        ip_protocol: "-1".to_owned(),
        from_port: Some(0),
        to_port: Some(0),
        ip_ranges: vec![IpRange {
            cidr_ip: range.to_owned(),
            description: None,
        }],
        ..Default::default()
    }
}

fn closing(permission: IpPermission) -> RevokeSecurityGroupEgress {
    RevokeSecurityGroupEgress {
        group_id: GROUP.to_owned(),
        ip_permissions: vec![permission],
        ..Default::default()
    }
}

// EC2 API reference, AuthorizeSecurityGroupEgress and "Error codes": InvalidPermission.Duplicate; IpPermission: all
// protocols means all ports.
#[test]
fn what_a_group_lets_out_can_be_added_once() {
    let mut world = world("default");
    let opening = |permission: IpPermission| AuthorizeSecurityGroupEgress {
        group_id: GROUP.to_owned(),
        ip_permissions: vec![permission],
        ..Default::default()
    };

    let rules = world.call(opening(everything("10.30.0.0/16"))).unwrap();
    pass(&mut world, 2);

    let rule = &rules.security_group_rules[0];
    assert!(rules.done && rule.is_egress);
    assert_eq!((rule.from_port, rule.to_port), (-1, -1));
    let egress = group(&mut world, GROUP).ip_permissions_egress;
    assert_eq!((egress.len(), egress[0].ip_ranges.len()), (1, 2));
    assert_eq!(egress[0].from_port, None);
    assert_eq!(
        code(world.call(opening(everything("10.30.0.0/16")))),
        "InvalidPermission.Duplicate"
    );
    assert_eq!(
        code(world.call(AuthorizeSecurityGroupEgress {
            group_id: GROUP.to_owned(),
            ..Default::default()
        })),
        "MissingParameter"
    );
}

// EC2 API reference, RevokeSecurityGroupEgress; terraform-provider-aws revokes the rule that a new group comes with in
// just this way, and an IPv6 one that is not there.
#[test]
fn what_a_group_lets_out_can_be_taken_away_by_its_properties() {
    let mut world = world("default");
    let ipv6 = IpPermission {
        ip_ranges: Vec::new(),
        ipv6_ranges: vec![Ipv6Range {
            cidr_ipv6: "::/0".to_owned(),
            description: None,
        }],
        ..everything("")
    };
    let mut both = closing(everything("0.0.0.0/0"));
    both.ip_permissions.push(ipv6.clone());

    // All of them or none.
    assert_eq!(code(world.call(both)), "InvalidPermission.NotFound");
    let revoked = world.call(closing(everything("0.0.0.0/0"))).unwrap();
    pass(&mut world, 2);

    let rule = &revoked.revoked_security_group_rules[0];
    assert!(revoked.done && rule.is_egress);
    assert_eq!(rule.cidr_ipv4.as_deref(), Some("0.0.0.0/0"));
    let left = group(&mut world, GROUP);
    assert!(left.ip_permissions_egress.is_empty() && !left.ip_permissions.is_empty());
    assert_eq!(
        message(world.call(closing(ipv6))),
        "InvalidPermission.NotFound: The specified rule does not exist in this security group."
    );
}

// EC2 API reference, RevokeSecurityGroupEgress: by rule id; only outbound rules.
#[test]
fn what_a_group_lets_out_can_be_taken_away_by_id() {
    let mut world = world("default");
    let filters = vec![Filter::new("group-id", &[GROUP])];
    let rules = DescribeSecurityGroupRules {
        filters,
        ..Default::default()
    };
    let rules = world.call(rules).unwrap().security_group_rules;
    let id = |egress: bool| {
        let mut rules = rules.iter();
        let rule = rules.find(|rule| rule.is_egress == egress).unwrap();
        rule.security_group_rule_id.clone()
    };
    let by_id = |id: String| RevokeSecurityGroupEgress {
        group_id: GROUP.to_owned(),
        security_group_rule_ids: vec![id],
        ..Default::default()
    };

    assert_eq!(
        code(world.call(by_id(id(false)))),
        "InvalidSecurityGroupRuleId.NotFound"
    );
    let both = RevokeSecurityGroupEgress {
        ip_permissions: vec![everything("0.0.0.0/0")],
        ..by_id(id(true))
    };
    assert_eq!(code(world.call(both)), "InvalidParameterCombination");
    world.call(by_id(id(true))).unwrap();
    pass(&mut world, 2);

    assert!(group(&mut world, GROUP).ip_permissions_egress.is_empty());
    assert_eq!(
        code(world.call(by_id(id(true)))),
        "InvalidSecurityGroupRuleId.NotFound"
    );
    let neither = RevokeSecurityGroupEgress {
        group_id: GROUP.to_owned(),
        ..Default::default()
    };
    assert_eq!(code(world.call(neither)), "MissingParameter");
}
