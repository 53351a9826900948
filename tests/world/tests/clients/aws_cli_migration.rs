//! DMS and Route 53 with the AWS CLI, as a reader of AWS's guides would type it.

use serde_json::Value;
use world::scenario::{GROUP, PEER_VPC, SUBNETS, VPC};

use crate::Served;
use crate::aws_cli::text;

/// The DMS user guide's steps for seed 002, without the migration task.
#[test]
#[cfg_attr(
    no_python,
    ignore = "there was no python3 with venv when this was built"
)]
fn the_cli_walks_through_the_life_of_a_dms_connection() {
    let world = Served::start();
    let dms = |action: &str, more: &[&str]| world.aws(&[&["dms", action], more].concat());
    let subnets = [SUBNETS[0], SUBNETS[1]];

    let group = dms(
        "create-replication-subnet-group",
        &[
            &[
                "--replication-subnet-group-identifier",
                "Tieline",
                "--replication-subnet-group-description",
                "for tieline",
                "--subnet-ids",
            ][..],
            &subnets,
            &["--tags", "Key=tieline:managed,Value=true"],
        ]
        .concat(),
    );
    assert_eq!(group["ReplicationSubnetGroup"]["VpcId"], VPC);
    let instance = dms(
        "create-replication-instance",
        &[
            "--replication-instance-identifier",
            "tieline",
            "--replication-instance-class",
            "dms.t3.medium",
            "--replication-subnet-group-identifier",
            "tieline",
            "--vpc-security-group-ids",
            GROUP,
            "--no-publicly-accessible",
        ],
    )["ReplicationInstance"]
        .clone();
    assert_eq!(instance["PubliclyAccessible"], false);
    let instance = text(&instance["ReplicationInstanceArn"]).to_owned();
    world.pass(480);
    dms("wait", &["replication-instance-available"]);

    let endpoint = dms(
        "create-endpoint",
        &[
            "--endpoint-identifier",
            "orders",
            "--endpoint-type",
            "target",
            "--engine-name",
            "mysql",
            "--my-sql-settings",
            "SecretsManagerSecretId=tieline/database,SecretsManagerAccessRoleArn=arn:aws:iam::123456789012:role/r",
            "--extra-connection-attributes",
            "Initstmt=SET FOREIGN_KEY_CHECKS=0;",
        ],
    )["Endpoint"]
        .clone();
    assert_eq!(endpoint["Status"], "active");
    let endpoint = text(&endpoint["EndpointArn"]).to_owned();
    let pair = [
        "--replication-instance-arn",
        &instance,
        "--endpoint-arn",
        &endpoint,
    ];
    assert_eq!(
        dms("test-connection", &pair)["Connection"]["Status"],
        "testing"
    );
    world.pass(30);
    let by_endpoint = format!("Name=endpoint-arn,Values={endpoint}");
    let connections = dms("describe-connections", &["--filters", &by_endpoint]);
    let connection = &connections["Connections"][0];
    assert_eq!(connection["Status"], "failed");
    assert!(text(&connection["LastFailureMessage"]).contains("Unknown MySQL server host"));

    dms("delete-connection", &pair);
    world.pass(10);
    dms("delete-endpoint", &["--endpoint-arn", &endpoint]);
    world.pass(10);
    dms("wait", &["endpoint-deleted", "--filters", &by_endpoint]);
    let of_instance = ["--replication-instance-arn", &instance];
    dms("delete-replication-instance", &of_instance);
    let in_use = [
        "dms",
        "delete-replication-subnet-group",
        "--replication-subnet-group-identifier",
        "tieline",
    ];
    assert!(
        world
            .aws_error(&in_use)
            .contains("(InvalidResourceStateFault)")
    );
    world.pass(240);
    let by_arn = format!("Name=replication-instance-arn,Values={instance}");
    let gone = ["replication-instance-deleted", "--filters", &by_arn];
    dms("wait", &gone);
    world.aws(&in_use);
    let left = dms("describe-replication-subnet-groups", &[]);
    assert_eq!(left["ReplicationSubnetGroups"], serde_json::json!([]));
}

