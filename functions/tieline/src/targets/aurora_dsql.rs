//! `aurora-dsql`: the connection endpoint of an Aurora DSQL cluster (PostgreSQL).
//!
//! Source: Aurora DSQL User Guide, "Managing and connecting to Amazon Aurora DSQL clusters using AWS PrivateLink".

use std::collections::BTreeSet;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::kind::zones_clash;
use super::{
    Connection, ConnectionContext, EndpointSpec, FindContext, KindFacts, Resolved, TargetKind,
    Unresolved,
};
use crate::ids::{ClusterId, Domain, Ports, RecordName, Region, VpcId};
use crate::json::{Condition, Fields};
use crate::outside::ClusterService;
use crate::parts::Part;
use crate::parts::private_zone::{LeadsTo, PrivateZone};
use crate::problem::{Code, Problem};
use crate::refusals::unsuitable;
use crate::trial::{Login, Protocol, Speech};

const PORT: u16 = 5432;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AuroraDsql {
    cluster_id: ClusterId,
    #[serde(default, skip_serializing_if = "Dns::is_default")]
    dns: Dns,
    /// The VPCs that see the zone of [`Dns::PrivateZone`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    zone_vpc_ids: Vec<VpcId>,
}

/// What leads the cluster's private host name to the endpoint.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Dns {
    /// EC2's private DNS, in the endpoint's own VPC.
    #[default]
    Endpoint,
    /// A private zone of ours, in VPCs that the request names: peered ones, or one that on-premises resolvers ask.
    PrivateZone,
    /// Nothing: clients connect to the endpoint's own name and say which cluster they mean.
    None,
}

impl Dns {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

impl AuroraDsql {
    /// The host that a token has to be for.
    fn signed_host(&self, context: &ConnectionContext<'_>) -> String {
        let public = || format!("{}.dsql.{}.on.aws", self.cluster_id, context.region);
        context.private_host.map_or_else(public, str::to_owned)
    }

    /// What says which cluster is meant where the host does not.
    fn options(&self) -> String {
        format!("-c amzn-cluster-id={}", self.cluster_id)
    }

    pub(super) fn read<F: Fields>(fields: &mut F) -> Option<Self> {
        let cluster_id = fields.required("clusterId", "The cluster");
        let dns = fields.word(
            "dns",
            &["endpoint", "private-zone", "none"],
            "What resolves the cluster's host name to the endpoint: private DNS of the endpoint in its own VPC, a private zone in VPCs that \
             are named, or nothing",
        );
        let zone_vpc_ids = fields.names("zoneVpcIds", "The VPCs that see the private zone");
        let why = "\"dns\": \"private-zone\" needs the VPCs that should see the zone, and nothing else takes them";
        fields.needs(Condition::Is("dns", "private-zone"), "zoneVpcIds", why);
        fields.refuses(
            Condition::IsNot("dns", "private-zone"),
            &["zoneVpcIds"],
            why,
        );
        Some(Self {
            cluster_id: cluster_id?,
            dns: match dns? {
                "private-zone" => Dns::PrivateZone,
                "none" => Dns::None,
                _ => Dns::Endpoint,
            },
            zone_vpc_ids: zone_vpc_ids.unwrap_or_default(),
        })
    }

    fn found(
        &self,
        service: ClusterService,
        context: &FindContext<'_>,
    ) -> Result<Resolved, Unresolved> {
        let id = &self.cluster_id;
        let host = service
            .host
            .or_else(|| host(id, &service.name, context.region));
        let named_by_zone = self.dns == Dns::PrivateZone;
        let mut parts = Vec::new();
        if named_by_zone {
            match zone_of(id, host.as_deref(), &self.zone_vpc_ids) {
                Some(zone) => parts.push(Part::PrivateZone(zone)),
                None => {
                    let problem = unsuitable(
                        format!(
                            "{} has no private host name of the known form: {:?}",
                            self.name(),
                            host.unwrap_or_default()
                        ),
                        "leave dns out",
                    );
                    return Err(problem.about("$.target.dns").into());
                }
            }
        }
        Ok(Resolved {
            endpoint: Some(EndpointSpec {
                service: service.name,
                port: PORT,
                or: Vec::new(),
                further_ports: Vec::new(),
                host,
                named_by_zone,
                acceptance_hours: None,
                also_from: self.zone_vpc_ids.clone(),
            }),
            parts,
            ..Resolved::default()
        })
    }

