//! The world, and the shipped clients in front of it: what a function has in production, but for the wire and the clock.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tieline::deployment::{Bounds, Deployment};
use tieline::outside::Outside;
use tieline::time::Limits;
use tieline_aws::Aws;
use tokio::sync::Notify;
use tokio::time::Instant;
use world::World;

use crate::verifier::{self, InVpc};
use crate::wire;
use crate::wrong::Wrong;

/// What a phase may take, and how long a lost create may still turn up: as the template sets it.
const LIMITS: Limits = Limits {
    phase: Duration::from_secs(1200),
    settle: Duration::from_secs(180),
    outage: Duration::from_secs(6 * 3600),
};

/// A world whose clock is tokio's paused one, behind the clients that are shipped.
#[derive(Clone)]
pub struct Simulated {
    shared: Arc<Shared>,
    aws: Arc<Aws>,
    verifier: Option<Arc<InVpc>>,
}

/// What the wire, the clock and the tests share.
pub(crate) struct Shared {
    world: Mutex<World>,
    /// Since when tokio's time is the world's, and how many milliseconds of it the world has seen.
    began: Instant,
    seen: Mutex<u128>,
    pub(crate) dice: Mutex<fastrand::Rng>,
    /// What a call takes; by chance, unless a test says it.
    latency: Option<Duration>,
    /// Told of every call that is over.
    pub(crate) called: Notify,
    watch: Mutex<Option<Watch>>,
    bus_is_closed: AtomicBool,
    plans_are_old: AtomicBool,
}

type Watch = Box<dyn Fn(&mut World) + Send>;

impl Simulated {
    /// The shipped clients on a world.
    pub fn on(world: World) -> Self {
        Self::build(world, None, 1, LIMITS)
    }

    /// The same in a deployment without much patience: what stays broken is over soon.
    pub fn impatient(world: World) -> Self {
        let limits = Limits {
            phase: Duration::from_secs(900),
            outage: Duration::from_secs(120),
            ..LIMITS
        };
        Self::build(world, None, 1, limits)
    }

    /// The same, where every call takes this long.
    pub fn with_latency(world: World, latency: Duration) -> Self {
        Self::build(world, Some(latency), 1, LIMITS)
    }

    /// The same, where other dice decide how long a call takes and so which execution is first.
    pub fn seeded(world: World, seed: u64) -> Self {
        Self::build(world, None, seed, LIMITS)
    }

    /// The shipped clients on a world with a verifier in the VPC, if its scenario has one.
    pub fn verified(world: World) -> Self {
        match world.verifier() {
            world::Verifier::Missing => Self::on(world),
            world::Verifier::Works => Self::verified_after(world, Duration::ZERO),
            world::Verifier::WakesUp => Self::verified_after(world, verifier::WAKING),
        }
    }

    /// The same with a verifier that takes this long to wake up.
    pub fn verified_after(world: World, waking: Duration) -> Self {
        Self::with_verifier(world, waking, true)
    }

    /// The same with a verifier that was deployed without IPv6.
    pub fn verified_without_ipv6(world: World) -> Self {
        Self::with_verifier(world, Duration::ZERO, false)
    }

    fn with_verifier(world: World, waking: Duration, has_ipv6: bool) -> Self {
        let mut simulated = Self::on(world);
        let outside = simulated.outside();
        let deployment = Deployment {
            verifiers: vec![verifier::ARN.parse().expect("an ARN")],
            ..outside.deployment.clone()
        };
        let limits = outside.limits;
        let verifier = InVpc::new(&simulated.shared, waking, has_ipv6);
        simulated = Self::deployed(simulated.shared, limits, deployment);
        simulated.verifier = Some(Arc::new(verifier));
        simulated
    }

    /// Invokes the verifier.
    pub(crate) async fn verify(&self, payload: Value) -> Result<Value, (String, String)> {
        let verifier = self.verifier.as_ref().expect("a verifier");
        verifier.invoke(payload).await
    }

    fn build(world: World, latency: Option<Duration>, seed: u64, limits: Limits) -> Self {
        let shared = Arc::new(Shared {
            world: Mutex::new(world),
            began: Instant::now(),
            seen: Mutex::new(0),
            dice: Mutex::new(fastrand::Rng::with_seed(seed)),
            latency,
            called: Notify::new(),
            watch: Mutex::new(None),
            bus_is_closed: AtomicBool::new(false),
            plans_are_old: AtomicBool::new(false),
        });
        // The SDK's jitter comes from here.
        fastrand::seed(seed);
        let deployment = deployment("tieline", &lock(&shared.world));
        let limits = if Wrong::NothingSettles.is_now() {
            Limits {
                settle: Duration::ZERO,
                ..limits
            }
        } else {
            limits
        };
        Self::deployed(shared, limits, deployment)
    }

