//! What the vendors have: TiDB Cloud's clusters, Confluent's networks, and their endpoint services.

use std::time::Duration;

use crate::clock::Moment;
use crate::model::Model;
use crate::model::addresses::Family;
use crate::model::confluent::CONFLUENT_ACCOUNT;
use crate::model::confluent::networks::Network;
use crate::model::endpoints::Decision;
use crate::model::services::{Kind, PrivateName, Service};
use crate::model::tidb::dedicated::{DedicatedCluster, NodeGroup, Phase};
use crate::model::tidb::serverless::{Plan, ServerlessCluster};
use crate::model::tidb::{PROJECT, TIDB_ACCOUNT};

use super::default::{both, vendor};

/// The TiDB Cloud Dedicated cluster.
pub const TIDB_CLUSTER: &str = "1379661944646413143";
/// Its default node group, on port 4000.
pub const TIDB_GROUP: &str = "1916873312349872128";
/// Its other node group, on port 4100. (The swagger says that all of a cluster's endpoints use one
/// port; a group's own endpoints have a field for it, and a client is to believe that one.)
pub const TIDB_OTHER_GROUP: &str = "1916873312349885440";
/// The default group's endpoint service. It requires acceptance, which follows from registration.
pub const TIDB_SERVICE: &str = "com.amazonaws.vpce.us-east-1.vpce-svc-0a41c8e57d2f6b903";
/// The other group's endpoint service.
pub const TIDB_OTHER_SERVICE: &str = "com.amazonaws.vpce.us-east-1.vpce-svc-0b52d9f68e307ca14";
/// The default group's private host.
pub const TIDB_HOST: &str = "privatelink-1916873312349872128.muznnz1umf3p.clusters.tidb-cloud.com";
/// The other group's private host.
pub const TIDB_OTHER_HOST: &str =
    "privatelink-1916873312349885440.muznnz1umf3p.clusters.tidb-cloud.com";
/// The TiDB Cloud Starter cluster.
pub const TIDB_STARTER: &str = "10357519063427187436";
/// The TiDB Cloud Essential cluster: the one that can have private link connections.
pub const TIDB_ESSENTIAL: &str = "10110362358366286743";
/// The endpoint service that both share. It accepts by itself.
pub const TIDB_SHARED_SERVICE: &str = "com.amazonaws.vpce.us-east-1.vpce-svc-0c63ea079f418db25";
/// The private host that both share.
pub const TIDB_SHARED_HOST: &str = "gateway01-privatelink.us-east-1.prod.aws.tidbcloud.com";
/// What the Starter cluster's SQL users begin with.
pub const TIDB_STARTER_PREFIX: &str = "3pTAoNNegb47Uc8";
/// What the Essential cluster's SQL users begin with.
pub const TIDB_ESSENTIAL_PREFIX: &str = "2hRxqWLmvd83Kt5";

/// Confluent's network: ready, for `PrivateLink`, with TiDB Cloud's zones.
pub const CONFLUENT_NETWORK: &str = "n-pr1jy6";
/// What its clusters' names end with.
pub const CONFLUENT_DOMAIN: &str = "pr1jy6.us-east-1.aws.confluent.cloud";
/// Its endpoint service: only accounts with access see it.
pub const CONFLUENT_SERVICE: &str = "com.amazonaws.vpce.us-east-1.vpce-svc-0d74fb18a0529ec36";
/// A network that is still being made.
pub const CONFLUENT_PROVISIONING: &str = "n-2w8kqd";
/// A network for peering.
pub const CONFLUENT_PEERING: &str = "n-5h3vzt";
/// A network in us-west-2.
pub const CONFLUENT_ELSEWHERE: &str = "n-9c4rbm";
/// A network that has no zone in common with TiDB Cloud.
pub const CONFLUENT_OTHER_ZONES: &str = "n-7x6fyl";
/// A network whose domain has a `glb`.
pub const CONFLUENT_GLOBAL: &str = "n-4n8jsg";

/// The zones of TiDB Cloud.
const ZONES: [&str; 3] = ["use1-az1", "use1-az4", "use1-az6"];

/// A partner's service: its owner accepts a connection request after half a minute.
pub const PARTNER: &str = "com.amazonaws.vpce.us-east-1.vpce-svc-0e85ac29b1637fd48";
/// The same partner's service that has no private name.
pub const PARTNER_NAMELESS: &str = "com.amazonaws.vpce.us-east-1.vpce-svc-0f96bd3ac2740e159";

/// Half a minute, which is quick for a person.
const ACCEPTED_AFTER: Duration = Duration::from_secs(30);

pub(super) fn furnish(model: &mut Model) {
    let name = PrivateName {
        name: "db.partner.example.com".to_owned(),
        verified: true,
    };
    for service in [
        vendor(PARTNER, Some(name)),
        both(vendor(PARTNER_NAMELESS, None)),
    ] {
        let decision = (Decision::Accept, ACCEPTED_AFTER);
        model.owners.insert(service.name.clone(), decision);
        model.services.push(service);
    }
    add_dedicated(model);
    add_serverless(model);
    add_networks(model);
}

