//! How a replication instance of AWS DMS reads the database's secret: by itself, from its subnets.
//!
//! Source: AWS DMS User Guide, "Configuring VPC endpoints": a private instance, of version 3.4.7 or later, needs an endpoint for
//! Secrets Manager or a public route.

use super::dms_network::Place;
use super::{FindContext, Unresolved};
use crate::ids::SubnetId;
use crate::outside::{CallError, EndpointFilter, RouteTable, State};
use crate::problem::{Code, Problem};

/// Looks for a way, before anything is made and paid for. Where nobody may look at the routes, nothing is known.
pub(super) async fn way(context: &FindContext<'_>, place: &Place) -> Result<(), Unresolved> {
    let ec2 = context.outside.ec2;
    let (vpc, region) = (&place.vpc, context.region);
    let of_vpc = EndpointFilter {
        vpc: Some(vpc),
        ..EndpointFilter::default()
    };
    let endpoints = ec2.endpoints(&of_vpc).await?;
    let leads_there = endpoints.iter().any(|one| {
        one.service.ends_with(".secretsmanager") && one.state == State::Available && one.private_dns
    });
    if leads_there {
        return Ok(());
    }
    let tables = match ec2.route_tables(vpc).await {
        Err(CallError::Refused { .. }) => return Ok(()),
        tables => tables?,
    };
    if place
        .subnets
        .iter()
        .any(|subnet| leads_out(&tables, subnet))
    {
        return Ok(());
    }
    let subnets: Vec<&str> = place.subnets.iter().map(SubnetId::as_str).collect();
    let message = format!(
        "AWS DMS reads the secret from {} in {vpc}, and nothing leads from there to Secrets Manager: no endpoint with private DNS, and no route but to an internet \
         gateway, which an instance without a public address cannot use",
        subnets.join(", ")
    );
    let fix = format!(
        "send this first: {{\"requestId\": \"<your name for it>\", \"region\": \"{region}\", \"target\": {{\"kind\": \"aws-service\", \"service\": \"secretsmanager\"}}, \
         \"network\": {{\"vpcId\": \"{vpc}\"}}}}; or give these subnets a route to a NAT gateway"
    );
    let problem = Problem::new(Code::SecretsManagerUnreachable, message, fix);
    Err(problem.about("$.network").into())
}

/// Whether what is in a subnet, without a public address, gets out of the VPC.
fn leads_out(tables: &[RouteTable], subnet: &SubnetId) -> bool {
    let named = |table: &&RouteTable| table.subnet_ids.iter().any(|id| id == subnet.as_str());
    let own = tables.iter().find(named);
    let table = own.or_else(|| tables.iter().find(|table| table.is_main));
    table.is_some_and(|table| table.leads_out)
}
