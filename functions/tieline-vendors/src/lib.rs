//! The only crate that speaks the vendors' HTTP APIs: TiDB Cloud and Confluent Cloud in Tieline's words.
//!
//! [`Vendors`] implements [`tieline::outside::TidbCloud`] and [`tieline::outside::Confluent`]. The caller hands it an
//! HTTP client ([`Http`]) and a reader of secrets ([`Secrets`]).

mod answer;
mod api;
mod call;
mod confluent;
mod decode;
mod dedicated;
mod digest;
mod http;
mod pages;
mod secrets;
mod serverless;
mod tidb_cloud;

#[cfg(test)]
mod script;

use tieline_https::Https;

pub use crate::http::{Http, HttpError, HttpRequest, HttpResponse};
pub use crate::secrets::Secrets;

/// Clients of the vendors' APIs. Create them once per cold start: they cache keys, nonces and connections.
#[expect(missing_debug_implementations, reason = "it holds keys")]
pub struct Vendors {
    http: Box<dyn Http>,
    secrets: Box<dyn Secrets>,
    /// Replaces the vendors' own addresses. Has no trailing slash.
    endpoint_url: Option<String>,
    keys: secrets::Keys,
    nonces: digest::Nonces,
}

impl Vendors {
    /// Clients that use the network; `endpoint_url` as for [`Self::new`].
    ///
    /// # Errors
    ///
    /// The same as [`Https::new`].
    pub fn connect(
        secrets: impl Secrets + 'static,
        endpoint_url: Option<String>,
    ) -> Result<Self, HttpError> {
        let https = Https::new(http::CONNECT, http::WHOLE)?;
        Ok(Self::new(https, secrets, endpoint_url))
    }

    /// Clients that call each vendor at its own address, or at `<endpoint_url>/<its host>` if there is an endpoint URL.
    pub fn new(
        http: impl Http + 'static,
        secrets: impl Secrets + 'static,
        endpoint_url: Option<String>,
    ) -> Self {
        Self {
            http: Box::new(http),
            secrets: Box::new(secrets),
            endpoint_url: endpoint_url.map(|url| url.trim_end_matches('/').to_owned()),
            keys: secrets::Keys::default(),
            nonces: digest::Nonces::default(),
        }
    }
}
