//! Hosted zones.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::failure::{refuse, refuse_as};
use crate::model::shapes::text;
use crate::model::{ACCOUNT, Model, REGION};
use crate::{Failure, Operation, Service};

use super::changes::{ChangeAnswer, ChangeInfo};
use super::records::Record;
use super::{invalid_input, names};

const NAME_SERVERS: [&str; 4] = [
    "ns-0.awsdns-00.com",
    "ns-512.awsdns-00.net",
    "ns-1024.awsdns-00.org",
    "ns-1536.awsdns-00.co.uk",
];

/// A hosted zone.
#[derive(Debug, Clone)]
pub(crate) struct Zone {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) reference: String,
    pub(crate) comment: Option<String>,
    /// Empty for a public zone.
    pub(crate) vpcs: Vec<String>,
    pub(crate) records: Vec<Record>,
    pub(crate) owner: String,
    pub(crate) tags: BTreeMap<String, String>,
}

impl Zone {
    pub(crate) fn is_private(&self) -> bool {
        !self.vpcs.is_empty()
    }

    pub(super) fn detail(&self) -> HostedZone {
        HostedZone {
            id: format!("/hostedzone/{}", self.id),
            name: self.name.clone(),
            caller_reference: self.reference.clone(),
            config: HostedZoneConfig {
                comment: self.comment.clone(),
                private_zone: Some(self.is_private()),
            },
            resource_record_set_count: self.records.len(),
        }
    }

    fn delegation_set(&self) -> DelegationSet {
        DelegationSet {
            name_servers: NAME_SERVERS.map(str::to_owned).to_vec(),
        }
    }
}

/// Makes a hosted zone.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase", deny_unknown_fields)]
pub struct CreateHostedZone {
    /// The domain.
    pub name: String,
    /// The first VPC that is to see it, which makes it private.
    #[serde(rename = "VPC")]
    pub vpc: Option<Vpc>,
    /// What makes a repeat fail rather than make a second zone.
    pub caller_reference: String,
    /// What it is for, and whether it is private.
    pub hosted_zone_config: Option<HostedZoneConfig>,
}

/// A VPC and its Region.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Vpc {
    /// The Region.
    #[serde(rename = "VPCRegion")]
    pub vpc_region: String,
    /// The VPC's id.
    #[serde(rename = "VPCId")]
    pub vpc_id: String,
}

impl Vpc {
    /// A VPC of the Region.
    #[must_use]
    pub fn here(vpc_id: &str) -> Self {
        Self {
            vpc_region: REGION.to_owned(),
            vpc_id: vpc_id.to_owned(),
        }
    }

    /// Route 53 API reference, `InvalidVPCId`. The message is not verified.
    pub(super) fn check(&self, model: &Model) -> Result<(), Failure> {
        let exists = model.vpcs.seen(&self.vpc_id, model.now).is_some();
        if exists && self.vpc_region == REGION {
            return Ok(());
        }
        let message = format!(
            "The VPC: {} in region {} is not valid.",
            self.vpc_id, self.vpc_region
        );
        Err(refuse("InvalidVPCId", message))
    }
}

/// What a zone is for, and whether it is private.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase", deny_unknown_fields)]
pub struct HostedZoneConfig {
    /// What it is for.
    pub comment: Option<String>,
    /// Whether it is private.
    #[serde(deserialize_with = "text")]
    pub private_zone: Option<bool>,
}

/// A hosted zone as Route 53 describes it.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct HostedZone {
    /// Its id, with `/hostedzone/` before it.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The reference that it was made with.
    pub caller_reference: String,
    /// What it is for, and whether it is private.
    pub config: HostedZoneConfig,
    /// How many sets of records it has.
    pub resource_record_set_count: usize,
}

/// The name servers of a zone.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DelegationSet {
    /// Their names.
    pub name_servers: Vec<String>,
}

/// The new zone.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateHostedZoneAnswer {
    /// The zone.
    pub hosted_zone: HostedZone,
    /// The change that makes it.
    pub change_info: ChangeInfo,
    /// Its name servers.
    pub delegation_set: DelegationSet,
    /// The VPC that sees it.
    #[serde(rename = "VPC")]
    pub vpc: Option<Vpc>,
}

/// Asks for a zone.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct GetHostedZone {
    /// Its id.
    pub id: String,
}

/// A zone and who sees it.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetHostedZoneAnswer {
    /// The zone.
    pub hosted_zone: HostedZone,
    /// The name servers of a public zone.
    pub delegation_set: Option<DelegationSet>,
    /// The VPCs that see a private zone.
    #[serde(rename = "VPCs")]
    pub vpcs: Option<Vec<Vpc>>,
}

/// Writes another comment on a zone, or none.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct UpdateHostedZoneComment {
    /// Its id.
    pub id: String,
    /// What it is for from now on.
    pub comment: Option<String>,
}

/// The zone as it is then.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct UpdateHostedZoneCommentAnswer {
    /// The zone.
    pub hosted_zone: HostedZone,
}

/// Deletes a zone.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct DeleteHostedZone {
    /// Its id.
    pub id: String,
}

impl Operation for CreateHostedZone {
    type Answer = CreateHostedZoneAnswer;
    const SERVICE: Service = Service::Route53;
    const ACTION: &'static str = "CreateHostedZone";
    const WRITE: bool = true;

