//! The scenarios in which everything that AWS says of a connection is fine, and a client in the VPC would know better.

use std::time::Duration;

use super::Scenario;
use super::default::VPC;
use super::problems::scenario;
use crate::Verifier;
use crate::gate::{Fault, FaultKind};
use crate::model::network::{CreateNetworkAclEntry, PortRange};

pub(super) const SCENARIOS: &[Scenario] = &[
    scenario(
        "path-closed",
        "A network ACL that the functions may not read lets nothing in but from 443 down.",
        |world| {
            let ports = PortRange {
                from: Some(443),
                to: Some(32767),
            };
            world
                .arrange(CreateNetworkAclEntry {
                    network_acl_id: VPC.replacen("vpc-", "acl-", 1),
                    rule_number: Some(50),
                    protocol: "6".to_owned(),
                    rule_action: "deny".to_owned(),
                    egress: false,
                    cidr_block: "10.20.0.0/16".to_owned(),
                    port_range: Some(ports),
                    ..Default::default()
                })
                .unwrap_or_else(|failure| panic!("no rule: {failure:?}"));
            let denied = FaultKind::AccessDenied;
            world.add_fault(Fault::on("DescribeNetworkAcls", denied));
        },
    ),
    scenario(
        "path-wrong-certificate",
        "The servers behind the endpoints have certificates for another name.",
        |world| world.model.trouble.wrong_certificates = true,
    ),
    scenario(
        "path-wrong-protocol",
        "The servers behind the endpoints speak something else than they should.",
        |world| world.model.trouble.wrong_protocol = true,
    ),
    scenario("login-refused", "The databases let nobody in.", |world| {
        world.model.trouble.refused_logins = true
    }),
    scenario(
        "name-not-resolving",
        "In the VPC no private name resolves, whatever EC2 says.",
        |world| world.model.trouble.no_names = true,
    ),
    scenario(
        "resolver-remembers",
        "Somebody asked for the names before they were there: resolvers remember for two minutes that there were none.",
        |world| world.model.trouble.remembered = Some(Duration::from_secs(120)),
    ),
    scenario(
        "verifier-missing",
        "Nobody deployed a verifier in the VPC.",
        |world| world.deploy_verifier(Verifier::Missing),
    ),
    scenario(
        "verifier-waking-up",
        "The verifier was not used for weeks, and takes a minute to wake up.",
        |world| world.deploy_verifier(Verifier::WakesUp),
    ),
];
