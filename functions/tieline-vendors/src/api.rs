//! The vendors' APIs.

/// A vendor's API.
#[derive(Debug)]
pub(crate) struct Api {
    pub(crate) host: &'static str,
    /// What every path begins with.
    pub(crate) base: &'static str,
    pub(crate) auth: Auth,
    /// The header by which the vendor's support finds a call again.
    pub(crate) trace: &'static str,
    /// The headers that say when to come back, the better one first; in lower case.
    pub(crate) come_back: [&'static str; 2],
}

#[derive(Debug)]
pub(crate) enum Auth {
    Digest,
    Basic,
}

/// TiDB Cloud Dedicated.
pub(crate) const DEDICATED: &Api = &tidb_cloud("dedicated.tidbapi.com");
/// TiDB Cloud Starter and Essential.
pub(crate) const SERVERLESS: &Api = &tidb_cloud("serverless.tidbapi.com");
/// Confluent Cloud's networking.
pub(crate) const CONFLUENT: &Api = &Api {
    host: "api.confluent.cloud",
    base: "/networking/v1",
    auth: Auth::Basic,
    trace: "X-Request-Id",
    come_back: ["retry-after", "x-ratelimit-reset"],
};

const fn tidb_cloud(host: &'static str) -> Api {
    Api {
        host,
        base: "/v1beta1",
        auth: Auth::Digest,
        trace: "X-Debug-Trace-Id",
        come_back: ["x-ratelimit-reset", "retry-after"],
    }
}
