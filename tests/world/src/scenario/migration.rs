//! What DMS, Route 53, IAM and Secrets Manager have in the world where all is well, and the
//! problems that a migration or a private zone can meet.

use std::collections::BTreeMap;

use serde_json::json;

use crate::World;
use crate::gate::{Fault, FaultKind};
use crate::model::credentials::{
    CONFLUENT, DATABASE, DATABASE_HOST, DATABASE_PORT, TIDB_CLOUD, TIDB_CLOUD_OTHER, secret_arn,
};
use crate::model::dms::{InstanceOutlook, TestOutlook};
use crate::model::iam::Role;
use crate::model::network::Subnet;
use crate::model::route53::Zone;
use crate::model::secrets::Secret;
use crate::model::{ACCOUNT, Model, OTHER_ACCOUNT};

use super::Scenario;
use super::connected::CONNECTED_VPC;
use super::default::{VPC, add_vpc, range};
use super::problems::scenario;
use super::vendor_problems::{fail_after, fail_before};

/// Another VPC of the account, with the same DNS attributes.
pub const PEER_VPC: &str = "vpc-0b7d2e9f4a6c81350";
/// Its only subnet.
pub const PEER_SUBNET: &str = "subnet-0f6b03d18a2c5e794";
/// What tests of connections fail with in the scenario `dms-test-fails`.
pub const TEST_FAILURE: &str = "Test Endpoint failed: Application-Status: 1020912, Application-Message: Failed to build \
                                connection string";

pub(super) const SCENARIOS: &[Scenario] = &[
    scenario(
        "dms-role-missing",
        "The account has no role dms-vpc-role.",
        |world| {
            world.model.roles.remove(ROLE);
        },
    ),
    scenario(
        "dms-role-without-policy",
        "The account's role dms-vpc-role has no policy attached.",
        |world| {
            if let Some(role) = world.model.roles.get_mut(ROLE) {
                role.policies.clear();
            }
        },
    ),
    scenario(
        "dms-no-way-out",
        "Nothing leads from the replication instance's subnets to Secrets Manager.",
        |world| {
            world.model.routes.clear();
        },
    ),
    scenario(
        "dms-test-fails",
        "Tests of DMS connections fail, whatever they are for.",
        |world| world.foresee_tests(TestOutlook::Fails(TEST_FAILURE.to_owned())),
    ),
    scenario(
        "dms-instance-fails",
        "New replication instances end as incompatible-network.",
        |world| world.foresee_instances(InstanceOutlook::IncompatibleNetwork),
    ),
    scenario(
        "dms-throttled",
        "DMS throttles the first of each kind of write and every third Describe call.",
        throttle,
    ),
    scenario(
        "dms-5xx-before",
        "The first two writes of each kind to DMS fail with 500 and have no effect.",
        |world| fail_before(world, &WRITES),
    ),
    scenario(
        "dms-5xx-after",
        "The first write of each kind to DMS takes effect and fails with 500.",
        |world| fail_after(world, &WRITES),
    ),
    scenario(
        "dms-endpoint-missing",
        "The VPC has no private endpoint to TiDB Cloud's clusters.",
        |world| {
            let there = world.model.endpoints.all_latest();
            let ids: Vec<String> = there
                .filter(|endpoint| endpoint.vpc_id == CONNECTED_VPC)
                .map(|endpoint| endpoint.id.clone())
                .collect();
            for id in ids {
                let now = world.now();
                world.model.endpoints.delete(&id, now);
            }
        },
    ),
    scenario("secret-missing", "There are no secrets.", |world| {
        world.model.secrets.clear();
    }),
    scenario(
        "zone-name-taken",
        "Another account's private zone in the VPC has the name of the clusters' service.",
        take_name,
    ),
];

const ROLE: &str = "dms-vpc-role";

/// Everything that DMS can be told of a migration.
const WRITES: [&str; 10] = [
    "CreateReplicationSubnetGroup",
    "CreateReplicationInstance",
    "CreateEndpoint",
    "ImportCertificate",
    "TestConnection",
    "DeleteConnection",
    "DeleteEndpoint",
    "DeleteCertificate",
    "DeleteReplicationInstance",
    "DeleteReplicationSubnetGroup",
];

