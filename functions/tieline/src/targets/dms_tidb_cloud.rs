//! `dms-tidb-cloud`: AWS DMS reading from or writing to a TiDB Cloud cluster over its private endpoint.
//!
//! The private endpoint has to be there already (another request makes it). Source: TiDB Cloud docs, "Connect AWS DMS to
//! TiDB Cloud clusters", and the DMS User Guide.

use async_trait::async_trait;
use futures_util::future::{join, join4};
use serde::{Deserialize, Serialize};
use serde_json::{Map, json};

use super::dms_choice::{Cluster, Wish};
use super::dms_name::known_as;
use super::dms_network::{Place, place};
use super::dms_secrets;
use super::tidb::{API_KEY, CLUSTER};
use super::{
    ConnectedThrough, Connection, ConnectionContext, EndpointSpec, FindContext, KindFacts,
    Resolved, Target, TargetKind, Unresolved,
};
use crate::ids::{RoleArn, SecretArn};
use crate::json::{Condition, Fields, kind_of};
use crate::outside::dms::{Instance, NewDmsEndpoint, NewInstance};
use crate::outside::{EndpointFilter, State};
use crate::parts::Part;
use crate::parts::dms_certificate::DmsCertificate;
use crate::parts::dms_endpoint::DmsEndpoint;
use crate::parts::dms_instance::DmsInstance;
use crate::parts::dms_login::DmsLogin;
use crate::parts::dms_subnet_group::DmsSubnetGroup;
use crate::problem::{Code, Problem};
use crate::refusals::{no_dms_role, unsuitable};

/// The longest certificate, in bytes of PEM; one has some 2,000.
const MAX_PEM: usize = 16_384;

const DATABASE_SECRET_PATH: &str = "$.target.databaseSecretArn";

/// What TiDB needs as a target: DMS loads tables in any order (TiDB Cloud docs).
const TARGET_ATTRIBUTES: &str = "Initstmt=SET FOREIGN_KEY_CHECKS=0;";

/// DMS at one end of a TiDB Cloud cluster's private endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DmsTidbCloud {
    cluster: Cluster,
    is_source: bool,
    migration_type: String,
    database_secret_arn: SecretArn,
    secret_access_role_arn: RoleArn,
    ssl_mode: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ca_certificate: Option<String>,
    instance: Wish,
}

impl DmsTidbCloud {
    pub(super) fn read<F: Fields>(fields: &mut F) -> Option<Self> {
        let cluster_id = fields.required("clusterId", CLUSTER);
        let cluster_type = fields.word(
            "clusterType",
            &["dedicated", "serverless"],
            "The kind of cluster; serverless stands for Starter and Essential",
        );
        let node_group_id = fields.optional(
            "nodeGroupId",
            "The node group of a Dedicated cluster; left out, its default one",
        );
        fields.refuses(
            Condition::Is("clusterType", "serverless"),
            &["nodeGroupId"],
            "only Dedicated clusters have node groups",
        );
        let api_key_secret_arn = fields.required("apiKeySecretArn", API_KEY);
        let endpoint_type = fields.required_word(
            "endpointType",
            &["source", "target"],
            "Whether DMS reads from the cluster or writes to it",
        );
        let migration_type = fields.word(
            "migrationType",
            &["full-load", "cdc", "full-load-and-cdc"],
            "What DMS is to do; from TiDB it can only load in full",
        );
        fields.allows_only(
            Condition::Is("endpointType", "source"),
            "migrationType",
            "full-load",
            "TiDB has no MySQL binlog, so DMS can only load from it (full-load); for changes out of TiDB use a changefeed",
        );
        let database_secret_arn = fields.required(
            "databaseSecretArn",
            "The secret with host, port, username and password of the database",
        );
        let secret_access_role_arn = fields.required(
            "secretAccessRoleArn",
            "The role with which DMS reads that secret",
        );
        let ca_certificate = read_certificate(fields);
        let default_ssl_mode = match &ca_certificate {
            Some(_) => "verify-full",
            None => "none",
        };
        let ssl_mode = fields.word_or(
            "sslMode",
            &["none", "verify-full", "verify-ca"],
            default_ssl_mode,
            "How DMS checks the database's certificate; left out, verify-full with caCertificate and none without it",
        );
        for mode in ["verify-full", "verify-ca"] {
            fields.needs(
                Condition::Is("sslMode", mode),
                "caCertificate",
                "verify-ca and verify-full need the authority's certificate in PEM",
            );
        }
        let instance = fields.object_if_there(
            "replicationInstance",
            "The replication instance: one that is there, or what a new one is to be",
            Wish::read,
        );
        Some(Self {
            cluster: Cluster::new(
                cluster_type?,
                cluster_id?,
                node_group_id,
                api_key_secret_arn?,
            ),
            is_source: endpoint_type? == "source",
            migration_type: migration_type?.to_owned(),
            database_secret_arn: database_secret_arn?,
            secret_access_role_arn: secret_access_role_arn?,
            ssl_mode: ssl_mode?.to_owned(),
            ca_certificate,
            instance: instance?.unwrap_or_else(Wish::default),
        })
    }

