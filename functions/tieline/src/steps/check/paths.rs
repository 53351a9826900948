//! The verifiers on a share of the connections: a few in each check, in turn. Whoever got through once should get through still; what was
//! never proven is no different for not being proven now.

use std::collections::BTreeSet;

use serde_json::Value;

use super::leaving::leaves;
use super::turns::in_turn;
use crate::ids::{FunctionArn, VpcId};
use crate::outside::{CallError, Endpoint, Outside, Reply, State};
use crate::ownership::{Verified, built_in, holders};
use crate::targets::Target;
use crate::time::Time;
use crate::trial::{Address, LayerName, Outcome, Report, Speech, Trial};
use crate::workflow::{Check, ErrorOutput, PathTrial, PathTried, PortTried};

/// What is known of the way to a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Path {
    /// It was proven at that time.
    Works(Time),
    /// It was, and is not any more; this is what does not work.
    Broken(String),
    /// It was not tried in this check, or never worked.
    Unknown,
}

impl Path {
    pub(super) fn of(endpoint: &Endpoint, mark: &str, tried: &[PathTried]) -> Self {
        let ports = ports(endpoint, mark);
        let Some(tried) = tried.iter().find(|one| one.endpoint == endpoint.id) else {
            return Self::Unknown;
        };
        let its = || tried.ports.iter().filter(|one| ports.contains(&one.port));
        let closed = its().filter(|one| !one.closed.is_empty());
        let closed = closed.map(|one| {
            let places = one.closed.join(", ");
            format!("tcp failed on port {} of {places}", one.port)
        });
        let closed = Vec::from_iter(closed);
        let open = its().filter(|one| one.is_open).count();
        if closed.is_empty() && open == ports.len() && open > 0 {
            Self::Works(tried.at)
        } else if !closed.is_empty() && Verified::in_mark(mark).is_some() {
            Self::Broken(closed.join("; "))
        } else {
            Self::Unknown
        }
    }
}

/// The ports that a connection is tried on: those on which it was proven last, or that of an AWS service.
pub(super) fn ports(endpoint: &Endpoint, mark: &str) -> Vec<u16> {
    match Verified::in_mark(mark) {
        Some(verified) if !verified.ports.is_empty() => verified.ports,
        None | Some(_) => Target::port_of_service(&endpoint.service)
            .into_iter()
            .collect(),
    }
}

/// An endpoint that may be tried, with its verifier and the ports.
type Candidate<'e> = (&'e Endpoint, &'e FunctionArn, BTreeSet<u16>);

/// Those whose turn it is.
pub(super) fn candidates<'e>(
    outside: &Outside<'e>,
    ours: &'e [Endpoint],
    check: &Check,
    began: Time,
) -> Vec<Candidate<'e>> {
    let all = ours.iter().filter_map(|one| {
        let is_there = one.state == State::Available;
        let vpc = one.vpc.parse::<VpcId>().ok().filter(|_| is_there)?;
        let function = outside.deployment.verifier_in(&vpc)?;
        let stays = holders(&one.tags).filter(|(request, _)| !leaves(one, request, check));
        let confirmed = stays.filter(|(_, mark)| built_in(mark).is_some());
        let ports: BTreeSet<u16> = confirmed.flat_map(|(_, mark)| ports(one, mark)).collect();
        (!ports.is_empty()).then_some((one, function, ports))
    });
    in_turn(all.collect(), began)
}

/// Has them tried: one look at the network interfaces of all of them.
pub(super) async fn choose(
    outside: &Outside<'_>,
    chosen: Vec<Candidate<'_>>,
    check: &mut Check,
) -> Reply<()> {
    if chosen.is_empty() {
        return Ok(());
    }
    let ids: Vec<String> = chosen
        .iter()
        .flat_map(|(one, ..)| one.interface_ids.clone())
        .collect();
    let there = match outside.ec2.interfaces(&ids).await {
        Err(error @ CallError::Refused { .. }) => {
            check
                .untried
                .push(format!("the ways to endpoints ({error})"));
            return Ok(());
        }
        there => there?,
    };
    for (one, function, ports) in chosen {
        let its = there
            .iter()
            .filter(|interface| one.interface_ids.contains(&interface.id));
        let mut addresses: Vec<Address> = its
            .flat_map(|interface| interface.addresses())
            .map(|address| Address {
                zone_id: String::new(),
                address: address.clone(),
            })
            .collect();
        // What is told of them is to be the same each time.
        addresses.sort_by(|a, b| a.address.cmp(&b.address));
        if addresses.is_empty() {
            let why = format!("the way to {} (no network interface shows)", one.id);
            check.untried.push(why);
            continue;
        }
        check.to_try.push(PathTrial {
            endpoint: one.id.clone(),
            vpc: one.vpc.clone(),
            function: function.clone(),
            trial: Trial {
                addresses,
                ports: ports.into_iter().collect(),
                speech: Speech::unknown(),
                names: Vec::new(),
            },
            again: false,
        });
    }
    Ok(())
}

