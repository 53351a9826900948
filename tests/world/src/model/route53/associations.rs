//! Which VPCs see a private zone.

use serde::{Deserialize, Serialize};

use crate::failure::{refuse, refuse_as};
use crate::model::Model;
use crate::{Failure, Operation, Service};

use super::changes::ChangeAnswer;
use super::zones::Vpc;

/// Lets one more VPC see a private zone.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase", deny_unknown_fields)]
pub struct AssociateVPCWithHostedZone {
    /// The zone's id.
    pub hosted_zone_id: String,
    /// The VPC.
    #[serde(rename = "VPC")]
    pub vpc: Vpc,
    /// What it is for.
    pub comment: Option<String>,
}

/// Lets one VPC less see a private zone.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase", deny_unknown_fields)]
pub struct DisassociateVPCFromHostedZone {
    /// The zone's id.
    pub hosted_zone_id: String,
    /// The VPC.
    #[serde(rename = "VPC")]
    pub vpc: Vpc,
    /// What it is for.
    pub comment: Option<String>,
}

impl Operation for AssociateVPCWithHostedZone {
    type Answer = ChangeAnswer;
    const SERVICE: Service = Service::Route53;
    const ACTION: &'static str = "AssociateVPCWithHostedZone";
    const WRITE: bool = true;

    fn perform(self, model: &mut Model) -> Result<ChangeAnswer, Failure> {
        let zone = model.zone(&self.hosted_zone_id)?;
        self.vpc.check(model)?;
        if !zone.is_private() {
            let message =
                "Amazon Route 53 doesn't support associating a VPC with a public hosted zone.";
            return Err(refuse("PublicZoneVPCAssociation", message));
        }
        let vpc_id = self.vpc.vpc_id;
        if model.zone_of_domain(&vpc_id, &zone.name).is_some() {
            // Observed: infrablocks/terraform-aws-base-networking #4, also for the zone itself.
            let message = format!(
                "The VPC that you chose, {vpc_id} in region {}, is already associated with another private hosted zone that \
                 has an overlapping name space, {}.",
                self.vpc.vpc_region, zone.name
            );
            return Err(refuse("ConflictingDomainExists", message));
        }
        model.change_zone(&self.hosted_zone_id, |zone| zone.vpcs.push(vpc_id));
        Ok(ChangeAnswer {
            change_info: model.begin_change(self.comment),
        })
    }
}

impl Operation for DisassociateVPCFromHostedZone {
    type Answer = ChangeAnswer;
    const SERVICE: Service = Service::Route53;
    const ACTION: &'static str = "DisassociateVPCFromHostedZone";
    const WRITE: bool = true;

    /// The messages are not verified.
    fn perform(self, model: &mut Model) -> Result<ChangeAnswer, Failure> {
        let zone = model.zone(&self.hosted_zone_id)?;
        let vpc_id = self.vpc.vpc_id;
        if !zone.vpcs.contains(&vpc_id) {
            let message = "The specified VPC and hosted zone are not currently associated.";
            return Err(refuse_as(404, "VPCAssociationNotFound", message));
        }
        if zone.vpcs.len() == 1 {
            let message = "The VPC that you're trying to disassociate from the private hosted zone is the last VPC that is \
                           associated with the hosted zone.";
            return Err(refuse("LastVPCAssociation", message));
        }
        model.change_zone(&self.hosted_zone_id, |zone| {
            zone.vpcs.retain(|id| *id != vpc_id)
        });
        Ok(ChangeAnswer {
            change_info: model.begin_change(self.comment),
        })
    }
}
