//! `aurora-dsql`: the connection endpoint of an Aurora DSQL cluster (PostgreSQL).
//!
//! Source: Aurora DSQL User Guide, "Managing and connecting to Amazon Aurora DSQL clusters using AWS PrivateLink".

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{Connectable, Connection, Finding, Path};
use crate::error::CallError;
use crate::fields::Fields;
use crate::ids::{ClusterId, Region};
use crate::outside::Outside;
use crate::problem::{Code, Problem};

/// An Aurora DSQL cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AuroraDsql {
    cluster_id: ClusterId,
}

impl AuroraDsql {
    pub(super) fn read(mut fields: Fields<'_>) -> Option<Self> {
        let cluster_id = fields.required("clusterId");
        fields.finish();
        Some(Self {
            cluster_id: cluster_id?,
        })
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

#[async_trait]
impl Connectable for AuroraDsql {
    fn name(&self) -> String {
        format!("Aurora DSQL cluster {}", self.cluster_id)
    }

    fn port(&self) -> u16 {
        5432
    }

    async fn find(&self, outside: &Outside<'_>, region: &Region) -> Result<Finding, CallError> {
        let id = &self.cluster_id;
        let Some(status) = outside.dsql.cluster_status(id).await? else {
            return Ok(Finding::Refused(
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
                let host = service.host.or_else(|| host(id, &service.name, region));
                Ok(Finding::Service {
                    name: service.name,
                    host,
                })
            }
            "CREATING" => Ok(Finding::NotYet(self.not_ready(&status, region))),
            _ => Ok(Finding::Refused(self.not_ready(&status, region))),
        }
    }

    fn connection(&self, path: &Path<'_>) -> Connection {
        let Path { region, .. } = path;
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
            self.port()
        );
        Connection {
            host: host.to_owned(),
            port: self.port(),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn cluster() -> AuroraDsql {
        AuroraDsql {
            cluster_id: "k3abtwmzqhv5xn7rjd2yfe6upi".parse().unwrap(),
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
        let path = Path {
            region: &region,
            endpoint_name: "vpce-1.vpce.amazonaws.com",
            private_host: None,
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
