//! Replication instances.

use serde::{Deserialize, Serialize};

use crate::clock::{self, Moment};
use crate::failure::refuse;
use crate::model::listing::Listed;
use crate::model::network::zone_name;
use crate::model::{ACCOUNT, Model, REGION};
use crate::{Failure, Operation, Service, World};

use super::groups::ReplicationSubnetGroup;
use super::listing::{Described, describe};
use super::tags::{self, Tag};
use super::{
    InstanceOutlook, arn, check_friendly_name, check_identifier, check_role, invalid_combination,
    invalid_state, invalid_value, not_found, required,
};

/// What an instance runs that asks for nothing else. Not verified: the default changes over time.
const ENGINE_VERSION: &str = "3.6.1";

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

/// What of an instance is modified here.
#[derive(Debug, Clone)]
struct Size {
    class: String,
    storage: u32,
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

/// Makes a replication instance.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase", deny_unknown_fields)]
pub struct CreateReplicationInstance {
    /// Its name, which is stored in lower case.
    pub replication_instance_identifier: String,
    /// Its storage in GiB.
    pub allocated_storage: Option<u32>,
    /// Its size, as `dms.t3.medium`.
    pub replication_instance_class: String,
    /// Its security groups; none means the VPC's default group.
    pub vpc_security_group_ids: Vec<String>,
    /// The name of its zone.
    pub availability_zone: Option<String>,
    /// The subnets that it may lie in; absent means those of the default VPC, and there is none here.
    pub replication_subnet_group_identifier: Option<String>,
    /// When it may be maintained.
    pub preferred_maintenance_window: Option<String>,
    /// Whether it has a standby in another zone.
    #[serde(rename = "MultiAZ")]
    pub multi_az: Option<bool>,
    /// Its version.
    pub engine_version: Option<String>,
    /// Whether minor upgrades happen by themselves; absent means yes.
    pub auto_minor_version_upgrade: Option<bool>,
    /// Its tags.
    pub tags: Vec<Tag>,
    /// The key that encrypts its storage.
    pub kms_key_id: Option<String>,
    /// Whether it has a public address; absent means yes.
    pub publicly_accessible: Option<bool>,
    /// The end of its ARN.
    pub resource_identifier: Option<String>,
    /// Its address type.
    pub network_type: Option<String>,
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

describe! {
    /// Lists replication instances.
    DescribeReplicationInstances,
    DescribeReplicationInstancesAnswer {
        /// The replication instances.
        replication_instances: ReplicationInstance
    },
    dms_instances
}

impl Operation for CreateReplicationInstance {
    type Answer = ReplicationInstanceAnswer;
    const SERVICE: Service = Service::Dms;
    const ACTION: &'static str = "CreateReplicationInstance";
    const WRITE: bool = true;

    fn perform(self, model: &mut Model) -> Result<ReplicationInstanceAnswer, Failure> {
        let id = self.replication_instance_identifier.to_lowercase();
        check_identifier("ReplicationInstanceIdentifier", &id, 63)?;
        check_friendly_name(self.resource_identifier.as_ref())?;
        self.check_size()?;
        check_role(model)?;
        if model
            .dms_instances()
            .iter()
            .any(|other| other.replication_instance_identifier == id)
        {
            let message = format!("Replication Instance already exists: {id}");
            return Err(refuse("ResourceAlreadyExistsFault", message));
        }
        let group = self.group()?;
        let zone = self.zone(model, &group)?;
        let security_groups = self.security_groups(model, &group)?;
        let tags = tags::checked(&self.tags)?;

        let suffix = self
            .resource_identifier
            .unwrap_or_else(|| model.ids.code(26));
        let until = clock::after(model.now, model.timing.dms_instance_create);
        let instance = Instance {
            arn: arn("rep", &suffix),
            id,
            class: self.replication_instance_class,
            storage: self.allocated_storage.unwrap_or(50),
            group,
            security_groups,
            zone,
            multi_az: self.multi_az == Some(true),
            engine_version: self
                .engine_version
                .unwrap_or_else(|| ENGINE_VERSION.to_owned()),
            auto_minor: self.auto_minor_version_upgrade.unwrap_or(true),
            // DMS API reference, PubliclyAccessible: the default value is true.
            public: self.publicly_accessible.unwrap_or(true),
            created: model.now,
            phase: Phase::Creating {
                until,
                then: model.dms.instance_outlook,
            },
            pending: None,
        };
        let replication_instance = instance.detail(model);
        model.dms.tags.insert(instance.arn.clone(), tags);
        model.dms.instances.insert(instance.arn.clone(), instance);
        Ok(ReplicationInstanceAnswer {
            replication_instance,
        })
    }
}

impl CreateReplicationInstance {
    fn check_size(&self) -> Result<(), Failure> {
        let class = &self.replication_instance_class;
        required("ReplicationInstanceClass", class)?;
        if !class.starts_with("dms.") || class.split('.').count() != 3 {
            return Err(invalid_value(format!(
                "Invalid replication instance class: {class}"
            )));
        }
        // DMS API reference, MultiAZ.
        if self.multi_az == Some(true) && self.availability_zone.is_some() {
            return Err(invalid_combination(
                "You can't set the AvailabilityZone parameter if the Multi-AZ parameter is set to true.",
            ));
        }
        match self.network_type.as_deref() {
            None | Some("IPV4") => Ok(()),
            Some(other) => Err(invalid_value(format!(
                "The network type {other} is not part of this simulated world."
            ))),
        }
    }

    fn group(&self) -> Result<String, Failure> {
        let named = self.replication_subnet_group_identifier.as_ref();
        named.map(|id| id.to_lowercase()).ok_or_else(|| {
            let message = "There is no default VPC for the default replication subnet group.";
            refuse("InvalidSubnet", message)
        })
    }

    fn zone(&self, model: &Model, group: &str) -> Result<String, Failure> {
        let mut zones = model
            .dms_group(group)?
            .subnets
            .iter()
            .filter_map(|id| model.subnets.latest(id))
            .map(|subnet| zone_name(&subnet.zone_id));
        let wanted = self.availability_zone.as_deref();
        let found = zones.find(|zone| wanted.is_none_or(|wanted| wanted == *zone));
        found.map(str::to_owned).ok_or_else(|| {
            invalid_value("The Availability Zone has no subnet in the replication subnet group.")
        })
    }

    /// DMS API reference, `VpcSecurityGroupIds`: they must work with the VPC of the instance.
    fn security_groups(&self, model: &Model, group: &str) -> Result<Vec<String>, Failure> {
        let vpc_id = &model.dms_group(group)?.vpc_id;
        if self.vpc_security_group_ids.is_empty() {
            let default = model.default_group(vpc_id);
            return Ok(default.map(|group| group.id.clone()).into_iter().collect());
        }
        for id in &self.vpc_security_group_ids {
            let found = model.groups.seen(id, model.now);
            if found.is_none_or(|group| group.vpc_id != *vpc_id) {
                return Err(invalid_value(format!(
                    "Invalid security group , groupId= {id}, groupName=."
                )));
            }
        }
        Ok(self.vpc_security_group_ids.clone())
    }
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
    fn size(&self, now: Moment) -> Size {
        match &self.pending {
            Some((size, Some(until))) if now >= *until => size.clone(),
            Some(_) | None => Size {
                class: self.class.clone(),
                storage: self.storage,
            },
        }
    }

    /// What is still to become different.
    fn pending(&self, now: Moment) -> PendingModifiedValues {
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
