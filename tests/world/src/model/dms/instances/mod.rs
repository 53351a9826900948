//! Replication instances.

mod creation;
mod modification;

pub use creation::CreateReplicationInstance;
pub use modification::{ModifyReplicationInstance, PendingModifiedValues};

use modification::Size;

use serde::{Deserialize, Serialize};

use crate::clock::{self, Moment};
use crate::model::listing::Listed;
use crate::model::{ACCOUNT, Model, REGION};
use crate::{Failure, Operation, Service, World};

use super::groups::ReplicationSubnetGroup;
use super::listing::{Described, describe};
use super::{InstanceOutlook, invalid_state, not_found};

/// A replication instance.
#[derive(Debug, Clone)]
pub(super) struct Instance {
    pub(super) arn: String,
    pub(super) id: String,
    class: String,
    storage: u32,
    pub(super) group: String,
    pub(super) security_groups: Vec<String>,
    pub(super) zone: String,
    multi_az: bool,
    engine_version: String,
    auto_minor: bool,
    public: bool,
    created: Moment,
    phase: Phase,
    /// What it becomes, and when; never without `ApplyImmediately`, as nobody maintains it here.
    pending: Option<(Size, Option<Moment>)>,
}

/// What is happening to an instance; with the time, its status follows.
#[derive(Debug, Clone, Copy)]
enum Phase {
    Creating {
        until: Moment,
        then: InstanceOutlook,
    },
    Deleting {
        until: Moment,
    },
    Modifying {
        until: Moment,
    },
}

impl Instance {
    pub(super) fn status(&self, now: Moment) -> &'static str {
        match self.phase {
            Phase::Creating { until, .. } if now < until => "creating",
            Phase::Creating { then, .. } => match then {
                InstanceOutlook::Available => "available",
                InstanceOutlook::IncompatibleNetwork => "incompatible-network",
                InstanceOutlook::Fails => "failed",
                InstanceOutlook::NeverAvailable => "creating",
            },
            Phase::Deleting { .. } => "deleting",
            Phase::Modifying { until } if now < until => "modifying",
            Phase::Modifying { .. } => "available",
        }
    }

    pub(super) fn exists(&self, now: Moment) -> bool {
        match self.phase {
            Phase::Creating { .. } | Phase::Modifying { .. } => true,
            Phase::Deleting { until } => now < until,
        }
    }
}

impl World {
    /// Has every replication instance that is there be as if it had become so.
    pub fn turn_instances(&mut self, then: InstanceOutlook) {
        let until = self.model.now;
        for instance in self.model.dms.instances.values_mut() {
            instance.phase = Phase::Creating { until, then };
        }
    }
}

/// A replication instance.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ReplicationInstanceAnswer {
    /// The replication instance.
    pub replication_instance: ReplicationInstance,
}

/// A replication instance as DMS describes it.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ReplicationInstance {
    /// Its name.
    pub replication_instance_identifier: String,
    /// Its size.
    pub replication_instance_class: String,
    /// Its status.
    pub replication_instance_status: String,
    /// Its storage in GiB.
    pub allocated_storage: u32,
    /// When it was made.
    pub instance_create_time: f64,
    /// Its security groups.
    pub vpc_security_groups: Vec<VpcSecurityGroup>,
    /// The name of its zone.
    pub availability_zone: String,
    /// The subnets that it may lie in.
    pub replication_subnet_group: ReplicationSubnetGroup,
    /// Whether it has a standby in another zone.
    #[serde(rename = "MultiAZ")]
    pub multi_az: bool,
    /// What of it becomes different.
    pub pending_modified_values: PendingModifiedValues,
    /// Its version.
    pub engine_version: String,
    /// Whether minor upgrades happen by themselves.
    pub auto_minor_version_upgrade: bool,
    /// The key that encrypts its storage.
    pub kms_key_id: String,
    /// Its ARN.
    pub replication_instance_arn: String,
    /// Whether it has a public address.
    pub publicly_accessible: bool,
    /// Its address type.
    pub network_type: String,
}

/// A security group of a replication instance (there: `VpcSecurityGroupMembership`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct VpcSecurityGroup {
    /// Its id.
    pub vpc_security_group_id: String,
    /// Its status: `active`.
    pub status: String,
}

/// Deletes a replication instance.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase", deny_unknown_fields)]
pub struct DeleteReplicationInstance {
    /// Its ARN.
    pub replication_instance_arn: String,
}

