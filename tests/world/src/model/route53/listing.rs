//! Lists of zones and records, page by page.

use serde::{Deserialize, Serialize};

use crate::failure::refuse;
use crate::model::Model;
use crate::model::listing::{self, Listed};
use crate::model::shapes::text;
use crate::{Failure, Operation, Service, model::ACCOUNT};

use super::records::ResourceRecordSet;
use super::zones::{HostedZone, Vpc};
use super::{invalid_input, names, resolve};

/// Lists the private zones that a VPC sees, whoever owns them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ListHostedZonesByVPC {
    /// The VPC's id.
    #[serde(rename = "VPCId", alias = "vpcid")]
    pub vpc_id: String,
    /// Its Region.
    #[serde(rename = "VPCRegion", alias = "vpcregion")]
    pub vpc_region: String,
    /// How many at most.
    #[serde(rename = "MaxItems", alias = "maxitems", deserialize_with = "text")]
    pub max_items: Option<usize>,
    /// Where the page begins.
    #[serde(rename = "NextToken", alias = "nexttoken")]
    pub next_token: Option<String>,
}

/// A page of the private zones that a VPC sees.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListHostedZonesByVPCAnswer {
    /// The zones.
    pub hosted_zone_summaries: Vec<HostedZoneSummary>,
    /// How many at most.
    pub max_items: usize,
    /// Where the next page begins.
    pub next_token: Option<String>,
}

/// A zone that a VPC sees.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct HostedZoneSummary {
    /// The zone's id.
    pub hosted_zone_id: String,
    /// Its name.
    pub name: String,
    /// Whose it is.
    pub owner: HostedZoneOwner,
}

/// Whose a zone is.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct HostedZoneOwner {
    /// An account.
    pub owning_account: Option<String>,
    /// An AWS service with an account of its own.
    pub owning_service: Option<String>,
}

/// Lists the caller's zones by name.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ListHostedZonesByName {
    /// The name that the page begins with.
    #[serde(rename = "DNSName", alias = "dnsname")]
    pub dns_name: Option<String>,
    /// The zone that the page begins with, among those of that name.
    #[serde(rename = "HostedZoneId", alias = "hostedzoneid")]
    pub hosted_zone_id: Option<String>,
    /// How many at most.
    #[serde(rename = "MaxItems", alias = "maxitems", deserialize_with = "text")]
    pub max_items: Option<usize>,
}

/// A page of the caller's zones.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListHostedZonesByNameAnswer {
    /// The zones.
    pub hosted_zones: Vec<HostedZone>,
    /// The name that was asked for.
    #[serde(rename = "DNSName")]
    pub dns_name: Option<String>,
    /// Whether there are more.
    pub is_truncated: bool,
    /// The name that the next page begins with.
    #[serde(rename = "NextDNSName")]
    pub next_dns_name: Option<String>,
    /// The zone that the next page begins with.
    pub next_hosted_zone_id: Option<String>,
    /// How many at most.
    pub max_items: usize,
}

/// Lists the records of a zone.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ListResourceRecordSets {
    /// The zone's id.
    #[serde(rename = "HostedZoneId")]
    pub hosted_zone_id: String,
    /// The name that the page begins with.
    #[serde(rename = "StartRecordName", alias = "name")]
    pub start_record_name: Option<String>,
    /// The type that the page begins with, among those of that name.
    #[serde(rename = "StartRecordType", alias = "type")]
    pub start_record_type: Option<String>,
    /// How many at most.
    #[serde(rename = "MaxItems", alias = "maxitems", deserialize_with = "text")]
    pub max_items: Option<usize>,
}

/// A page of records.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListResourceRecordSetsAnswer {
    /// The records.
    pub resource_record_sets: Vec<ResourceRecordSet>,
    /// Whether there are more.
    pub is_truncated: bool,
    /// The name that the next page begins with.
    pub next_record_name: Option<String>,
    /// The type that the next page begins with.
    pub next_record_type: Option<String>,
    /// How many at most.
    pub max_items: usize,
}

impl Operation for ListHostedZonesByVPC {
    type Answer = ListHostedZonesByVPCAnswer;
    const SERVICE: Service = Service::Route53;
    const ACTION: &'static str = "ListHostedZonesByVPC";
    const WRITE: bool = false;

    fn perform(self, model: &mut Model) -> Result<ListHostedZonesByVPCAnswer, Failure> {
        let max_items = limit(self.max_items, 100)?;
        let vpc = Vpc {
            vpc_region: self.vpc_region,
            vpc_id: self.vpc_id,
        };
        // The model has no InvalidVPCId here; the code is not verified.
        vpc.check(model)
            .map_err(|_| invalid_input(format!("The VPC {} is not valid.", vpc.vpc_id)))?;
        let zones = model.zones_seen_by(&vpc.vpc_id);
        let token = self.next_token.as_deref();
        let token = token.filter(|token| !token.is_empty());
        let (hosted_zone_summaries, next_token) = listing::cut(zones, max_items, token)
            .ok_or_else(|| refuse("InvalidPaginationToken", "The NextToken is not valid."))?;
        Ok(ListHostedZonesByVPCAnswer {
            hosted_zone_summaries,
            max_items,
            next_token,
        })
    }
}

