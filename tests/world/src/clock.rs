//! Virtual time: milliseconds since the Unix epoch.

use std::time::{Duration, UNIX_EPOCH};

/// A moment in virtual time, in milliseconds since the Unix epoch.
pub type Moment = u64;

/// Where the in-process worlds begin: 2026-09-01T09:00:00Z, a Tuesday morning.
pub const BEGINNING: Moment = 1_788_253_200_000;

/// The moment `wait` after `moment`.
#[must_use]
pub fn after(moment: Moment, wait: Duration) -> Moment {
    moment + u64::try_from(wait.as_millis()).unwrap_or(u64::MAX / 2)
}

/// The moment as EC2 writes it: ISO 8601 with milliseconds in UTC.
#[must_use]
pub fn iso8601(moment: Moment) -> String {
    humantime::format_rfc3339_millis(UNIX_EPOCH + Duration::from_millis(moment)).to_string()
}

/// The moment as AWS's JSON protocols write it: seconds since the epoch.
#[must_use]
pub fn seconds(moment: Moment) -> f64 {
    Duration::from_millis(moment).as_secs_f64()
}
