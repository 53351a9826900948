//! AWS DMS: tests of connections, whose outcome follows from the world. Source, unless a test names
//! another: the service model of botocore, version 2016-01-01; the messages are not verified.

use world::World;
use world::model::credentials::{DATABASE, DATABASE_HOST, DATABASE_PORT};
use world::model::dms::*;
use world::model::endpoints::{CreateVpcEndpoint, Decision, DeleteVpcEndpoints, ModifyVpcEndpoint};
use world::model::groups::{AuthorizeSecurityGroupIngress, IpPermission, IpRange};
use world::model::route53::{
    Change, ChangeBatch, ChangeResourceRecordSets, CreateHostedZone, ResourceRecordSet, Vpc,
};
use world::model::secrets::{CreateSecret, DeleteSecret};
use world::scenario::{GROUP, SUBNETS, TEST_FAILURE, VENDOR, VPC};

use crate::dms::{certificate, created, endpoint, with_secret};
use crate::{code, create, endpoints, pass, request_for, strings, world};

/// Lets the given range in on the database's port.
fn open(world: &mut World, range: &str) {
    let request = AuthorizeSecurityGroupIngress {
        group_id: GROUP.to_owned(),
        ip_permissions: vec![IpPermission {
            ip_protocol: "tcp".to_owned(),
            from_port: Some(i32::from(DATABASE_PORT)),
            to_port: Some(i32::from(DATABASE_PORT)),
            ip_ranges: vec![IpRange {
                cidr_ip: range.to_owned(),
                description: None,
            }],
            ..Default::default()
        }],
        ..Default::default()
    };
    world.call(request).unwrap();
}

/// An endpoint for the vendor's service, accepted, without its private name.
fn private_path(world: &mut World) -> String {
    let request = CreateVpcEndpoint {
        private_dns_enabled: Some(false),
        ..request_for(VENDOR)
    };
    let id = create(world, request).vpc_endpoint_id;
    pass(world, 2);
    world.decide(&id, Decision::Accept).unwrap();
    pass(world, 60);
    id
}

fn name(world: &mut World, id: &str) {
    let request = ModifyVpcEndpoint {
        vpc_endpoint_id: id.to_owned(),
        private_dns_enabled: Some(true),
        ..Default::default()
    };
    world.call(request).unwrap();
    pass(world, 32);
}

/// An available instance and an endpoint with the secret of the database.
fn pair(world: &mut World, request: CreateEndpoint) -> TestConnection {
    let replication_instance_arn = created(world);
    pass(world, 480);
    let endpoint_arn = world.call(request).unwrap().endpoint.endpoint_arn;
    TestConnection {
        replication_instance_arn,
        endpoint_arn,
    }
}

fn connection(world: &mut World) -> Connection {
    let all = world.call(DescribeConnections::default()).unwrap();
    all.connections.into_iter().next().unwrap()
}

/// How a test of the pair ends.
fn outcome(world: &mut World, pair: &TestConnection) -> Result<(), String> {
    let begun = world.call(pair.clone()).unwrap().connection;
    assert_eq!(begun.status, "testing");
    pass(world, 30);
    let ended = connection(world);
    match ended.status.as_str() {
        "successful" => Ok(()),
        "failed" => Err(ended.last_failure_message.unwrap()),
        other => panic!("{other}"),
    }
}

fn complaint(world: &mut World, pair: &TestConnection) -> String {
    let message = outcome(world, pair).unwrap_err();
    let beginning = "Test Endpoint failed: Application-Status: 1020912, Application-Message: ";
    assert!(message.starts_with(beginning), "{message}");
    message
}

// From the DMS user guide and TiDB Cloud's guide to AWS DMS: the name must be the private one, resolved in
// the VPC of the subnet group.
#[test]
fn a_test_succeeds_over_a_private_path_with_name_port_and_password() {
    let mut world = world("default");
    let id = private_path(&mut world);
    let pair = pair(&mut world, with_secret("tieline/database"));
    assert!(
        complaint(&mut world, &pair).contains("Unknown MySQL server host 'db.vendor.example.com'")
    );

    name(&mut world, &id);
    assert!(
        complaint(&mut world, &pair)
            .contains("Can't connect to MySQL server on 'db.vendor.example.com:4000'")
    );

    // The instance lies in the first subnet, so opening the second one does not help.
    open(&mut world, "10.20.2.0/24");
    assert!(complaint(&mut world, &pair).contains("Can't connect"));
    open(&mut world, "10.20.1.0/24");
    assert_eq!(outcome(&mut world, &pair), Ok(()));
    assert_eq!(connection(&mut world).last_failure_message, None);

    world
        .call(DeleteVpcEndpoints {
            vpc_endpoint_ids: vec![id],
            ..Default::default()
        })
        .unwrap();
    pass(&mut world, 60);
    assert!(complaint(&mut world, &pair).contains("Unknown MySQL server host"));
}

