//! The vendors' APIs: where each one is, how its requests are signed, and which key signs them.
//!
//! Another vendor's API is another entry here. How a call is made does not depend on the vendor.

use crate::secrets::KeyFields;

#[derive(Debug)]
pub(crate) struct Api {
    pub(crate) host: &'static str,
    /// The beginning of every path.
    pub(crate) base: &'static str,
    pub(crate) auth: Auth,
    /// Which fields of a secret hold the key. `auth` cannot tell: two vendors may sign alike.
    pub(crate) key: KeyFields,
    /// The header with the id by which the vendor's support can look up a call.
    pub(crate) trace: &'static str,
    /// The headers that say how long to wait, the preferred one first.
    pub(crate) retry_after: [&'static str; 2],
    /// The parameters of a list: how many entries a page has, and which page it is.
    pub(crate) page: [&'static str; 2],
}

#[derive(Debug, Clone, Copy)]
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
    key: KeyFields {
        id: "apiKey",
        secret: "apiSecret",
    },
    trace: "X-Request-Id",
    retry_after: ["retry-after", "x-ratelimit-reset"],
    page: ["page_size", "page_token"],
};

const fn tidb_cloud(host: &'static str) -> Api {
    Api {
        host,
        base: "/v1beta1",
        auth: Auth::Digest,
        key: KeyFields {
            id: "publicKey",
            secret: "privateKey",
        },
        trace: "X-Debug-Trace-Id",
        retry_after: ["x-ratelimit-reset", "retry-after"],
        page: ["pageSize", "pageToken"],
    }
}
