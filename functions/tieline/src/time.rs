//! Points in time, who tells it, and how long things may take.

use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

/// How long things may take, set by the deployment.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// A phase that takes longer has failed.
    pub phase: Duration,
    /// How long a create whose answer was lost may still turn up: the rollback looks for it that long.
    pub settle: Duration,
    /// How long an execution waits in all for services that only put it off. That time counts against no phase.
    pub outage: Duration,
}

/// A point in time: milliseconds since 1970 (UTC).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Time(pub u64);

impl Time {
    /// The time as RFC 3339 writes it, in UTC and to the second.
    pub fn to_rfc3339(self) -> String {
        let millis = i64::try_from(self.0).unwrap_or(i64::MAX);
        chrono::DateTime::from_timestamp_millis(millis)
            .unwrap_or_default()
            .to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
    }

    /// The time that passed since `earlier`; none if it lies ahead, as clocks of two hosts may disagree.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}

impl std::ops::Add<Duration> for Time {
    type Output = Self;

    fn add(self, later: Duration) -> Self {
        let millis = u64::try_from(later.as_millis()).unwrap_or(u64::MAX);
        Self(self.0.saturating_add(millis))
    }
}

/// Tells the time.
#[async_trait]
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Time;

    /// Comes back once a step that begins now has taken as long as it may: Lambda would kill the function and say nothing of
    /// why.
    async fn step_is_over(&self);
}
