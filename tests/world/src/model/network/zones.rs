//! Availability Zones: their names are shuffled per account, their ids are not.
//!
//! Source: RAM user guide, "Availability Zone IDs"; EC2 API reference, `DescribeAvailabilityZones`.

use serde::{Deserialize, Serialize};

use crate::failure::invalid_value;
use crate::model::listing::{self, Listed};
use crate::model::shapes::{Filter, flag};
use crate::model::{Model, REGION};
use crate::{Failure, Operation, Service};

/// Each zone's id, and its name in the account.
const ZONES: [(&str, &str); 6] = [
    ("use1-az4", "us-east-1a"),
    ("use1-az6", "us-east-1b"),
    ("use1-az1", "us-east-1c"),
    ("use1-az2", "us-east-1d"),
    ("use1-az3", "us-east-1e"),
    ("use1-az5", "us-east-1f"),
];

/// The name that a zone has in the account.
pub(crate) fn zone_name(zone_id: &str) -> &'static str {
    ZONES
        .iter()
        .find(|(id, _)| *id == zone_id)
        .map_or("us-east-1?", |(_, name)| name)
}

/// The id of the zone that has this name in the account.
pub(crate) fn zone_id(zone_name: &str) -> Option<&'static str> {
    ZONES
        .iter()
        .find(|(_, name)| *name == zone_name)
        .map(|(id, _)| *id)
}

/// Lists the Region's zones.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct DescribeAvailabilityZones {
    /// Only check the permission.
    #[serde(deserialize_with = "flag")]
    pub dry_run: bool,
    /// Which ones, by name.
    #[serde(rename = "ZoneName")]
    pub zone_names: Vec<String>,
    /// Which ones, by id.
    #[serde(rename = "ZoneId")]
    pub zone_ids: Vec<String>,
    /// Which ones.
    #[serde(rename = "Filter")]
    pub filters: Vec<Filter>,
    /// Also those that the account has not opted into; there are none.
    #[serde(deserialize_with = "flag")]
    pub all_availability_zones: bool,
}

/// The Region's zones.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct DescribeAvailabilityZonesAnswer {
    /// The zones.
    #[serde(rename = "availabilityZoneInfo")]
    pub availability_zones: Vec<AvailabilityZone>,
}

/// A zone.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AvailabilityZone {
    /// Its name in the account.
    pub zone_name: String,
    /// Its id.
    pub zone_id: String,
    /// Its Region.
    pub region_name: String,
    /// Its state.
    #[serde(rename = "zoneState")]
    pub state: String,
    /// The kind of zone.
    pub zone_type: String,
    /// Whether the account has opted in.
    pub opt_in_status: String,
    /// The group it belongs to.
    pub group_name: String,
    /// Where its addresses are advertised.
    pub network_border_group: String,
}

impl Operation for DescribeAvailabilityZones {
    type Answer = DescribeAvailabilityZonesAnswer;
    const SERVICE: Service = Service::Ec2;
    const ACTION: &'static str = "DescribeAvailabilityZones";
    const WRITE: bool = false;

    fn dry_run(&self) -> bool {
        self.dry_run
    }

    fn perform(self, _model: &mut Model) -> Result<DescribeAvailabilityZonesAnswer, Failure> {
        self.check_names()?;
        let is_asked_for = |zone: &AvailabilityZone| {
            (self.zone_names.is_empty() || self.zone_names.contains(&zone.zone_name))
                && (self.zone_ids.is_empty() || self.zone_ids.contains(&zone.zone_id))
        };
        let zones = ZONES
            .iter()
            .map(|(id, name)| zone(id, name))
            .filter(is_asked_for)
            .collect();
        Ok(DescribeAvailabilityZonesAnswer {
            availability_zones: listing::filter(zones, &self.filters)?,
        })
    }
}

impl DescribeAvailabilityZones {
    fn check_names(&self) -> Result<(), Failure> {
        let unknown_name = self.zone_names.iter().find(|name| zone_id(name).is_none());
        let unknown_id = self
            .zone_ids
            .iter()
            .find(|id| !ZONES.iter().any(|(known, _)| known == id));
        match unknown_name.or(unknown_id) {
            Some(unknown) => Err(invalid_value(format!(
                "Invalid availability zone: [{unknown}]"
            ))),
            None => Ok(()),
        }
    }
}

fn zone(id: &str, name: &str) -> AvailabilityZone {
    AvailabilityZone {
        zone_name: name.to_owned(),
        zone_id: id.to_owned(),
        region_name: REGION.to_owned(),
        state: "available".to_owned(),
        zone_type: "availability-zone".to_owned(),
        opt_in_status: "opt-in-not-required".to_owned(),
        group_name: format!("{REGION}-zg-1"),
        network_border_group: REGION.to_owned(),
    }
}

impl Listed for AvailabilityZone {
    const FILTERS: &'static [&'static str] =
        &["region-name", "state", "zone-id", "zone-name", "zone-type"];

    fn id(&self) -> String {
        self.zone_name.clone()
    }

    fn values(&self, filter: &str) -> Vec<String> {
        let value = match filter {
            "region-name" => &self.region_name,
            "state" => &self.state,
            "zone-id" => &self.zone_id,
            "zone-name" => &self.zone_name,
            _ => &self.zone_type,
        };
        vec![value.clone()]
    }
}
