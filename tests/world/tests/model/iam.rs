//! IAM. Source: the service model of botocore, version 2010-05-08; the messages as its users report
//! them.

use world::model::iam::*;
use world::scenario::SUBNETS;
use world::{Failure, World};

use crate::{code, message, pass, world};

const POLICY: &str = "arn:aws:iam::aws:policy/service-role/AmazonDMSVPCManagementRole";
const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"dms.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;

fn get() -> GetRole {
    GetRole {
        role_name: "dms-vpc-role".to_owned(),
    }
}

fn create() -> CreateRole {
    CreateRole {
        role_name: "dms-vpc-role".to_owned(),
        assume_role_policy_document: TRUST.to_owned(),
        ..Default::default()
    }
}

fn attach(policy: &str) -> AttachRolePolicy {
    AttachRolePolicy {
        role_name: "dms-vpc-role".to_owned(),
        policy_arn: policy.to_owned(),
    }
}

fn attached(world: &mut World) -> Vec<String> {
    let list = ListAttachedRolePolicies {
        role_name: "dms-vpc-role".to_owned(),
        ..Default::default()
    };
    let policies = world.call(list).unwrap().attached_policies;
    policies
        .into_iter()
        .map(|policy| policy.policy_name)
        .collect()
}

fn status<T: std::fmt::Debug>(outcome: Result<T, Failure>) -> u16 {
    match outcome.unwrap_err() {
        Failure::Refused { status, .. } => status,
        failure @ (Failure::NoAnswer | Failure::Hang | Failure::Malformed | Failure::Crash) => {
            panic!("{failure:?}")
        }
    }
}

#[test]
fn the_default_world_has_the_role_of_dms() {
    let mut world = world("default");

    let role = world.call(get()).unwrap().role;

    assert_eq!(role.arn, "arn:aws:iam::123456789012:role/dms-vpc-role");
    // Role: the document is URL-encoded.
    assert!(
        role.assume_role_policy_document
            .contains("%22dms.amazonaws.com%22")
    );
    assert_eq!(attached(&mut world), ["AmazonDMSVPCManagementRole"]);
}

// NoSuchEntity has status 404, EntityAlreadyExists 409, MalformedPolicyDocument 400.
#[test]
fn a_role_is_made_once() {
    let mut world = world("dms-role-missing");
    assert_eq!(
        message(world.call(get())),
        "NoSuchEntity: The role with name dms-vpc-role cannot be found."
    );
    assert_eq!(status(world.call(get())), 404);
    assert_eq!(code(world.call(attach(POLICY))), "NoSuchEntity");
    let malformed = CreateRole {
        assume_role_policy_document: "nonsense".to_owned(),
        ..create()
    };
    assert_eq!(code(world.call(malformed)), "MalformedPolicyDocument");

    world.call(create()).unwrap();

    assert_eq!(
        message(world.call(create())),
        "EntityAlreadyExists: Role with name dms-vpc-role already exists."
    );
    assert_eq!(status(world.call(create())), 409);
}

// The managed policy lies below the path service-role/.
#[test]
fn a_policy_without_its_path_does_not_exist() {
    let mut world = world("dms-role-missing");
    world.call(create()).unwrap();

    let pathless = "arn:aws:iam::aws:policy/AmazonDMSVPCManagementRole";
    assert_eq!(status(world.call(attach(pathless))), 404);
    world.call(attach(POLICY)).unwrap();
    world.call(attach(POLICY)).unwrap();

    assert_eq!(attached(&mut world), ["AmazonDMSVPCManagementRole"]);
}

// IAM user guide, "Changes that I make are not always immediately visible"; also for
// seconds after creating the role.
#[test]
fn dms_sees_a_new_role_only_after_a_while_and_only_a_right_one() {
    let mut world = world("dms-role-missing");
    let group = || crate::dms::subnet_group(&SUBNETS[..2]);
    world.call(create()).unwrap();
    pass(&mut world, 60);
    assert_eq!(code(world.call(group())), "AccessDeniedFault");

    world.call(attach(POLICY)).unwrap();
    pass(&mut world, 9);
    assert_eq!(code(world.call(group())), "AccessDeniedFault");
    pass(&mut world, 1);
    world.call(group()).unwrap();

    let mut distrustful = crate::world("dms-role-missing");
    let request = CreateRole {
        assume_role_policy_document: TRUST.replace("dms.", "ec2."),
        ..create()
    };
    distrustful.call(request).unwrap();
    distrustful.call(attach(POLICY)).unwrap();
    pass(&mut distrustful, 60);
    assert_eq!(code(distrustful.call(group())), "AccessDeniedFault");
}
