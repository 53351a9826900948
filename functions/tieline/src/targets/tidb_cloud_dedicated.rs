//! `tidb-cloud-dedicated`: a node group of a TiDB Cloud Dedicated cluster (MySQL).
//!
//! Source: TiDB Cloud docs, "Connect to a TiDB Cloud Dedicated Cluster via Private Endpoint with AWS".

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::tidb::{
    API_KEY, CLUSTER, KEY_PATH, by_tidb, check_region, cluster, mysql, no_cluster, readiness,
    speech,
};
use super::{
    Connection, ConnectionContext, EndpointSpec, FindContext, KindFacts, Resolved, TargetKind,
    Unresolved,
};
use crate::ids::{Pem, SecretArn, TidbId};
use crate::json::Fields;
use crate::outside::tidb_cloud::{
    DedicatedCluster, LinkService, NodeGroup, NodeGroupId, TidbNodeGroup,
};
use crate::ownership::AtVendor;
use crate::parts::Part;
use crate::parts::tidb_registration::TidbRegistration;
use crate::problem::{Code, Problem};
use crate::refusals::unsuitable;
use crate::trial::Speech;

/// The port of a node group that says none.
const PORT: u16 = 4000;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TidbCloudDedicated {
    pub(super) cluster_id: TidbId,
    /// None stands for the cluster's default group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) node_group_id: Option<TidbId>,
    pub(super) api_key_secret_arn: SecretArn,
    /// Who issues the server's certificate, in PEM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) ca_certificate: Option<Pem>,
}

impl TidbCloudDedicated {
    pub(super) fn read<F: Fields>(fields: &mut F) -> Option<Self> {
        let cluster_id = fields.required("clusterId", CLUSTER);
        let node_group_id = fields.optional(
            "nodeGroupId",
            "The node group; left out, the cluster's default one",
        );
        let api_key_secret_arn = fields.required("apiKeySecretArn", API_KEY);
        let ca_certificate = fields.optional(
            "caCertificate",
            "The cluster's CA certificate in PEM (TiDB Cloud's connection dialog, Download CA cert); left out, the verifier does not check who issued the server's",
        );
        Some(Self {
            cluster_id: cluster_id?,
            node_group_id,
            api_key_secret_arn: api_key_secret_arn?,
            ca_certificate,
        })
    }

    fn group<'c>(&self, cluster: &'c DedicatedCluster) -> Result<&'c NodeGroup, Problem> {
        let wanted = |group: &&NodeGroup| match &self.node_group_id {
            Some(id) => group.id == id.as_str(),
            None => group.is_default,
        };
        // A cluster with one group may not call it the default one.
        let only = || match (&self.node_group_id, cluster.groups.as_slice()) {
            (None, [group]) => Some(group),
            _ => None,
        };
        cluster
            .groups
            .iter()
            .find(wanted)
            .or_else(only)
            .ok_or_else(|| {
                let ids: Vec<&str> = cluster
                    .groups
                    .iter()
                    .map(|group| group.id.as_str())
                    .collect();
                unsuitable(
                    format!(
                        "{} has no such node group; it has {}",
                        self.name(),
                        ids.join(", ")
                    ),
                    "name one of them, or leave nodeGroupId out for the default group",
                )
                .about("$.target.nodeGroupId")
            })
    }

    /// What the node group's endpoint service says, once it is there.
    fn found(&self, group: &NodeGroup, at: TidbNodeGroup, service: LinkService) -> Resolved {
        let (host, port) = match &group.private {
            Some((host, port)) => (host.clone(), *port),
            None => (service.dns_name, PORT),
        };
        Resolved {
            endpoint: Some(EndpointSpec {
                service: service.service,
                port,
                host: (!host.is_empty()).then_some(host),
                ..EndpointSpec::default()
            }),
            parts: vec![Part::TidbRegistration(TidbRegistration { at })],
            ..Resolved::default()
        }
    }

    /// Where TiDB Cloud keeps what belongs to the group.
    fn at(&self, group: &NodeGroup) -> Result<TidbNodeGroup, Problem> {
        let of = cluster(&self.api_key_secret_arn, &self.cluster_id);
        let Ok(group_id) = group.id.parse() else {
            let message = format!(
                "node group {} of {} has a malformed id",
                group.id,
                self.name()
            );
            return Err(unsuitable(
                message,
                "report this: TiDB Cloud's ids are numbers",
            ));
        };
        Ok(TidbNodeGroup {
            key: of.key,
            group: NodeGroupId {
                cluster: of.cluster,
                group: group_id,
            },
        })
    }

    fn service_not_ready(&self, state: &str) -> Problem {
        Problem::new(
            Code::ClusterNotReady,
            format!("the private link service of {} is {state}", self.name()),
            "wait: TiDB Cloud makes it 3 to 5 minutes after the cluster",
        )
        .about("$.target.clusterId")
    }
}

