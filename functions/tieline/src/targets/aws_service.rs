//! `aws-service`: any AWS service that has an interface endpoint.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{Connection, ConnectionContext, EndpointSpec, FindContext, Resolution, TargetKind};
use crate::error::CallError;
use crate::fields::Fields;
use crate::ids::ServiceSuffix;
use crate::outside::Outside;
use crate::schema::{Object, TargetSchema, flag, name, port};

/// An AWS service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AwsService {
    service: ServiceSuffix,
    port: u16,
    fips: bool,
    inbound_resolver_only: bool,
}

impl AwsService {
    pub(super) fn read(mut fields: Fields<'_>) -> Option<Self> {
        let service = fields.required("service");
        let port = fields.port("port").unwrap_or(443);
        let fips = fields.flag("fips", false);
        let inbound_resolver_only = fields.flag("inboundResolverOnly", false);
        fields.finish();
        Some(Self {
            service: service?,
            port,
            fips,
            inbound_resolver_only,
        })
    }
}

/// What a request says of it.
pub(super) fn schema() -> TargetSchema {
    let inbound = "Whether its private names serve inbound Resolver endpoints only (services such as S3 that have a gateway endpoint too)";
    TargetSchema::of(
        Object::closed("An AWS service that has an interface endpoint")
            .required("service", name::<ServiceSuffix>("The service"))
            .optional(
                "port",
                port("The TCP port that clients connect to; left out, 443"),
            )
            .optional(
                "fips",
                flag(
                    false,
                    "Whether to use the endpoint with FIPS-validated cryptography",
                ),
            )
            .optional("inboundResolverOnly", flag(false, inbound)),
    )
}

#[async_trait]
impl TargetKind for AwsService {
    fn name(&self) -> String {
        format!("AWS service {}", self.service)
    }

    /// AWS has no list of which services have a FIPS name: if this one does not exist, the next check says so.
    async fn find(
        &self,
        _: &Outside<'_>,
        asked: &FindContext<'_>,
    ) -> Result<Resolution, CallError> {
        let fips = if self.fips { "-fips" } else { "" };
        Ok(Resolution::service(EndpointSpec {
            service: format!("com.amazonaws.{}.{}{fips}", asked.region(), self.service),
            port: self.port,
            ..EndpointSpec::default()
        }))
    }

    fn connection(&self, path: &ConnectionContext<'_>) -> Connection {
        let host = path.host();
        let note = path.private_host.is_none().then(|| {
            "without private DNS, clients need this host as their endpoint URL".to_owned()
        });
        Connection {
            host: host.to_owned(),
            port: self.port,
            command: format!(
                "openssl s_client -brief -connect {host}:{} </dev/null",
                self.port
            ),
            note,
        }
    }

    fn inbound_only(&self) -> bool {
        self.inbound_resolver_only
    }
}
