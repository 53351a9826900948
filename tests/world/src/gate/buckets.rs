//! EC2's token buckets, per action.
//!
//! Source: EC2 developer guide, "Request throttling for the Amazon EC2 API" (bucket sizes and
//! refill rates).

use std::collections::BTreeMap;
use std::time::Duration;

use crate::clock::Moment;

/// The buckets that have been used, and how generous they are.
#[derive(Debug)]
pub(super) struct Buckets {
    factor: Option<f64>,
    levels: BTreeMap<String, Level>,
}

/// How full a bucket was at a moment.
#[derive(Debug, Clone, Copy)]
struct Level {
    tokens: f64,
    at: Moment,
}

/// A bucket's size and its refill per second.
#[derive(Debug, Clone, Copy)]
struct Limit {
    size: f64,
    refill: f64,
}

impl Default for Buckets {
    fn default() -> Self {
        Self {
            factor: Some(1.0),
            levels: BTreeMap::new(),
        }
    }
}

impl Buckets {
    /// Takes a token, if there is one.
    pub(super) fn take(&mut self, action: &str, now: Moment) -> bool {
        let Some(factor) = self.factor else {
            return true;
        };
        let tokens = self.tokens(action, factor, now);
        // A hair of tolerance, so that exactly one refill is one token.
        let granted = tokens >= 1.0 - 1e-6;
        let rest = if granted { tokens - 1.0 } else { tokens };
        self.levels.insert(
            action.to_owned(),
            Level {
                tokens: rest,
                at: now,
            },
        );
        granted
    }

    pub(super) fn scale(&mut self, factor: Option<f64>) {
        self.factor = factor;
        self.levels.clear();
    }

    pub(super) fn drain(&mut self, action: &str, now: Moment) {
        self.levels.insert(
            action.to_owned(),
            Level {
                tokens: 0.0,
                at: now,
            },
        );
    }

    fn tokens(&self, action: &str, factor: f64, now: Moment) -> f64 {
        let limit = limit(action);
        let size = limit.size * factor;
        self.levels.get(action).map_or(size, |level| {
            let seconds = Duration::from_millis(now.saturating_sub(level.at)).as_secs_f64();
            (level.tokens + seconds * limit.refill * factor).min(size)
        })
    }
}

fn limit(action: &str) -> Limit {
    match action {
        "CreateVpcEndpoint" | "ModifyVpcEndpoint" | "DeleteVpcEndpoints" => Limit {
            size: 4.0,
            refill: 0.3,
        },
        "CreateTags" => Limit {
            size: 100.0,
            refill: 10.0,
        },
        action if action.starts_with("Describe") => Limit {
            size: 100.0,
            refill: 20.0,
        },
        _ => Limit {
            size: 50.0,
            refill: 5.0,
        },
    }
}