    /// The endpoint in the VPC that leads to the cluster, under the name that its certificate is for.
    async fn private_endpoint(
        &self,
        context: &FindContext<'_>,
        wanted: &EndpointSpec,
    ) -> Result<(), Unresolved> {
        let Some(network) = context.network else {
            return Ok(());
        };
        let vpc = &network.vpc_id;
        let which = EndpointFilter::of(&wanted.service, vpc);
        let all = context.outside.ec2.endpoints(&which).await?;
        if all
            .iter()
            .any(|endpoint| endpoint.state == State::Available && endpoint.private_dns)
        {
            return Ok(());
        }
        let known = all.iter().find(|endpoint| !endpoint.state.is_dead());
        let message = match known {
            Some(endpoint) => format!(
                "{} leads from {vpc} to {}, but it is {}{}",
                endpoint.id,
                self.cluster.kind().name(),
                endpoint.raw_state,
                if endpoint.private_dns {
                    ""
                } else {
                    " and its private DNS is off"
                }
            ),
            None => format!(
                "{vpc} has no private endpoint to {}",
                self.cluster.kind().name()
            ),
        };
        let fix = format!(
            "send this first: {{\"requestId\": \"<your name for it>\", \"region\": \"{}\", \"target\": {}, \"network\": {{\"vpcId\": \"{vpc}\"}}}}",
            context.region,
            self.cluster.request()
        );
        let problem = Problem::new(Code::PrivateEndpointMissing, message, fix);
        let problem = problem.about("$.target.clusterId");
        // It is being made or changed, or in a state that is new since this was written.
        let passes = known.is_some_and(|one| {
            matches!(
                one.state,
                State::Pending | State::PendingAcceptance | State::Unknown
            )
        });
        Err(match passes {
            true => Unresolved::NotYet(problem),
            false => problem.into(),
        })
    }

    /// The secret has to name the private host: DMS takes host and port from it and from nowhere else.
    async fn secret(
        &self,
        context: &FindContext<'_>,
        wanted: &EndpointSpec,
    ) -> Result<(), Unresolved> {
        let path = DATABASE_SECRET_PATH;
        let dms = context.outside.dms;
        let asked = dms.secret_address(&self.database_secret_arn).await;
        let address = asked.map_err(|error| Unresolved::by_vendor(error, path))?;
        let (host, port) = (wanted.host.as_deref().unwrap_or_default(), wanted.port);
        if address.host == host && address.port == port {
            return Ok(());
        }
        // Not what is there instead: who knows what somebody wrote into a secret.
        let message = format!(
            "the secret's host and port are not those of the private endpoint, {host:?} and {port}"
        );
        let fix = format!(
            "put \"host\": \"{host}\" and \"port\": {port} into the secret, beside username and password"
        );
        Err(Problem::new(Code::SecretUnusable, message, fix)
            .about(path)
            .into())
    }

    /// DMS tells no ARN of a subnet group; it is made like those of everything else (DMS User Guide, "Constructing an
    /// Amazon Resource Name").
    fn subnet_group_arn(&self, context: &FindContext<'_>, id: &str) -> String {
        let partition = self
            .database_secret_arn
            .as_str()
            .split(':')
            .nth(1)
            .unwrap_or("aws");
        format!(
            "arn:{partition}:dms:{}:{}:subgrp:{id}",
            context.region, context.account
        )
    }

