//! `endpoint-service`: any other `PrivateLink` service by its name (Confluent Dedicated, Snowflake, `MongoDB` Atlas, a team's own).
//!
//! Somebody else owns it, who may have to accept the connection, and who may want names of theirs to lead to it.

use std::collections::BTreeMap;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{
    Connection, ConnectionContext, EndpointSpec, FindContext, KindFacts, Resolved, TargetKind,
    Unresolved,
};
use crate::ids::{Domain, Named as _, Pem, Ports, RecordName, Region, ServiceName, VpcId, ZoneId};
use crate::json::{Condition, Fields, kind_of, name_schema};
use crate::parts::Part;
use crate::parts::private_zone::{APEX, LeadsTo, PrivateZone};
use crate::refusals::unsuitable;
use crate::trial::{Protocol, Speech};

/// How long the owner may take unless the request says otherwise, in hours.
const ACCEPTANCE_HOURS: u32 = 72;

/// The longest that an execution is kept waiting: a week.
const MAX_HOURS: u32 = 168;

/// The most names that one zone gets; a result event stays small.
const MAX_RECORDS: usize = 50;

/// The most ports and ranges beside the first: a group has room for 60 rules, and each of them is one for every block that is
/// let in.
const MAX_PORTS: usize = 59;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EndpointService {
    service: ServiceName,
    port: u16,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    further_ports: Vec<Ports>,
    acceptance_hours: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    private_zone: Option<Zone>,
    /// What it speaks on its first port.
    #[serde(default, skip_serializing_if = "is_tcp")]
    protocol: Protocol,
    /// Who issues its certificate, in PEM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ca_certificate: Option<Pem>,
}

fn is_tcp(protocol: &Protocol) -> bool {
    *protocol == Protocol::Tcp
}

/// The private zone that leads the owner's names to the endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Zone {
    name: Domain,
    records: BTreeMap<RecordName, LeadsTo>,
    /// Whether the request leaves that open; then the zone's own name and one for each zone are added.
    #[serde(skip)]
    is_default: bool,
    /// Further VPCs that see the zone.
    vpc_ids: Vec<VpcId>,
}

impl EndpointService {
    pub(super) fn read<F: Fields>(fields: &mut F) -> Option<Self> {
        let service = fields.required("service", "The service");
        let port = fields.required_port("port", "The TCP port that it listens on");
        let further_ports = fields.ports(
            "furtherPorts",
            MAX_PORTS,
            "Further TCP ports that clients need, such as 443 beside a Confluent network's 9092, or ranges such as \"8443-8451\"; not the port itself",
        );
        let repeats = |port: u16| {
            further_ports
                .iter()
                .any(|ports| ports.overlaps(port.into()))
        };
        if port.is_some_and(repeats) {
            fields.wrong("furtherPorts", "furtherPorts repeats port");
        }
        let acceptance_hours = fields.number(
            "acceptanceHours",
            1..=MAX_HOURS,
            ACCEPTANCE_HOURS,
            "How long the service's owner may take to accept the connection, in hours",
        );
        let private_zone = fields.object_if_there(
            "privateZone",
            "A private zone that resolves names of the service's owner to the endpoint, instead of the endpoint's private DNS",
            Zone::read,
        );
        let protocol = fields.word(
            "protocol",
            &["tcp", "tls", "https", "postgresql", "mysql"],
            "What it speaks on that port, as far as a verifier is to try it",
        );
        let ca_certificate = fields.optional(
            "caCertificate",
            "The CA certificate of whoever issues the service's own, in PEM, where that is none of the public authorities",
        );
        let protocol = match protocol? {
            "tls" => Protocol::Tls,
            "https" => Protocol::Https,
            "postgresql" => Protocol::PostgreSql,
            "mysql" => Protocol::MySql,
            _ => Protocol::Tcp,
        };
        Some(Self {
            protocol,
            ca_certificate,
            service: service?,
            port: port?,
            further_ports,
            acceptance_hours,
            private_zone: private_zone?,
        })
    }
}

impl Zone {
    fn read<F: Fields>(fields: &mut F) -> Option<Self> {
        let name = fields.required("name", "Its domain");
        let records = read_records(fields);
        let is_default = !fields.holds(Condition::Has("records"));
        let vpc_ids = fields.names(
            "vpcIds",
            "Further VPCs that see it, beside the endpoint's own",
        );
        Some(Self {
            name: name?,
            records: records?,
            is_default,
            vpc_ids: vpc_ids.unwrap_or_default(),
        })
    }
}

impl Zone {
    /// Where its names lead, the zone's own among them if the request leaves that open.
    fn records(&self) -> BTreeMap<RecordName, LeadsTo> {
        let mut records = self.records.clone();
        if self.is_default {
            records.extend(APEX.parse().map(|apex| (apex, LeadsTo::Regional)));
        }
        records
    }

    fn whole(&self, name: &RecordName) -> String {
        PrivateZone::whole_name(&self.name, name)
    }
}

