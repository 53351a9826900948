//! What a replication instance becomes.

use serde::{Deserialize, Serialize};

use super::{Instance, Phase, ReplicationInstanceAnswer};
use crate::clock::{self, Moment};
use crate::model::Model;
use crate::model::dms::{invalid_state, invalid_value, required};
use crate::{Failure, Operation, Service};

/// What of an instance is modified here.
#[derive(Debug, Clone)]
pub(super) struct Size {
    pub(super) class: String,
    pub(super) storage: u32,
}

/// Changes a replication instance.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase", deny_unknown_fields)]
pub struct ModifyReplicationInstance {
    /// Its ARN.
    pub replication_instance_arn: String,
    /// Its storage in GiB.
    pub allocated_storage: Option<u32>,
    /// Whether it is changed at once, or in the next maintenance window.
    pub apply_immediately: Option<bool>,
    /// Its size.
    pub replication_instance_class: Option<String>,
    /// Its security groups.
    pub vpc_security_group_ids: Option<Vec<String>>,
    /// When it may be maintained.
    pub preferred_maintenance_window: Option<String>,
    /// Whether it has a standby in another zone.
    #[serde(rename = "MultiAZ")]
    pub multi_az: Option<bool>,
    /// Its version.
    pub engine_version: Option<String>,
    /// Whether that may be another major one.
    pub allow_major_version_upgrade: Option<bool>,
    /// Whether minor upgrades happen by themselves.
    pub auto_minor_version_upgrade: Option<bool>,
    /// Its name.
    pub replication_instance_identifier: Option<String>,
    /// Its address type.
    pub network_type: Option<String>,
}

/// What an instance becomes, as DMS describes it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct PendingModifiedValues {
    /// Its size.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replication_instance_class: Option<String>,
    /// Its storage in GiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allocated_storage: Option<u32>,
}

impl Operation for ModifyReplicationInstance {
    type Answer = ReplicationInstanceAnswer;
    const SERVICE: Service = Service::Dms;
    const ACTION: &'static str = "ModifyReplicationInstance";
    const WRITE: bool = true;

    /// DMS API reference, `ModifyReplicationInstance`. Not verified: that the old values show until the new ones apply, how long that
    /// takes, and with which code less storage is refused.
    fn perform(self, model: &mut Model) -> Result<ReplicationInstanceAnswer, Failure> {
        required("ReplicationInstanceArn", &self.replication_instance_arn)?;
        let mut instance = model.dms_instance(&self.replication_instance_arn)?.clone();
        let (id, status) = (instance.id.clone(), instance.status(model.now));
        if status != "available" {
            return Err(invalid_state(format!(
                "Replication Instance {id} is in {status} state and cannot be modified."
            )));
        }
        let others = self.vpc_security_group_ids.is_some()
            || self.preferred_maintenance_window.is_some()
            || self.multi_az.is_some()
            || self.engine_version.is_some()
            || self.allow_major_version_upgrade == Some(true)
            || self.auto_minor_version_upgrade.is_some()
            || self.replication_instance_identifier.is_some()
            || self.network_type.is_some();
        if others {
            return Err(invalid_value(
                "Other modifications than of class and storage are not part of this simulated world.",
            ));
        }
        instance.settle(model.now);
        let class = self
            .replication_instance_class
            .unwrap_or_else(|| instance.class.clone());
        if !class.starts_with("dms.") || class.split('.').count() != 3 {
            return Err(invalid_value(format!(
                "Invalid replication instance class: {class}"
            )));
        }
        let storage = self.allocated_storage.unwrap_or(instance.storage);
        if storage < instance.storage {
            return Err(invalid_value(
                "The allocated storage of a replication instance cannot be decreased.",
            ));
        }
        let applies = self.apply_immediately == Some(true);
        let until = clock::after(model.now, model.timing.dms_instance_modify);
        instance.pending = Some((Size { class, storage }, applies.then_some(until)));
        if applies {
            instance.phase = Phase::Modifying { until };
        }
        let replication_instance = instance.detail(model);
        model.dms.instances.insert(instance.arn.clone(), instance);
        Ok(ReplicationInstanceAnswer {
            replication_instance,
        })
    }
}

impl Instance {
    /// What of it has become different by now.
    pub(super) fn size(&self, now: Moment) -> Size {
        match &self.pending {
            Some((size, Some(until))) if now >= *until => size.clone(),
            Some(_) | None => Size {
                class: self.class.clone(),
                storage: self.storage,
            },
        }
    }

    /// What is still to become different.
    pub(super) fn pending(&self, now: Moment) -> PendingModifiedValues {
        match &self.pending {
            Some((size, until)) if until.is_none_or(|until| now < until) => PendingModifiedValues {
                replication_instance_class: (size.class != self.class).then(|| size.class.clone()),
                allocated_storage: (size.storage != self.storage).then_some(size.storage),
            },
            Some(_) | None => PendingModifiedValues::default(),
        }
    }

    fn settle(&mut self, now: Moment) {
        let size = self.size(now);
        (self.class, self.storage) = (size.class, size.storage);
        self.pending = None;
    }
}