    /// What may be left of a cluster that is gone, where no endpoint says its service: the zones that its VPCs see do. Those of other
    /// clusters are among them, of which whoever holds them is known.
    async fn left(&self, context: &FindContext<'_>) -> Result<Resolved, Unresolved> {
        let ending = format!(".{}.on.aws", context.region);
        let mut ids: BTreeSet<String> = BTreeSet::new();
        for vpc in &self.zone_vpc_ids {
            let zones = context.outside.route53.zones(vpc).await?.into_iter();
            let own = zones.filter(|zone| zone.owner == context.account);
            let named = own.filter_map(|zone| Some(zone.name.strip_suffix(&ending)?.to_owned()));
            ids.extend(named.filter(|id| service_id(id) == Some(id.as_str())));
        }
        let mut left = Resolved::default();
        for id in ids {
            let service = ClusterService {
                name: format!("com.amazonaws.{}.{id}", context.region),
                host: None,
            };
            let found = self.found(service, context)?;
            left.parts.extend(found.parts);
            left.endpoint = left.endpoint.or(found.endpoint);
        }
        let nothing = "a private zone of the cluster's service to show";
        left.in_doubt = left.parts.is_empty().then(|| nothing.to_owned());
        Ok(left)
    }

    fn missing(&self, region: &Region) -> Problem {
        let id = &self.cluster_id;
        let message = format!("there is no Aurora DSQL cluster {id} in {region}");
        let fix = format!("look the id up: aws dsql list-clusters --region {region}");
        Problem::new(Code::ClusterNotFound, message, fix).about("$.target.clusterId")
    }

    fn not_ready(&self, status: &str, region: &Region) -> Problem {
        let id = &self.cluster_id;
        let look = format!("aws dsql get-cluster --region {region} --identifier {id}");
        let fix = match status {
            "CREATING" => format!("wait until it is ACTIVE: {look}"),
            "PENDING_SETUP" => {
                format!("link it to its peer cluster in the other Region first: {look}")
            }
            _ => format!("name a cluster that is there to stay; see this one: {look}"),
        };
        Problem::new(
            Code::ClusterNotReady,
            format!("Aurora DSQL cluster {id} is {status}"),
            fix,
        )
        .about("$.target.clusterId")
    }
}

pub(super) const FACTS: KindFacts = KindFacts {
    about: "The connection endpoint of an Aurora DSQL cluster (PostgreSQL, port 5432)",
    no_private_dns: Some(Condition::Is("dns", "none")),
    ..KindFacts::ENDPOINT
};

#[async_trait]
impl TargetKind for AuroraDsql {
    fn has_parts(&self) -> bool {
        self.dns == Dns::PrivateZone
    }

    fn name(&self) -> String {
        format!("Aurora DSQL cluster {}", self.cluster_id)
    }

    fn ports(&self) -> Vec<Ports> {
        vec![PORT.into()]
    }

    fn clash(&self, vpc: &VpcId, private_dns: bool) -> Option<(&'static str, &'static str)> {
        zones_clash(&self.zone_vpc_ids, vpc, private_dns)
    }

    async fn find(&self, context: &FindContext<'_>) -> Result<Resolved, Unresolved> {
        let (id, region) = (&self.cluster_id, context.region);
        let dsql = context.outside.dsql;
        let Some(status) = dsql.cluster_status(id).await? else {
            return Err(self.missing(region).into());
        };
        match status.as_str() {
            // IDLE and INACTIVE clusters wake when somebody connects.
            "ACTIVE" | "IDLE" | "INACTIVE" | "UPDATING" => {
                match dsql.cluster_service(id).await {
                    // Somebody has deleted it since the question before.
                    Err(error) if error.is_missing() => Err(self.missing(region).into()),
                    service => self.found(service?, context),
                }
            }
            "FAILED" | "DELETING" | "DELETED" | "PENDING_DELETE" | "PENDING_SETUP" => {
                Err(self.not_ready(&status, region).into())
            }
            // A state that is new since this was written may pass as well.
            _ => Err(Unresolved::NotYet(self.not_ready(&status, region))),
        }
    }

    /// A cluster that is gone has left its endpoint, whose service says the names.
    async fn made_of(
        &self,
        context: &FindContext<'_>,
        service: Option<&str>,
    ) -> Result<Resolved, Unresolved> {
        let Some(name) = service else {
            return match self.find(context).await {
                Err(Unresolved::Refused(_)) if self.has_parts() => self.left(context).await,
                found => found,
            };
        };
        let service = ClusterService {
            name: name.to_owned(),
            host: None,
        };
        self.found(service, context)
    }

