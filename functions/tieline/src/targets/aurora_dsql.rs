//! `aurora-dsql`: the connection endpoint of an Aurora DSQL cluster (PostgreSQL).
//!
//! Source: Aurora DSQL User Guide, "Managing and connecting to Amazon Aurora DSQL clusters using AWS PrivateLink".

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    Connection, ConnectionContext, EndpointSpec, FindContext, Resolution, Resolved, TargetKind,
};
use crate::error::CallError;
use crate::fields::Fields;
use crate::ids::{ClusterId, Domain, RecordName, Region, VpcId};
use crate::outside::{ClusterService, Outside};
use crate::parts::Part;
use crate::parts::private_zone::{LeadsTo, PrivateZone};
use crate::problem::{Code, Problem};
use crate::schema::{Object, TargetSchema, has, name, names, when, without, word};

/// PostgreSQL's port.
const PORT: u16 = 5432;

/// An Aurora DSQL cluster.
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
    pub(super) fn read(mut fields: Fields<'_>) -> Option<Self> {
        let cluster_id = fields.required("clusterId");
        let dns = match fields.word("dns", &["endpoint", "private-zone", "none"]) {
            Some("private-zone") => Dns::PrivateZone,
            Some("none") => Dns::None,
            _ => Dns::Endpoint,
        };
        let mut zone_vpc_ids: Vec<VpcId> = fields.list("zoneVpcIds").unwrap_or_default();
        // Their order means nothing; sorted, the same request is the same text.
        zone_vpc_ids.sort();
        if (dns == Dns::PrivateZone) == zone_vpc_ids.is_empty() {
            fields.wrong(
                "zoneVpcIds",
                "\"dns\": \"private-zone\" needs the VPCs that shall see the zone, and nothing else takes them",
            );
        }
        fields.finish();
        Some(Self {
            cluster_id: cluster_id?,
            dns,
            zone_vpc_ids,
        })
    }

    /// The endpoint of a cluster that can be connected to, with the zone that is asked for.
    fn found(&self, service: ClusterService, asked: &FindContext<'_>) -> Resolution {
        let id = &self.cluster_id;
        let host = service
            .host
            .or_else(|| host(id, &service.name, asked.region()));
        let named_by_zone = self.dns == Dns::PrivateZone;
        let mut parts = Vec::new();
        if named_by_zone {
            match zone_of(id, host.as_deref(), &self.zone_vpc_ids) {
                Some(zone) => parts.push(Part::PrivateZone(zone)),
                None => {
                    let problem = super::unsuitable(
                        format!(
                            "{} has no private host name of the known form: {host:?}",
                            self.name()
                        ),
                        "leave dns out",
                    );
                    return Resolution::refused(problem.about("$.target.dns"));
                }
            }
        }
        Resolution::Resolved(Box::new(Resolved {
            wanted: Some(EndpointSpec {
                service: service.name,
                port: PORT,
                further_ports: Vec::new(),
                host,
                named_by_zone,
                acceptance_hours: None,
                also_from: self.zone_vpc_ids.clone(),
            }),
            parts,
            ..Resolved::default()
        }))
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

/// What a request says of it.
pub(super) fn schema() -> TargetSchema {
    let dns = "What leads the cluster's host name to the endpoint: private DNS of the endpoint in its own VPC, a private zone in VPCs that are \
               named, or nothing";
    let fields =
        Object::closed("The connection endpoint of an Aurora DSQL cluster (PostgreSQL, port 5432)")
            .required("clusterId", name::<ClusterId>("The cluster"))
            .optional("dns", word(&["endpoint", "private-zone", "none"], dns))
            .optional(
                "zoneVpcIds",
                names::<VpcId>("The VPCs that see the private zone"),
            )
            .rule(when("dns", "private-zone"), has("zoneVpcIds"))
            .rule(
                json!({"not": when("dns", "private-zone")}),
                without(&["zoneVpcIds"]),
            );
    TargetSchema::of(fields).without_private_dns(when("dns", "none"))
}

#[async_trait]
impl TargetKind for AuroraDsql {
    fn name(&self) -> String {
        format!("Aurora DSQL cluster {}", self.cluster_id)
    }

    fn ports(&self) -> Vec<u16> {
        vec![PORT]
    }

    fn clash(&self, vpc: &VpcId, private_dns: bool) -> Option<(&'static str, &'static str)> {
        (private_dns && self.zone_vpc_ids.contains(vpc)).then_some((
            "zoneVpcIds",
            "the endpoint's private DNS serves its own VPC, so a private zone cannot: leave that VPC out, or send \
             \"privateDns\": false",
        ))
    }

    fn takes_private_dns(&self) -> bool {
        self.dns != Dns::None
    }

    async fn find(
        &self,
        outside: &Outside<'_>,
        asked: &FindContext<'_>,
    ) -> Result<Resolution, CallError> {
        let (id, region) = (&self.cluster_id, asked.region());
        let Some(status) = outside.dsql.cluster_status(id).await? else {
            return Ok(Resolution::refused(
                Problem::new(
                    Code::ClusterNotFound,
                    format!("there is no Aurora DSQL cluster {id} in {region}"),
                    format!("look the id up: aws dsql list-clusters --region {region}"),
                )
                .about("$.target.clusterId"),
            ));
        };
        match status.as_str() {
            // IDLE and INACTIVE clusters wake when somebody connects.
            "ACTIVE" | "IDLE" | "INACTIVE" | "UPDATING" => {
                let service = outside.dsql.cluster_service(id).await?;
                Ok(self.found(service, asked))
            }
            "CREATING" => Ok(Resolution::NotYet(self.not_ready(&status, region))),
            _ => Ok(Resolution::refused(self.not_ready(&status, region))),
        }
    }

    fn connection(&self, path: &ConnectionContext<'_>) -> Connection {
        let ConnectionContext { region, .. } = path;
        let host = path.host();
        let (signed_host, tls, note) = match path.private_host {
            Some(host) => (host.to_owned(), "sslmode=verify-full sslrootcert=system".to_owned(), None),
            None => (
                format!("{}.dsql.{region}.on.aws", self.cluster_id),
                format!("sslmode=require options='-c amzn-cluster-id={}'", self.cluster_id),
                Some("without private DNS the server's name cannot be checked: sslmode=verify-full does not work".to_owned()),
            ),
        };
        let command = format!(
            "PGPASSWORD=\"$(aws dsql generate-db-connect-admin-auth-token --region {region} --hostname {signed_host})\" \
             psql \"host={host} port={} dbname=postgres user=admin {tls}\"",
            path.port
        );
        Connection {
            host: host.to_owned(),
            port: path.port,
            command,
            note,
        }
    }
}

/// The host name behind a connection endpoint: `<cluster>.<service id>.<region>.on.aws`.
fn host(id: &ClusterId, service: &str, region: &Region) -> Option<String> {
    let service_id = service
        .rsplit('.')
        .next()
        .filter(|last| last.starts_with("dsql-"))?;
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
