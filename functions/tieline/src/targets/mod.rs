//! What can be connected to: one module a kind, each of the same form.
//!
//! To add a kind, write its module (a type with `read` and [`TargetKind`], and its `FACTS`), its `pub mod` and one line in
//! `targets!`.

pub mod aurora_dsql;
pub mod aurora_dsql_management;
pub mod aws_service;
pub mod dms_tidb_cloud;
pub mod endpoint_service;
pub mod tidb_cloud_dedicated;
pub mod tidb_cloud_serverless;
pub mod tidb_cloud_to_confluent;

mod dms_choice;
mod dms_name;
mod dms_network;
mod dms_secrets;
mod kind;
mod tidb;

use serde::{Deserialize, Serialize};

use crate::json::{Fields, Kind};

pub(crate) use dms_name::BEGINNING as DMS_NAMES;
pub use kind::{
    ConnectedThrough, Connection, ConnectionContext, EndpointSpec, FindContext, KindFacts,
    Resolved, TargetKind, Unresolved,
};

macro_rules! targets {
    ($($module:ident::$kind:ident = $name:literal,)+) => {
        kinds! {
            pub enum Target: TargetKind {
                $($module::$kind = $name,)+
            }
        }

        impl Target {
            pub const KINDS: &[&str] = &[$($name),+];

            /// What is true of every target of each kind, in the same order.
            pub(crate) const FACTS: &[KindFacts] = &[$($module::FACTS),+];

            pub fn facts(&self) -> &'static KindFacts {
                match self {
                    $(Self::$kind(_) => const { &$module::FACTS },)+
                }
            }

            fn read_kind<F: Fields>(fields: &mut F, kind: &str) -> Option<Self> {
                match kind {
                    $($name => $module::$kind::read(fields).map(Self::$kind),)+
                    _ => None,
                }
            }
        }
    };
}

targets! {
    aurora_dsql::AuroraDsql = "aurora-dsql",
    aurora_dsql_management::AuroraDsqlManagement = "aurora-dsql-management",
    aws_service::AwsService = "aws-service",
    tidb_cloud_dedicated::TidbCloudDedicated = "tidb-cloud-dedicated",
    tidb_cloud_serverless::TidbCloudServerless = "tidb-cloud-serverless",
    tidb_cloud_to_confluent::TidbCloudToConfluent = "tidb-cloud-to-confluent",
    dms_tidb_cloud::DmsTidbCloud = "dms-tidb-cloud",
    endpoint_service::EndpointService = "endpoint-service",
}

/// A target as a request names it, and whether private DNS of the endpoint is possible with it.
pub(crate) struct Named {
    pub(crate) target: Target,
    pub(crate) takes_private_dns: bool,
}

impl Target {
    /// What an endpoint of one of AWS's services leads to, as far as its service's name says it.
    pub fn of_service(service: &str) -> Option<Self> {
        aws_service::AwsService::of(service).map(Self::AwsService)
    }

    /// The port that clients of one of AWS's services connect to, as far as its name says it: a request may have named another.
    pub fn port_of_service(service: &str) -> Option<u16> {
        Self::of_service(service)?;
        Some(aurora_dsql::port_of(service).unwrap_or(aws_service::PORT))
    }

    pub(crate) fn read<F: Fields>(fields: &mut F) -> Option<Named> {
        let about = |(name, facts): (&&'static str, &KindFacts)| Kind {
            name,
            about: facts.about,
        };
        let kinds: Vec<Kind> = Self::KINDS.iter().zip(Self::FACTS).map(about).collect();
        fields.variants(
            "target",
            "kind",
            &kinds,
            "What to connect to",
            |fields, kind| {
                let target = Self::read_kind(fields, kind)?;
                let facts = target.facts();
                let stays_off = facts.no_private_dns.is_some_and(|when| fields.holds(when));
                let takes_private_dns =
                    facts.connected_through == ConnectedThrough::Endpoint && !stays_off;
                Some(Named {
                    target,
                    takes_private_dns,
                })
            },
        )
    }
}
