//! `aws-service`: any AWS service that has an interface endpoint.

use std::collections::BTreeMap;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::kind::zones_clash;
use super::{
    Connection, ConnectionContext, EndpointSpec, FindContext, KindFacts, Resolved, TargetKind,
    Unresolved,
};
use crate::ids::{Domain, RecordName, Region, ServiceSuffix, VpcId};
use crate::json::{Condition, Fields};
use crate::outside::Reply;
use crate::parts::Part;
use crate::parts::private_zone::{APEX, LeadsTo, PrivateZone};
use crate::refusals::unsuitable;
use crate::trial::{Protocol, Speech};

/// The port of most of them.
pub(super) const PORT: u16 = 443;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AwsService {
    service: ServiceSuffix,
    port: u16,
    fips: bool,
    inbound_resolver_only: bool,
    /// Further VPCs, in which private zones lead the service's names to the endpoint.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    zone_vpc_ids: Vec<VpcId>,
}

impl AwsService {
    /// By its name at EC2; services of others have other names.
    pub(super) fn of(name: &str) -> Option<Self> {
        let short = name.strip_prefix("com.amazonaws.")?;
        if short.starts_with("vpce.") {
            return None;
        }
        let (first, rest) = short.split_once('.')?;
        let has_region = first.parse::<Region>().is_ok();
        Some(Self {
            service: if has_region { rest } else { short }.parse().ok()?,
            port: PORT,
            fips: false,
            inbound_resolver_only: false,
            zone_vpc_ids: Vec::new(),
        })
    }

    pub(super) fn read<F: Fields>(fields: &mut F) -> Option<Self> {
        let service = fields.required("service", "The service");
        let port = fields.port(
            "port",
            "The TCP port that clients connect to; left out, 443",
        );
        let fips = fields.flag(
            "fips",
            false,
            "Whether to use the endpoint with FIPS-validated cryptography",
        );
        let inbound_resolver_only = fields.flag(
            "inboundResolverOnly",
            false,
            "Whether its private names serve inbound Resolver endpoints only (services such as S3 that have a gateway endpoint too)",
        );
        let zone_vpc_ids = fields.names(
            "zoneVpcIds",
            "Further VPCs, peered ones or such that on-premises resolvers ask, in which private zones lead the service's own names to the endpoint",
        );
        fields.refuses(
            Condition::Has("zoneVpcIds"),
            &["inboundResolverOnly"],
            "private zones serve the VPCs that are named, and inboundResolverOnly those that ask a Resolver endpoint: leave one of them out",
        );
        Some(Self {
            service: service?,
            port: port.unwrap_or(PORT),
            fips,
            inbound_resolver_only,
            zone_vpc_ids: zone_vpc_ids.unwrap_or_default(),
        })
    }

    /// Its names at EC2, the usual one first.
    fn services(&self, region: &Region) -> Vec<String> {
        let fips = if self.fips { "-fips" } else { "" };
        let named = |before: &str| format!("{before}.{}{fips}", self.service);
        let forms = FORMS.map(|form| named(&form.replace("<region>", region.as_str())));
        forms.into_iter().chain(GLOBAL.map(named)).collect()
    }

    /// The names that its zones are made of; none of a service that EC2 does not list, or where there are to be no zones.
    async fn private_names(&self, context: &FindContext<'_>) -> Reply<Option<Vec<String>>> {
        if self.zone_vpc_ids.is_empty() {
            return Ok(None);
        }
        let services = self.services(context.region);
        let service = context.outside.ec2.service(&services).await?;
        Ok(service.map(|one| one.private_dns_names))
    }

    /// What its private names are where AWS forms them as it does for most services: the words of its short name the other way round
    /// (AWS PrivateLink Guide, "AWS services that integrate with AWS PrivateLink": `ecr.api` is `api.ecr.<region>.amazonaws.com`).
    fn usual_names(&self, region: &Region) -> Vec<String> {
        let fips = if self.fips { "-fips" } else { "" };
        let mut words: Vec<&str> = self.service.as_str().split('.').collect();
        words.reverse();
        let short = words.join(".");
        let domains: &[&str] = match region.as_str().starts_with("cn-") {
            true => &["amazonaws.com.cn"],
            false => &["amazonaws.com", "api.aws"],
        };
        let names = domains.iter().flat_map(|domain| {
            let name = format!("{short}{fips}.{region}.{domain}");
            [format!("*.{name}"), name]
        });
        names.collect()
    }

    /// What connecting takes where the service has these private names.
    fn with_names(
        &self,
        names: Option<Vec<String>>,
        context: &FindContext<'_>,
    ) -> Result<Resolved, Unresolved> {
        let mut services = self.services(context.region);
        let zones = names
            .as_ref()
            .map(|names| zones_of(names, &self.zone_vpc_ids));
        if zones.as_ref().is_some_and(Vec::is_empty) {
            let message = format!("{} has no private name for a zone", self.name());
            let problem = unsuitable(message, "leave zoneVpcIds out");
            return Err(problem.about("$.target.zoneVpcIds").into());
        }
        let zones = zones.into_iter().flatten();
        let parts: Vec<Part> = zones.map(Part::PrivateZone).collect();
        // The VPC's own names, where it sees such a zone itself.
        let own = context.network.map(|network| &network.vpc_id);
        let names = names.filter(|_| own.is_some_and(|own| self.zone_vpc_ids.contains(own)));
        let names = names.unwrap_or_default();
        let plain = names.iter().find(|name| !name.starts_with('*'));
        let host = plain.or(names.first()).cloned();
        Ok(Resolved {
            endpoint: Some(EndpointSpec {
                service: services.remove(0),
                or: services,
                port: self.port,
                also_from: self.zone_vpc_ids.clone(),
                named_by_zone: host.is_some(),
                host,
                ..EndpointSpec::default()
            }),
            parts,
            ..Resolved::default()
        })
    }
}

