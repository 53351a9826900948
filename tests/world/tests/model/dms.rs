//! AWS DMS: its objects. Source, unless a test names another: the service model of botocore,
//! version 2016-01-01.

use world::model::dms::*;
use world::scenario::{GROUP, PEER_SUBNET, SUBNETS};
use world::{Failure, World};

use crate::{code, message, pass, strings, world};

pub(crate) fn subnet_group(subnets: &[&str]) -> CreateReplicationSubnetGroup {
    CreateReplicationSubnetGroup {
        replication_subnet_group_identifier: "Tieline-Orders".to_owned(),
        replication_subnet_group_description: "for orders".to_owned(),
        subnet_ids: strings(subnets),
        tags: vec![Tag::new("team", "a")],
    }
}

pub(crate) fn instance() -> CreateReplicationInstance {
    CreateReplicationInstance {
        replication_instance_identifier: "Tieline-Orders".to_owned(),
        replication_instance_class: "dms.t3.medium".to_owned(),
        vpc_security_group_ids: strings(&[GROUP]),
        replication_subnet_group_identifier: Some("tieline-orders".to_owned()),
        publicly_accessible: Some(false),
        ..Default::default()
    }
}

pub(crate) fn certificate() -> ImportCertificate {
    ImportCertificate {
        certificate_identifier: "isrg-root-x1".to_owned(),
        certificate_pem: Some(
            "-----BEGIN CERTIFICATE-----\nMIIF\n-----END CERTIFICATE-----\n".to_owned(),
        ),
        ..Default::default()
    }
}

pub(crate) fn endpoint() -> CreateEndpoint {
    CreateEndpoint {
        endpoint_identifier: "Orders-Target".to_owned(),
        endpoint_type: "target".to_owned(),
        engine_name: "mysql".to_owned(),
        username: Some("u".to_owned()),
        password: Some("p".to_owned()),
        server_name: Some("db.example.com".to_owned()),
        port: Some(4000),
        ..Default::default()
    }
}

pub(crate) fn with_secret(secret: &str) -> CreateEndpoint {
    CreateEndpoint {
        username: None,
        password: None,
        server_name: None,
        port: None,
        my_sql_settings: Some(MySqlSettings {
            secrets_manager_secret_id: Some(secret.to_owned()),
            secrets_manager_access_role_arn: Some(
                "arn:aws:iam::123456789012:role/reads-secrets".to_owned(),
            ),
            ..Default::default()
        }),
        ..endpoint()
    }
}

/// The ARN of an instance in a subnet group of two zones.
pub(crate) fn created(world: &mut World) -> String {
    world.call(subnet_group(&SUBNETS[..2])).unwrap();
    let answer = world.call(instance()).unwrap();
    answer.replication_instance.replication_instance_arn
}

fn status(world: &mut World, arn: &str) -> Result<String, Failure> {
    let request = DescribeReplicationInstances {
        filters: vec![Filter::new("replication-instance-arn", &[arn])],
        ..Default::default()
    };
    let mut instances = world.call(request)?.replication_instances;
    Ok(instances.remove(0).replication_instance_status)
}

// CreateReplicationSubnetGroup: the name is stored in lower case; a subnet group is complete.
#[test]
fn a_subnet_group_covers_two_zones_of_one_vpc() {
    let mut world = world("default");

    let group = world.call(subnet_group(&SUBNETS[..2])).unwrap();

    let group = group.replication_subnet_group;
    assert_eq!(group.replication_subnet_group_identifier, "tieline-orders");
    assert_eq!(group.subnet_group_status, "Complete");
    assert_eq!(group.subnets[1].subnet_availability_zone.name, "us-east-1b");
    assert_eq!(
        code(world.call(subnet_group(&SUBNETS[..2]))),
        "ResourceAlreadyExistsFault"
    );
    let found = DescribeReplicationSubnetGroups {
        filters: vec![Filter::new(
            "replication-subnet-group-id",
            &["tieline-orders"],
        )],
        ..Default::default()
    };
    assert_eq!(
        world.call(found).unwrap().replication_subnet_groups,
        [group]
    );
}

// CreateReplicationSubnetGroup: InvalidSubnet, ReplicationSubnetGroupDoesNotCoverEnoughAZs, names.
#[test]
fn a_subnet_group_of_other_subnets_is_refused() {
    let mut world = world("default");

    for (subnets, refusal) in [
        (
            &[SUBNETS[0]][..],
            "ReplicationSubnetGroupDoesNotCoverEnoughAZs",
        ),
        (
            &[SUBNETS[0], SUBNETS[4]],
            "ReplicationSubnetGroupDoesNotCoverEnoughAZs",
        ),
        (&[SUBNETS[1], PEER_SUBNET], "InvalidSubnet"),
        (&[SUBNETS[1], "subnet-0000000000000000a"], "InvalidSubnet"),
    ] {
        assert_eq!(code(world.call(subnet_group(subnets))), refusal);
    }
    for name in ["default", "Default", "with space", ""] {
        let group = CreateReplicationSubnetGroup {
            replication_subnet_group_identifier: name.to_owned(),
            ..subnet_group(&SUBNETS[..2])
        };
        assert_eq!(code(world.call(group)), "InvalidParameterValueException");
    }
    assert!(world.state().dms.subnet_groups.is_empty());
}

