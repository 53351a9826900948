//! The scenarios of the vendors, and of owners who decide by themselves.

use std::time::Duration;

use crate::World;
use crate::clock;
use crate::gate::{Fault, FaultKind};
use crate::model::confluent::networks::Network;
use crate::model::endpoints::Decision;
use crate::model::tidb::OTHER_PROJECT;
use crate::model::tidb::dedicated::{DedicatedCluster, Phase};
use crate::model::tidb::serverless::ServerlessCluster;

use super::Scenario;
use super::problems::scenario;
use super::vendors::{
    CONFLUENT_NETWORK, PARTNER, TIDB_OTHER_SERVICE, TIDB_SERVICE, TIDB_SHARED_SERVICE,
};

/// Everything that TiDB Cloud can be asked.
const TIDB_READS: [&str; 6] = [
    "GetDedicatedCluster",
    "GetPrivateLinkService",
    "GetPrivateEndpointConnection",
    "ListPrivateEndpointConnections",
    "GetServerlessCluster",
    "GetAvailabilityZones",
];
const TIDB_LINK_READS: [&str; 2] = ["GetPrivateLinkConnection", "ListPrivateLinkConnections"];
/// Everything that TiDB Cloud can be told.
const TIDB_WRITES: [&str; 6] = [
    "CreatePrivateEndpointConnection",
    "DeletePrivateEndpointConnection",
    "CreatePrivateLinkConnection",
    "DeletePrivateLinkConnection",
    "AttachDomains",
    "DetachDomains",
];
/// The calls to TiDB Cloud that are POSTs.
const TIDB_POSTS: [&str; 4] = [
    "CreatePrivateEndpointConnection",
    "CreatePrivateLinkConnection",
    "AttachDomains",
    "DetachDomains",
];
/// Everything that Confluent can be asked or told.
const CONFLUENT_CALLS: [&str; 6] = [
    "GetNetwork",
    "CreatePrivateLinkAccess",
    "GetPrivateLinkAccess",
    "ListPrivateLinkAccesses",
    "UpdatePrivateLinkAccess",
    "DeletePrivateLinkAccess",
];

const CONFLUENT_WRITES: [&str; 3] = [
    "CreatePrivateLinkAccess",
    "UpdatePrivateLinkAccess",
    "DeletePrivateLinkAccess",
];

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

