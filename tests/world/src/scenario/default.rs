//! The world where all is well: a VPC with five subnets, two DSQL clusters, AWS's services and a
//! vendor's.

use std::collections::BTreeMap;

use crate::model::addresses::Family;
use crate::model::dsql::{Cluster, Phase};
use crate::model::groups::Rule;
use crate::model::network::{Cidr, Subnet};
use crate::model::services::{Kind, PrivateName, Service};
use crate::model::{ACCOUNT, Model, OTHER_ACCOUNT};

/// The VPC.
pub const VPC: &str = "vpc-0f3a9c51d7e2b8640";
/// Its subnets: the first three lie in the DSQL service's zones, the fourth does not, the fifth
/// shares the first one's zone.
pub const SUBNETS: [&str; 5] = [
    "subnet-0a1c5e7092b4d6f81",
    "subnet-0b2d6f81a3c5e7094",
    "subnet-0c3e70924b6d8f1a5",
    "subnet-0d4f81a35c7e902b6",
    "subnet-0e5a92b46d8f013c7",
];
/// The security group `database-clients`, open on 5432 and 443 for the whole VPC.
pub const GROUP: &str = "sg-0a7b3c9d5e1f24680";
/// The DSQL cluster that the sample request asks for.
pub const CLUSTER: &str = "k3abtwmzqhv5xn7rjd2yfe6upi";
/// Another DSQL cluster of the same cell.
pub const OTHER_CLUSTER: &str = "m4rtbeuzsg5wfjx2qhd7knya3c";
/// The endpoint service of both clusters.
pub const SERVICE: &str = "com.amazonaws.us-east-1.dsql-fnh4";
/// A vendor's service that requires acceptance and has a verified private name.
pub const VENDOR: &str = "com.amazonaws.vpce.us-east-1.vpce-svc-0123456789abcdef0";
/// The same vendor's service whose private name is not verified.
pub const VENDOR_UNVERIFIED: &str = "com.amazonaws.vpce.us-east-1.vpce-svc-0fedcba9876543210";
/// The same vendor's service without a private name.
pub const VENDOR_NAMELESS: &str = "com.amazonaws.vpce.us-east-1.vpce-svc-00112233445566778";

const VPC_RANGE: &str = "10.20.0.0/16";
const USUAL_ZONES: [&str; 4] = ["use1-az1", "use1-az2", "use1-az4", "use1-az6"];
const DSQL_ZONES: [&str; 3] = ["use1-az1", "use1-az4", "use1-az6"];

pub(super) fn furnish(model: &mut Model) {
    add_network(model);
    model.services.extend(aws_services());
    model.services.extend(vendor_services());
    for id in [CLUSTER, OTHER_CLUSTER] {
        let cluster = cluster(id, model.now);
        model.clusters.insert(id.to_owned(), cluster);
    }
}

fn add_network(model: &mut Model) {
    let now = model.now;
    add_vpc(model, VPC, VPC_RANGE);

    let zones = ["use1-az4", "use1-az6", "use1-az1", "use1-az2", "use1-az4"];
    for (number, (id, zone)) in (1..).zip(SUBNETS.iter().zip(zones)) {
        let subnet = subnet(id, &format!("10.20.{number}.0/24"), zone);
        model.subnets.put(id, subnet, now);
    }

    // Two lie in one zone: this one is for endpoints.
    let meant = ("tieline:endpoints".to_owned(), "true".to_owned());
    model.put_tags(SUBNETS[0], [meant].into(), now);

    let rules = [5432, 443]
        .map(|port| Rule::tcp(model.ids.resource("sgr"), port, VPC_RANGE))
        .to_vec();
    model.add_group(
        GROUP,
        "database-clients",
        "Clients of the databases",
        VPC,
        rules,
        now,
    );
}

/// A VPC that resolves names, and whose owner says that it takes part.
pub(super) fn add_vpc(model: &mut Model, id: &str, block: &str) {
    let now = model.now;
    let mut vpc = model.add_vpc(id, vec![range(block)], now);
    vpc.dns_hostnames = true;
    model.vpcs.put(id, vpc, now);
    let enrolled = ("tieline:enrolled".to_owned(), "true".to_owned());
    model.put_tags(id, [enrolled].into(), now);
}

fn subnet(id: &str, cidr: &str, zone_id: &str) -> Subnet {
    Subnet {
        id: id.to_owned(),
        vpc_id: VPC.to_owned(),
        cidr: Some(range(cidr)),
        ipv6: None,
        zone_id: zone_id.to_owned(),
        owner: ACCOUNT.to_owned(),
        taken: 0,
    }
}

