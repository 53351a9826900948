//! What a `dms-tidb-cloud` request chooses: the cluster, and the replication instance.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::TargetKind;
use super::tidb_cloud_dedicated::TidbCloudDedicated;
use super::tidb_cloud_serverless::TidbCloudServerless;
use crate::ids::{InstanceArn, SecretArn, TidbId};
use crate::json::{Condition, Fields};

/// The class of an instance, unless the request says otherwise.
const CLASS: &str = "dms.t3.medium";

/// Its storage, in GiB.
const STORAGE: u32 = 50;

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
                ca_certificate: None,
            }),
        }
    }

    pub(super) fn kind(&self) -> &dyn TargetKind {
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
    /// The smallest class of the current generation, alone: enough for a test. Real work wants a larger one.
    pub(super) fn default() -> Self {
        Self::New {
            class: CLASS.to_owned(),
            engine_version: None,
            multi_az: false,
            storage_gib: STORAGE,
        }
    }

    /// The same of a new one of another size.
    pub(super) fn of_size(&self, class: &str, storage_gib: u32) -> Option<Self> {
        match self {
            Self::Existing(_) => None,
            Self::New {
                engine_version,
                multi_az,
                ..
            } => Some(Self::New {
                class: class.to_owned(),
                engine_version: engine_version.clone(),
                multi_az: *multi_az,
                storage_gib,
            }),
        }
    }

    pub(super) fn read<F: Fields>(fields: &mut F) -> Option<Self> {
        let arn = fields.optional("arn", "The one that is there, and then nothing else");
        let class = fields.field("class", false, || {
            json!({
                "description": "The class of a new one, such as dms.r6i.large; left out, dms.t3.medium",
                "type": "string",
                "pattern": r"^dms\.[^.]*\.",
            })
        });
        let class = match class.as_ref().map(Value::as_str) {
            None => Some(CLASS),
            Some(Some(class)) if is_class(class) => Some(class),
            Some(_) => {
                let message = "expected a class such as dms.t3.medium or dms.r6i.large";
                fields.wrong("class", message);
                None
            }
        };
        let engine_version = fields.text(
            "engineVersion",
            "The version of its engine; left out, the newest",
        );
        let multi_az = fields.flag("multiAz", false, "Whether it has a standby in another zone");
        let storage_gib = fields.number("storageGib", 5..=6144, STORAGE, "Its storage, in GiB");
        fields.refuses(
            Condition::Has("arn"),
            &["class", "engineVersion", "multiAz", "storageGib"],
            "an instance that is there is used as it is: name its arn alone",
        );
        Some(match arn {
            Some(arn) => Self::Existing(arn),
            None => Self::New {
                class: class?.to_owned(),
                engine_version,
                multi_az,
                storage_gib,
            },
        })
    }
}

fn is_class(text: &str) -> bool {
    text.strip_prefix("dms.")
        .is_some_and(|rest| rest.contains('.'))
}