    fn parts(&self, context: &FindContext<'_>, id: String, place: Place) -> Vec<Part> {
        let mut parts = Vec::new();
        let instance = match &self.instance {
            Wish::Existing(arn) => DmsInstance::Existing {
                arn: arn.clone(),
                vpc: place.vpc,
            },
            Wish::New {
                class,
                engine_version,
                multi_az,
                storage_gib,
            } => {
                parts.push(Part::DmsSubnetGroup(DmsSubnetGroup {
                    id: id.clone(),
                    arn: self.subnet_group_arn(context, &id),
                    subnets: place.subnets,
                }));
                DmsInstance::New(NewInstance {
                    id: id.clone(),
                    class: class.clone(),
                    engine_version: engine_version.clone(),
                    multi_az: *multi_az,
                    storage: *storage_gib,
                    subnet_group: id.clone(),
                    groups: place.groups,
                })
            }
        };
        parts.push(Part::DmsInstance(instance.clone()));
        let certificate = self
            .ca_certificate
            .as_ref()
            .filter(|_| self.ssl_mode != "none");
        if let Some(pem) = certificate {
            parts.push(Part::DmsCertificate(DmsCertificate {
                id: id.clone(),
                pem: pem.clone(),
            }));
        }
        let endpoint = DmsEndpoint(NewDmsEndpoint {
            id: id.clone(),
            is_source: self.is_source,
            secret: self.database_secret_arn.clone(),
            secret_role: self.secret_access_role_arn.clone(),
            ssl_mode: self.ssl_mode.clone(),
            certificate: certificate.map(|_| id),
            attributes: (!self.is_source).then(|| TARGET_ATTRIBUTES.to_owned()),
        });
        parts.push(Part::DmsEndpoint(endpoint.clone()));
        parts.push(Part::DmsLogin(DmsLogin { instance, endpoint }));
        parts
    }
}

/// Notes what a look was refused for, and goes on.
fn noted<T>(
    look: Result<T, Unresolved>,
    problems: &mut Vec<Problem>,
) -> Result<Option<T>, Unresolved> {
    match look {
        Err(Unresolved::Refused(more)) => {
            problems.extend(more);
            Ok(None)
        }
        other => other.map(Some),
    }
}

fn read_certificate<F: Fields>(fields: &mut F) -> Option<String> {
    let there = fields.field("caCertificate", false, || {
        json!({
            "description": "The certificate of the authority behind the database's own, in PEM",
            "type": "string",
            "maxLength": MAX_PEM,
            "allOf": [{"pattern": "-----BEGIN CERTIFICATE-----"}, {"pattern": "-----END CERTIFICATE-----"}],
            "not": {"pattern": "PRIVATE KEY"},
        })
    })?;
    let Some(pem) = there.as_str() else {
        let found = kind_of(&there);
        fields.wrong("caCertificate", format!("expected a text, found {found}"));
        return None;
    };
    let framed =
        pem.contains("-----BEGIN CERTIFICATE-----") && pem.contains("-----END CERTIFICATE-----");
    if !framed {
        fields.wrong(
            "caCertificate",
            "expected a certificate in PEM, with its BEGIN and END lines",
        );
    }
    // It travels in the state and in the result, and both are small and read by many.
    let public = !pem.contains("PRIVATE KEY");
    if !public {
        fields.wrong(
            "caCertificate",
            "this holds a private key: send certificates only",
        );
    }
    let small = pem.len() <= MAX_PEM;
    if !small {
        fields.wrong(
            "caCertificate",
            format!("expected at most {MAX_PEM} bytes: send the one authority that signed the server's certificate"),
        );
    }
    (framed && public && small).then(|| pem.to_owned())
}

pub(super) const FACTS: KindFacts = KindFacts {
    about: "AWS DMS reading from or writing to a TiDB Cloud cluster over its private endpoint, which is there already",
    connected_through: ConnectedThrough::Vpc,
    ..KindFacts::ENDPOINT
};

#[async_trait]
impl TargetKind for DmsTidbCloud {
    fn has_parts(&self) -> bool {
        true
    }

