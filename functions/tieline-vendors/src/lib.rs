//! The only crate that speaks the vendors' HTTP APIs: TiDB Cloud and Confluent Cloud in Tieline's words.
//!
//! [`Vendors`] answers [`tieline::outside::TidbCloud`] and [`tieline::outside::Confluent`]. What it needs of the world
//! it is given: something that speaks [`Http`] and something that reads [`Secrets`].

mod answer;
mod api;
mod call;
mod confluent;
mod decode;
mod dedicated;
mod digest;
mod http;
mod https;
mod pages;
mod secrets;
mod serverless;
mod tidb_cloud;

#[cfg(test)]
mod script;

use std::fmt;

use tieline_https::Https;

pub use crate::http::{Http, HttpError, HttpRequest, HttpResponse};
pub use crate::secrets::Secrets;

/// The vendors' APIs. It is made once per cold start: keys, nonces and connections are worth keeping.
pub struct Vendors {
    http: Box<dyn Http>,
    secrets: Box<dyn Secrets>,
    /// Replaces the vendors' own addresses; without a slash at the end.
    endpoint_url: Option<String>,
    keys: secrets::Keys,
    nonces: digest::Nonces,
}

impl Vendors {
    /// The vendors over the network.
    ///
    /// # Errors
    ///
    /// As [`Https::new`].
    pub fn connect(
        secrets: impl Secrets + 'static,
        endpoint_url: Option<String>,
    ) -> Result<Self, HttpError> {
        let https = Https::new(https::CONNECT, https::WHOLE)?;
        Ok(Self::new(https, secrets, endpoint_url))
    }

    /// The vendors at their own addresses, or each at `<endpoint_url>/<its host>`.
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

impl fmt::Debug for Vendors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vendors")
            .field("endpoint_url", &self.endpoint_url)
            .finish_non_exhaustive()
    }
}
