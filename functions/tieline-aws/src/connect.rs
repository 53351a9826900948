//! The AWS clients, built once per cold start.

use std::time::Duration;

use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_ec2::config::SharedCredentialsProvider;
use aws_sdk_ec2::config::retry::ReconnectMode;
use tieline::ids::Region;
use tieline::outside::{Limits, Outside};
use tieline_https::HttpError;
use tieline_vendors::Vendors;

use crate::clock::SystemClock;
use crate::dms::AwsDms;
use crate::dsql::AwsDsql;
use crate::ec2::AwsEc2;
use crate::http::{ATTEMPT, SdkHttp};
use crate::quotas::AwsQuotas;
use crate::route53::AwsRoute53;
use crate::secrets::AwsSecrets;
use crate::settings::{BadVariable, Settings};

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
    /// HTTPS cannot be set up.
    #[error("could not set up HTTPS")]
    Https(#[from] HttpError),
}

impl Aws {
    /// Builds the clients from the environment that Lambda sets.
    ///
    /// # Errors
    ///
    /// A setting that cannot be used, or an HTTPS client that cannot be built.
    pub fn connect() -> Result<Self, Unusable> {
        let settings = Settings::from_env()?;
        let config = config(&settings)?;
        let secrets = AwsSecrets::new(&config);
        Ok(Self {
            ec2: AwsEc2::new(&config),
            dsql: AwsDsql::new(&config),
            quotas: AwsQuotas::new(&config),
            route53: AwsRoute53::new(&config, &settings.region),
            dms: AwsDms::new(&config, secrets.clone()),
            vendors: Vendors::connect(secrets, settings.world)?,
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

fn config(settings: &Settings) -> Result<SdkConfig, HttpError> {
    let mut config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(aws_config::Region::new(settings.region.to_string()))
        // Where Lambda puts a role's credentials. The SDK's default chain would look into files and ask metadata servers
        // as well, and every function would carry that. Nor is any other of the SDK's variables read (AWS_ENDPOINT_URL,
        // AWS_USE_FIPS_ENDPOINT and their like).
        .credentials_provider(SharedCredentialsProvider::new(
            EnvironmentVariableCredentialsProvider::new(),
        ))
        .http_client(SdkHttp::new()?)
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
        );
    config.set_endpoint_url(settings.world.clone());
    Ok(config.build())
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;

    use aws_sdk_ec2::config::Credentials;

    use super::*;

    /// Answers the calls one after the other, each on a connection of its own; an empty answer only hangs up.
    fn server(answers: [&'static str; 2]) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            for answer in answers {
                let (mut stream, _) = listener.accept().unwrap();
                let length = stream.read(&mut [0; 8192]).unwrap();
                assert_ne!(length, 0);
                stream.write_all(answer.as_bytes()).unwrap();
            }
        });
        format!("http://{address}")
    }

    #[tokio::test]
    async fn a_call_whose_connection_breaks_is_made_again() {
        let world = server([
            "",
            "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n\
             <DescribeVpcsResponse><vpcSet><item><vpcId>vpc-1</vpcId></item></vpcSet></DescribeVpcsResponse>",
        ]);
        let settings = Settings {
            region: "us-east-1".parse().unwrap(),
            limits: Limits {
                phase: Duration::ZERO,
                settle: Duration::ZERO,
            },
            world: Some(world),
        };
        let key = Credentials::new("AKID", "secret", None, None, "test");
        let config = config(&settings).unwrap().to_builder();
        let config = config
            .credentials_provider(SharedCredentialsProvider::new(key))
            .build();

        let answer = aws_sdk_ec2::Client::new(&config)
            .describe_vpcs()
            .send()
            .await
            .unwrap();

        assert_eq!(answer.vpcs()[0].vpc_id(), Some("vpc-1"));
    }
}
