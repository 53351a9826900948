//! How the SDK's clients are set: the one place for what they have in common.

use std::time::Duration;

use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_ec2::config::retry::{ReconnectMode, RetryPartition};
use aws_sdk_ec2::config::{
    IdentityCache, SharedCredentialsProvider, SharedHttpClient, StalledStreamProtectionConfig,
};
use aws_smithy_async::time::SharedTimeSource;
use tieline::ids::Region;

use crate::http::ATTEMPT;

/// What the clients have in common.
#[derive(Debug)]
pub(crate) struct Sdk {
    pub(crate) config: SdkConfig,
    /// Which clients share a budget of retries; those of a process do, if nothing is said.
    pub(crate) retry_partition: Option<RetryPartition>,
}

/// Another wire than HTTPS to AWS, for tests of these clients: the same clients with the same retries and time limits, on
/// another clock.
#[derive(Debug, Clone)]
pub struct Wire {
    pub http: SharedHttpClient,
    pub credentials: SharedCredentialsProvider,
    pub time: SharedTimeSource,
    pub retry_partition: RetryPartition,
    /// Where the services are on it.
    pub endpoint_url: String,
}

impl Sdk {
    /// Clients that talk HTTPS to AWS, with the credentials that Lambda puts into the environment.
    ///
    /// The SDK's default chain would look into files and ask metadata servers as well, and every function would carry that.
    /// Nor is any other of the SDK's variables read (`AWS_ENDPOINT_URL`, `AWS_USE_FIPS_ENDPOINT` and their like).
    pub(crate) fn on_https(
        http: SharedHttpClient,
        region: &Region,
        endpoint_url: Option<String>,
    ) -> Self {
        let credentials =
            SharedCredentialsProvider::new(EnvironmentVariableCredentialsProvider::new());
        let mut config = common(http, credentials, region).into_builder();
        config.set_endpoint_url(endpoint_url);
        Self {
            config: config.build(),
            retry_partition: None,
        }
    }

    pub(crate) fn on_wire(wire: Wire, region: &Region) -> Self {
        let config = common(wire.http, wire.credentials, region)
            .into_builder()
            .endpoint_url(wire.endpoint_url)
            .time_source(wire.time)
            // A cached identity and a watch over slow bodies measure the time of this machine.
            .identity_cache(IdentityCache::no_cache())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
        Self {
            config: config.build(),
            retry_partition: Some(wire.retry_partition),
        }
    }
}

fn common(
    http: SharedHttpClient,
    credentials: SharedCredentialsProvider,
    region: &Region,
) -> SdkConfig {
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(aws_config::Region::new(region.to_string()))
        .credentials_provider(credentials)
        .http_client(http)
        // The state machine retries for minutes; a function only bridges what passes at once.
        .retry_config(
            RetryConfig::standard()
                .with_max_attempts(3)
                // The client does not show its connections to the SDK, which would complain at each 5xx.
                .with_reconnect_mode(ReconnectMode::ReuseAllConnections),
        )
        .timeout_config(
            TimeoutConfig::builder()
                .operation_attempt_timeout(ATTEMPT)
                .operation_timeout(Duration::from_secs(10))
                .build(),
        )
        .build()
}

/// A service's client. Only its own configuration takes a partition of retries.
macro_rules! client {
    ($service:ident, $sdk:expr) => {{
        let mut config = $service::config::Builder::from(&$sdk.config);
        config.set_retry_partition($sdk.retry_partition.clone());
        $service::Client::from_conf(config.build())
    }};
}

pub(crate) use client;
