//! The Regions that TiDB Cloud lists.

use serde::{Deserialize, Serialize};

use crate::model::Model;
use crate::{Failure, Operation, Service};

use super::{Caller, REGION_ID, REGION_NAME, cut, not_found};

/// Lists Regions.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ListRegions {
    /// Whose key it is.
    #[serde(skip)]
    pub caller: Caller,
    /// Only those of this provider, as `aws`.
    pub cloud_provider: Option<String>,
    /// How many at most.
    pub page_size: Option<i64>,
    /// Where the page begins.
    pub page_token: Option<String>,
    /// How many to skip.
    pub skip: Option<i64>,
}

/// A page of Regions.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListRegionsAnswer {
    /// The Regions.
    pub regions: Vec<Region>,
    /// How many there are on all pages.
    pub total_size: usize,
    /// Where the next page begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_page_token: Option<String>,
}

/// Asks for a Region.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct GetRegion {
    /// Whose key it is.
    #[serde(skip)]
    pub caller: Caller,
    /// Its id, as `aws-us-east-1`.
    pub region_id: String,
}

/// A Region.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Region {
    /// Its name, as `regions/aws-us-east-1`.
    pub name: String,
    /// Its id.
    pub region_id: String,
    /// Its provider.
    pub cloud_provider: String,
    /// Its name for people.
    pub display_name: String,
}

const REGIONS: [(&str, &str); 2] = [
    (REGION_ID, REGION_NAME),
    ("aws-us-west-2", "Oregon (us-west-2)"),
];

/// The Region as all of TiDB Cloud's APIs describe it.
pub(super) fn region(id: &str, display_name: &str) -> Region {
    Region {
        name: format!("regions/{id}"),
        region_id: id.to_owned(),
        cloud_provider: "aws".to_owned(),
        display_name: display_name.to_owned(),
    }
}

impl Operation for ListRegions {
    type Answer = ListRegionsAnswer;
    const SERVICE: Service = Service::TidbCloud;
    const ACTION: &'static str = "ListRegions";
    const WRITE: bool = false;

    fn perform(self, _: &mut Model) -> Result<ListRegionsAnswer, Failure> {
        let wanted = self.cloud_provider.as_deref().unwrap_or("aws");
        let regions = REGIONS
            .iter()
            .filter(|_| wanted == "aws")
            .map(|(id, display_name)| region(id, display_name));
        let page =
            cut(self.page_size, self.page_token.as_deref(), self.skip)?.of(regions.collect());
        Ok(ListRegionsAnswer {
            regions: page.items,
            total_size: page.total,
            next_page_token: page.next,
        })
    }
}

impl Operation for GetRegion {
    type Answer = Region;
    const SERVICE: Service = Service::TidbCloud;
    const ACTION: &'static str = "GetRegion";
    const WRITE: bool = false;

    fn perform(self, _: &mut Model) -> Result<Region, Failure> {
        let found = REGIONS.iter().find(|(id, _)| *id == self.region_id);
        found
            .map(|(id, display_name)| region(id, display_name))
            .ok_or_else(|| not_found(format!("region {} not found", self.region_id)))
    }
}
