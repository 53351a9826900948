//! Amazon Route 53: private hosted zones and their records.
//!
//! Sources: the service model of botocore, version 2013-04-01; Route 53 developer guide; messages
//! as users report them, with the place beside each. That every write is visible to reads at once
//! is not verified.

mod associations;
mod batch;
mod changes;
mod listing;
pub mod names;
mod records;
pub mod resolve;
mod tags;
mod zones;

pub use associations::{AssociateVPCWithHostedZone, DisassociateVPCFromHostedZone};
pub use batch::{Change, ChangeBatch, ChangeResourceRecordSets};
pub use changes::{ChangeAnswer, ChangeInfo, GetChange};
pub use listing::{
    HostedZoneOwner, HostedZoneSummary, ListHostedZonesByName, ListHostedZonesByNameAnswer,
    ListHostedZonesByVPC, ListHostedZonesByVPCAnswer, ListResourceRecordSets,
    ListResourceRecordSetsAnswer,
};
pub use records::{AliasTarget, ResourceRecord, ResourceRecordSet};
pub use resolve::Destination;
pub use tags::{
    ChangeTagsForResource, ListTagsForResource, ListTagsForResourceAnswer, Nothing, ResourceTagSet,
    Tag,
};
pub use zones::{
    CreateHostedZone, CreateHostedZoneAnswer, DelegationSet, DeleteHostedZone, GetHostedZone,
    GetHostedZoneAnswer, HostedZone, HostedZoneConfig, UpdateHostedZoneComment,
    UpdateHostedZoneCommentAnswer, Vpc,
};

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::Failure;
use crate::clock::Moment;
use crate::failure::{refuse, refuse_as};

use super::{ACCOUNT, Model};

pub(crate) use zones::Zone;

/// Everything that Route 53 has.
#[derive(Debug, Clone, Default)]
pub(crate) struct Dns {
    pub(crate) zones: BTreeMap<String, Zone>,
    /// All caller references that ever made a zone.
    references: BTreeSet<String>,
    /// When each change was asked for.
    changes: BTreeMap<String, (Moment, Option<String>)>,
}

/// A hosted zone with everything in it, as it is.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Inventory {
    /// Its id, without `/hostedzone/`.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The account that owns it.
    pub owner: String,
    /// The VPCs that see it.
    pub vpcs: Vec<String>,
    /// Its records.
    pub records: Vec<ResourceRecordSet>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
}

impl Model {
    pub(crate) fn dns_inventory(&self) -> Vec<Inventory> {
        let zone = |zone: &Zone| Inventory {
            id: zone.id.clone(),
            name: zone.name.clone(),
            owner: zone.owner.clone(),
            vpcs: zone.vpcs.clone(),
            records: zone
                .records
                .iter()
                .map(|record| record.set.clone())
                .collect(),
            tags: zone.tags.clone(),
        };
        self.dns.zones.values().map(zone).collect()
    }

    /// The caller's zone of this id, with or without `/hostedzone/` before it.
    fn zone(&self, id: &str) -> Result<&Zone, Failure> {
        let id = id.trim_start_matches("/hostedzone/");
        let Some(zone) = self.dns.zones.get(id) else {
            let message = format!("No hosted zone found with ID: {id}");
            return Err(refuse_as(404, "NoSuchHostedZone", message));
        };
        if zone.owner != ACCOUNT {
            // Not verified.
            let message = format!("You are not authorized to access the hosted zone {id}.");
            return Err(refuse_as(403, "AccessDenied", message));
        }
        Ok(zone)
    }

    fn change_zone(&mut self, id: &str, change: impl FnOnce(&mut Zone)) {
        if let Some(zone) = self
            .dns
            .zones
            .get_mut(id.trim_start_matches("/hostedzone/"))
        {
            change(zone);
        }
    }

    /// The private zone that gives a VPC this domain: one of Route 53's, or the hidden one behind
    /// an endpoint's private name.
    pub(crate) fn zone_of_domain(&self, vpc_id: &str, domain: &str) -> Option<String> {
        let mut zones = self.dns.zones.values();
        let zone =
            zones.find(|zone| zone.vpcs.iter().any(|vpc| vpc == vpc_id) && zone.name == domain);
        let mut hidden = resolve::endpoint_domains(self, vpc_id).into_iter();
        zone.map(|zone| zone.id.clone()).or_else(|| {
            hidden
                .find(|hidden| hidden.domain == domain)
                .map(|hidden| hidden.zone_id)
        })
    }
}

fn invalid_input(message: impl Into<String>) -> Failure {
    refuse("InvalidInput", message)
}
