//! What a connection costs, as far as public price lists say.

use schemars::JsonSchema;
use serde::Serialize;

use crate::plan::Plan;

/// Hours in an average month, as AWS counts them.
const HOURS: f64 = 730.0;

/// USD an hour for each zone of an interface endpoint (AWS PrivateLink pricing, us-east-1).
const ZONE_HOUR: f64 = 0.01;

/// US dollars a month for an endpoint with a network interface in so many zones, without data.
pub(super) fn per_month(zones: usize) -> f64 {
    (zones as f64 * HOURS * ZONE_HOUR * 100.0).round() / 100.0
}

/// What it costs, as far as public price lists say
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Cost {
    /// US dollars a month of 730 hours; null if no list says it
    #[schemars(range(min = 0))]
    usd_per_month: Option<f64>,
    /// How that was reckoned, and what is not in it
    basis: String,
}

impl Cost {
    pub(super) fn of_nothing() -> Self {
        Self {
            usd_per_month: Some(0.0),
            basis: "what is removed costs nothing any more".to_owned(),
        }
    }

    pub(super) fn of(plan: &Plan) -> Self {
        let Some(wanted) = &plan.endpoint else {
            return Self {
                usd_per_month: None,
                basis: "what is made of it at AWS DMS, TiDB Cloud or Confluent Cloud is billed there, by class and use"
                    .to_owned(),
            };
        };
        if wanted.owner_pays {
            return Self {
                usd_per_month: Some(0.0),
                basis: "the service's owner pays for the endpoint's hours; data, at 0.01 USD per GB, is not in it"
                    .to_owned(),
            };
        }
        let zones = wanted.zones.len();
        Self {
            usd_per_month: Some(per_month(zones)),
            basis: format!(
                "{zones} zones x {HOURS} h x {ZONE_HOUR} USD (AWS PrivateLink list price in us-east-1), from the endpoint's creation on, also while it \
                 waits for acceptance; data, at 0.01 USD per GB, is not in it"
            ),
        }
    }
}