pub(super) const SCENARIOS: &[Scenario] = &[
    scenario(
        "tidb-key-refused",
        "TiDB Cloud's API keys have been revoked.",
        |world| world.model.tidb.keys.clear(),
    ),
    scenario(
        "tidb-other-project",
        "TiDB Cloud's clusters belong to another project than the key.",
        |world| {
            change_clusters(world, |cluster| cluster.project = OTHER_PROJECT);
            change_instances(world, |cluster| cluster.project = OTHER_PROJECT);
        },
    ),
    scenario(
        "tidb-cluster-paused",
        "TiDB Cloud's Dedicated cluster is paused.",
        |world| change_clusters(world, |cluster| cluster.phase = Phase::Stays("PAUSED")),
    ),
    scenario(
        "tidb-cluster-creating",
        "TiDB Cloud's clusters become active after a minute, the link services four minutes later.",
        create_clusters,
    ),
    scenario(
        "tidb-no-common-zone",
        "TiDB Cloud's services lie only in zones where the VPC has no subnet.",
        move_services,
    ),
    scenario(
        "tidb-registration-fails",
        "Registrations with TiDB Cloud fail.",
        |world| world.tidb_outlook().registrations_fail = true,
    ),
    scenario(
        "tidb-registration-exists",
        "Somebody registers the endpoint a moment before our own request.",
        |world| world.tidb_outlook().rival_registers_first = true,
    ),
    scenario(
        "tidb-throttled",
        "TiDB Cloud answers 429 for two minutes.",
        |world| {
            for action in TIDB_READS
                .iter()
                .chain(&TIDB_LINK_READS)
                .chain(&TIDB_WRITES)
            {
                throttle(world, action);
            }
        },
    ),
    scenario(
        "tidb-5xx-before",
        "The first two calls of each kind to TiDB Cloud fail with 500 and have no effect.",
        |world| {
            fail_before(world, &TIDB_READS);
            fail_before(world, &TIDB_LINK_READS);
            fail_before(world, &TIDB_WRITES);
        },
    ),
    scenario(
        "tidb-5xx-after",
        "The first POST of each kind to TiDB Cloud takes effect and fails with 500.",
        |world| fail_after(world, &TIDB_POSTS),
    ),
    scenario(
        "confluent-key-refused",
        "Confluent's API key has been revoked.",
        |world| world.model.confluent.keys.clear(),
    ),
    scenario(
        "confluent-access-fails",
        "Accesses at Confluent fail.",
        |world| world.confluent_outlook().accesses_fail = true,
    ),
    scenario(
        "confluent-network-not-ready",
        "Confluent's network is still being made.",
        |world| change_network(world, |network| network.ready = None),
    ),
    scenario(
        "confluent-network-peering",
        "Confluent's network is for peering.",
        |world| change_network(world, |network| network.connection_type = "PEERING"),
    ),
    scenario(
        "confluent-network-elsewhere",
        "Confluent's network is in us-west-2.",
        |world| change_network(world, |network| network.region = "us-west-2"),
    ),
    scenario(
        "confluent-no-common-zone",
        "Confluent's network has no zone in common with TiDB Cloud.",
        |world| {
            change_network(world, |network| {
                network.zones = ["use1-az2", "use1-az3", "use1-az5"];
            })
        },
    ),
    scenario(
        "confluent-5xx-before",
        "The first two calls of each kind to Confluent fail with 500 and have no effect.",
        |world| fail_before(world, &CONFLUENT_CALLS),
    ),
    scenario(
        "confluent-5xx-after",
        "The first write of each kind to Confluent takes effect and fails with 500.",
        |world| fail_after(world, &CONFLUENT_WRITES),
    ),
    scenario(
        "confluent-throttled",
        "Confluent answers 429 for two minutes.",
        |world| {
            CONFLUENT_CALLS
                .iter()
                .for_each(|action| throttle(world, action))
        },
    ),
    scenario(
        "link-fails",
        "TiDB Cloud's private link connections fail.",
        |world| world.tidb_outlook().links_fail = true,
    ),
    scenario(
        "domain-attach-fails",
        "Domains that are attached to private link connections fail.",
        |world| world.tidb_outlook().domains_fail = true,
    ),
    scenario(
        "owner-pays",
        "The partner pays for endpoints of its service.",
        |world| {
            let services = world.model.services.iter_mut();
            for service in services.filter(|service| service.name == PARTNER) {
                service.owner_pays = true;
            }
        },
    ),
    scenario(
        "acceptance-rejected",
        "The partner rejects a connection request after a minute.",
        |world| world.script_owner(PARTNER, Decision::Reject, MINUTE),
    ),
    scenario(
        "acceptance-expired",
        "A connection request to the partner expires after a minute.",
        |world| world.script_owner(PARTNER, Decision::Expire, MINUTE),
    ),
    scenario(
        "acceptance-after-hours",
        "The partner accepts a connection request after five hours.",
        |world| world.script_owner(PARTNER, Decision::Accept, HOUR * 5),
    ),
    scenario(
        "acceptance-never",
        "The partner does not react to connection requests. The functions count real hours, so the local runner gives up.",
        |world| {
            world.model.owners.remove(PARTNER);
        },
    ),
    scenario(
        "acceptance-after-a-minute",
        "The partner accepts a connection request after a minute.",
        |world| world.script_owner(PARTNER, Decision::Accept, MINUTE),
    ),
];

fn change_clusters(world: &mut World, change: impl Fn(&mut DedicatedCluster)) {
    world.model.tidb.clusters.values_mut().for_each(change);
}

fn change_instances(world: &mut World, change: impl Fn(&mut ServerlessCluster)) {
    world.model.tidb.instances.values_mut().for_each(change);
}

fn create_clusters(world: &mut World) {
    let until = clock::after(world.now(), MINUTE);
    let ready = clock::after(until, world.model.timing.tidb.link_service);
    change_clusters(world, |cluster| {
        cluster.phase = Phase::Creating { until };
        let groups = &mut cluster.groups;
        groups
            .iter_mut()
            .for_each(|group| group.service_ready = ready);
    });
    change_instances(world, |cluster| cluster.phase = Phase::Creating { until });
}

fn move_services(world: &mut World) {
    let names = [TIDB_SERVICE, TIDB_OTHER_SERVICE, TIDB_SHARED_SERVICE];
    let services = world.model.services.iter_mut();
    services
        .filter(|service| names.contains(&service.name.as_str()))
        .for_each(|service| {
            service.zone_ids = ["use1-az3", "use1-az5"].map(str::to_owned).to_vec();
        });
}

fn change_network(world: &mut World, change: impl FnOnce(&mut Network)) {
    if let Some(network) = world.model.confluent.networks.get_mut(CONFLUENT_NETWORK) {
        change(network);
    }
}

/// The first two calls of each action have no effect.
pub(super) fn fail_before(world: &mut World, actions: &[&str]) {
    for action in actions {
        world.add_fault(Fault {
            count: Some(2),
            ..Fault::on(action, FaultKind::ErrorBeforeEffect)
        });
    }
}

/// The first call of each action has its effect.
pub(super) fn fail_after(world: &mut World, actions: &[&str]) {
    for action in actions {
        world.add_fault(Fault::once(action, FaultKind::ErrorAfterEffect));
    }
}

/// Every call of the action for two minutes.
fn throttle(world: &mut World, action: &str) {
    world.add_fault(Fault {
        seconds: Some(120.0),
        ..Fault::on(action, FaultKind::Throttle)
    });
}
