//! A VPC that is connected already: somebody made a private endpoint to TiDB Cloud's Starter and Essential clusters in it,
//! by hand and long ago. It has no endpoint for Secrets Manager, and a NAT gateway.

use serde_json::json;

use crate::Operation;
use crate::model::credentials::DATABASE;
use crate::model::endpoints::CreateVpcEndpoint;
use crate::model::groups::Rule;
use crate::model::network::{CreateRoute, Subnet};
use crate::model::shapes::TagSpecification;
use crate::model::{ACCOUNT, Model};

use super::default::{add_vpc, range};
use super::migration::add_secret;
use super::vendors::{TIDB_SHARED_HOST, TIDB_SHARED_SERVICE};

/// The VPC.
pub const CONNECTED_VPC: &str = "vpc-0c5e8a1d3f7b92640";
/// Its subnets, in two zones.
pub const CONNECTED_SUBNETS: [&str; 2] = ["subnet-0a6c2e8f4b1d39705", "subnet-0b7d3f905c2e4a816"];
/// Its security group `tidb-clients`, open on 4000 for the whole VPC.
pub const CONNECTED_GROUP: &str = "sg-0d8e4fa16b3c52970";

const RANGE: &str = "10.40.0.0/16";

pub(super) fn furnish(model: &mut Model) {
    let now = model.now;
    add_vpc(model, CONNECTED_VPC, RANGE);
    let zones = ["use1-az4", "use1-az6"];
    for (number, (id, zone)) in (1..).zip(CONNECTED_SUBNETS.iter().zip(zones)) {
        let subnet = Subnet {
            id: (*id).to_owned(),
            vpc_id: CONNECTED_VPC.to_owned(),
            cidr: Some(range(&format!("10.40.{number}.0/24"))),
            ipv6: None,
            zone_id: zone.to_owned(),
            owner: ACCOUNT.to_owned(),
            taken: 0,
        };
        model.subnets.put(id, subnet, now);
    }
    let rules = vec![Rule::tcp(model.ids.resource("sgr"), 4000, RANGE)];
    model.add_group(
        CONNECTED_GROUP,
        "tidb-clients",
        "Clients of TiDB Cloud",
        CONNECTED_VPC,
        rules,
        now,
    );
    let way_out = CreateRoute {
        route_table_id: CONNECTED_VPC.replacen("vpc-", "rtb-", 1),
        destination_cidr_block: "0.0.0.0/0".to_owned(),
        nat_gateway_id: Some("nat-0e4b7d1a6f3c29085".to_owned()),
        ..Default::default()
    };
    if let Err(failure) = way_out.perform(model) {
        panic!("the connected VPC has no way out: {failure:?}");
    }
    let database = json!({
        "username": DATABASE.id,
        "password": DATABASE.secret,
        "host": TIDB_SHARED_HOST,
        "port": 4000,
    });
    add_secret(model, "tieline/tidb-database", database.to_string());
    // What was just written is visible to the next write a moment later.
    model.now += 60_000;
    let endpoint = CreateVpcEndpoint {
        vpc_endpoint_type: Some("Interface".to_owned()),
        vpc_id: CONNECTED_VPC.to_owned(),
        service_name: Some(TIDB_SHARED_SERVICE.to_owned()),
        subnet_ids: CONNECTED_SUBNETS.map(str::to_owned).to_vec(),
        security_group_ids: vec![CONNECTED_GROUP.to_owned()],
        private_dns_enabled: Some(true),
        tag_specifications: vec![TagSpecification::new(
            "vpc-endpoint",
            &[("Name", "tidb by hand")],
        )],
        ..Default::default()
    };
    if let Err(failure) = endpoint.perform(model) {
        panic!("the connected VPC cannot be set up: {failure:?}");
    }
}