pub(super) fn furnish(model: &mut Model) {
    add_peer(model);
    add_role(model);
    let wrong = "canary7f1c0b9e-wrong";
    let database = json!({
        "username": DATABASE.id,
        "password": DATABASE.secret,
        "host": DATABASE_HOST,
        "port": DATABASE_PORT,
    });
    let tidb = |id: &str, secret: &str| json!({"publicKey": id, "privateKey": secret}).to_string();
    let confluent = |secret: &str| json!({"apiKey": CONFLUENT.id, "apiSecret": secret}).to_string();
    for (name, value) in [
        ("tidb-cloud", tidb(TIDB_CLOUD.id, TIDB_CLOUD.secret)),
        (
            "tidb-cloud-other",
            tidb(TIDB_CLOUD_OTHER.id, TIDB_CLOUD_OTHER.secret),
        ),
        ("tidb-cloud-wrong", tidb(TIDB_CLOUD.id, wrong)),
        ("confluent", confluent(CONFLUENT.secret)),
        ("confluent-wrong", confluent(wrong)),
        ("database", database.to_string()),
        ("malformed", format!("publicKey={} {wrong}", TIDB_CLOUD.id)),
    ] {
        add_secret(model, &format!("tieline/{name}"), value);
    }
}

fn add_peer(model: &mut Model) {
    let now = model.now;
    add_vpc(model, PEER_VPC, "10.30.0.0/16");
    let subnet = Subnet {
        id: PEER_SUBNET.to_owned(),
        vpc_id: PEER_VPC.to_owned(),
        cidr: Some(range("10.30.1.0/24")),
        ipv6: None,
        zone_id: "use1-az4".to_owned(),
        owner: ACCOUNT.to_owned(),
        taken: 0,
    };
    model.subnets.put(PEER_SUBNET, subnet, now);
}

/// The role as the DMS user guide has it made.
fn add_role(model: &mut Model) {
    let trust = json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": {"Service": "dms.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }],
    });
    let role = Role {
        name: ROLE.to_owned(),
        id: format!("AROA{}", model.ids.code(17)),
        path: "/".to_owned(),
        trust: trust.to_string(),
        description: None,
        max_session: 3600,
        policies: vec![
            "arn:aws:iam::aws:policy/service-role/AmazonDMSVPCManagementRole".to_owned(),
        ],
        tags: Vec::new(),
        created: model.now,
        counts_from: model.now,
    };
    model.roles.insert(ROLE.to_owned(), role);
}

pub(super) fn add_secret(model: &mut Model, name: &str, value: String) {
    let secret = Secret {
        name: name.to_owned(),
        arn: secret_arn(name),
        value,
        description: None,
        version: model.ids.request(),
        tags: Vec::new(),
        under_own_key: false,
        created: model.now,
        deletion: None,
    };
    model.secrets.insert(name.to_owned(), secret);
}

fn throttle(world: &mut World) {
    for action in WRITES {
        world.add_fault(Fault::once(action, FaultKind::Throttle));
    }
    for action in [
        "DescribeReplication*",
        "DescribeEndpoints",
        "DescribeConnections",
        "DescribeCertificates",
    ] {
        world.add_fault(Fault {
            every: Some(3),
            ..Fault::on(action, FaultKind::Throttle)
        });
    }
}

fn take_name(world: &mut World) {
    let zone = Zone {
        id: "Z04TEAMOTHER9K2QXW7LM".to_owned(),
        name: "dsql-fnh4.us-east-1.on.aws.".to_owned(),
        reference: "other-team".to_owned(),
        comment: None,
        vpcs: vec![VPC.to_owned()],
        records: Vec::new(),
        owner: OTHER_ACCOUNT.to_owned(),
        tags: BTreeMap::new(),
    };
    world.model.dns.zones.insert(zone.id.clone(), zone);
}
