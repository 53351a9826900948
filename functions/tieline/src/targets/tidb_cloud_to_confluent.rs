//! `tidb-cloud-to-confluent`: from the data flow of a TiDB Cloud Essential cluster into a Confluent Cloud network.
//!
//! Both ends lie at vendors: no endpoint of ours is needed, and no VPC. Source: TiDB Cloud docs, "Connect to Confluent
//! Cloud via a Private Link Connection".

use async_trait::async_trait;
use futures_util::future::join;
use serde::{Deserialize, Serialize};
use serde_json::{Map, json};

use super::tidb::{
    API_KEY, CLUSTER, KEY_PATH, by_tidb, check_region, cluster, no_cluster, readiness,
};
use super::{
    ConnectedThrough, Connection, ConnectionContext, FindContext, KindFacts, Resolved, TargetKind,
    Unresolved,
};
use crate::ids::{ConfluentId, Region, SecretArn, TidbId};
use crate::json::Fields;
use crate::outside::confluent::{ConfluentEnvironment, ConfluentNetwork};
use crate::outside::tidb_cloud::{Dataflow, TidbCluster};
use crate::parts::Part;
use crate::parts::confluent_access::ConfluentAccess;
use crate::parts::tidb_domains::TidbDomains;
use crate::parts::tidb_link::TidbLink;
use crate::problem::Problem;
use crate::refusals::unsuitable;

const KAFKA: u16 = 9092;