fn add_dedicated(model: &mut Model) {
    let now = model.now;
    let services = [
        (TIDB_SERVICE, TIDB_HOST),
        (TIDB_OTHER_SERVICE, TIDB_OTHER_HOST),
    ];
    for (name, host) in services {
        let service = service(name, TIDB_ACCOUNT, &ZONES, Some(host), true);
        model.services.push(service);
    }
    let default = NodeGroup {
        id: TIDB_GROUP.to_owned(),
        display_name: "DefaultGroup".to_owned(),
        is_default: true,
        port: 4000,
        host: TIDB_HOST.to_owned(),
        service_name: TIDB_SERVICE.to_owned(),
        service_ready: now,
    };
    let other = NodeGroup {
        id: TIDB_OTHER_GROUP.to_owned(),
        display_name: "Reporting".to_owned(),
        is_default: false,
        port: 4100,
        host: TIDB_OTHER_HOST.to_owned(),
        service_name: TIDB_OTHER_SERVICE.to_owned(),
        service_ready: now,
    };
    let cluster = DedicatedCluster {
        id: TIDB_CLUSTER.to_owned(),
        project: PROJECT,
        display_name: "orders".to_owned(),
        phase: Phase::Creating { until: now },
        groups: vec![default, other],
        created: now,
    };
    model.tidb.clusters.insert(cluster.id.clone(), cluster);
}

fn add_serverless(model: &mut Model) {
    let host = Some(TIDB_SHARED_HOST);
    let shared = service(TIDB_SHARED_SERVICE, TIDB_ACCOUNT, &ZONES, host, false);
    model.services.push(shared);
    let clusters = [
        (TIDB_STARTER, "carts", Plan::Starter, TIDB_STARTER_PREFIX),
        (
            TIDB_ESSENTIAL,
            "events",
            Plan::Essential,
            TIDB_ESSENTIAL_PREFIX,
        ),
    ];
    for (id, name, plan, prefix) in clusters {
        let cluster = ServerlessCluster {
            id: id.to_owned(),
            project: PROJECT,
            display_name: name.to_owned(),
            phase: Phase::Creating { until: model.now },
            plan,
            user_prefix: prefix.to_owned(),
            host: TIDB_SHARED_HOST.to_owned(),
            service_name: TIDB_SHARED_SERVICE.to_owned(),
            created: model.now,
        };
        model.tidb.instances.insert(id.to_owned(), cluster);
    }
}

fn add_networks(model: &mut Model) {
    let usual = network(model.now);
    let networks = [
        usual.clone(),
        Network {
            ready: None,
            ..named(
                &usual,
                CONFLUENT_PROVISIONING,
                "soon",
                "vpce-svc-0e850c29b163af047",
            )
        },
        Network {
            connection_type: "PEERING",
            ..named(
                &usual,
                CONFLUENT_PEERING,
                "peered",
                "vpce-svc-0f961d3ac274b0158",
            )
        },
        Network {
            region: "us-west-2",
            zones: ["usw2-az1", "usw2-az2", "usw2-az3"],
            dns_domain: "9c4rbm.us-west-2.aws.confluent.cloud".to_owned(),
            service_name: "com.amazonaws.vpce.us-west-2.vpce-svc-00a72e4bd385c1269".to_owned(),
            ..named(&usual, CONFLUENT_ELSEWHERE, "west", "")
        },
        Network {
            zones: ["use1-az2", "use1-az3", "use1-az5"],
            ..named(
                &usual,
                CONFLUENT_OTHER_ZONES,
                "zones",
                "vpce-svc-01b83f5ce496d237a",
            )
        },
        Network {
            dns_domain: "4n8jsg.us-east-1.aws.glb.confluent.cloud".to_owned(),
            ..named(
                &usual,
                CONFLUENT_GLOBAL,
                "global",
                "vpce-svc-02c9406df5a7e348b",
            )
        },
    ];
    for network in networks {
        if network.connection_type == "PRIVATELINK" && network.region == crate::model::REGION {
            let (name, owner) = (&network.service_name, CONFLUENT_ACCOUNT);
            // Confluent docs, "Use AWS PrivateLink": one sets the zone up oneself, and endpoints are
            // accepted by themselves.
            let service = service(name, owner, &network.zones, None, false);
            model.services.push(service);
        }
        model.confluent.networks.insert(network.id.clone(), network);
    }
}

fn network(now: Moment) -> Network {
    Network {
        id: CONFLUENT_NETWORK.to_owned(),
        display_name: "prod-us-east-1".to_owned(),
        region: crate::model::REGION,
        connection_type: "PRIVATELINK",
        zones: ZONES,
        dns_domain: CONFLUENT_DOMAIN.to_owned(),
        service_name: CONFLUENT_SERVICE.to_owned(),
        ready: Some(now),
        created: now,
    }
}

/// The same network under another name and with another service.
fn named(usual: &Network, id: &str, display_name: &str, service_id: &str) -> Network {
    let label = id.trim_start_matches("n-");
    Network {
        id: id.to_owned(),
        display_name: display_name.to_owned(),
        dns_domain: format!("{label}.us-east-1.aws.confluent.cloud"),
        service_name: format!("com.amazonaws.vpce.us-east-1.{service_id}"),
        ..usual.clone()
    }
}

fn service(
    name: &str,
    owner: &str,
    zones: &[&str],
    host: Option<&str>,
    acceptance_required: bool,
) -> Service {
    Service {
        name: name.to_owned(),
        id: name.rsplit('.').next().unwrap_or_default().to_owned(),
        kind: Kind::Interface,
        owner: owner.to_owned(),
        zone_ids: zones.iter().map(|&zone| zone.to_owned()).collect(),
        private_names: host.map(PrivateName::verified).into_iter().collect(),
        acceptance_required,
        // AWS PrivateLink guide: endpoint policies are for AWS services that support them.
        policy_supported: false,
        owner_pays: false,
        families: vec![Family::Ipv4],
    }
}
