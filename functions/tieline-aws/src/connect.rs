//! The AWS clients, built once per cold start.

use std::time::Duration;

use aws_config::{BehaviorVersion, retry::RetryConfig, timeout::TimeoutConfig};
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode};
use aws_smithy_http_client::{Builder, HttpClientError};
use tieline::ids::Region;
use tieline::outside::{Limits, Outside};
use tieline_vendors::{HttpError, HyperHttp, Vendors};

use crate::clock::SystemClock;
use crate::dms::AwsDms;
use crate::dsql::AwsDsql;
use crate::ec2::AwsEc2;
use crate::quotas::AwsQuotas;
use crate::route53::AwsRoute53;
use crate::secrets::AwsSecrets;
use crate::settings::{BadVariable, Settings};

/// The roots that AWS's endpoints chain to. Reading the system's 140 instead is most of what an untuned cold start costs.
const AMAZON_ROOTS: &str = include_str!("amazon-roots.pem");

/// The world outside, on AWS.
#[derive(Debug)]
pub struct Aws {
    ec2: AwsEc2,
    dsql: AwsDsql,
    quotas: AwsQuotas,
    route53: AwsRoute53,
    dms: AwsDms,
    vendors: Vendors,
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
    /// The HTTPS client for vendors cannot be built.
    #[error("could not build the HTTPS client for vendors")]
    Vendors(#[from] HttpError),
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
        for root in amazon_roots() {
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
                    .operation_attempt_timeout(Duration::from_secs(4))
                    .operation_timeout(Duration::from_secs(10))
                    .build(),
            );
        if let Some(world) = &settings.world {
            loader = loader.endpoint_url(world);
        }
        let config = loader.load().await;
        let secrets = AwsSecrets::new(&config);
        Ok(Self {
            ec2: AwsEc2::new(&config),
            dsql: AwsDsql::new(&config),
            quotas: AwsQuotas::new(&config),
            route53: AwsRoute53::new(&config, &settings.region),
            dms: AwsDms::new(&config, secrets.clone()),
            vendors: Vendors::new(HyperHttp::new()?, secrets, settings.world),
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
            route53: &self.route53,
            dms: &self.dms,
            tidb_cloud: &self.vendors,
            confluent: &self.vendors,
            clock: &SystemClock,
            limits: self.limits,
        }
    }

    /// The Region that this deployment serves.
    pub fn region(&self) -> &Region {
        &self.region
    }
}

/// Each of the embedded roots, with the comment above it.
fn amazon_roots() -> impl Iterator<Item = &'static str> {
    AMAZON_ROOTS
        .split_inclusive("-----END CERTIFICATE-----\n")
        .filter(|root| root.contains("-----BEGIN CERTIFICATE-----"))
}

#[cfg(test)]
mod tests {
    use rustls_pki_types::{CertificateDer, pem::PemObject as _};
    use sha2::{Digest as _, Sha256};

    use super::*;

    /// As Amazon Trust Services and Mozilla's list publish them.
    const FINGERPRINTS: [&str; 5] = [
        "8ecde6884f3d87b1125ba31ac3fcb13d7016de7f57cc904fe1cb97c6ae98196e",
        "1ba5b2aa8c65401a82960118f80bec4f62304d83cec4713a19c39c011ea46db4",
        "18ce6cfe7bf14e60b2e347b8dfe868cb31d02ebb3ada271569f50343b46db3a4",
        "e35d28419ed02025cfa69038cd623962458da5c695fbdea3c22b0bfb25897092",
        "568d6905a2c88708a4b3025190edcfedb1974a606a13c6e5290fcb2ae63edab5",
    ];

    #[test]
    fn the_embedded_roots_are_amazons() {
        let fingerprints: Vec<String> = amazon_roots()
            .map(|root| CertificateDer::from_pem_slice(root.as_bytes()).unwrap())
            .map(|root| {
                Sha256::digest(&root)
                    .iter()
                    .map(|byte| format!("{byte:02x}"))
                    .collect()
            })
            .collect();

        assert_eq!(fingerprints, FINGERPRINTS);
    }
}