/// Names in the zone to `"regional"` or a zone's id; left out, everything in it leads to the Regional name, but for what is
/// below a zone's id.
fn read_records<F: Fields>(fields: &mut F) -> Option<BTreeMap<RecordName, LeadsTo>> {
    let entries = match fields.field("records", false, records_schema) {
        None => Map::from_iter([("*".to_owned(), Value::from("regional"))]),
        Some(Value::Object(entries)) if (1..=MAX_RECORDS).contains(&entries.len()) => entries,
        Some(other) => {
            let message = format!(
                "expected an object of 1 to {MAX_RECORDS} names, found {}",
                kind_of(&other)
            );
            fields.wrong("records", message);
            return None;
        }
    };
    let mut records = BTreeMap::new();
    let mut complete = true;
    for (name, leads_to) in entries {
        let leads_to = match leads_to.as_str() {
            Some("regional") => Some(LeadsTo::Regional),
            Some(zone) if zone.parse::<ZoneId>().is_ok() => Some(LeadsTo::Zone(zone.to_owned())),
            _ => None,
        };
        match (name.parse::<RecordName>(), leads_to) {
            (Ok(name), Some(leads_to)) => {
                records.insert(name, leads_to);
            }
            (Err(error), _) => {
                fields.wrong("records", error.to_string());
                complete = false;
            }
            (Ok(name), None) => {
                fields.wrong(
                    "records",
                    format!("{name}: expected \"regional\" or a zone's id such as \"use1-az1\""),
                );
                complete = false;
            }
        }
    }
    complete.then_some(records)
}

fn records_schema() -> Value {
    let zone = ZoneId::shape().pattern.trim_matches(['^', '$']);
    json!({
        "description": "Names in the zone, and where each resolves to: \"regional\", the endpoint's Regional name, or its name in the zone with this id; \
                        left out, the zone's own name and every name in it resolve to the Regional one, and what is below a zone's id to that zone's",
        "type": "object",
        "propertyNames": name_schema::<RecordName>(""),
        "minProperties": 1,
        "maxProperties": MAX_RECORDS,
        "additionalProperties": {"type": "string", "pattern": format!("^(regional|{zone})$")},
    })
}

pub(super) const FACTS: KindFacts = KindFacts {
    about: "Any PrivateLink service, by its name",
    no_private_dns: Some(Condition::Has("privateZone")),
    ..KindFacts::ENDPOINT
};

#[async_trait]
impl TargetKind for EndpointService {
    fn has_parts(&self) -> bool {
        self.private_zone.is_some()
    }

    fn name(&self) -> String {
        format!("the endpoint service {}", self.service)
    }

    fn called(&self, field: &str) -> String {
        match field {
            "zoneVpcIds" => "target.privateZone.vpcIds".to_owned(),
            field => format!("target.{field}"),
        }
    }

    fn ports(&self) -> Vec<Ports> {
        [&[self.port.into()], &self.further_ports[..]].concat()
    }

    async fn find(&self, context: &FindContext<'_>) -> Result<Resolved, Unresolved> {
        let region = context.region;
        // A name without a Region is a global service's.
        let regions = self.service.as_str().split('.');
        let regions: Vec<Region> = regions.filter_map(|part| part.parse().ok()).collect();
        if !regions.is_empty() && !regions.contains(region) {
            let problem = unsuitable(
                format!("{} is not a service of {region}", self.service),
                "send the event to a Tieline in the service's Region",
            );
            return Err(problem.about("$.target.service").into());
        }
        let mut parts = Vec::new();
        let mut host = None;
        if let Some(zone) = &self.private_zone {
            let mut vpcs: Vec<VpcId> = context
                .network
                .iter()
                .map(|network| network.vpc_id.clone())
                .collect();
            vpcs.extend(zone.vpc_ids.iter().cloned());
            vpcs.sort();
            vpcs.dedup();
            let records = zone.records();
            // A wildcard is no host to connect to.
            let first = records.keys().find(|name| !name.as_str().contains('*'));
            host = first.map(|name| zone.whole(name));
            parts.push(Part::PrivateZone(PrivateZone {
                domain: zone.name.clone(),
                vpcs,
                records,
                zonal: zone.is_default,
            }));
        }
        Ok(Resolved {
            endpoint: Some(EndpointSpec {
                service: self.service.to_string(),
                or: Vec::new(),
                port: self.port,
                further_ports: self.further_ports.clone(),
                named_by_zone: host.is_some(),
                host,
                acceptance_hours: Some(self.acceptance_hours),
                also_from: self
                    .private_zone
                    .as_ref()
                    .map_or(Vec::new(), |zone| zone.vpc_ids.clone()),
            }),
            parts,
            ..Resolved::default()
        })
    }

    fn speech(&self, context: &ConnectionContext<'_>) -> Speech {
        let authority = self.ca_certificate.as_ref();
        let speech = |host: &str| Speech {
            authorities: authority.map(Pem::to_string),
            ..Speech::with(self.protocol, host)
        };
        // Where all of a zone's names are wildcards, one below the first of them.
        let below = self.private_zone.as_ref().and_then(|zone| {
            let first = zone.records.keys().next()?;
            Some(zone.whole(first))
        });
        match (context.private_host, below) {
            (Some(host), _) => speech(host),
            (None, Some(host)) => speech(&host),
            // The endpoint's own name is in nobody's certificate but AWS's.
            (None, None) => speech(context.endpoint_name).of_issuer(),
        }
    }

    fn connection(&self, context: &ConnectionContext<'_>) -> Connection {
        let host = context.host();
        let zone = context.facts.get("private-zone");
        let named = zone.and_then(|zone| zone["names"].as_array());
        let note = match (named, context.private_host) {
            (Some(names), _) => {
                let names: Vec<&str> = names.iter().filter_map(Value::as_str).collect();
                Some(format!("these names lead here: {}", names.join(", ")))
            }
            (None, Some(_)) => None,
            (None, None) => Some(
                "no name of the owner's leads here: clients connect to the endpoint's own name"
                    .to_owned(),
            ),
        };
        Connection {
            host: host.to_owned(),
            port: context.port,
            command: format!("nc -vz {host} {}", context.port),
            note,
        }
    }
}