    fn speech(&self, context: &ConnectionContext<'_>) -> Speech {
        let speech = Speech::with(Protocol::PostgreSql, context.host());
        let login = |options| {
            Some(Login {
                cluster_id: self.cluster_id.to_string(),
                host: self.signed_host(context),
                region: context.region.to_string(),
                options,
            })
        };
        match context.private_host {
            Some(_) => Speech {
                login: login(None),
                ..speech
            },
            None => Speech {
                login: login(Some(self.options())),
                ..speech.of_issuer()
            },
        }
    }

    fn connection(&self, context: &ConnectionContext<'_>) -> Connection {
        let ConnectionContext { region, .. } = context;
        let host = context.host();
        let signed_host = self.signed_host(context);
        let (tls, note) = match context.private_host {
            Some(_) => ("sslmode=verify-full sslrootcert=system".to_owned(), None),
            None => (
                format!("sslmode=require options='{}'", self.options()),
                Some("without private DNS the server's name cannot be checked: sslmode=verify-full does not work".to_owned()),
            ),
        };
        let command = format!(
            "PGPASSWORD=\"$(aws dsql generate-db-connect-admin-auth-token --region {region} --hostname {signed_host})\" \
             psql \"host={host} port={} dbname=postgres user=admin {tls}\"",
            context.port
        );
        Connection {
            host: host.to_owned(),
            port: context.port,
            command,
            note,
        }
    }
}

/// The id in the name of a connection endpoint's service.
fn service_id(service: &str) -> Option<&str> {
    let last = service.rsplit('.').next();
    last.filter(|last| last.starts_with("dsql-"))
}

/// The port behind a service of this name, if it is a connection endpoint's.
pub(super) fn port_of(service: &str) -> Option<u16> {
    service_id(service).map(|_| PORT)
}

/// The host name behind a connection endpoint: `<cluster>.<service id>.<region>.on.aws`.
fn host(id: &ClusterId, service: &str, region: &Region) -> Option<String> {
    let service_id = service_id(service)?;
    Some(format!("{id}.{service_id}.{region}.on.aws"))
}

/// The zone `<service id>.<region>.on.aws` with a wildcard in it: it serves every cluster behind the endpoint.
fn zone_of(id: &ClusterId, host: Option<&str>, vpcs: &[VpcId]) -> Option<PrivateZone> {
    let domain: Domain = host?
        .strip_prefix(id.as_str())?
        .strip_prefix('.')?
        .parse()
        .ok()?;
    let everything: RecordName = "*".parse().ok()?;
    Some(PrivateZone {
        domain,
        vpcs: vpcs.to_vec(),
        records: [(everything, LeadsTo::Regional)].into(),
        zonal: false,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::Map;

    use super::*;

    fn cluster() -> AuroraDsql {
        AuroraDsql {
            cluster_id: "k3abtwmzqhv5xn7rjd2yfe6upi".parse().unwrap(),
            dns: Dns::Endpoint,
            zone_vpc_ids: Vec::new(),
        }
    }

    #[test]
    fn the_host_is_made_of_cluster_service_id_and_region() {
        let region = "us-east-1".parse().unwrap();

        let made = host(
            &cluster().cluster_id,
            "com.amazonaws.us-east-1.dsql-fnh4",
            &region,
        );

        assert_eq!(
            made.unwrap(),
            "k3abtwmzqhv5xn7rjd2yfe6upi.dsql-fnh4.us-east-1.on.aws"
        );
    }

    #[test]
    fn without_private_dns_the_cluster_is_named_in_an_option_and_the_public_host_is_signed() {
        let region = "us-east-1".parse().unwrap();
        let nothing = Map::new();
        let path = ConnectionContext {
            region: &region,
            port: PORT,
            endpoint_name: "vpce-1.vpce.amazonaws.com",
            private_host: None,
            about: &nothing,
            facts: &nothing,
        };

        let connection = cluster().connection(&path);

        assert_eq!(connection.host, "vpce-1.vpce.amazonaws.com");
        assert!(
            connection
                .command
                .contains("--hostname k3abtwmzqhv5xn7rjd2yfe6upi.dsql.us-east-1.on.aws")
        );
        assert!(
            connection
                .command
                .contains("amzn-cluster-id=k3abtwmzqhv5xn7rjd2yfe6upi")
        );
        assert!(connection.note.unwrap().contains("verify-full"));
    }
}
