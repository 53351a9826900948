//! What a test of a connection finds: whether the name leads to an endpoint of the VPC, whether
//! that lets the instance in, and whether the database knows the user.

use crate::model::Model;
use crate::model::credentials::DATABASE;
use crate::model::groups::{Peer, Rule};
use crate::model::network::{Cidr, zone_name};
use crate::model::route53::resolve;

use super::endpoints::Stored;
use super::groups::Group;
use super::instances::Instance;

/// The outcome of a test; the message is in the style of DMS, and not verified.
pub(super) fn probe(model: &Model, instance: &Instance, endpoint: &Stored) -> Result<(), String> {
    let login = endpoint.access.login(model).map_err(|problem| {
        format!("Test Endpoint failed: Application-Status: 1020912, Application-Message: {problem}")
    })?;
    let (host, port) = (&login.host, login.port);
    let Ok(group) = model.dms_group(&instance.group) else {
        return Err(failed(
            2003,
            &format!("Can't connect to MySQL server on '{host}' (101)"),
        ));
    };

    let destinations = resolve::resolve_ipv4(model, &group.vpc_id, host);
    if destinations.is_empty() {
        return Err(failed(
            2005,
            &format!("Unknown MySQL server host '{host}' (-2)"),
        ));
    }
    let is_open = destinations
        .iter()
        .filter_map(|destination| destination.endpoint_id.as_ref())
        .any(|id| is_open(model, id, port, instance, group));
    if !is_open {
        return Err(failed(
            2003,
            &format!("Can't connect to MySQL server on '{host}:{port}' (110)"),
        ));
    }
    if (login.username.as_str(), login.password.as_str()) != (DATABASE.id, DATABASE.secret) {
        let user = &login.username;
        let message = format!("Access denied for user '{user}'@'{host}' (using password: YES)");
        return Err(failed(1045, &message));
    }
    Ok(())
}

fn failed(code: u16, message: &str) -> String {
    format!(
        "Test Endpoint failed: Application-Status: 1020912, Application-Message: Cannot connect to ODBC provider Network \
         error has occurred, Application-Detailed-Message: RetCode: SQL_ERROR SqlState: HY000 NativeError: {code} Message: \
         [unixODBC][MySQL][ODBC 8.0(w) Driver]{message}"
    )
}

/// Whether one of the endpoint's security groups lets the instance in.
fn is_open(
    model: &Model,
    endpoint_id: &str,
    port: u16,
    instance: &Instance,
    group: &Group,
) -> bool {
    let subnets = group
        .subnets
        .iter()
        .filter_map(|id| model.subnets.latest(id));
    let lies_there: Vec<_> = subnets
        .filter(|subnet| zone_name(&subnet.zone_id) == instance.zone)
        .filter_map(|subnet| subnet.cidr)
        .collect();
    let groups = model
        .endpoints
        .latest(endpoint_id)
        .map(|endpoint| &endpoint.groups);
    let mut rules = groups
        .into_iter()
        .flatten()
        .filter_map(|id| model.groups.latest(id))
        .flat_map(|group| &group.rules);
    rules.any(|rule| {
        !rule.egress
            && covers(rule, port)
            && match &rule.peer {
                Peer::Ipv4(range) => lies_there.iter().all(|subnet| is_within(subnet, range)),
                Peer::Group(id) => instance.security_groups.contains(id),
                Peer::Ipv6(_) | Peer::PrefixList(_) => false,
            }
    })
}

fn covers(rule: &Rule, port: u16) -> bool {
    let port = i32::from(port);
    match rule.protocol.as_str() {
        "-1" => true,
        "tcp" | "6" => {
            rule.from_port.is_some_and(|from| from <= port)
                && rule.to_port.is_some_and(|to| port <= to)
        }
        _ => false,
    }
}

/// Ranges in rules may be wider than those of VPCs, which is all that [`Cidr`] reads.
fn is_within(subnet: &Cidr, range: &str) -> bool {
    match range.split_once('/') {
        Some((_, "0")) => true,
        Some(_) | None => range
            .parse::<Cidr>()
            .is_ok_and(|range| range.contains(subnet)),
    }
}