/// Route 53 developer guide, "Working with private hosted zones".
#[test]
#[cfg_attr(
    no_python,
    ignore = "there was no python3 with venv when this was built"
)]
fn the_cli_walks_through_the_life_of_a_private_zone() {
    let world = Served::start();
    let route53 = |action: &str, more: &[&str]| world.aws(&[&["route53", action], more].concat());
    let vpc = format!("VPCRegion=us-east-1,VPCId={VPC}");
    let create = [
        "--name",
        "Kafka.example.com",
        "--caller-reference",
        "1",
        "--vpc",
        &vpc,
        "--hosted-zone-config",
        "Comment=of tieline,PrivateZone=true",
    ];

    let made = route53("create-hosted-zone", &create);
    let id = text(&made["HostedZone"]["Id"]).to_owned();
    assert_eq!(made["HostedZone"]["Name"], "kafka.example.com.");
    assert_eq!(made["VPC"]["VPCId"], VPC);
    assert!(text(&made["Location"]).ends_with(&id));
    let again = [&["route53", "create-hosted-zone"][..], &create].concat();
    assert!(
        world
            .aws_error(&again)
            .contains("(HostedZoneAlreadyExists)")
    );

    let set = r#"{"Name":"*.kafka.example.com","Type":"CNAME","TTL":60,"ResourceRecords":[{"Value":"vpce-1.example.org"}]}"#;
    let batch = |action: &str| {
        format!(
            r#"{{"Comment":"a & b","Changes":[{{"Action":"{action}","ResourceRecordSet":{set}}}]}}"#
        )
    };
    let of_zone = ["--hosted-zone-id", &id];
    let change = |action: &str| {
        let batch = batch(action);
        let more = [&of_zone[..], &["--change-batch", &batch]].concat();
        route53("change-resource-record-sets", &more)["ChangeInfo"].clone()
    };
    let upsert = change("UPSERT");
    assert_eq!(
        (&upsert["Status"], &upsert["Comment"]),
        (&Value::from("PENDING"), &Value::from("a & b"))
    );
    world.pass(40);
    let of_change = ["resource-record-sets-changed", "--id", text(&upsert["Id"])];
    route53("wait", &of_change);
    let sets = route53("list-resource-record-sets", &of_zone);
    assert_eq!(
        sets["ResourceRecordSets"][2]["Name"],
        "\\052.kafka.example.com."
    );

    let batch = batch("CREATE");
    let twice = [
        &["route53", "change-resource-record-sets"],
        &of_zone[..],
        &["--change-batch", &batch],
    ];
    assert!(world.aws_error(&twice.concat()).contains(
        "(InvalidChangeBatch) when calling the ChangeResourceRecordSets operation: [Tried to create resource record set \
         [name='\\052.kafka.example.com.', type='CNAME'] but it already exists]"
    ));
    let peer = format!("VPCRegion=us-east-1,VPCId={PEER_VPC}");
    let with_peer = [&of_zone[..], &["--vpc", &peer]].concat();
    route53("associate-vpc-with-hosted-zone", &with_peer);
    let seen = ["--vpc-id", PEER_VPC, "--vpc-region", "us-east-1"];
    let zones = route53("list-hosted-zones-by-vpc", &seen);
    assert_eq!(
        zones["HostedZoneSummaries"][0]["Owner"]["OwningAccount"],
        "123456789012"
    );
    route53("disassociate-vpc-from-hosted-zone", &with_peer);

    let delete = ["route53", "delete-hosted-zone", "--id", &id];
    assert!(world.aws_error(&delete).contains("(HostedZoneNotEmpty)"));
    change("DELETE");
    world.aws(&delete);
    assert!(
        world
            .aws_error(&["route53", "get-hosted-zone", "--id", &id])
            .contains("(NoSuchHostedZone)")
    );
}
