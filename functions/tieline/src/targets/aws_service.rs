//! `aws-service`: any AWS service that has an interface endpoint.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{
    Connection, ConnectionContext, EndpointSpec, FindContext, KindFacts, Resolved, TargetKind,
    Unresolved,
};
use crate::ids::ServiceSuffix;
use crate::json::Fields;
use crate::trial::{Protocol, Speech};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AwsService {
    service: ServiceSuffix,
    port: u16,
    fips: bool,
    inbound_resolver_only: bool,
}

impl AwsService {
    pub(super) fn read<F: Fields>(fields: &mut F) -> Option<Self> {
        let service = fields.required("service", "The service");
        let port = fields.port(
            "port",
            "The TCP port that clients connect to; left out, 443",
        );
        let fips = fields.flag(
            "fips",
            false,
            "Whether to use the endpoint with FIPS-validated cryptography",
        );
        let inbound_resolver_only = fields.flag(
            "inboundResolverOnly",
            false,
            "Whether its private names serve inbound Resolver endpoints only (services such as S3 that have a gateway endpoint too)",
        );
        Some(Self {
            service: service?,
            port: port.unwrap_or(443),
            fips,
            inbound_resolver_only,
        })
    }
}

/// What stands before a service's short name (AWS PrivateLink Guide, "AWS services that integrate with AWS PrivateLink"), the
/// usual one first.
const FORMS: [&str; 5] = [
    "com.amazonaws.<region>",
    "aws.api.<region>",
    "api.aws.<region>",
    "aws.sagemaker.<region>",
    "cn.com.amazonaws.<region>",
];

/// The same for services that are in no Region.
const GLOBAL: [&str; 1] = ["com.amazonaws"];

/// What services need beside them (Amazon ECR User Guide, "Amazon ECR interface VPC endpoints"; AWS Systems Manager User Guide,
/// "Improve the security of EC2 instances by using VPC endpoints"; Amazon ECS Developer Guide, "Amazon ECS interface VPC
/// endpoints").
const COMPANIONS: [(&str, &[&str]); 7] = [
    ("ecr.api", &["ecr.dkr", "s3"]),
    ("ecr.dkr", &["ecr.api", "s3"]),
    ("ssm", &["ssmmessages"]),
    ("ssmmessages", &["ssm"]),
    ("ecs", &["ecs-agent", "ecs-telemetry"]),
    ("ecs-agent", &["ecs", "ecs-telemetry"]),
    ("ecs-telemetry", &["ecs", "ecs-agent"]),
];

pub(super) const FACTS: KindFacts = KindFacts {
    about: "An AWS service that has an interface endpoint",
    ..KindFacts::ENDPOINT
};

#[async_trait]
impl TargetKind for AwsService {
    fn name(&self) -> String {
        format!("AWS service {}", self.service)
    }

    /// AWS has no list of which services have which form of name, or a FIPS name: EC2 knows the one, or the next check says
    /// that there is none.
    async fn find(&self, context: &FindContext<'_>) -> Result<Resolved, Unresolved> {
        let fips = if self.fips { "-fips" } else { "" };
        let named = |before: &str| format!("{before}.{}{fips}", self.service);
        let mut names = FORMS
            .map(|form| named(&form.replace("<region>", context.region.as_str())))
            .to_vec();
        names.extend(GLOBAL.map(named));
        Ok(EndpointSpec {
            service: names.remove(0),
            or: names,
            port: self.port,
            ..EndpointSpec::default()
        }
        .into())
    }

    /// AWS's APIs speak HTTPS; what a service says on another port is not known here.
    fn speech(&self, context: &ConnectionContext<'_>) -> Speech {
        if self.port == 443 {
            Speech::with(Protocol::Https, context.host())
        } else {
            Speech::unknown()
        }
    }

    fn connection(&self, context: &ConnectionContext<'_>) -> Connection {
        let host = context.host();
        let note = context.private_host.is_none().then(|| {
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

    fn companions(&self) -> &'static [&'static str] {
        let mut all = COMPANIONS.iter();
        let named = all.find(|(name, _)| *name == self.service.as_str());
        named.map_or(&[], |(_, companions)| companions)
    }

    fn inbound_only(&self) -> bool {
        self.inbound_resolver_only
    }
}