// The MySQL error 1045.
#[test]
fn a_test_fails_with_another_password() {
    let mut world = world("default");
    let id = private_path(&mut world);
    name(&mut world, &id);
    open(&mut world, "0.0.0.0/0");
    let wrong = CreateEndpoint {
        username: Some(DATABASE.id.to_owned()),
        password: Some("wrong".to_owned()),
        server_name: Some(DATABASE_HOST.to_owned()),
        ..endpoint()
    };
    let wrong = pair(&mut world, wrong);
    assert!(
        complaint(&mut world, &wrong)
            .contains("Access denied for user '3pTAoNNegb47Uc8.migrator'@")
    );

    let right = CreateEndpoint {
        endpoint_identifier: "right".to_owned(),
        username: Some(DATABASE.id.to_owned()),
        password: Some(DATABASE.secret.to_owned()),
        server_name: Some(DATABASE_HOST.to_owned()),
        ssl_mode: Some("verify-full".to_owned()),
        certificate_arn: Some(
            world
                .call(certificate())
                .unwrap()
                .certificate
                .certificate_arn,
        ),
        ..endpoint()
    };
    let endpoint_arn = world.call(right).unwrap().endpoint.endpoint_arn;
    let right = TestConnection {
        endpoint_arn: endpoint_arn.clone(),
        ..wrong
    };
    world.call(right).unwrap();
    pass(&mut world, 30);
    let found = DescribeConnections {
        filters: vec![Filter::new("endpoint-arn", &[&endpoint_arn])],
        ..Default::default()
    };
    assert_eq!(
        world.call(found).unwrap().connections[0].status,
        "successful"
    );
}

// Route 53 developer guide: a private zone of one's own gives the name as well.
#[test]
fn a_name_in_a_private_zone_leads_to_the_endpoint_too() {
    let mut world = world("default");
    private_path(&mut world);
    let regional = endpoints(&world)[0].dns_entries[0].dns_name.clone();
    open(&mut world, "10.20.0.0/16");
    let zone = CreateHostedZone {
        name: "vendor.example.com".to_owned(),
        vpc: Some(Vpc::here(VPC)),
        caller_reference: "1".to_owned(),
        ..Default::default()
    };
    let zone = world.call(zone).unwrap().hosted_zone;
    let record = ResourceRecordSet::new("*.vendor.example.com", "CNAME", 60, &[&regional]);
    world
        .call(ChangeResourceRecordSets {
            hosted_zone_id: zone.id,
            change_batch: ChangeBatch {
                comment: None,
                changes: vec![Change::new("CREATE", record)],
            },
        })
        .unwrap();
    let pair = pair(&mut world, with_secret("tieline/database"));

    assert_eq!(outcome(&mut world, &pair), Ok(()));
}

// DMS user guide, "Using secrets": a secret is read when it is needed.
#[test]
fn a_secret_that_is_of_no_use_fails_the_test() {
    let mut world = world("default");
    let malformed = pair(&mut world, with_secret("tieline/malformed"));
    assert!(complaint(&mut world, &malformed).contains("has not the expected format"));
    let gone = DeleteSecret {
        secret_id: "tieline/malformed".to_owned(),
        ..Default::default()
    };
    world.call(gone).unwrap();
    assert!(complaint(&mut world, &malformed).contains("Unable to find Secrets Manager secret"));

    let text = CreateSecret {
        name: "text-port".to_owned(),
        secret_string: Some(
            r#"{"username":"u","password":"p","host":"h","port":"4000"}"#.to_owned(),
        ),
        ..Default::default()
    };
    world.call(text).unwrap();
    let mut other = with_secret("text-port");
    other.endpoint_identifier = "other".to_owned();
    world.call(other).unwrap();
}

