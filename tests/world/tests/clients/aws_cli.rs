//! The commands of the guides, as a reader of AWS's guides would type them.

use serde_json::Value;
use world::scenario::{CLUSTER, GROUP, OTHER_CLUSTER, SUBNETS, VPC};

use crate::{Served, venv};

/// Aurora DSQL user guide, "Managing endpoint policies".
const FULL_POLICY: &str = r#"{ "Version": "2012-10-17", "Statement": [ { "Effect": "Allow", "Principal": "*", "Action": "dsql:*", "Resource": "*" } ] }"#;
/// Same page: only these actions.
const RESTRICTED_POLICY: &str = r#"{ "Version":"2012-10-17", "Statement": [ { "Effect": "Allow", "Principal": "*", "Action": [ "dsql:CreateCluster", "dsql:GetCluster", "dsql:ListClusters" ], "Resource": "*" } ] }"#;

impl Served {
    /// What a CLI command prints.
    fn aws_text(&self, arguments: &[&str]) -> String {
        let output = self.run(&venv::program("aws"), arguments);
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "aws {arguments:?}: {complaint}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// What a CLI command answers; nothing is null.
    pub(crate) fn aws(&self, arguments: &[&str]) -> Value {
        let text = self.aws_text(arguments);
        if text.trim().is_empty() {
            Value::Null
        } else {
            serde_json::from_str(&text).unwrap()
        }
    }

    /// What a CLI command complains about.
    pub(crate) fn aws_error(&self, arguments: &[&str]) -> String {
        let output = self.run(&venv::program("aws"), arguments);
        assert!(!output.status.success(), "aws {arguments:?} succeeded");
        String::from_utf8(output.stderr).unwrap()
    }

    fn create(&self, service: &str, more: &[&str]) -> Value {
        let arguments = [
            &[
                "ec2",
                "create-vpc-endpoint",
                "--region",
                "us-east-1",
                "--service-name",
                service,
                "--vpc-id",
                VPC,
            ],
            &[
                "--subnet-ids",
                SUBNETS[0],
                SUBNETS[1],
                "--vpc-endpoint-type",
                "Interface",
            ][..],
            &["--security-group-ids", GROUP],
            more,
        ];
        self.aws(&arguments.concat())["VpcEndpoint"].clone()
    }

    fn describe(&self, id: &str) -> Value {
        self.aws(&["ec2", "describe-vpc-endpoints", "--vpc-endpoint-ids", id])["VpcEndpoints"][0]
            .clone()
    }
}

pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

// Aurora DSQL user guide: the management endpoint, and its policies.
#[test]
#[cfg_attr(
    no_python,
    ignore = "there was no python3 with venv when this was built"
)]
fn the_cli_creates_the_management_endpoint_and_changes_its_policy() {
    let world = Served::start();

    let endpoint = world.create("com.amazonaws.us-east-1.dsql", &[]);
    assert_eq!(
        (text(&endpoint["State"]), &endpoint["PrivateDnsEnabled"]),
        ("pending", &Value::Bool(true))
    );
    let id = text(&endpoint["VpcEndpointId"]);
    world.pass(61);
    for policy in [FULL_POLICY, RESTRICTED_POLICY] {
        let region = ["--region", "us-east-1", "--policy-document", policy];
        let answer = world.aws(
            &[
                &["ec2", "modify-vpc-endpoint", "--vpc-endpoint-id", id][..],
                &region,
            ]
            .concat(),
        );
        assert_eq!(answer["Return"], true);
        world.pass(2);
        assert_eq!(world.describe(id)["State"], "pending");
        world.pass(30);
        assert_eq!(world.describe(id)["PolicyDocument"], policy);
    }

    let clusters = world.aws(&[
        "dsql",
        "--region",
        "us-east-1",
        "--endpoint-url",
        &world.url(),
        "list-clusters",
    ]);
    let identifiers: Vec<_> = clusters["clusters"]
        .as_array()
        .unwrap()
        .iter()
        .map(|cluster| text(&cluster["identifier"]))
        .collect();
    assert_eq!(identifiers, [CLUSTER, OTHER_CLUSTER]);
}

