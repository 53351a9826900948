//! No test waits for ever: it fails, and says what it waited for.

use std::time::Duration;

pub(crate) async fn within<T>(limit: Duration, what: &str, work: impl Future<Output = T>) -> T {
    tokio::time::timeout(limit, work)
        .await
        .unwrap_or_else(|_| panic!("waited {} s for {what}", limit.as_secs()))
}
