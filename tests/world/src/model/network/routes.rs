//! Route tables. Every VPC has its main one, and every subnet is with it.
//!
//! Source: EC2 API reference, `DescribeRouteTables` and `CreateRoute`; VPC user guide, "Route table concepts".

use serde::{Deserialize, Serialize};

use crate::failure::refuse;
use crate::model::listing::{Described, Listed, describe};
use crate::model::shapes::{DONE, Done, Tag, flag};
use crate::model::{ACCOUNT, Model};
use crate::{Failure, Operation, Service};

describe! {
    /// Lists route tables.
    DescribeRouteTables { route_table_ids: "RouteTableId" },
    /// A page of route tables.
    DescribeRouteTablesAnswer { route_tables: "routeTableSet" of RouteTable }
}

/// A route table.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RouteTable {
    /// Its id.
    pub route_table_id: String,
    /// Its VPC's id.
    pub vpc_id: String,
    /// The account that owns it.
    pub owner_id: String,
    /// Its routes.
    #[serde(rename = "routeSet")]
    pub routes: Vec<Route>,
    /// What it is for: here always the whole VPC.
    #[serde(rename = "associationSet")]
    pub associations: Vec<RouteTableAssociation>,
    /// Its tags.
    #[serde(rename = "tagSet")]
    pub tags: Vec<Tag>,
}

/// A route.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Route {
    /// The block that it leads to.
    pub destination_cidr_block: String,
    /// The gateway, or `local`.
    pub gateway_id: Option<String>,
    /// The NAT gateway.
    pub nat_gateway_id: Option<String>,
    /// `active`, or `blackhole`.
    pub state: String,
    /// How it came there.
    pub origin: String,
}

/// That a table is for a VPC.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RouteTableAssociation {
    /// Its id.
    pub route_table_association_id: String,
    /// The table.
    pub route_table_id: String,
    /// Whether it is the VPC's main one.
    pub main: bool,
}

/// Adds a route.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct CreateRoute {
    /// Only check the permission.
    #[serde(deserialize_with = "flag")]
    pub dry_run: bool,
    /// The table.
    pub route_table_id: String,
    /// The block that it leads to.
    pub destination_cidr_block: String,
    /// An internet gateway.
    pub gateway_id: Option<String>,
    /// A NAT gateway.
    pub nat_gateway_id: Option<String>,
}

impl Operation for CreateRoute {
    type Answer = Done;
    const SERVICE: Service = Service::Ec2;
    const ACTION: &'static str = "CreateRoute";
    const WRITE: bool = true;

    fn dry_run(&self) -> bool {
        self.dry_run
    }

    fn perform(self, model: &mut Model) -> Result<Done, Failure> {
        let table = RouteTable::named(model, &self.route_table_id)?;
        let block = &self.destination_cidr_block;
        if table
            .routes
            .iter()
            .any(|one| one.destination_cidr_block == *block)
        {
            let message = format!("The route identified by {block} already exists.");
            return Err(refuse("RouteAlreadyExists", message));
        }
        let routes = model.routes.entry(table.vpc_id).or_default();
        routes.push(Route {
            destination_cidr_block: self.destination_cidr_block,
            gateway_id: self.gateway_id,
            nat_gateway_id: self.nat_gateway_id,
            state: "active".to_owned(),
            origin: "CreateRoute".to_owned(),
        });
        Ok(DONE)
    }
}

impl RouteTable {
    /// The main table of a VPC.
    fn of(model: &Model, vpc_id: &str) -> Self {
        let id = vpc_id.replacen("vpc-", "rtb-", 1);
        let vpc = model.vpcs.latest(vpc_id);
        let local = vpc.into_iter().flat_map(|vpc| &vpc.cidrs);
        let local = local.map(|block| Route {
            destination_cidr_block: block.to_string(),
            gateway_id: Some("local".to_owned()),
            state: "active".to_owned(),
            origin: "CreateRouteTable".to_owned(),
            ..Route::default()
        });
        let added = model.routes.get(vpc_id).cloned().unwrap_or_default();
        Self {
            vpc_id: vpc_id.to_owned(),
            owner_id: ACCOUNT.to_owned(),
            routes: local.chain(added).collect(),
            associations: vec![RouteTableAssociation {
                route_table_association_id: id.replacen("rtb-", "rtbassoc-", 1),
                route_table_id: id.clone(),
                main: true,
            }],
            tags: model.seen_tags(&id),
            route_table_id: id,
        }
    }

    fn named(model: &Model, id: &str) -> Result<Self, Failure> {
        let vpc = id.replacen("rtb-", "vpc-", 1);
        if id.starts_with("rtb-") && model.vpcs.seen(&vpc, model.now).is_some() {
            return Ok(Self::of(model, &vpc));
        }
        let message = format!("The routeTable ID '{id}' does not exist");
        Err(refuse("InvalidRouteTableID.NotFound", message))
    }
}

impl Listed for RouteTable {
    const FILTERS: &'static [&'static str] =
        &["association.main", "owner-id", "route-table-id", "vpc-id"];

    fn id(&self) -> String {
        self.route_table_id.clone()
    }

    fn values(&self, filter: &str) -> Vec<String> {
        let value = match filter {
            "association.main" => "true",
            "owner-id" => &self.owner_id,
            "route-table-id" => &self.route_table_id,
            _ => &self.vpc_id,
        };
        vec![value.to_owned()]
    }

    fn tags(&self) -> &[Tag] {
        &self.tags
    }
}

impl Described for RouteTable {
    fn asked_for(model: &Model, ids: &[String]) -> Result<Vec<Self>, Failure> {
        if !ids.is_empty() {
            return ids.iter().map(|id| Self::named(model, id)).collect();
        }
        let vpcs = model.vpcs.all_seen(model.now);
        Ok(vpcs.map(|vpc| Self::of(model, &vpc.id)).collect())
    }
}
