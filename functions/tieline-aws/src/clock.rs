//! The time of this machine.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use tieline::time::{Clock, Time};

/// The functions have 60 s.
const STEP: Duration = Duration::from_secs(50);

#[derive(Debug)]
pub(crate) struct SystemClock;

#[async_trait]
impl Clock for SystemClock {
    fn now(&self) -> Time {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Time(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
    }

    async fn step_is_over(&self) {
        let never = std::future::pending::<()>();
        let _ = tokio::time::timeout(STEP, never).await;
    }
}
