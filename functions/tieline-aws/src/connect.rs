//! The AWS clients, built once per cold start.

use std::time::Duration;

use aws_config::{BehaviorVersion, retry::RetryConfig, timeout::TimeoutConfig};
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode};
use aws_smithy_http_client::{Builder, HttpClientError};
use tieline::ids::Region;
use tieline::outside::{Limits, Outside};

use crate::clock::SystemClock;
use crate::dsql::AwsDsql;
use crate::ec2::AwsEc2;
use crate::quotas::AwsQuotas;
use crate::settings::{BadVariable, Settings};

/// The roots that AWS's endpoints chain to. Reading the system's 140 instead is most of what an untuned cold start costs.
const AMAZON_ROOTS: &str = include_str!("amazon-roots.pem");

/// The world outside, on AWS.
#[derive(Debug)]
pub struct Aws {
    ec2: AwsEc2,
    dsql: AwsDsql,
    quotas: AwsQuotas,
    region: Region,
    limits: Limits,
}

/// Why the function cannot start.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// A setting is wrong.
    #[error("the function is not set up")]
    Settings(#[from] BadVariable),
    /// The HTTPS client cannot be built.
    #[error("could not build the HTTPS client")]
    Https(#[source] HttpClientError),
}

impl Aws {
    /// Builds the clients from the environment that Lambda sets.
    ///
    /// # Errors
    ///
    /// A setting that cannot be used, or an HTTPS client that cannot be built.
    pub async fn connect() -> Result<Self, Unusable> {
        let settings = Settings::from_env()?;
        let mut roots = TrustStore::empty();
        for root in AMAZON_ROOTS.split_inclusive("-----END CERTIFICATE-----\n") {
            roots.add_pem_certificate(root);
        }
        let tls = TlsContext::builder()
            .with_trust_store(roots)
            .build()
            .map_err(Unusable::Https)?;
        // ring, because aws-lc gathers CPU jitter for 31 ms at the first connection (0.4 s on a small function).
        let http = Builder::new()
            .tls_provider(Provider::Rustls(CryptoMode::Ring))
            .tls_context(tls)
            .build_https();
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .http_client(http)
            // The state machine retries for minutes; a function only bridges what passes at once.
            .retry_config(RetryConfig::standard().with_max_attempts(3))
            .timeout_config(
                TimeoutConfig::builder()
                    .connect_timeout(Duration::from_secs(2))
                    .operation_attempt_timeout(Duration::from_secs(6))
                    .operation_timeout(Duration::from_secs(15))
                    .build(),
            );
        if let Some(world) = settings.world {
            loader = loader.endpoint_url(world);
        }
        let config = loader.load().await;
        Ok(Self {
            ec2: AwsEc2::new(&config),
            dsql: AwsDsql::new(&config),
            quotas: AwsQuotas::new(&config),
            region: settings.region,
            limits: settings.limits,
        })
    }

    /// The world as the steps see it.
    pub fn outside(&self) -> Outside<'_> {
        Outside {
            ec2: &self.ec2,
            dsql: &self.dsql,
            quotas: &self.quotas,
            clock: &SystemClock,
            limits: self.limits,
        }
    }

    /// The Region that this deployment serves.
    pub fn region(&self) -> &Region {
        &self.region
    }
}
