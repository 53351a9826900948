//! What the verifier's stack sets, read once at the cold start.

use std::time::Duration;

use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dsql::config::SharedCredentialsProvider;
use aws_smithy_async::time::{SharedTimeSource, SystemTimeSource};
use tieline_https::{HttpError, Https, may_be_asked};

use crate::Verifier;
use crate::net::{LIMIT, Net, System};
use crate::simulated::Simulated;
use crate::token::Logins;

/// Where a verifier is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// Its VPC.
    pub vpc_id: String,
    /// The subnets that it may be in.
    pub subnet_ids: Vec<String>,
    /// Its security groups.
    pub security_group_ids: Vec<String>,
}

/// Why the function cannot start.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// A setting is wrong.
    #[error("the environment variable {0} cannot be used")]
    Setting(&'static str),
    /// HTTPS cannot be set up.
    #[error("could not set up HTTPS")]
    Https(#[from] HttpError),
}

impl Verifier {
    /// Reads the environment that its stack and Lambda set.
    ///
    /// # Errors
    ///
    /// A variable that is missing or wrong.
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the environment"
    )]
    pub fn from_env() -> Result<Self, Unusable> {
        Self::read(|name| std::env::var(name).ok().filter(|text| !text.is_empty()))
    }

    fn read(get: impl Fn(&str) -> Option<String>) -> Result<Self, Unusable> {
        let needed = |name| get(name).ok_or(Unusable::Setting(name));
        let list = |name| -> Vec<String> {
            let found = get(name).unwrap_or_default();
            found
                .split(',')
                .filter(|word| !word.is_empty())
                .map(str::to_owned)
                .collect()
        };
        let place = Place {
            vpc_id: needed("TIELINE_VPC_ID")?,
            subnet_ids: list("TIELINE_SUBNET_IDS"),
            security_group_ids: list("TIELINE_SECURITY_GROUP_IDS"),
        };
        let keys = EnvironmentVariableCredentialsProvider::new();
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(needed("AWS_REGION")?))
            .credentials_provider(SharedCredentialsProvider::new(keys))
            .time_source(SharedTimeSource::new(SystemTimeSource::new()))
            .build();
        let role = get("TIELINE_DSQL_ROLE").unwrap_or_else(|| "admin".to_owned());
        let logins = Logins::new(list("TIELINE_DSQL_CLUSTER_ARNS"), role, config);
        let net: Box<dyn Net> = match get("TIELINE_ENDPOINT_URL") {
            None => Box::new(System),
            Some(url) => {
                let wrong = Unusable::Setting("TIELINE_ENDPOINT_URL");
                let Some(uri) = url.parse().ok().filter(may_be_asked) else {
                    return Err(wrong);
                };
                Box::new(Simulated::new(uri, Https::new(LIMIT, WHOLE)?, &place))
            }
        };
        let authorities = get("TIELINE_AUTHORITIES").unwrap_or_default();
        Ok(Self::new(net, place, logins, authorities))
    }
}

/// For an exchange with a simulated network.
const WHOLE: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Verifier, Unusable> {
        Verifier::read(|name| {
            let mut all = pairs.iter();
            all.find(|pair| pair.0 == name)
                .map(|pair| pair.1.to_owned())
        })
    }

    #[test]
    fn what_is_missing_or_wrong_is_named() {
        let vpc = ("TIELINE_VPC_ID", "vpc-0f3a9c51d7e2b8640");
        let region = ("AWS_REGION", "us-east-1");
        let name = |pairs: &[_]| read(pairs).err().map(|error| error.to_string());

        assert!(name(&[region]).unwrap().contains("TIELINE_VPC_ID"));
        assert!(name(&[vpc]).unwrap().contains("AWS_REGION"));
        let url = ("TIELINE_ENDPOINT_URL", "http://example.com");
        assert!(name(&[vpc, region, url]).unwrap().contains(url.0));
        let two = ("TIELINE_SUBNET_IDS", "subnet-0a1c5e70,subnet-0b2d6f81");
        assert_eq!(
            read(&[vpc, region, two])
                .ok()
                .unwrap()
                .place
                .subnet_ids
                .len(),
            2
        );
    }
}
