//! Furnished worlds: one where all is well, and one for each problem that the same request can
//! meet.

mod addresses;
mod bounds;
mod connected;
mod default;
mod migration;
mod paths;
mod problems;
mod vendor_problems;
mod vendors;

use std::sync::LazyLock;
use std::time::Duration;

use crate::World;
use crate::clock::{BEGINNING, Moment};
use crate::model::Model;

pub use connected::{CONNECTED_GROUP, CONNECTED_SUBNETS, CONNECTED_VPC};
pub use default::{
    CLUSTER, GROUP, OTHER_CLUSTER, SERVICE, SUBNETS, VENDOR, VENDOR_NAMELESS, VENDOR_UNVERIFIED,
    VPC,
};
pub use migration::{PEER_SUBNET, PEER_VPC, TEST_FAILURE};
pub use vendors::{
    CONFLUENT_DOMAIN, CONFLUENT_ELSEWHERE, CONFLUENT_GLOBAL, CONFLUENT_NETWORK,
    CONFLUENT_OTHER_ZONES, CONFLUENT_PEERING, CONFLUENT_PROVISIONING, CONFLUENT_SERVICE, PARTNER,
    PARTNER_NAMELESS, TIDB_CLUSTER, TIDB_ESSENTIAL, TIDB_ESSENTIAL_PREFIX, TIDB_GROUP, TIDB_HOST,
    TIDB_OTHER_GROUP, TIDB_OTHER_HOST, TIDB_OTHER_SERVICE, TIDB_SERVICE, TIDB_SHARED_HOST,
    TIDB_SHARED_SERVICE, TIDB_STARTER, TIDB_STARTER_PREFIX,
};

/// The scenarios of all files.
static ALL: LazyLock<Vec<Scenario>> = LazyLock::new(|| {
    [
        problems::SCENARIOS,
        bounds::SCENARIOS,
        addresses::SCENARIOS,
        paths::SCENARIOS,
        migration::SCENARIOS,
        vendor_problems::SCENARIOS,
    ]
    .concat()
});

/// How long ago everything was set up that a scenario begins with.
const AGE: Duration = Duration::from_secs(30 * 24 * 3600);

/// A furnished world.
#[derive(Debug, Clone, Copy)]
pub struct Scenario {
    /// Its name.
    pub name: &'static str,
    /// What is special about it, in one sentence.
    pub about: &'static str,
    change: fn(&mut World),
}

impl Scenario {
    /// What is special about it comes to pass in a world that is there.
    pub fn befall(&self, world: &mut World) {
        (self.change)(world);
    }

    /// All scenarios, `default` first.
    #[must_use]
    pub fn all() -> &'static [Scenario] {
        &ALL
    }

    /// The scenario of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Scenario> {
        Self::all().iter().find(|scenario| scenario.name == name)
    }

    /// Its world, as it is at this moment.
    #[must_use]
    pub fn world(&self, now: Moment) -> World {
        let mut world = World::empty(now);
        world.long_ago(default::furnish);
        world.long_ago(migration::furnish);
        world.long_ago(vendors::furnish);
        world.long_ago(connected::furnish);
        (self.change)(&mut world);
        world
    }
}

/// The world of a scenario at the usual beginning, for tests that run in-process.
///
/// # Panics
///
/// If there is no scenario of this name.
#[must_use]
pub fn world(name: &str) -> World {
    let scenario = Scenario::named(name).unwrap_or_else(|| panic!("there is no scenario {name}"));
    scenario.world(BEGINNING)
}

impl World {
    /// Sets something up that was finished a month before the scenario begins.
    fn long_ago(&mut self, set_up: impl FnOnce(&mut Model)) {
        let now = self.model.now;
        self.model.now = now.saturating_sub(u64::try_from(AGE.as_millis()).unwrap_or_default());
        set_up(&mut self.model);
        self.model.now = now;
    }
}