// Aurora DSQL user guide: the connection endpoint in its two steps. The third, the
// token, is boto3's: version 1 of the CLI, the only one on PyPI, has no
// `generate-db-connect-admin-auth-token`.
#[test]
#[cfg_attr(
    no_python,
    ignore = "there was no python3 with venv when this was built"
)]
fn the_cli_creates_the_connection_endpoint_from_the_clusters_service_name() {
    let world = Served::start();

    let name = world.aws(&[
        "dsql",
        "get-vpc-endpoint-service-name",
        "--region",
        "us-east-1",
        "--identifier",
        CLUSTER,
    ]);
    assert_eq!(name["serviceName"], "com.amazonaws.us-east-1.dsql-fnh4");
    let endpoint = world.create(text(&name["serviceName"]), &[]);
    assert_eq!(endpoint["SubnetIds"], serde_json::json!(SUBNETS[..2]));
    assert_eq!(endpoint["Groups"][0]["GroupName"], "database-clients");
    assert_eq!(endpoint["NetworkInterfaceIds"].as_array().unwrap().len(), 2);
    assert_eq!(
        endpoint["DnsEntries"][3]["DnsName"],
        "*.dsql-fnh4.us-east-1.on.aws"
    );
    world.pass(61);
    assert_eq!(
        world.describe(text(&endpoint["VpcEndpointId"]))["State"],
        "available"
    );
}

// AWS PrivateLink guide: endpoints for AWS's own services; S3 without its DNS name.
#[test]
#[cfg_attr(
    no_python,
    ignore = "there was no python3 with venv when this was built"
)]
fn the_cli_creates_endpoints_for_aws_services() {
    let world = Served::start();

    let monitoring = world.create(
        "com.amazonaws.us-east-1.monitoring",
        &[
            "--tag-specifications",
            "ResourceType=vpc-endpoint,Tags=[{Key=Name,Value=metrics}]",
        ],
    );
    let s3 = world.create("com.amazonaws.us-east-1.s3", &["--no-private-dns-enabled"]);
    let options = [
        "--private-dns-enabled",
        "--dns-options",
        "PrivateDnsOnlyForInboundResolverEndpoint=false",
    ];
    let s3_named = world.create("com.amazonaws.us-east-1.s3", &options);

    assert_eq!(
        monitoring["Tags"],
        serde_json::json!([{"Key": "Name", "Value": "metrics"}])
    );
    assert_eq!(
        (&monitoring["PrivateDnsEnabled"], &s3["PrivateDnsEnabled"]),
        (&true.into(), &false.into())
    );
    assert_eq!(
        s3_named["DnsOptions"]["PrivateDnsOnlyForInboundResolverEndpoint"],
        false
    );
    let sg = ["ec2", "describe-security-groups", "--group-ids", GROUP];
    assert_eq!(
        world.aws(&sg)["SecurityGroups"][0]["IpPermissions"][0]["FromPort"],
        5432
    );
    let dns = [
        "ec2",
        "describe-vpc-attribute",
        "--vpc-id",
        VPC,
        "--attribute",
        "enableDnsHostnames",
    ];
    assert_eq!(world.aws(&dns)["EnableDnsHostnames"]["Value"], true);
}

// Both guides: what the guides warn of, as the CLI reports it.
#[test]
#[cfg_attr(
    no_python,
    ignore = "there was no python3 with venv when this was built"
)]
fn the_cli_understands_the_refusals() {
    let world = Served::start();
    let create = [
        "ec2",
        "create-vpc-endpoint",
        "--vpc-id",
        VPC,
        "--service-name",
    ];
    let with = |more: &[&'static str]| [&create[..], more].concat();

    let s3 = with(&[
        "com.amazonaws.us-east-1.s3",
        "--vpc-endpoint-type",
        "Interface",
        "--private-dns-enabled",
    ]);
    assert!(world.aws_error(&s3).contains("(InvalidParameter) when calling the CreateVpcEndpoint operation: To set PrivateDnsOnlyForInboundResolverEndpoint"));
    let unknown = with(&[
        "com.amazonaws.us-east-1.nonsense",
        "--vpc-endpoint-type",
        "Interface",
    ]);
    assert!(world.aws_error(&unknown).contains("(InvalidServiceName)"));
    let dry = with(&[
        "com.amazonaws.us-east-1.sts",
        "--vpc-endpoint-type",
        "Interface",
        "--dry-run",
    ]);
    assert!(world.aws_error(&dry).contains("(DryRunOperation)"));
    let wrong_cluster = [
        "dsql",
        "get-vpc-endpoint-service-name",
        "--identifier",
        "abcdefghijklmnopqrstuvwxyz",
    ];
    assert!(
        world
            .aws_error(&wrong_cluster)
            .contains("(ResourceNotFoundException)")
    );
    assert!(
        world
            .aws_error(&["ec2", "describe-instances"])
            .contains("(InvalidAction)")
    );
}
