//! `aurora-dsql-management`: Aurora DSQL's control API, with which clusters are made, listed and deleted.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    Connection, ConnectionContext, EndpointSpec, FindContext, KindFacts, Resolved, TargetKind,
    Unresolved,
};
use crate::json::Fields;
use crate::trial::{Protocol, Speech};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuroraDsqlManagement {
    fips: bool,
}

impl AuroraDsqlManagement {
    pub(super) fn read<F: Fields>(fields: &mut F) -> Option<Self> {
        let fips = fields.flag(
            "fips",
            false,
            "Whether to use the endpoint with FIPS-validated cryptography",
        );
        Some(Self { fips })
    }
}

pub(super) const FACTS: KindFacts = KindFacts {
    about: "Aurora DSQL's control API (HTTPS, port 443)",
    restricted_policy: Some(restricted_policy),
    ..KindFacts::ENDPOINT
};

/// The example of the user guide: clusters may be made, read and listed, and nothing else.
fn restricted_policy() -> Value {
    json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": "*",
            "Action": ["dsql:CreateCluster", "dsql:GetCluster", "dsql:ListClusters"],
            "Resource": "*"
        }]
    })
}

#[async_trait]
impl TargetKind for AuroraDsqlManagement {
    fn name(&self) -> String {
        "Aurora DSQL's control API".to_owned()
    }

    async fn find(&self, context: &FindContext<'_>) -> Result<Resolved, Unresolved> {
        let fips = if self.fips { "-fips" } else { "" };
        Ok(EndpointSpec {
            service: format!("com.amazonaws.{}.dsql{fips}", context.region),
            port: 443,
            ..EndpointSpec::default()
        }
        .into())
    }

    fn speech(&self, context: &ConnectionContext<'_>) -> Speech {
        Speech::with(Protocol::Https, context.host())
    }

    fn connection(&self, context: &ConnectionContext<'_>) -> Connection {
        let ConnectionContext { region, .. } = context;
        let host = context.host();
        // With private DNS the CLI's own host name leads here already.
        let url = context.private_host.map_or_else(
            || format!(" --endpoint-url https://{host}"),
            |_| String::new(),
        );
        Connection {
            host: host.to_owned(),
            port: context.port,
            command: format!("aws dsql list-clusters --region {region}{url}"),
            note: None,
        }
    }
}
