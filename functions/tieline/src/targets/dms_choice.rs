//! What a `dms-tidb-cloud` request chooses: the cluster, and the replication instance.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::TargetKind;
use super::tidb_cloud_dedicated::TidbCloudDedicated;
use super::tidb_cloud_serverless::TidbCloudServerless;
use crate::fields::Fields;
use crate::ids::{InstanceArn, SecretArn, TidbId};
use crate::schema::{Object, flag, has, name, number, text, without};

/// The cluster, as the target that made its private endpoint names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Cluster {
    Dedicated(TidbCloudDedicated),
    Serverless(TidbCloudServerless),
}

/// The replication instance that is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Wish {
    Existing(InstanceArn),
    #[serde(rename_all = "camelCase")]
    New {
        class: String,
        engine_version: Option<String>,
        multi_az: bool,
        storage_gib: u32,
    },
}

impl Cluster {
    pub(super) fn new(
        kind: &str,
        cluster_id: TidbId,
        node_group_id: Option<TidbId>,
        api_key_secret_arn: SecretArn,
    ) -> Self {
        match kind {
            "serverless" => Self::Serverless(TidbCloudServerless {
                cluster_id,
                api_key_secret_arn,
            }),
            _ => Self::Dedicated(TidbCloudDedicated {
                cluster_id,
                node_group_id,
                api_key_secret_arn,
            }),
        }
    }

    pub(super) fn connectable(&self) -> &dyn TargetKind {
        match self {
            Self::Dedicated(target) => target,
            Self::Serverless(target) => target,
        }
    }

    /// The target of the request that makes the private endpoint.
    pub(super) fn request(&self) -> serde_json::Value {
        let (kind, target) = match self {
            Self::Dedicated(target) => ("tidb-cloud-dedicated", json!(target)),
            Self::Serverless(target) => ("tidb-cloud-serverless", json!(target)),
        };
        let mut request = target;
        if let Some(fields) = request.as_object_mut() {
            fields.retain(|_, value| !value.is_null());
            fields.insert("kind".to_owned(), json!(kind));
        }
        request
    }
}

impl Wish {
    /// The smallest class of the current generation, alone: enough for a test, and to be chosen larger for real work.
    pub(super) fn usual() -> Self {
        Self::New {
            class: "dms.t3.medium".to_owned(),
            engine_version: None,
            multi_az: false,
            storage_gib: 50,
        }
    }

    pub(super) fn read(mut fields: Fields<'_>) -> Option<Self> {
        if let Some(arn) = fields.optional("arn") {
            fields.finish();
            return Some(Self::Existing(arn));
        }
        let class: String = fields
            .optional("class")
            .unwrap_or_else(|| "dms.t3.medium".to_owned());
        let known = class
            .strip_prefix("dms.")
            .is_some_and(|rest| rest.contains('.'));
        if !known {
            fields.wrong(
                "class",
                "expected a class such as dms.t3.medium or dms.r6i.large",
            );
        }
        let engine_version = fields.optional("engineVersion");
        let multi_az = fields.flag("multiAz", false);
        let storage_gib = fields.number("storageGib", 5..=6144, 50);
        fields.finish();
        known.then_some(Self::New {
            class,
            engine_version,
            multi_az,
            storage_gib,
        })
    }
}

impl Wish {
    pub(super) fn schema() -> Value {
        let class = json!({
            "description": "The class of a new one, such as dms.r6i.large; left out, dms.t3.medium",
            "type": "string",
            "pattern": r"^dms\.[^.]*\.",
        });
        Object::closed("The replication instance: one that is there, or what a new one is to be")
            .optional(
                "arn",
                name::<InstanceArn>("The one that is there, and then nothing else"),
            )
            .optional("class", class)
            .optional(
                "engineVersion",
                text("The version of its engine; left out, the newest"),
            )
            .optional(
                "multiAz",
                flag(false, "Whether it has a standby in another zone"),
            )
            .optional("storageGib", number(5..=6144, 50, "Its storage, in GiB"))
            .rule(
                has("arn"),
                without(&["class", "engineVersion", "multiAz", "storageGib"]),
            )
            .build()
    }
}
