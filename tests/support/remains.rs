//! Everything that a request may have made anywhere, by name: what is not there before it must not be there after a failure.

use std::collections::BTreeSet;
use std::time::Duration;

use world::World;

/// How long deletions take at most, DMS's instances included.
const GONE: Duration = Duration::from_secs(900);

/// Everything that is there, once deletions have passed.
pub fn everything(world: &mut World) -> BTreeSet<String> {
    world.advance(GONE);
    everything_now(world)
}

/// Everything that is there.
pub fn everything_now(world: &World) -> BTreeSet<String> {
    let state = world.state();
    let mut all = BTreeSet::new();
    for one in &state.endpoints {
        if one.state != "deleted" {
            all.insert(format!("endpoint {}", one.vpc_endpoint_id));
        }
    }
    all.extend(
        state
            .groups
            .iter()
            .map(|one| format!("group {}", one.group_name)),
    );
    let registrations = state.registrations.iter();
    all.extend(
        registrations.map(|one| format!("registration {}", one.private_endpoint_connection_id)),
    );
    let links = state.link_connections.iter();
    all.extend(links.map(|one| format!("link {}", one.private_link_connection_id)));
    all.extend(
        state
            .accesses
            .iter()
            .map(|one| format!("access {}", one.id)),
    );
    all.extend(
        state
            .hosted_zones
            .iter()
            .map(|one| format!("zone {}", one.id)),
    );
    let dms = &state.dms;
    let groups = dms.subnet_groups.iter();
    all.extend(
        groups.map(|one| format!("subnet group {}", one.replication_subnet_group_identifier)),
    );
    let instances = dms.instances.iter();
    all.extend(instances.map(|one| format!("instance {}", one.replication_instance_identifier)));
    all.extend(
        dms.endpoints
            .iter()
            .map(|one| format!("dms endpoint {}", one.endpoint_identifier)),
    );
    all.extend(
        dms.certificates
            .iter()
            .map(|one| format!("certificate {}", one.certificate_identifier)),
    );
    all.extend(
        dms.connections
            .iter()
            .map(|one| format!("test of {}", one.endpoint_identifier)),
    );
    all
}