// InvalidResourceStateFault: not while a test runs, not before the instance is available.
#[test]
fn a_connection_is_tested_once_at_a_time_on_an_available_instance() {
    let mut world = world("default");
    let replication_instance_arn = created(&mut world);
    let endpoint_arn = world.call(endpoint()).unwrap().endpoint.endpoint_arn;
    let test = TestConnection {
        replication_instance_arn,
        endpoint_arn,
    };
    assert_eq!(code(world.call(test.clone())), "InvalidResourceStateFault");
    pass(&mut world, 480);
    world.call(test.clone()).unwrap();
    assert_eq!(code(world.call(test.clone())), "InvalidResourceStateFault");
    for unknown in [
        TestConnection {
            endpoint_arn: "arn:aws:dms:us-east-1:123456789012:endpoint:X".to_owned(),
            ..test.clone()
        },
        TestConnection {
            replication_instance_arn: "arn:aws:dms:us-east-1:123456789012:rep:X".to_owned(),
            ..test.clone()
        },
    ] {
        assert_eq!(code(world.call(unknown)), "ResourceNotFoundFault");
    }
    pass(&mut world, 30);
    world.call(test).unwrap();
}

// DeleteConnection, DeleteEndpoint and DeleteReplicationInstance: InvalidResourceStateFault. That
// connections that are not being tested count is not verified.
#[test]
fn connections_go_before_endpoints_and_instances() {
    let mut world = world("default");
    let pair = pair(&mut world, endpoint());
    world.call(pair.clone()).unwrap();
    let connection = DeleteConnection {
        endpoint_arn: pair.endpoint_arn.clone(),
        replication_instance_arn: pair.replication_instance_arn.clone(),
    };
    let endpoint = DeleteEndpoint {
        endpoint_arn: pair.endpoint_arn.clone(),
    };
    let instance = DeleteReplicationInstance {
        replication_instance_arn: pair.replication_instance_arn.clone(),
    };
    assert_eq!(
        code(world.call(connection.clone())),
        "InvalidResourceStateFault"
    );
    pass(&mut world, 30);
    assert_eq!(
        code(world.call(endpoint.clone())),
        "InvalidResourceStateFault"
    );
    assert_eq!(
        code(world.call(instance.clone())),
        "InvalidResourceStateFault"
    );

    let going = world.call(connection.clone()).unwrap().connection;
    assert_eq!(going.status, "deleting");
    assert_eq!(code(world.call(pair)), "InvalidResourceStateFault");
    pass(&mut world, 10);
    assert_eq!(code(world.call(connection)), "ResourceNotFoundFault");
    world.call(endpoint.clone()).unwrap();
    assert_eq!(code(world.call(endpoint)), "InvalidResourceStateFault");
    world.call(instance).unwrap();
}

#[test]
fn scenarios_foresee_how_tests_and_instances_end() {
    let mut failing = world("dms-test-fails");
    let failing_pair = pair(&mut failing, endpoint());
    assert_eq!(
        outcome(&mut failing, &failing_pair),
        Err(TEST_FAILURE.to_owned())
    );

    let mut stuck = world("default");
    stuck.foresee_tests(TestOutlook::NeverEnds);
    let stuck_pair = pair(&mut stuck, endpoint());
    stuck.call(stuck_pair).unwrap();
    pass(&mut stuck, 3600);
    assert_eq!(connection(&mut stuck).status, "testing");

    let mut broken = world("dms-instance-fails");
    let arn = created(&mut broken);
    pass(&mut broken, 480);
    let instance = &broken.state().dms.instances[0];
    assert_eq!(instance.replication_instance_status, "incompatible-network");
    let replication_instance_arn = arn;
    broken
        .call(DeleteReplicationInstance {
            replication_instance_arn,
        })
        .unwrap();
}

// Source of the code: AWS general reference, "Common errors".
#[test]
fn dms_can_be_throttled() {
    let mut world = world("dms-throttled");
    let request = || crate::dms::subnet_group(&SUBNETS[..2]);

    assert_eq!(code(world.call(request())), "ThrottlingException");
    world.call(request()).unwrap();

    let describes = (0..3).map(|_| world.call(DescribeReplicationInstances::default()).is_ok());
    assert_eq!(describes.collect::<Vec<_>>(), [true, true, false]);
    assert_eq!(
        strings(&["dms"]),
        [serde_json::to_value(world.calls()[0].service).unwrap()]
    );
}
