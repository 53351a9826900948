//! Networks: where Confluent's Dedicated clusters live.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::clock::{self, Moment};
use crate::model::Model;
use crate::{Failure, Operation, Service};

use super::{
    API, CONFLUENT_ACCOUNT, Metadata, Reference, check_environment, environment, network_name,
    not_found,
};

/// A network.
#[derive(Debug, Clone)]
pub(crate) struct Network {
    pub(crate) id: String,
    pub(crate) display_name: String,
    pub(crate) region: &'static str,
    pub(crate) connection_type: &'static str,
    pub(crate) zones: [&'static str; 3],
    pub(crate) dns_domain: String,
    /// The endpoint service that it has once it is ready, if its type is `PRIVATELINK`.
    pub(crate) service_name: String,
    /// When it is ready, if ever.
    pub(crate) ready: Option<Moment>,
    pub(crate) created: Moment,
}

/// Asks for a network.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct GetNetwork {
    /// The environment's id; required.
    pub environment: Option<String>,
    /// The network's id.
    pub id: String,
}

/// A network.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct NetworkAnswer {
    /// The API's version.
    pub api_version: &'static str,
    /// `Network`.
    pub kind: &'static str,
    /// Its id.
    pub id: String,
    /// What it is called.
    pub metadata: Metadata,
    /// What was wanted.
    pub spec: NetworkSpec,
    /// What it is.
    pub status: NetworkStatus,
}

/// What was wanted of a network.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct NetworkSpec {
    /// Its name for people.
    pub display_name: String,
    /// Its provider.
    pub cloud: &'static str,
    /// Its Region.
    pub region: &'static str,
    /// Its types of connections.
    pub connection_types: Vec<&'static str>,
    /// Its zones' ids.
    pub zones: Vec<&'static str>,
    /// How its names are resolved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dns_config: Option<DnsConfig>,
    /// Its environment.
    pub environment: Reference,
}

/// How a network's names are resolved.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct DnsConfig {
    /// `CHASED_PRIVATE` or `PRIVATE`.
    pub resolution: &'static str,
}

/// What a network is.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct NetworkStatus {
    /// `PROVISIONING`, `READY`, `FAILED` or `DEPROVISIONING`.
    pub phase: &'static str,
    /// The types of connections that it can have.
    pub supported_connection_types: Vec<&'static str>,
    /// The types of connections that it has.
    pub active_connection_types: Vec<&'static str>,
    /// What its clusters' names end with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dns_domain: Option<String>,
    /// The same with a full stop before it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoint_suffix: Option<String>,
    /// The same for each zone.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub zonal_subdomains: BTreeMap<String, String>,
    /// What it is at its provider.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cloud: Option<AwsNetwork>,
}

/// What a network is in AWS.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct AwsNetwork {
    /// `networking.v1.AwsNetwork`: recorded answers have the prefix, the spec has not.
    pub kind: &'static str,
    /// Its VPC.
    pub vpc: String,
    /// The AWS account that owns it.
    pub account: &'static str,
    /// Its endpoint service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub private_link_endpoint_service: Option<String>,
}

impl Operation for GetNetwork {
    type Answer = NetworkAnswer;
    const SERVICE: Service = Service::Confluent;
    const ACTION: &'static str = "GetNetwork";
    const WRITE: bool = false;

    fn perform(self, model: &mut Model) -> Result<NetworkAnswer, Failure> {
        check_environment(self.environment.as_deref())?;
        Ok(model.confluent_network(&self.id)?.detail(model.now))
    }
}

impl Network {
    pub(super) fn phase(&self, now: Moment) -> &'static str {
        if self.ready.is_some_and(|ready| ready <= now) {
            "READY"
        } else {
            "PROVISIONING"
        }
    }

    pub(super) fn has_private_link(&self) -> bool {
        self.connection_type == "PRIVATELINK"
    }

    fn detail(&self, now: Moment) -> NetworkAnswer {
        let id = &self.id;
        NetworkAnswer {
            api_version: "networking/v1",
            kind: "Network",
            id: id.clone(),
            metadata: Metadata {
                url: format!("{API}/networking/v1/networks/{id}"),
                resource_name: network_name(id),
                created_at: clock::iso8601(self.created),
                updated_at: clock::iso8601(self.created),
            },
            spec: NetworkSpec {
                display_name: self.display_name.clone(),
                cloud: "AWS",
                region: self.region,
                connection_types: vec![self.connection_type],
                zones: self.zones.to_vec(),
                dns_config: self.has_private_link().then_some(DnsConfig {
                    resolution: "PRIVATE",
                }),
                environment: environment(),
            },
            status: self.status(now),
        }
    }

    /// Spec: what there is to connect to is there only once the network is ready.
    fn status(&self, now: Moment) -> NetworkStatus {
        let status = NetworkStatus {
            phase: self.phase(now),
            supported_connection_types: vec![self.connection_type],
            active_connection_types: vec![self.connection_type],
            ..Default::default()
        };
        if status.phase != "READY" {
            return status;
        }
        let zonal_subdomains = self.zones.iter().map(|zone| {
            (
                (*zone).to_owned(),
                format!("{zone}.{}", self.zonal_domain()),
            )
        });
        NetworkStatus {
            dns_domain: Some(self.dns_domain.clone()),
            endpoint_suffix: Some(format!(".{}", self.dns_domain)),
            zonal_subdomains: zonal_subdomains.collect(),
            cloud: Some(AwsNetwork {
                kind: "networking.v1.AwsNetwork",
                vpc: format!(
                    "vpc-{}",
                    self.service_name.rsplit('-').next().unwrap_or_default()
                ),
                account: CONFLUENT_ACCOUNT,
                private_link_endpoint_service: self
                    .has_private_link()
                    .then(|| self.service_name.clone()),
            }),
            ..status
        }
    }

    /// Spec's example: the zones' domains lack the `glb` that the network's may have.
    fn zonal_domain(&self) -> String {
        self.dns_domain.replacen(".glb.", ".", 1)
    }
}

impl Model {
    pub(super) fn confluent_network(&self, id: &str) -> Result<&Network, Failure> {
        let found = self.confluent.networks.get(id);
        found.ok_or_else(|| not_found(&format!("Network {id}")))
    }
}
