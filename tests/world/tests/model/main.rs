//! The model against what AWS documents and what its users observed. Each test names its source.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on panics, its helpers too"
)]

mod acceptance;
mod confluent;
mod consistency;
mod creation;
mod deletion;
mod dms;
mod dms_connections;
mod dms_endpoints;
mod dsql;
mod gate;
mod groups;
mod iam;
mod ipv6_endpoints;
mod ipv6_names;
mod ipv6_network;
mod ipv6_plane;
mod listing;
mod modification;
mod network;
mod private_dns;
mod refusals;
mod route53;
mod route53_records;
mod scenarios;
mod secrets;
mod tags;
mod tidb_dedicated;
mod tidb_links;
mod tidb_wire;
mod vendor_http;
mod vendor_scenarios;
mod vendor_wire;
mod wire;

use std::time::Duration;

use world::model::endpoints::{CreateVpcEndpoint, DescribeVpcEndpoints, VpcEndpoint};
use world::model::shapes::Filter;
use world::scenario::{self, CONNECTED_VPC, GROUP, SERVICE, SUBNETS, VPC};
use world::{Failure, World};

/// The scenario's world without throttling, so that tests may call as often as they like.
fn world(scenario: &str) -> World {
    let mut world = scenario::world(scenario);
    world.scale_throttling(None);
    world
}

/// Every endpoint but the one that is there from the start, in a VPC of its own.
fn endpoints(world: &World) -> Vec<VpcEndpoint> {
    let mut endpoints = world.state().endpoints;
    endpoints.retain(|endpoint| endpoint.vpc_id != CONNECTED_VPC);
    endpoints
}

fn pass(world: &mut World, seconds: u64) {
    world.advance(Duration::from_secs(seconds));
}

/// An interface endpoint for the sample cluster.
fn request() -> CreateVpcEndpoint {
    CreateVpcEndpoint {
        vpc_endpoint_type: Some("Interface".to_owned()),
        vpc_id: VPC.to_owned(),
        service_name: Some(SERVICE.to_owned()),
        subnet_ids: strings(&SUBNETS[..2]),
        security_group_ids: strings(&[GROUP]),
        ..Default::default()
    }
}

fn request_for(service: &str) -> CreateVpcEndpoint {
    CreateVpcEndpoint {
        service_name: Some(service.to_owned()),
        ..request()
    }
}

fn aws(label: &str) -> String {
    format!("com.amazonaws.us-east-1.{label}")
}

fn create(world: &mut World, request: CreateVpcEndpoint) -> VpcEndpoint {
    world.call(request).unwrap().vpc_endpoint
}

/// An endpoint that has become available.
fn available(world: &mut World, request: CreateVpcEndpoint) -> String {
    let id = create(world, request).vpc_endpoint_id;
    pass(world, 61);
    assert_eq!(state(world, &id), "available");
    id
}

fn describe(world: &mut World, id: &str) -> Result<VpcEndpoint, Failure> {
    let request = DescribeVpcEndpoints {
        vpc_endpoint_ids: strings(&[id]),
        ..Default::default()
    };
    Ok(world.call(request)?.vpc_endpoints.remove(0))
}

fn state(world: &mut World, id: &str) -> String {
    describe(world, id).unwrap().state
}

fn found(world: &mut World, filter: Filter) -> Vec<String> {
    let request = DescribeVpcEndpoints {
        filters: vec![filter],
        ..Default::default()
    };
    let endpoints = world.call(request).unwrap().vpc_endpoints;
    endpoints
        .into_iter()
        .map(|endpoint| endpoint.vpc_endpoint_id)
        .collect()
}

fn code<T: std::fmt::Debug>(outcome: Result<T, Failure>) -> String {
    outcome.unwrap_err().code().to_owned()
}

fn message<T: std::fmt::Debug>(outcome: Result<T, Failure>) -> String {
    match outcome.unwrap_err() {
        Failure::Refused { code, message, .. } => format!("{code}: {message}"),
        failure @ (Failure::NoAnswer | Failure::Hang | Failure::Malformed | Failure::Crash) => {
            panic!("{failure:?}")
        }
    }
}

fn strings(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|&text| text.to_owned()).collect()
}
