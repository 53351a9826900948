//! HTTPS for the AWS SDK and for the vendors' clients alike: HTTP/1.1 on hyper, TLS by rustls and ring.
//!
//! The SDK's own client would come with HTTP/2, proxies and a second pool, and nothing of it is used here: without it and
//! the SDK's chain of credentials a function's package was measured a fifth smaller.

#[cfg(test)]
mod tests;

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, Uri};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};
use tieline::outside::chain;
use webpki_roots::TLS_SERVER_ROOTS;

/// Load balancers close what rests for a minute; a warm function rests longer than that between two events.
const IDLE: Duration = Duration::from_secs(20);
/// Far more than a page of a thousand of anything, and what a small function can hold.
const LARGEST: usize = 32 << 20;

/// A client that keeps its connections, and shares them with its clones.
///
/// It trusts the certificate authorities of Mozilla's list, among them Amazon's. The list is compiled in: reading the
/// system's store costs more than the rest of a cold start.
///
/// Plain HTTP is for tests: it is spoken only to this machine and to Docker's networks (172.16.0.0/12).
#[derive(Debug, Clone)]
pub struct Https {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    whole: Duration,
}

/// What was seen instead of an answer, in words without any header or credential: neither hyper nor rustls puts one
/// into an error.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct HttpError(pub String);

impl Https {
    /// A client that gives up on TCP connections after `connect`, of which each of a name's addresses has its share, and
    /// on a whole exchange, from the name's resolution to the answer's last byte, after `whole`.
    ///
    /// # Errors
    ///
    /// TLS cannot be set up, which would be a mistake in how this was built.
    pub fn new(connect: Duration, whole: Duration) -> Result<Self, HttpError> {
        Self::trusting(authorities(), connect, whole)
    }

    fn trusting(
        authorities: RootCertStore,
        connect: Duration,
        whole: Duration,
    ) -> Result<Self, HttpError> {
        // ring, because aws-lc gathers CPU jitter for 31 ms at the first connection (0.4 s on a small function).
        let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| HttpError(format!("TLS cannot be set up: {}", chain(&error))))?
            .with_root_certificates(authorities)
            .with_no_client_auth();
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_connect_timeout(Some(connect));
        tcp.set_nodelay(true);
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp);
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .build(connector);
        Ok(Self { client, whole })
    }

    /// Sends a request and brings back the answer, whatever its status. Redirects are answers like any other.
    ///
    /// # Errors
    ///
    /// There was no whole answer. The request may have been sent, and may have had its effect.
    pub async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        tokio::time::timeout(self.whole, self.exchange(request))
            .await
            .unwrap_or_else(|_| {
                let seconds = self.whole.as_secs_f32();
                Err(HttpError(format!("no answer within {seconds} s")))
            })
    }

    async fn exchange(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        if !may_be_asked(request.uri()) {
            return Err(HttpError(
                "the URL is neither https nor one of this machine's".to_owned(),
            ));
        }
        let answer = self
            .client
            .request(request.map(Full::new))
            .await
            .map_err(|error| HttpError(chain(&error)))?;
        let (head, body) = answer.into_parts();
        let body = Limited::new(body, LARGEST)
            .collect()
            .await
            .map_err(|error| HttpError(format!("half an answer: {}", chain(&*error))))?;
        Ok(Response::from_parts(head, body.to_bytes()))
    }
}

/// Mozilla's list.
fn authorities() -> RootCertStore {
    TLS_SERVER_ROOTS.iter().cloned().collect()
}

/// A key goes out encrypted or not at all, except to a test's own machine.
pub fn may_be_asked(uri: &Uri) -> bool {
    let own = |host: &str| {
        host == "localhost"
            || host.parse::<Ipv4Addr>().is_ok_and(|address| {
                let [first, second, ..] = address.octets();
                address == Ipv4Addr::LOCALHOST || (first == 172 && (16..32).contains(&second))
            })
    };
    match uri.scheme_str() {
        Some("https") => true,
        Some("http") => uri.host().is_some_and(own),
        _ => false,
    }
}