    fn secrets(&self) -> Vec<(&'static str, &SecretArn)> {
        let mut all = self.cluster.kind().secrets();
        all.push((DATABASE_SECRET_PATH, &self.database_secret_arn));
        all
    }

    fn as_it_is(&self, there: &Instance) -> Option<Target> {
        let instance = self
            .instance
            .of_size(&there.size.class, there.size.storage)?;
        Some(Target::DmsTidbCloud(Self {
            instance,
            ..self.clone()
        }))
    }

    fn name(&self) -> String {
        let cluster = self.cluster.kind().name();
        if self.is_source {
            format!("AWS DMS, reading from {cluster}")
        } else {
            format!("AWS DMS, writing to {cluster}")
        }
    }

    async fn find(&self, context: &FindContext<'_>) -> Result<Resolved, Unresolved> {
        let (has_role, id, place, cluster) = join4(
            context.outside.dms.has_vpc_role(),
            known_as(context),
            place(context),
            self.cluster.kind().find(context),
        )
        .await;
        let mut problems = Vec::new();
        if !has_role? {
            problems.push(no_dms_role());
        }
        let place = noted(place, &mut problems)?.flatten();
        let wanted = match noted(cluster, &mut problems) {
            Err(Unresolved::NotYet(_)) if !problems.is_empty() => None,
            found => found?.and_then(|found| found.endpoint),
        };
        if let Some(wanted) = &wanted {
            let endpoint = self.private_endpoint(context, wanted);
            let (endpoint, secret) = join(endpoint, self.secret(context, wanted)).await;
            noted(Unresolved::both(endpoint, secret), &mut problems)?;
        }
        // One that is there has shown that it can.
        if let (Some(place), Wish::New { .. }) = (&place, &self.instance) {
            noted(dms_secrets::way(context, place).await, &mut problems)?;
        }
        Unresolved::if_any(problems)?;
        let (Some(wanted), Some(place)) = (wanted, place) else {
            let message = "the cluster has no private endpoint service";
            return Err(unsuitable(message, "name another cluster").into());
        };
        let mut about = Map::new();
        about.insert("host".to_owned(), json!(wanted.host));
        about.insert("port".to_owned(), json!(wanted.port));
        Ok(Resolved {
            endpoint: None,
            parts: self.parts(context, id?, place),
            about,
            ..Resolved::default()
        })
    }

    /// The request says all of it: whether the cluster's endpoint, the secret and the role are still there does not matter.
    async fn made_of(
        &self,
        context: &FindContext<'_>,
        _service: Option<&str>,
    ) -> Result<Resolved, Unresolved> {
        let id = known_as(context).await?;
        let network = context.network;
        let place = network.map(|network| Place {
            vpc: network.vpc_id.clone(),
            subnets: Vec::new(),
            groups: Vec::new(),
        });
        let parts = place.map(|place| self.parts(context, id, place));
        Ok(Resolved {
            parts: parts.unwrap_or_default(),
            ..Resolved::default()
        })
    }

    fn connection(&self, context: &ConnectionContext<'_>) -> Connection {
        let arn = |kind: &str| {
            context.facts[kind]["arn"]
                .as_str()
                .unwrap_or("<arn>")
                .to_owned()
        };
        let (endpoint, instance) = (arn("dms-endpoint"), arn("dms-replication-instance"));
        let (source, target) = if self.is_source {
            (endpoint.as_str(), "<the other endpoint's ARN>")
        } else {
            ("<the other endpoint's ARN>", endpoint.as_str())
        };
        let port = context.about["port"]
            .as_u64()
            .and_then(|port| u16::try_from(port).ok());
        Connection {
            host: context.about["host"].as_str().unwrap_or_default().to_owned(),
            port: port.unwrap_or_default(),
            command: format!(
                "aws dms create-replication-task --region {} --replication-task-identifier <name> --replication-instance-arn {instance} \
                 --source-endpoint-arn {source} --target-endpoint-arn {target} --migration-type {} --table-mappings file://mappings.json",
                context.region, self.migration_type
            ),
            note: (self.ssl_mode == "none")
                .then(|| "DMS talks to the database without TLS, inside AWS PrivateLink: send caCertificate for verify-full".to_owned()),
        }
    }
}