pub(super) fn range(text: &str) -> Cidr {
    text.parse()
        .unwrap_or_else(|()| panic!("{text} is not a range"))
}

fn cluster(id: &str, created: u64) -> Cluster {
    Cluster {
        id: id.to_owned(),
        service_name: SERVICE.to_owned(),
        phase: Phase::Creating { until: created },
        protected: true,
        tags: BTreeMap::new(),
        created,
        token: None,
    }
}

fn aws_services() -> Vec<Service> {
    let usual = |label: &str, host: &str| aws(label, Kind::Interface, &USUAL_ZONES, Some(host));
    vec![
        aws(
            "dsql-fnh4",
            Kind::Interface,
            &DSQL_ZONES,
            Some("*.dsql-fnh4.us-east-1.on.aws"),
        ),
        usual("dsql", "dsql.us-east-1.api.aws"),
        both(usual("monitoring", "monitoring.us-east-1.amazonaws.com")),
        usual("secretsmanager", "secretsmanager.us-east-1.amazonaws.com"),
        usual("sts", "sts.us-east-1.amazonaws.com"),
        usual("ecr.api", "api.ecr.us-east-1.amazonaws.com"),
        usual("ecr.dkr", "*.dkr.ecr.us-east-1.amazonaws.com"),
        usual("dms", "dms.us-east-1.amazonaws.com"),
        both(usual("s3", "*.s3.us-east-1.amazonaws.com")),
        aws("s3", Kind::Gateway, &USUAL_ZONES, None),
        usual("dynamodb", "dynamodb.us-east-1.amazonaws.com"),
        aws("dynamodb", Kind::Gateway, &USUAL_ZONES, None),
        Service {
            policy_supported: false,
            ..usual("transfer.server", "server.transfer.us-east-1.amazonaws.com")
        },
        Service {
            name: "com.amazonaws.route53".to_owned(),
            ..usual("route53", "route53.amazonaws.com")
        },
        Service {
            name: "com.amazonaws.s3-global.accesspoint".to_owned(),
            ..usual(
                "s3-global.accesspoint",
                "*.accesspoint.s3-global.amazonaws.com",
            )
        },
    ]
}

/// The service, with IPv6 beside IPv4.
pub(super) fn both(service: Service) -> Service {
    Service {
        families: Family::BOTH.to_vec(),
        ..service
    }
}

/// One of AWS's own services. AWS `PrivateLink` guide: they accept by themselves.
pub(super) fn aws(label: &str, kind: Kind, zones: &[&str], host: Option<&str>) -> Service {
    Service {
        name: format!("com.amazonaws.us-east-1.{label}"),
        id: format!("vpce-svc-{}", fingerprint(label, kind)),
        kind,
        owner: "amazon".to_owned(),
        zone_ids: zones.iter().map(|&zone| zone.to_owned()).collect(),
        private_names: host.map(PrivateName::verified).into_iter().collect(),
        acceptance_required: false,
        policy_supported: true,
        owner_pays: false,
        families: vec![Family::Ipv4],
    }
}

fn vendor_services() -> Vec<Service> {
    let name = |verified| {
        Some(PrivateName {
            name: "db.vendor.example.com".to_owned(),
            verified,
        })
    };
    vec![
        vendor(VENDOR, name(true)),
        vendor(VENDOR_UNVERIFIED, name(false)),
        vendor(VENDOR_NAMELESS, None),
    ]
}

pub(super) fn vendor(name: &str, private_name: Option<PrivateName>) -> Service {
    Service {
        name: name.to_owned(),
        id: name.rsplit('.').next().unwrap_or_default().to_owned(),
        kind: Kind::Interface,
        owner: OTHER_ACCOUNT.to_owned(),
        zone_ids: USUAL_ZONES.map(str::to_owned).to_vec(),
        private_names: private_name.into_iter().collect(),
        acceptance_required: true,
        // AWS PrivateLink guide: endpoint policies are for AWS services that support them.
        policy_supported: false,
        owner_pays: false,
        families: vec![Family::Ipv4],
    }
}

/// 17 hexadecimal digits that differ from service to service (FNV-1a).
fn fingerprint(label: &str, kind: Kind) -> String {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    let hash = label
        .bytes()
        .chain(kind.as_str().bytes())
        .fold(0xcbf2_9ce4_8422_2325, step);
    format!("0{hash:016x}")
}