pub(super) const FACTS: KindFacts = KindFacts {
    about: "A node group of a TiDB Cloud Dedicated cluster (MySQL)",
    ..KindFacts::ENDPOINT
};

#[async_trait]
impl TargetKind for TidbCloudDedicated {
    fn has_parts(&self) -> bool {
        true
    }

    fn secrets(&self) -> Vec<(&'static str, &SecretArn)> {
        vec![(KEY_PATH, &self.api_key_secret_arn)]
    }

    fn name(&self) -> String {
        format!("TiDB Cloud Dedicated cluster {}", self.cluster_id)
    }

    /// Where it is registered: the request need not name the node group.
    fn at_vendor(&self, parts: &[Part]) -> Option<AtVendor> {
        parts.iter().find_map(|part| {
            let Part::TidbRegistration(registration) = part else {
                return None;
            };
            Some(AtVendor::Dedicated(registration.at.clone()))
        })
    }

    async fn find(&self, context: &FindContext<'_>) -> Result<Resolved, Unresolved> {
        let tidb = context.outside.tidb_cloud;
        let id = &self.cluster_id;
        let of = cluster(&self.api_key_secret_arn, id);
        let cluster = tidb.dedicated_cluster(&of).await.map_err(by_tidb)?;
        let cluster = cluster.ok_or_else(|| no_cluster(id))?;
        check_region(id, &cluster.region_id, context.region)?;
        readiness(&self.name(), &cluster.state)?;
        let group = self.group(&cluster)?;
        let what = format!("node group {} of {}", group.id, self.name());
        readiness(&what, &group.state)?;
        let at = self.at(group)?;
        match tidb.link_service(&at).await.map_err(by_tidb)? {
            Some(service) if service.state == "ACTIVE" && !service.service.is_empty() => {
                Ok(self.found(group, at, service))
            }
            Some(service) if service.state == "DELETING" => {
                Err(self.service_not_ready("DELETING").into())
            }
            Some(service) => Err(Unresolved::NotYet(self.service_not_ready(&service.state))),
            None => Err(Unresolved::NotYet(self.service_not_ready("not there yet"))),
        }
    }

    /// Of a cluster or a node group that is gone, TiDB Cloud keeps nothing.
    async fn made_of(
        &self,
        context: &FindContext<'_>,
        service: Option<&str>,
    ) -> Result<Resolved, Unresolved> {
        let tidb = context.outside.tidb_cloud;
        let of = cluster(&self.api_key_secret_arn, &self.cluster_id);
        let found = tidb.dedicated_cluster(&of).await.map_err(by_tidb)?;
        let group = found.as_ref().and_then(|found| self.group(found).ok());
        let at = group.map(|group| self.at(group)).transpose()?;
        let service = match (service, &at) {
            (Some(service), _) => Some(service.to_owned()),
            (None, Some(at)) => {
                let service = tidb.link_service(at).await.map_err(by_tidb)?;
                service.map(|service| service.service)
            }
            (None, None) => None,
        };
        let endpoint = service.map(|service| EndpointSpec {
            service,
            ..EndpointSpec::default()
        });
        let registration = at.map(|at| Part::TidbRegistration(TidbRegistration { at }));
        Ok(Resolved {
            endpoint,
            parts: registration.into_iter().collect(),
            ..Resolved::default()
        })
    }

    fn speech(&self, context: &ConnectionContext<'_>) -> Speech {
        speech(context).issued_by(self.ca_certificate.as_ref().map(Pem::as_str))
    }

    fn connection(&self, context: &ConnectionContext<'_>) -> Connection {
        let host = context.host();
        let note = match context.private_host {
            Some(_) => {
                "the cluster's CA certificate is in TiDB Cloud's connection dialog (Download CA cert)"
            }
            None => {
                "without private DNS the server's name cannot be checked; the cluster's CA certificate is in TiDB Cloud's \
                 connection dialog"
            }
        };
        Connection {
            host: host.to_owned(),
            port: context.port,
            command: mysql(context, "root", "ca.pem"),
            note: Some(note.to_owned()),
        }
    }
}