const CONFLUENT_KEY_PATH: &str = "$.target.confluent.apiKeySecretArn";
const NETWORK_PATH: &str = "$.target.confluent.networkId";

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TidbCloudToConfluent {
    cluster_id: TidbId,
    api_key_secret_arn: SecretArn,
    confluent: Network,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Network {
    environment_id: ConfluentId,
    network_id: ConfluentId,
    api_key_secret_arn: SecretArn,
}

impl Network {
    fn read<F: Fields>(fields: &mut F) -> Option<Self> {
        let environment_id = fields.required("environmentId", "Its environment");
        let network_id = fields.required("networkId", "The network");
        let api_key_secret_arn = fields.required(
            "apiKeySecretArn",
            "The secret with Confluent Cloud's API key",
        );
        Some(Self {
            environment_id: environment_id?,
            network_id: network_id?,
            api_key_secret_arn: api_key_secret_arn?,
        })
    }

    fn environment(&self) -> ConfluentEnvironment {
        ConfluentEnvironment {
            key: self.api_key_secret_arn.clone(),
            environment: self.environment_id.clone(),
        }
    }
}

impl TidbCloudToConfluent {
    pub(super) fn read<F: Fields>(fields: &mut F) -> Option<Self> {
        let cluster_id = fields.required("clusterId", CLUSTER);
        let api_key_secret_arn = fields.required("apiKeySecretArn", API_KEY);
        let about = "The network of Confluent Cloud";
        let confluent = fields.nested("confluent", true, about, Network::read);
        Some(Self {
            cluster_id: cluster_id?,
            api_key_secret_arn: api_key_secret_arn?,
            confluent: confluent?,
        })
    }

    fn cluster(&self) -> TidbCluster {
        cluster(&self.api_key_secret_arn, &self.cluster_id)
    }

    async fn dataflow(&self, context: &FindContext<'_>) -> Result<Dataflow, Unresolved> {
        let tidb = context.outside.tidb_cloud;
        let (of, id) = (self.cluster(), &self.cluster_id);
        let cluster = tidb.serverless_cluster(&of).await.map_err(by_tidb)?;
        let cluster = cluster.ok_or_else(|| no_cluster(id))?;
        let elsewhere = check_region(id, &cluster.region, context.region).err();
        let mut problems = Vec::from_iter(elsewhere);
        if cluster.plan != "ESSENTIAL" {
            let message = format!("TiDB Cloud cluster {id} is a {} cluster", cluster.plan);
            let fix = "name an Essential cluster: only these have private link connections";
            problems.push(unsuitable(message, fix).about("$.target.clusterId"));
        }
        let ready = readiness(&format!("TiDB Cloud cluster {id}"), &cluster.state);
        Unresolved::both(Unresolved::if_any(problems), ready)?;
        tidb.dataflow(&of).await.map_err(by_tidb)
    }

    async fn network(&self, context: &FindContext<'_>) -> Result<ConfluentNetwork, Unresolved> {
        let network = self.network_there(context).await?;
        let unfit = Unresolved::if_any(self.unfit(&network, context.region));
        Unresolved::both(unfit, self.readiness(&network))?;
        Ok(network)
    }

    async fn network_there(
        &self,
        context: &FindContext<'_>,
    ) -> Result<ConfluentNetwork, Unresolved> {
        let Network {
            environment_id,
            network_id,
            ..
        } = &self.confluent;
        let confluent = context.outside.confluent;
        let within = self.confluent.environment();
        let asked_for = confluent.network(&within, network_id).await;
        let refused = |error| Unresolved::by_vendor(error, CONFLUENT_KEY_PATH);
        let Some(network) = asked_for.map_err(refused)? else {
            let message =
                format!("Confluent environment {environment_id} has no network {network_id}");
            let fix = "look both ids up: confluent network list --environment <id>";
            return Err(unsuitable(message, fix).about(NETWORK_PATH).into());
        };
        Ok(network)
    }

    fn found(
        &self,
        context: &FindContext<'_>,
        dataflow: Dataflow,
        network: ConfluentNetwork,
    ) -> Result<Resolved, Unresolved> {
        let Some(unique_name) = unique_name(&network.dns_domain) else {
            self.readiness(&network)?;
            return Err(Unresolved::Refused(self.unfit(&network, context.region)));
        };
        let link = TidbLink {
            of: self.cluster(),
            service: network.service,
        };
        let mut about = Map::new();
        about.insert("dnsDomain".to_owned(), json!(network.dns_domain));
        about.insert("network".to_owned(), json!(network.display_name));
        Ok(Resolved {
            endpoint: None,
            parts: vec![
                Part::ConfluentAccess(ConfluentAccess {
                    within: self.confluent.environment(),
                    network: self.confluent.network_id.clone(),
                    account: dataflow.account,
                }),
                Part::TidbLink(link.clone()),
                Part::TidbDomains(TidbDomains { link, unique_name }),
            ],
            about,
            ..Resolved::default()
        })
    }

    /// Everything about a network that a private link connection cannot use.
    fn unfit(&self, network: &ConfluentNetwork, region: &Region) -> Vec<Problem> {
        let id = &self.confluent.network_id;
        let mut problems = Vec::new();
        let mut note = |message: String, fix: &str| {
            problems.push(unsuitable(message, fix).about(NETWORK_PATH));
        };
        if network.cloud != "AWS" || network.region != region.as_str() {
            note(
                format!(
                    "Confluent network {id} is in {} {}, and has to be in AWS {region}",
                    network.cloud, network.region
                ),
                "name a network in the Region of the TiDB Cloud cluster",
            );
        }
        if !network
            .connection_types
            .iter()
            .any(|kind| kind == "PRIVATELINK")
        {
            note(
                format!(
                    "Confluent network {id} is of the type {}",
                    network.connection_types.join(", ")
                ),
                "name a network of the type PRIVATELINK",
            );
        }
        let has_names = unique_name(&network.dns_domain).is_some() && !network.service.is_empty();
        if DEAD.contains(&network.phase.as_str()) {
            note(self.phase_of(network), "name a network that is READY");
        } else if network.phase == READY && !has_names {
            note(
                format!(
                    "Confluent network {id} names no endpoint service, or a domain that is not Confluent's: {:?}",
                    network.dns_domain
                ),
                "name a network of Dedicated clusters",
            );
        }
        problems
    }

    /// Whether a network that is not going is there already: what Confluent calls its phase passes.
    fn readiness(&self, network: &ConfluentNetwork) -> Result<(), Unresolved> {
        if network.phase == READY || DEAD.contains(&network.phase.as_str()) {
            return Ok(());
        }
        let fix = "wait until Confluent shows it as READY, and send the event again";
        let problem = unsuitable(self.phase_of(network), fix).about(NETWORK_PATH);
        Err(Unresolved::NotYet(problem))
    }

    fn phase_of(&self, network: &ConfluentNetwork) -> String {
        let (id, phase, why) = (&self.confluent.network_id, &network.phase, &network.message);
        match why.as_str() {
            "" => format!("Confluent network {id} is {phase}"),
            why => format!("Confluent network {id} is {phase}: {why}"),
        }
    }
}

/// The phase of a network that works.
const READY: &str = "READY";

/// Those of one that will not any more.
const DEAD: [&str; 2] = ["FAILED", "DEPROVISIONING"];

/// The unique name that TiDB Cloud wants: a network's domain without a zone in front and Confluent's ending behind.
fn unique_name(domain: &str) -> Option<String> {
    let name = [".aws.glb.confluent.cloud", ".aws.confluent.cloud"]
        .iter()
        .find_map(|ending| domain.strip_suffix(ending))?;
    let labels: Vec<&str> = name.split('.').filter(|label| !label.is_empty()).collect();
    match labels.as_slice() {
        [.., network, region] => Some(format!("{network}.{region}")),
        _ => None,
    }
}

pub(super) const FACTS: KindFacts = KindFacts {
    about: "From the data flow of a TiDB Cloud Essential cluster into a Confluent Cloud network, without a VPC of yours",
    connected_through: ConnectedThrough::Elsewhere,
    ..KindFacts::ENDPOINT
};

#[async_trait]
impl TargetKind for TidbCloudToConfluent {
    fn has_parts(&self) -> bool {
        true
    }

    fn secrets(&self) -> Vec<(&'static str, &SecretArn)> {
        vec![
            (KEY_PATH, &self.api_key_secret_arn),
            (CONFLUENT_KEY_PATH, &self.confluent.api_key_secret_arn),
        ]
    }

    fn name(&self) -> String {
        format!(
            "the data flow of TiDB Cloud cluster {} into Confluent network {}",
            self.cluster_id, self.confluent.network_id
        )
    }

    async fn find(&self, context: &FindContext<'_>) -> Result<Resolved, Unresolved> {
        let (dataflow, network) = join(self.dataflow(context), self.network(context)).await;
        let (dataflow, network) = Unresolved::both(dataflow, network)?;
        if !network
            .zone_ids
            .iter()
            .any(|zone| dataflow.zone_ids.contains(zone))
        {
            let problem = Problem::new(
                crate::problem::Code::NoCommonZone,
                format!(
                    "Confluent network {} is in {}, and TiDB Cloud's data flow in {}",
                    self.confluent.network_id,
                    network.zone_ids.join(", "),
                    dataflow.zone_ids.join(", ")
                ),
                "name a network with a zone of the TiDB Cloud cluster's",
            );
            return Err(problem.about(NETWORK_PATH).into());
        }
        self.found(context, dataflow, network)
    }

    /// Neither has to be fit for a connection any more.
    async fn made_of(
        &self,
        context: &FindContext<'_>,
        _service: Option<&str>,
    ) -> Result<Resolved, Unresolved> {
        let tidb = context.outside.tidb_cloud;
        let of = self.cluster();
        let dataflow = async { tidb.dataflow(&of).await.map_err(by_tidb) };
        let (dataflow, network) = join(dataflow, self.network_there(context)).await;
        let (dataflow, network) = Unresolved::both(dataflow, network)?;
        self.found(context, dataflow, network)
    }

    fn connection(&self, context: &ConnectionContext<'_>) -> Connection {
        let link = context.facts["tidb-cloud-private-link-connection"]["id"]
            .as_str()
            .unwrap_or("?");
        let domain = context.about["dnsDomain"].as_str().unwrap_or("?");
        Connection {
            host: format!("*.{domain}"),
            port: KAFKA,
            command: format!(
                "ticloud serverless private-link-connection get --cluster-id {} --private-link-connection-id {link}",
                self.cluster_id
            ),
            note: Some(format!(
                "choose the private link connection {link} when you make a changefeed or an import in TiDB Cloud, and name the \
                 Confluent cluster's bootstrap server"
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::unique_name;

    #[test]
    fn the_unique_name_is_the_network_and_its_region() {
        for (domain, name) in [
            (
                "domnprzqrog.us-east-1.aws.confluent.cloud",
                Some("domnprzqrog.us-east-1"),
            ),
            (
                "use1-az1.domnprzqrog.us-east-1.aws.confluent.cloud",
                Some("domnprzqrog.us-east-1"),
            ),
            (
                "00000.us-east-1.aws.glb.confluent.cloud",
                Some("00000.us-east-1"),
            ),
            ("us-east-1.aws.confluent.cloud", None),
            ("kafka.example.com", None),
        ] {
            assert_eq!(unique_name(domain).as_deref(), name, "{domain}");
        }
    }
}