// DMS user guide, "Creating the IAM roles to use with DMS"; the sentence as Terraform's users
// report it.
#[test]
fn without_its_role_dms_refuses() {
    let mut world = world("dms-role-missing");

    let refusal = message(world.call(subnet_group(&SUBNETS[..2])));

    assert_eq!(
        refusal,
        "AccessDeniedFault: The IAM Role arn:aws:iam::123456789012:role/dms-vpc-role is not configured properly."
    );
    assert_eq!(code(world.call(instance())), "AccessDeniedFault");
}

// ReplicationInstanceStatus; the waiters ReplicationInstanceAvailable and
// ReplicationInstanceDeleted.
#[test]
fn an_instance_takes_minutes_to_come_and_to_go() {
    let mut world = world("default");
    let arn = created(&mut world);
    assert_eq!(status(&mut world, &arn).unwrap(), "creating");
    pass(&mut world, 479);
    assert_eq!(status(&mut world, &arn).unwrap(), "creating");
    let delete = DeleteReplicationInstance {
        replication_instance_arn: arn.clone(),
    };
    assert_eq!(
        code(world.call(delete.clone())),
        "InvalidResourceStateFault"
    );
    pass(&mut world, 1);
    assert_eq!(status(&mut world, &arn).unwrap(), "available");

    world.call(delete.clone()).unwrap();

    assert_eq!(status(&mut world, &arn).unwrap(), "deleting");
    assert_eq!(
        code(world.call(delete.clone())),
        "InvalidResourceStateFault"
    );
    pass(&mut world, 240);
    assert_eq!(code(status(&mut world, &arn)), "ResourceNotFoundFault");
    assert_eq!(code(world.call(delete)), "ResourceNotFoundFault");
}

// ModifyReplicationInstance: ApplyImmediately, PendingModifiedValues, InvalidResourceStateFault. That the old values show until the new
// ones apply, and that storage cannot become less, is not verified.
#[test]
fn an_instance_is_modified_at_once_or_waits_for_its_maintenance() {
    let mut world = world("default");
    let arn = created(&mut world);
    let modify = |class: &str, apply_immediately| ModifyReplicationInstance {
        replication_instance_arn: arn.clone(),
        replication_instance_class: Some(class.to_owned()),
        apply_immediately: Some(apply_immediately),
        ..Default::default()
    };
    let shown = |world: &mut World| {
        let all = world.call(DescribeReplicationInstances::default()).unwrap();
        let one = all.replication_instances.into_iter().next().unwrap();
        let pending = one.pending_modified_values.replication_instance_class;
        (one.replication_instance_class, pending)
    };
    let (medium, large) = ("dms.t3.medium".to_owned(), "dms.r6i.large".to_owned());
    let early = world.call(modify(&large, true));
    assert_eq!(code(early), "InvalidResourceStateFault");
    pass(&mut world, 480);

    world.call(modify(&large, false)).unwrap();
    pass(&mut world, 3600);
    assert_eq!(status(&mut world, &arn).unwrap(), "available");
    assert_eq!(shown(&mut world), (medium.clone(), Some(large.clone())));

    world.call(modify(&large, true)).unwrap();
    assert_eq!(status(&mut world, &arn).unwrap(), "modifying");
    assert_eq!(shown(&mut world), (medium, Some(large.clone())));
    let again = world.call(modify(&large, true));
    assert_eq!(code(again), "InvalidResourceStateFault");
    pass(&mut world, 360);
    assert_eq!(status(&mut world, &arn).unwrap(), "available");
    assert_eq!(shown(&mut world), (large.clone(), None));

    let less = ModifyReplicationInstance {
        replication_instance_arn: arn.clone(),
        allocated_storage: Some(5),
        ..Default::default()
    };
    assert_eq!(code(world.call(less)), "InvalidParameterValueException");
    let none = ModifyReplicationInstance {
        replication_instance_arn: arn.replace(":rep:", ":rep:X"),
        ..modify(&large, true)
    };
    assert_eq!(code(world.call(none)), "ResourceNotFoundFault");
}