    fn perform(self, model: &mut Model) -> Result<CreateHostedZoneAnswer, Failure> {
        let name = self.check_name()?;
        self.check_kind()?;
        if model.dns.references.contains(&self.caller_reference) {
            // Route 53 API reference, CallerReference. Its message, and that it is remembered for
            // ever, are not verified.
            let message =
                "A hosted zone has already been created with the specified caller reference.";
            return Err(refuse_as(409, "HostedZoneAlreadyExists", message));
        }
        if let Some(vpc) = &self.vpc {
            vpc.check(model)?;
            if let Some(id) = model.zone_of_domain(&vpc.vpc_id, &name) {
                // Observed: terraform-provider-aws #37783, confluentinc/terraform-provider-confluent
                // #395; the first with an endpoint's hidden zone.
                let message = format!(
                    "The VPC {} in region {} has already been associated with the hosted zone {id} with the same domain name.",
                    vpc.vpc_id, vpc.vpc_region
                );
                return Err(refuse("ConflictingDomainExists", message));
            }
        }

        let zone = Zone {
            id: format!("Z0{}", model.ids.code(19)),
            records: Record::of_new_zone(&name, &NAME_SERVERS, model.now),
            name,
            reference: self.caller_reference.clone(),
            comment: self.hosted_zone_config.and_then(|config| config.comment),
            vpcs: self.vpc.iter().map(|vpc| vpc.vpc_id.clone()).collect(),
            owner: ACCOUNT.to_owned(),
            tags: BTreeMap::new(),
        };
        let answer = CreateHostedZoneAnswer {
            hosted_zone: zone.detail(),
            change_info: model.begin_change(None),
            delegation_set: zone.delegation_set(),
            vpc: self.vpc,
        };
        model.dns.references.insert(self.caller_reference);
        model.dns.zones.insert(zone.id.clone(), zone);
        Ok(answer)
    }
}

impl CreateHostedZone {
    fn check_name(&self) -> Result<String, Failure> {
        let name = names::stored(&self.name);
        if let Some(problem) = names::problem(&name) {
            return Err(refuse("InvalidDomainName", problem));
        }
        if self.caller_reference.is_empty() || self.caller_reference.len() > 128 {
            return Err(invalid_input(
                "The CallerReference must have 1 to 128 characters.",
            ));
        }
        Ok(name)
    }

    /// Route 53 API reference, `HostedZoneConfig`. That a VPC with an explicit `false` is refused is
    /// not verified.
    fn check_kind(&self) -> Result<(), Failure> {
        let private = self
            .hosted_zone_config
            .as_ref()
            .and_then(|config| config.private_zone);
        match (private, &self.vpc) {
            (Some(true), None) => Err(invalid_input(
                "When you're creating a private hosted zone (when you specify true for PrivateZone), you must also specify \
                 values for VPCId and VPCRegion.",
            )),
            (Some(false), Some(_)) => Err(invalid_input(
                "When you specify values for VPCId and VPCRegion, PrivateZone can't be false.",
            )),
            (None | Some(true), Some(_)) | (None | Some(false), None) => Ok(()),
        }
    }
}

impl Operation for GetHostedZone {
    type Answer = GetHostedZoneAnswer;
    const SERVICE: Service = Service::Route53;
    const ACTION: &'static str = "GetHostedZone";
    const WRITE: bool = false;

    fn perform(self, model: &mut Model) -> Result<GetHostedZoneAnswer, Failure> {
        let zone = model.zone(&self.id)?;
        let vpcs = zone.vpcs.iter().map(|id| Vpc::here(id)).collect();
        Ok(GetHostedZoneAnswer {
            hosted_zone: zone.detail(),
            delegation_set: (!zone.is_private()).then(|| zone.delegation_set()),
            vpcs: zone.is_private().then_some(vpcs),
        })
    }
}

impl Operation for UpdateHostedZoneComment {
    type Answer = UpdateHostedZoneCommentAnswer;
    const SERVICE: Service = Service::Route53;
    const ACTION: &'static str = "UpdateHostedZoneComment";
    const WRITE: bool = true;

    /// Route 53 API reference: without a value the comment is deleted.
    fn perform(self, model: &mut Model) -> Result<UpdateHostedZoneCommentAnswer, Failure> {
        let mut hosted_zone = model.zone(&self.id)?.detail();
        hosted_zone.config.comment.clone_from(&self.comment);
        model.change_zone(&self.id, |zone| zone.comment = self.comment);
        Ok(UpdateHostedZoneCommentAnswer { hosted_zone })
    }
}

impl Operation for DeleteHostedZone {
    type Answer = ChangeAnswer;
    const SERVICE: Service = Service::Route53;
    const ACTION: &'static str = "DeleteHostedZone";
    const WRITE: bool = true;

    fn perform(self, model: &mut Model) -> Result<ChangeAnswer, Failure> {
        let zone = model.zone(&self.id)?;
        if zone.records.iter().any(|record| !record.is_of(&zone.name)) {
            let message = "The specified hosted zone contains non-required resource record sets  and so cannot be deleted.";
            return Err(refuse("HostedZoneNotEmpty", message));
        }
        let id = zone.id.clone();
        model.dns.zones.remove(&id);
        Ok(ChangeAnswer {
            change_info: model.begin_change(None),
        })
    }
}
