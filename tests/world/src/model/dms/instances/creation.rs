//! How a replication instance is made.

use serde::{Deserialize, Serialize};

use super::{Instance, Phase, ReplicationInstanceAnswer};
use crate::clock;
use crate::failure::refuse;
use crate::model::Model;
use crate::model::dms::tags::{self, Tag};
use crate::model::dms::{
    arn, check_friendly_name, check_identifier, check_role, invalid_combination, invalid_value,
    required,
};
use crate::model::network::zone_name;
use crate::{Failure, Operation, Service};

/// What an instance runs that asks for nothing else. Not verified: the default changes over time.
const ENGINE_VERSION: &str = "3.6.1";

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