// PubliclyAccessible: the default value is true. ReplicationInstanceIdentifier: lower case.
#[test]
fn an_instance_is_public_unless_one_says_otherwise() {
    let mut world = world("default");
    world.call(subnet_group(&SUBNETS[..2])).unwrap();
    let silent = CreateReplicationInstance {
        publicly_accessible: None,
        ..instance()
    };

    let made = world.call(silent).unwrap().replication_instance;

    assert!(made.publicly_accessible && made.auto_minor_version_upgrade);
    assert_eq!(made.replication_instance_identifier, "tieline-orders");
    assert_eq!(made.availability_zone, "us-east-1a");
    assert_eq!(code(world.call(instance())), "ResourceAlreadyExistsFault");
}

// ReplicationInstanceIdentifier, MultiAZ, ReplicationSubnetGroupIdentifier.
#[test]
fn an_instance_that_cannot_be_is_refused() {
    let mut world = world("default");
    world.call(subnet_group(&SUBNETS[..2])).unwrap();
    let named = |name: &str| CreateReplicationInstance {
        replication_instance_identifier: name.to_owned(),
        ..instance()
    };

    for name in ["1st", "ends-", "two--hyphens", "under_score", ""] {
        assert_eq!(
            code(world.call(named(name))),
            "InvalidParameterValueException",
            "{name}"
        );
    }
    let in_two_zones = CreateReplicationInstance {
        multi_az: Some(true),
        availability_zone: Some("us-east-1a".to_owned()),
        ..instance()
    };
    assert_eq!(
        code(world.call(in_two_zones)),
        "InvalidParameterCombinationException"
    );
    let nowhere = CreateReplicationInstance {
        replication_subnet_group_identifier: Some("nowhere".to_owned()),
        ..instance()
    };
    assert_eq!(code(world.call(nowhere)), "ResourceNotFoundFault");
    let foreign = CreateReplicationInstance {
        vpc_security_group_ids: strings(&["sg-0000000000000000a"]),
        ..instance()
    };
    assert_eq!(code(world.call(foreign)), "InvalidParameterValueException");
}

// terraform-provider-aws #34576 quotes the refusal.
#[test]
fn a_subnet_group_goes_only_when_no_instance_is_left() {
    let mut world = world("default");
    let arn = created(&mut world);
    let delete = DeleteReplicationSubnetGroup {
        replication_subnet_group_identifier: "Tieline-Orders".to_owned(),
    };

    assert_eq!(
        message(world.call(delete.clone())),
        "InvalidResourceStateFault: Cannot delete the subnet group 'tieline-orders' because at least one database \
         instance: tieline-orders is still using it."
    );
    pass(&mut world, 480);
    let instance = DeleteReplicationInstance {
        replication_instance_arn: arn,
    };
    world.call(instance).unwrap();
    assert_eq!(
        code(world.call(delete.clone())),
        "InvalidResourceStateFault"
    );
    pass(&mut world, 240);
    world.call(delete.clone()).unwrap();
    assert_eq!(code(world.call(delete)), "ResourceNotFoundFault");
    assert_eq!(world.state().dms, Inventory::default());
}

// AddTagsToResource, RemoveTagsFromResource, ListTagsForResource; Tag: no prefix "aws:" or "dms:".
#[test]
fn tags_can_be_added_listed_and_removed() {
    let mut world = world("default");
    let instance = created(&mut world);
    let group = "arn:aws:dms:us-east-1:123456789012:subgrp:tieline-orders".to_owned();
    let add = |key: &str| AddTagsToResource {
        resource_arn: instance.clone(),
        tags: vec![Tag::new(key, "1")],
    };
    world.call(add("x")).unwrap();
    world.call(add("y")).unwrap();
    for reserved in ["aws:x", "dms:x", ""] {
        assert_eq!(
            code(world.call(add(reserved))),
            "InvalidParameterValueException"
        );
    }
    let remove = RemoveTagsFromResource {
        resource_arn: instance.clone(),
        tag_keys: strings(&["x"]),
    };
    world.call(remove).unwrap();

    let of_both = ListTagsForResource {
        resource_arn_list: vec![instance.clone(), group.clone()],
        ..Default::default()
    };
    let on = |arn: &String, key: &str, value: &str| Tag {
        resource_arn: Some(arn.clone()),
        ..Tag::new(key, value)
    };
    assert_eq!(
        world.call(of_both).unwrap().tag_list,
        [on(&instance, "y", "1"), on(&group, "team", "a")]
    );
    let of_nothing = ListTagsForResource {
        resource_arn: Some("arn:aws:dms:us-east-1:123456789012:rep:NONE".to_owned()),
        ..Default::default()
    };
    assert_eq!(code(world.call(of_nothing)), "ResourceNotFoundFault");
}
