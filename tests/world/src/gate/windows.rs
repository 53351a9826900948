//! The vendors' rate limits: so many requests of a key in a minute.
//!
//! Sources: docs.pingcap.com, "API Keys in Data Service" and "TiDB Cloud API overview" (100 a
//! minute and key, `X-Ratelimit-Reset` in seconds); Confluent's spec (`X-RateLimit-Reset` in
//! relative seconds). That the minutes are the clock's is not verified.

use std::collections::BTreeMap;

use crate::clock::Moment;

const MINUTE: u64 = 60_000;

/// How many requests each key has made in its last minute.
#[derive(Debug)]
pub(super) struct Windows {
    factor: Option<f64>,
    used: BTreeMap<String, (u64, u32)>,
}

/// What a key has left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rate {
    /// How many requests it may make in a minute.
    pub(crate) limit: u32,
    /// How many of them are left.
    pub(crate) remaining: u32,
    /// How many seconds this minute still lasts.
    pub(crate) reset: u64,
    /// Whether this request is one too many.
    pub(crate) exceeded: bool,
}

impl Default for Windows {
    fn default() -> Self {
        Self {
            factor: Some(1.0),
            used: BTreeMap::new(),
        }
    }
}

impl Windows {
    /// Counts a request of a key.
    pub(super) fn count(&mut self, key: &str, limit: u32, now: Moment) -> Rate {
        let minute = now / MINUTE;
        let used = self.used.entry(key.to_owned()).or_insert((minute, 0));
        if used.0 != minute {
            *used = (minute, 0);
        }
        let factor = self.factor.unwrap_or(1.0);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a limit is small, and no factor is negative"
        )]
        let limit = (f64::from(limit) * factor) as u32;
        let exceeded = self.factor.is_some() && used.1 >= limit;
        if !exceeded {
            used.1 += 1;
        }
        Rate {
            limit,
            remaining: limit.saturating_sub(used.1),
            reset: (MINUTE - now % MINUTE).div_ceil(1000),
            exceeded,
        }
    }

    pub(super) fn scale(&mut self, factor: Option<f64>) {
        self.factor = factor;
        self.used.clear();
    }
}