/// A private zone for each domain of a service's names, seen by these VPCs: of a wildcard the domain below it, with what stands
/// for the star and, where the service has that name too, the domain itself.
fn zones_of(names: &[String], vpcs: &[VpcId]) -> Vec<PrivateZone> {
    let mut zones: BTreeMap<String, BTreeMap<RecordName, LeadsTo>> = BTreeMap::new();
    for name in names {
        let (record, domain) = match name.strip_prefix("*.") {
            Some(domain) => ("*", domain),
            None => (APEX, name.as_str()),
        };
        if let Ok(record) = record.parse() {
            let records = zones.entry(domain.to_owned()).or_default();
            records.insert(record, LeadsTo::Regional);
        }
    }
    let zone = |(domain, records): (String, _)| {
        Some(PrivateZone {
            domain: domain.parse::<Domain>().ok()?,
            vpcs: vpcs.to_vec(),
            records,
            zonal: false,
        })
    };
    zones.into_iter().filter_map(zone).collect()
}

/// What stands before a service's short name (AWS PrivateLink Guide, "AWS services that integrate with AWS PrivateLink"), the
/// usual one first.
const FORMS: [&str; 5] = [
    "com.amazonaws.<region>",
    "aws.api.<region>",
    "api.aws.<region>",
    "aws.sagemaker.<region>",
    "cn.com.amazonaws.<region>",
];

/// The same for services that are in no Region.
const GLOBAL: [&str; 1] = ["com.amazonaws"];

/// What services need beside them (Amazon ECR User Guide, "Amazon ECR interface VPC endpoints"; AWS Systems Manager User Guide,
/// "Improve the security of EC2 instances by using VPC endpoints"; Amazon ECS Developer Guide, "Amazon ECS interface VPC
/// endpoints").
const COMPANIONS: [(&str, &[&str]); 7] = [
    ("ecr.api", &["ecr.dkr", "s3"]),
    ("ecr.dkr", &["ecr.api", "s3"]),
    ("ssm", &["ssmmessages"]),
    ("ssmmessages", &["ssm"]),
    ("ecs", &["ecs-agent", "ecs-telemetry"]),
    ("ecs-agent", &["ecs", "ecs-telemetry"]),
    ("ecs-telemetry", &["ecs", "ecs-agent"]),
];

pub(super) const FACTS: KindFacts = KindFacts {
    about: "An AWS service that has an interface endpoint",
    ..KindFacts::ENDPOINT
};

#[async_trait]
impl TargetKind for AwsService {
    fn name(&self) -> String {
        format!("AWS service {}", self.service)
    }

    /// AWS has no list of which services have which form of name, or a FIPS name: EC2 knows the one, or the next check says
    /// that there is none.
    async fn find(&self, context: &FindContext<'_>) -> Result<Resolved, Unresolved> {
        // One that is not there is told where the service is looked for.
        let names = self.private_names(context).await?;
        self.with_names(names, context)
    }

    /// Of a service that was withdrawn its names as AWS forms them: what else its zones are called, only marks and the zones say.
    async fn made_of(
        &self,
        context: &FindContext<'_>,
        _: Option<&str>,
    ) -> Result<Resolved, Unresolved> {
        let names = self.private_names(context).await?;
        let is_missing = self.has_parts() && names.is_none();
        let names = names.or_else(|| is_missing.then(|| self.usual_names(context.region)));
        let resolved = self.with_names(names, context)?;
        let what = "EC2 to list the service again, whose names its private zones have";
        Ok(Resolved {
            in_doubt: is_missing.then(|| what.to_owned()),
            ..resolved
        })
    }

    fn has_parts(&self) -> bool {
        !self.zone_vpc_ids.is_empty()
    }

    fn clash(&self, vpc: &VpcId, private_dns: bool) -> Option<(&'static str, &'static str)> {
        zones_clash(&self.zone_vpc_ids, vpc, private_dns)
    }

    /// AWS's APIs speak HTTPS; what a service says on another port is not known here.
    fn speech(&self, context: &ConnectionContext<'_>) -> Speech {
        if self.port == 443 {
            Speech::with(Protocol::Https, context.host())
        } else {
            Speech::unknown()
        }
    }

    fn connection(&self, context: &ConnectionContext<'_>) -> Connection {
        let host = context.host();
        let note = context.private_host.is_none().then(|| {
            "without private DNS, clients need this host as their endpoint URL".to_owned()
        });
        Connection {
            host: host.to_owned(),
            port: self.port,
            command: format!(
                "openssl s_client -brief -connect {host}:{} </dev/null",
                self.port
            ),
            note,
        }
    }

    fn companions(&self) -> &'static [&'static str] {
        let mut all = COMPANIONS.iter();
        let named = all.find(|(name, _)| *name == self.service.as_str());
        named.map_or(&[], |(_, companions)| companions)
    }

    fn inbound_only(&self) -> bool {
        self.inbound_resolver_only
    }
}
