//! The world, and the shipped clients in front of it: what a function has in production, but for the wire and the clock.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tieline::outside::Outside;
use tieline::time::Limits;
use tieline_aws::Aws;
use tokio::sync::Notify;
use tokio::time::Instant;
use world::World;

use crate::wire;

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
}

type Watch = Box<dyn Fn(&mut World) + Send>;

impl Simulated {
    /// The shipped clients on a world.
    pub fn on(world: World) -> Self {
        Self::build(world, None, 1, LIMITS)
    }

    /// The same in a deployment that has no more patience with outages than with a phase: what stays broken is over soon.
    pub fn impatient(world: World) -> Self {
        let outage = LIMITS.phase;
        Self::build(world, None, 1, Limits { outage, ..LIMITS })
    }

    /// The same, where every call takes this long.
    pub fn with_latency(world: World, latency: Duration) -> Self {
        Self::build(world, Some(latency), 1, LIMITS)
    }

    /// The same, where other dice decide how long a call takes and so which execution is first.
    pub fn seeded(world: World, seed: u64) -> Self {
        Self::build(world, None, seed, LIMITS)
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
        });
        // The SDK's jitter comes from here.
        fastrand::seed(seed);
        let region = "us-east-1".parse().expect("a Region");
        let (sdk, vendors) = wire::wires(&shared);
        let clock = Arc::new(vendors.clone());
        let aws = Aws::on_wire(sdk, vendors, clock, region, limits);
        Self {
            shared,
            aws: Arc::new(aws),
        }
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