impl Listed for HostedZoneSummary {
    fn id(&self) -> String {
        self.hosted_zone_id.clone()
    }
}

impl Operation for ListHostedZonesByName {
    type Answer = ListHostedZonesByNameAnswer;
    const SERVICE: Service = Service::Route53;
    const ACTION: &'static str = "ListHostedZonesByName";
    const WRITE: bool = false;

    fn perform(self, model: &mut Model) -> Result<ListHostedZonesByNameAnswer, Failure> {
        let max_items = limit(self.max_items, 100)?;
        let own = model
            .dns
            .zones
            .values()
            .filter(|zone| zone.owner == ACCOUNT);
        let mut zones: Vec<_> = own.map(|zone| zone.detail()).collect();
        let order = |zone: &HostedZone| (names::order(&zone.name), zone.id.clone());
        zones.sort_by_key(order);
        if let Some(name) = &self.dns_name {
            let id = self.hosted_zone_id.as_deref().unwrap_or_default();
            let first = (
                names::order(&names::stored(name)),
                format!("/hostedzone/{id}"),
            );
            zones.retain(|zone| order(zone) >= first);
        }
        let next = zones.get(max_items).cloned();
        zones.truncate(max_items);
        Ok(ListHostedZonesByNameAnswer {
            hosted_zones: zones,
            dns_name: self.dns_name,
            is_truncated: next.is_some(),
            next_dns_name: next.as_ref().map(|next| next.name.clone()),
            next_hosted_zone_id: next.map(|next| next.id.replace("/hostedzone/", "")),
            max_items,
        })
    }
}

impl Operation for ListResourceRecordSets {
    type Answer = ListResourceRecordSetsAnswer;
    const SERVICE: Service = Service::Route53;
    const ACTION: &'static str = "ListResourceRecordSets";
    const WRITE: bool = false;

    fn perform(self, model: &mut Model) -> Result<ListResourceRecordSetsAnswer, Failure> {
        // Route 53 API reference, ListResourceRecordSets: up to 300 sets at a time, and a type only
        // with a name.
        let max_items = limit(self.max_items, 300)?;
        if self.start_record_type.is_some() && self.start_record_name.is_none() {
            return Err(invalid_input("A StartRecordType needs a StartRecordName."));
        }
        let zone = model.zone(&self.hosted_zone_id)?;
        let mut sets: Vec<_> = zone
            .records
            .iter()
            .map(|record| record.set.clone())
            .collect();
        sets.sort_by_key(ResourceRecordSet::order);
        if let Some(name) = &self.start_record_name {
            let kind = self.start_record_type.unwrap_or_default();
            let first = (names::order(&names::stored(name)), kind);
            sets.retain(|set| set.order() >= first);
        }
        let next = sets.get(max_items).cloned();
        sets.truncate(max_items);
        Ok(ListResourceRecordSetsAnswer {
            resource_record_sets: sets,
            is_truncated: next.is_some(),
            next_record_name: next.as_ref().map(|next| next.name.clone()),
            next_record_type: next.map(|next| next.kind),
            max_items,
        })
    }
}

impl Model {
    /// Route 53 API reference, `ListHostedZonesByVPC`: zones of AWS's services are there too, with
    /// the service for an owner. That those behind endpoints' private names are among them is not
    /// verified.
    fn zones_seen_by(&self, vpc_id: &str) -> Vec<HostedZoneSummary> {
        let seen = self
            .dns
            .zones
            .values()
            .filter(|zone| zone.vpcs.iter().any(|id| id == vpc_id));
        let of_accounts = seen.map(|zone| HostedZoneSummary {
            hosted_zone_id: zone.id.clone(),
            name: zone.name.clone(),
            owner: HostedZoneOwner {
                owning_account: Some(zone.owner.clone()),
                owning_service: None,
            },
        });
        let hidden = resolve::endpoint_domains(self, vpc_id).into_iter();
        let of_services = hidden.map(|domain| HostedZoneSummary {
            hosted_zone_id: domain.zone_id,
            name: domain.domain,
            owner: HostedZoneOwner {
                owning_account: None,
                owning_service: Some("vpce.amazonaws.com".to_owned()),
            },
        });
        of_accounts.chain(of_services).collect()
    }
}

fn limit(wanted: Option<usize>, most: usize) -> Result<usize, Failure> {
    match wanted {
        Some(0) => Err(invalid_input("MaxItems must be at least 1.")),
        wanted => Ok(wanted.unwrap_or(most).min(most)),
    }
}