    fn deployed(shared: Arc<Shared>, limits: Limits, deployment: Deployment) -> Self {
        let region = "us-east-1".parse().expect("a Region");
        let (sdk, vendors) = wire::wires(&shared);
        let clock = Arc::new(vendors.clone());
        let aws = Aws::on_wire(sdk, vendors, clock, region, limits, deployment);
        Self {
            shared,
            aws: Arc::new(aws),
            verifier: None,
        }
    }

    /// Another stack in the same world.
    pub fn beside(&self, name: &str) -> Self {
        let deployment = deployment(name, &self.world());
        Self::deployed(Arc::clone(&self.shared), self.outside().limits, deployment)
    }

    /// The world itself, at this moment.
    pub fn world(&self) -> MutexGuard<'_, World> {
        self.shared.world()
    }

    /// What a step gets.
    pub fn outside(&self) -> Outside<'_> {
        self.aws.outside()
    }

    /// Looks at the world after every call, to see that something always holds.
    pub fn watch(&self, watch: impl Fn(&mut World) + Send + 'static) {
        *lock(&self.shared.watch) = Some(Box::new(watch));
    }

    /// Whether the bus takes no events, as when the right to put them was taken away.
    pub fn close_bus(&self, closed: bool) {
        self.shared.bus_is_closed.store(closed, Ordering::Relaxed);
    }

    /// Whether functions get plans as the versions made them that knew no deployments' names and no zones in marks.
    pub fn age_plans(&self, old: bool) {
        self.shared.plans_are_old.store(old, Ordering::Relaxed);
    }

    /// A payload as these versions made it, if they did.
    pub(crate) fn aged(&self, mut payload: Value) -> Value {
        if self.shared.plans_are_old.load(Ordering::Relaxed)
            && let Some(plan) = payload["plan"].as_object_mut()
        {
            for field in ["deployment", "unnamed", "zone", "execution", "closer"] {
                plan.remove(field);
            }
        }
        payload
    }

    pub(crate) fn bus_is_closed(&self) -> bool {
        self.shared.bus_is_closed.load(Ordering::Relaxed)
    }

    /// Waits for the next call to be over.
    pub(crate) async fn next_call(&self) {
        self.shared.called.notified().await;
    }

    pub(crate) fn dice(&self) -> MutexGuard<'_, fastrand::Rng> {
        lock(&self.shared.dice)
    }
}

/// The stack of this name, with the parameters that the world says.
fn deployment(name: &str, world: &World) -> Deployment {
    let mut bounds = Bounds {
        enrolled_tag: "tieline:enrolled".to_owned(),
        service_owners: None,
        zone_suffixes: None,
        dms_classes: None,
        dms_storage_gib: 6144,
        role_prefix: "tieline-".to_owned(),
    };
    let mut tags = Vec::new();
    for (parameter, value) in world.stack() {
        match *parameter {
            "DefaultTags" => {
                let pairs = value.split(',').filter_map(|pair| pair.split_once('='));
                tags.extend(pairs.map(|(key, value)| (key.to_owned(), value.to_owned())));
            }
            "ServiceOwners" => bounds.service_owners = Some(vec![(*value).to_owned()]),
            "PrivateZoneSuffixes" => {
                bounds.zone_suffixes = Some(vec![value.parse().expect("a domain")]);
            }
            "DmsInstanceClasses" => bounds.dms_classes = Some(vec![(*value).to_owned()]),
            "DmsMaxStorageGib" => bounds.dms_storage_gib = value.parse().expect("a number"),
            other => panic!("no bound is set by the parameter {other}"),
        }
    }
    Deployment {
        name: name.to_owned(),
        bounds,
        verifiers: Vec::new(),
        tags: tags.into_iter().collect(),
    }
}

impl fmt::Debug for Simulated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Simulated").finish_non_exhaustive()
    }
}

impl Shared {
    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        let mut world = lock(&self.world);
        let now = self.began.elapsed().as_millis();
        let passed = now - std::mem::replace(&mut *lock(&self.seen), now);
        world.advance(Duration::from_millis(
            u64::try_from(passed).expect("a time"),
        ));
        world
    }

    /// What the next call takes.
    pub(crate) fn latency(&self) -> Duration {
        self.latency
            .unwrap_or_else(|| Duration::from_millis(lock(&self.dice).u64(5..60)))
    }

    /// A call is over.
    pub(crate) fn note_call(&self) {
        if let Some(watch) = &*lock(&self.watch) {
            watch(&mut self.world());
        }
        self.called.notify_waiters();
    }
}

/// Lets time pass: whenever nobody has anything to do, the paused clock jumps.
#[expect(
    clippy::disallowed_methods,
    reason = "here, waiting is how time passes"
)]
pub(crate) async fn pass(time: Duration) {
    tokio::time::sleep(time).await;
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
