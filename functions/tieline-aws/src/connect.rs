//! The AWS clients, built once per cold start.

use std::sync::Arc;

use aws_sdk_ec2::config::SharedHttpClient;
use tieline::deployment::Deployment;
use tieline::ids::Region;
use tieline::outside::Outside;
use tieline::time::{Clock, Limits};
use tieline_https::HttpError;
use tieline_vendors::{Http, Vendors};

use crate::clock::SystemClock;
use crate::dms::AwsDms;
use crate::dsql::AwsDsql;
use crate::ec2::AwsEc2;
use crate::executions::AwsExecutions;
use crate::http::SdkHttp;
use crate::quotas::AwsQuotas;
use crate::route53::AwsRoute53;
use crate::sdk::{Sdk, Wire};
use crate::secrets::AwsSecrets;
use crate::settings::{BadVariable, Settings};

/// The world outside, on AWS.
#[expect(missing_debug_implementations, reason = "it holds keys")]
pub struct Aws {
    ec2: AwsEc2,
    dsql: AwsDsql,
    quotas: AwsQuotas,
    route53: AwsRoute53,
    dms: AwsDms,
    executions: AwsExecutions,
    secrets: AwsSecrets,
    vendors: Vendors,
    clock: Arc<dyn Clock>,
    region: Region,
    limits: Limits,
    deployment: Deployment,
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
        let http = SharedHttpClient::new(SdkHttp::new()?);
        let sdk = Sdk::on_https(http, &settings.region, settings.endpoint_url.clone());
        let vendors = Vendors::connect(AwsSecrets::new(&sdk), settings.endpoint_url)?;
        let clock = Arc::new(SystemClock);
        Ok(Self::new(
            &sdk,
            vendors,
            clock,
            settings.region,
            settings.limits,
            settings.deployment,
        ))
    }

    /// The same clients on another wire, and the vendors' on theirs.
    pub fn on_wire(
        wire: Wire,
        vendors: impl Http + 'static,
        clock: Arc<dyn Clock>,
        region: Region,
        limits: Limits,
        deployment: Deployment,
    ) -> Self {
        let endpoint_url = Some(wire.endpoint_url.clone());
        let sdk = Sdk::on_wire(wire, &region);
        let vendors = Vendors::new(vendors, AwsSecrets::new(&sdk), endpoint_url);
        Self::new(&sdk, vendors, clock, region, limits, deployment)
    }

    fn new(
        sdk: &Sdk,
        vendors: Vendors,
        clock: Arc<dyn Clock>,
        region: Region,
        limits: Limits,
        deployment: Deployment,
    ) -> Self {
        Self {
            ec2: AwsEc2::new(sdk),
            dsql: AwsDsql::new(sdk),
            quotas: AwsQuotas::new(sdk),
            route53: AwsRoute53::new(sdk, &region),
            dms: AwsDms::new(sdk, AwsSecrets::new(sdk)),
            executions: AwsExecutions::new(sdk),
            secrets: AwsSecrets::new(sdk),
            vendors,
            clock,
            region,
            limits,
            deployment,
        }
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
            executions: &self.executions,
            secrets: &self.secrets,
            clock: &*self.clock,
            limits: self.limits,
            deployment: &self.deployment,
        }
    }

    /// The Region that this deployment serves.
    pub fn region(&self) -> &Region {
        &self.region
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;

    use aws_sdk_ec2::config::{Credentials, SharedCredentialsProvider};

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
        let http = SharedHttpClient::new(SdkHttp::new().unwrap());
        let sdk = Sdk::on_https(http, &"us-east-1".parse().unwrap(), Some(world));
        let key = Credentials::new("AKID", "secret", None, None, "test");
        let config = sdk.config.to_builder();
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
