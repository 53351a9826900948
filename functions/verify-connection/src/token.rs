//! Logging in to Aurora DSQL: whether this verifier may, and with what.

use aws_config::SdkConfig;
use aws_sdk_dsql::auth_token::{AuthTokenGenerator, Config};
use tieline::outside::chain;
use tieline::trial::{Certificate, Login, Speech};

/// The database role that needs a right of its own.
const ADMIN: &str = "admin";

/// Where Aurora DSQL's hosts are, by partition (Aurora DSQL User Guide; that of China is not verified).
const AWS: [&str; 2] = [".on.aws", ".on.amazonwebservices.com.cn"];

/// As long as a trial may take, in seconds, and some more.
const LASTS: u64 = 60;

/// The logins that the deployment allows.
#[expect(missing_debug_implementations, reason = "it holds keys")]
pub struct Logins {
    /// The ARNs of the clusters.
    clusters: Vec<String>,
    role: String,
    config: SdkConfig,
}

impl Logins {
    /// `config` has the keys, the Region and the time.
    pub fn new(clusters: Vec<String>, role: String, config: SdkConfig) -> Self {
        Self {
            clusters,
            role,
            config,
        }
    }

    /// The database role.
    pub(crate) fn role(&self) -> &str {
        &self.role
    }

    /// A token that is good for a minute, or why there is none. It is for nobody but the cluster: the server has shown a
    /// certificate of a public authority for the cluster's own host.
    pub(crate) async fn token(&self, login: &Login, speech: &Speech) -> Result<String, String> {
        let is_of_cluster = speech.host == login.host
            && login.host.starts_with(&format!("{}.", login.cluster_id))
            && AWS.iter().any(|domain| login.host.ends_with(domain));
        let is_shown = speech.certificate == Certificate::Whole && speech.authorities.is_none();
        if !is_of_cluster || !is_shown {
            return Err(
                "no token goes to a server that has not shown that it is the cluster".to_owned(),
            );
        }
        let ending = format!(":cluster/{}", login.cluster_id);
        if !self.clusters.iter().any(|arn| arn.ends_with(&ending)) {
            return Err(format!(
                "the verifier's stack does not name {} in DsqlClusterArns",
                login.cluster_id
            ));
        }
        let config = Config::builder()
            .hostname(&login.host)
            .region(aws_config::Region::new(login.region.clone()))
            .expires_in(LASTS)
            .build()
            .map_err(|error| chain(&*error))?;
        let generator = AuthTokenGenerator::new(config);
        let token = if self.role == ADMIN {
            generator.db_connect_admin_auth_token(&self.config).await
        } else {
            generator.db_connect_auth_token(&self.config).await
        };
        let token = token.map_err(|error| chain(&*error))?;
        Ok(token.as_str().to_owned())
    }
}
