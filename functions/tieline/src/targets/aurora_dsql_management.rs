//! `aurora-dsql-management`: Aurora DSQL's control API, with which clusters are made, listed and deleted.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Connection, ConnectionContext, EndpointSpec, FindContext, Resolution, TargetKind};
use crate::error::CallError;
use crate::fields::Fields;
use crate::outside::Outside;
use crate::schema::{Object, TargetSchema, flag};

/// Aurora DSQL's control API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuroraDsqlManagement {
    fips: bool,
}

impl AuroraDsqlManagement {
    pub(super) fn read(mut fields: Fields<'_>) -> Option<Self> {
        let fips = fields.flag("fips", false);
        fields.finish();
        Some(Self { fips })
    }
}

/// What a request says of it.
pub(super) fn schema() -> TargetSchema {
    let fields = Object::closed("Aurora DSQL's control API (HTTPS, port 443)").optional(
        "fips",
        flag(
            false,
            "Whether to use the endpoint with FIPS-validated cryptography",
        ),
    );
    TargetSchema::of(fields).with_restricted_policy()
}

#[async_trait]
impl TargetKind for AuroraDsqlManagement {
    fn name(&self) -> String {
        "Aurora DSQL's control API".to_owned()
    }

    async fn find(
        &self,
        _: &Outside<'_>,
        asked: &FindContext<'_>,
    ) -> Result<Resolution, CallError> {
        let fips = if self.fips { "-fips" } else { "" };
        Ok(Resolution::service(EndpointSpec {
            service: format!("com.amazonaws.{}.dsql{fips}", asked.region()),
            port: 443,
            ..EndpointSpec::default()
        }))
    }

    fn connection(&self, path: &ConnectionContext<'_>) -> Connection {
        let ConnectionContext { region, .. } = path;
        let host = path.host();
        // With private DNS the CLI's own host name leads here already.
        let url = path.private_host.map_or_else(
            || format!(" --endpoint-url https://{host}"),
            |_| String::new(),
        );
        Connection {
            host: host.to_owned(),
            port: path.port,
            command: format!("aws dsql list-clusters --region {region}{url}"),
            note: None,
        }
    }

    /// The example of the user guide: clusters may be made, read and listed, and nothing else.
    fn restricted_policy(&self) -> Option<Value> {
        Some(json!({
            "Version": "2012-10-17",
            "Statement": [{
                "Effect": "Allow",
                "Principal": "*",
                "Action": ["dsql:CreateCluster", "dsql:GetCluster", "dsql:ListClusters"],
                "Resource": "*"
            }]
        }))
    }
}