/// Reads what a verifier answered to the first of what is to be tried. Who did not get through tries once more, after the others.
pub(super) fn read(check: &mut Check, answer: &Value, now: Time) {
    if check.to_try.is_empty() {
        return;
    }
    let one = check.to_try.remove(0);
    match judge(&one, answer) {
        Ok(ports) if !one.again && ports.iter().any(|port| !port.closed.is_empty()) => {
            check.to_try.push(PathTrial { again: true, ..one });
        }
        Ok(ports) => check.tried.push(PathTried {
            endpoint: one.endpoint,
            at: now,
            ports,
        }),
        Err(why) => check
            .untried
            .push(format!("the way to {} ({why})", one.endpoint)),
    }
}

fn judge(one: &PathTrial, answer: &Value) -> Result<Vec<PortTried>, String> {
    if let Ok(error) = serde_json::from_value::<ErrorOutput>(answer.clone()) {
        let words = error.words();
        return Err(format!("the verifier could not be invoked: {words}"));
    }
    let report = serde_json::from_value::<Report>(answer["said"].clone());
    let report =
        report.map_err(|error| format!("the verifier could not be understood: {error}"))?;
    if report.vpc_id != one.vpc {
        return Err(format!("its verifier is in {}", report.vpc_id));
    }
    let mut all = Vec::new();
    for port in &one.trial.ports {
        let mut tried = PortTried {
            port: *port,
            is_open: false,
            closed: Vec::new(),
        };
        for Address { address, .. } in &one.trial.addresses {
            let its = report
                .attempts
                .iter()
                .filter(|attempt| attempt.address == *address);
            let mut layers =
                its.flat_map(|attempt| attempt.layers.iter().chain(&attempt.further_ports));
            let tcp = layers.find(|layer| layer.layer == LayerName::Tcp && layer.port == *port);
            match tcp.map(|layer| layer.outcome) {
                Some(Outcome::Proven) => tried.is_open = true,
                Some(Outcome::Failed) => tried.closed.push(address.clone()),
                // It has no address of that family.
                Some(Outcome::NotTried) => {}
                None => return Err(format!("its verifier said nothing of {address}")),
            }
        }
        all.push(tried);
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn trial() -> PathTrial {
        let address = |address: &str| Address {
            zone_id: String::new(),
            address: address.to_owned(),
        };
        PathTrial {
            endpoint: "vpce-0123456789abcdef0".parse().unwrap(),
            vpc: "vpc-0f3a9c51d7e2b8640".to_owned(),
            function: "arn:aws:lambda:us-east-1:123456789012:function:verify-vpc-0f3a9c51d7e2b8640"
                .parse()
                .unwrap(),
            trial: Trial {
                addresses: vec![address("10.0.0.5"), address("10.0.1.5")],
                ports: vec![443, 9092],
                ..Trial::default()
            },
            again: false,
        }
    }

    /// A report in which these layers came of the second port of the second address.
    fn answer(outcome: &str) -> Value {
        let layer = |port: u16, outcome: &str| json!({"layer": "tcp", "port": port, "outcome": outcome, "milliseconds": 1});
        let attempt = |address: &str, outcome: &str| {
            json!({
                "zoneId": "", "address": address, "layers": [layer(443, "proven")], "furtherPorts": [layer(9092, outcome)],
            })
        };
        json!({"said": {
            "vpcId": "vpc-0f3a9c51d7e2b8640", "subnetIds": [], "securityGroupIds": [],
            "attempts": [attempt("10.0.0.5", "proven"), attempt("10.0.1.5", outcome)],
        }})
    }

    #[test]
    fn who_does_not_get_through_tries_once_more_and_no_answer_is_none() {
        let begun = || Check {
            to_try: vec![trial()],
            ..Check::default()
        };
        let now = Time(1);
        let mut check = begun();
        read(&mut check, &answer("proven"), now);
        assert!(check.to_try.is_empty() && check.tried[0].ports.iter().all(|one| one.is_open));

        let mut check = begun();
        read(&mut check, &answer("failed"), now);
        assert!(check.tried.is_empty() && check.to_try[0].again);
        read(&mut check, &answer("failed"), now);
        assert_eq!(check.tried[0].ports[1].closed, ["10.0.1.5"]);
        assert!(check.to_try.is_empty());

        for answer in [
            json!({"Error": "Lambda.Unknown", "Cause": "?"}),
            json!({"said": null}),
            json!({"said": {"vpcId": "vpc-0aa11bb22cc33dd44", "subnetIds": [], "securityGroupIds": []}}),
            json!({"said": {"vpcId": "vpc-0f3a9c51d7e2b8640", "subnetIds": [], "securityGroupIds": []}}),
        ] {
            let mut check = begun();
            read(&mut check, &answer, now);
            assert!(
                check.to_try.is_empty() && check.tried.is_empty(),
                "{answer}"
            );
            assert_eq!(check.untried.len(), 1, "{answer}");
        }
    }
}