describe! {
    /// Lists replication instances.
    DescribeReplicationInstances,
    DescribeReplicationInstancesAnswer {
        /// The replication instances.
        replication_instances: ReplicationInstance
    },
    dms_instances
}

impl Operation for DeleteReplicationInstance {
    type Answer = ReplicationInstanceAnswer;
    const SERVICE: Service = Service::Dms;
    const ACTION: &'static str = "DeleteReplicationInstance";
    const WRITE: bool = true;

    /// That an instance cannot go while it is created, nor while it has connections, is not
    /// verified.
    fn perform(self, model: &mut Model) -> Result<ReplicationInstanceAnswer, Failure> {
        let instance = model.dms_instance(&self.replication_instance_arn)?;
        let (id, status) = (&instance.id, instance.status(model.now));
        if matches!(status, "creating" | "deleting") {
            return Err(invalid_state(format!(
                "Replication Instance {id} is in {status} state and cannot be deleted."
            )));
        }
        if model.has_connections(&self.replication_instance_arn) {
            return Err(invalid_state(format!(
                "Replication Instance {id} has one or more connections."
            )));
        }
        let mut instance = instance.clone();
        instance.phase = Phase::Deleting {
            until: clock::after(model.now, model.timing.dms_instance_delete),
        };
        let replication_instance = instance.detail(model);
        model.dms.instances.insert(instance.arn.clone(), instance);
        Ok(ReplicationInstanceAnswer {
            replication_instance,
        })
    }
}

impl Instance {
    fn detail(&self, model: &Model) -> ReplicationInstance {
        let size = self.size(model.now);
        let group = model.dms_group(&self.group);
        let member = |id: &String| VpcSecurityGroup {
            vpc_security_group_id: id.clone(),
            status: "active".to_owned(),
        };
        ReplicationInstance {
            replication_instance_identifier: self.id.clone(),
            replication_instance_class: size.class,
            replication_instance_status: self.status(model.now).to_owned(),
            allocated_storage: size.storage,
            instance_create_time: clock::seconds(self.created),
            vpc_security_groups: self.security_groups.iter().map(member).collect(),
            availability_zone: self.zone.clone(),
            replication_subnet_group: group.map(|group| group.detail(model)).unwrap_or_default(),
            multi_az: self.multi_az,
            pending_modified_values: self.pending(model.now),
            engine_version: self.engine_version.clone(),
            auto_minor_version_upgrade: self.auto_minor,
            kms_key_id: default_key(),
            replication_instance_arn: self.arn.clone(),
            publicly_accessible: self.public,
            network_type: "IPV4".to_owned(),
        }
    }
}

/// DMS API reference, `KmsKeyId`: without one, the account's default key.
pub(super) fn default_key() -> String {
    format!("arn:aws:kms:{REGION}:{ACCOUNT}:key/4c1731d6-5435-4d4d-be13-d53411a7cfbd")
}

impl Listed for ReplicationInstance {
    const FILTERS: &'static [&'static str] = &[
        "replication-instance-arn",
        "replication-instance-id",
        "replication-instance-class",
        "engine-version",
    ];

    fn id(&self) -> String {
        self.replication_instance_identifier.clone()
    }

    fn values(&self, filter: &str) -> Vec<String> {
        let value = match filter {
            "replication-instance-arn" => self.replication_instance_arn.clone(),
            "replication-instance-class" => self.replication_instance_class.clone(),
            "engine-version" => self.engine_version.clone(),
            _ => self.id(),
        };
        vec![value]
    }
}

impl Described for ReplicationInstance {
    const NAME: &'static str = "Instances";
}

impl Model {
    pub(super) fn dms_instances(&self) -> Vec<ReplicationInstance> {
        let instances = self.dms.instances.values();
        instances
            .filter(|instance| instance.exists(self.now))
            .map(|instance| instance.detail(self))
            .collect()
    }

    pub(super) fn dms_instance(&self, arn: &str) -> Result<&Instance, Failure> {
        let found = self.dms.instances.get(arn);
        found
            .filter(|instance| instance.exists(self.now))
            .ok_or_else(|| not_found(format!("Replication Instance not found: {arn}")))
    }

    /// The name of an instance in this subnet group.
    pub(super) fn instance_in(&self, group: &str) -> Option<&String> {
        let mut instances = self.dms.instances.values();
        instances
            .find(|instance| instance.exists(self.now) && instance.group == group)
            .map(|instance| &instance.id)
    }
}
