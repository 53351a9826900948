//! *Private Connection Checked*: everything that there is, in pages.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

use super::cost::per_month;
use super::{Named, ResultDetail, Run};
use crate::execution::{Execution, Progress};
use crate::outside::Endpoint;
use crate::ownership::holders;
use crate::problem::Code;
use crate::time::Time;

/// The largest page, in bytes of JSON, without what is on the first one alone; an event has 256 KiB.
const MOST_BYTES: usize = 150_000;

/// How many things beside endpoints are named: some 200 bytes each.
const MOST_THINGS: usize = 200;

/// What the scheduled check found, one page of it
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Checked {
    /// The reason code
    #[schemars(with = "String", extend("const" = Code::Checked))]
    code: Code,
    #[serde(flatten)]
    run: Run,
    /// Which page this is, from 1
    #[schemars(range(min = 1))]
    page: usize,
    /// How many there are
    #[schemars(range(min = 1))]
    pages: usize,
    /// Connections through an endpoint of this deployment's, by request and endpoint
    connections: Vec<Connection>,
    /// What else there is of this deployment's; on the first page
    things: Vec<Thing>,
    /// What could not be looked at, and why
    not_looked_at: Vec<String>,
}

/// Something of this deployment's that is no endpoint. A security group is only named where no endpoint has it
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Thing {
    /// What it is: security-group, dms-replication-instance or dms-endpoint
    pub kind: &'static str,
    /// Its id, or what AWS DMS calls it
    pub id: String,
    /// The request that it was made for; null if no tag says it
    pub request_id: Option<String>,
    /// Its state, in AWS's word; null where it has none
    pub state: Option<String>,
    /// How it is: confirmed, degraded, being-made, leaving, or unheld (nobody seems to need it: it is reported, and never deleted; what
    /// is just being made or removed may be among these)
    pub condition: &'static str,
}

/// What there is beside endpoints, and what could not be looked at.
#[derive(Debug, Default)]
pub struct Beside {
    pub things: Vec<Thing>,
    pub not_looked_at: Vec<String>,
}

/// A request's part in an endpoint, or an endpoint that no request holds
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Connection {
    /// The request; null where none holds the endpoint: it is reported, and never deleted
    request_id: Option<String>,
    /// The endpoint
    endpoint_id: String,
    /// Its VPC
    vpc_id: String,
    /// The endpoint service's full name
    service_name: String,
    /// Its state, in EC2's word
    state: String,
    /// Since when the endpoint is there
    #[schemars(extend("format" = "date-time"))]
    since: Option<String>,
    /// When a verifier got through last, to the minute; left out where that is not known
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", extend("format" = "date-time"))]
    last_verified: Option<String>,
    /// How many requests hold the endpoint
    holders: usize,
    /// What the whole endpoint costs in a month, in US dollars, without data; requests that share it share that
    #[schemars(range(min = 0))]
    usd_per_month: f64,
    /// How the connection is: confirmed, degraded, being-made, leaving, left (its last holder was leaving, and does not go on) or unheld
    condition: String,
}

impl ResultDetail for Checked {
    const DETAIL_TYPE: &'static str = "Private Connection Checked";
    const SCHEMA_FILE: &'static str = "checked.v1.json";
}

impl Connection {
    pub fn of(
        named: Option<&Named>,
        endpoint: &Endpoint,
        condition: &str,
        verified: Option<Time>,
    ) -> Self {
        Self {
            request_id: named.map(|named| named.request_id.clone()),
            endpoint_id: endpoint.id.to_string(),
            vpc_id: endpoint.vpc.clone(),
            service_name: endpoint.service.clone(),
            state: endpoint.raw_state.clone(),
            since: endpoint.created.map(Time::to_rfc3339),
            last_verified: verified.map(Time::to_rfc3339),
            holders: holders(&endpoint.tags).count(),
            usd_per_month: per_month(endpoint.subnet_ids.len()),
            condition: condition.to_owned(),
        }
    }
}

/// Everything in pages that an event has room for; one at least.
pub fn pages(all: Vec<Connection>) -> Vec<Vec<Connection>> {
    let mut pages = vec![Vec::new()];
    let mut bytes = 0;
    for one in all {
        let size = json!(one).to_string().len() + 1;
        if bytes + size > MOST_BYTES {
            pages.push(Vec::new());
            bytes = 0;
        }
        bytes += size;
        if let Some(page) = pages.last_mut() {
            page.push(one);
        }
    }
    pages
}

impl Checked {
    pub fn of(
        pages: &[Vec<Connection>],
        page: usize,
        beside: Beside,
        progress: &Progress,
        execution: &Execution,
        now: Time,
    ) -> Self {
        let all: usize = pages.iter().map(Vec::len).sum();
        let degraded = pages
            .iter()
            .flatten()
            .filter(|one| one.condition == "degraded");
        let Beside {
            mut things,
            mut not_looked_at,
        } = beside;
        let beside = match things.len() {
            0 => String::new(),
            count => format!("; {count} things beside endpoints"),
        };
        let message = format!(
            "{all} connections were looked at, {} degraded{beside}",
            degraded.count()
        );
        if things.len() > MOST_THINGS {
            not_looked_at.push(format!(
                "{} more things beside endpoints",
                things.len() - MOST_THINGS
            ));
            things.truncate(MOST_THINGS);
        }
        let next_step = "look at what is not confirmed".to_owned();
        let run = Run::of(message, next_step, progress, execution, now);
        Self {
            code: Code::Checked,
            run: run.one_of_several(&format!("page-{}", page + 1), execution),
            page: page + 1,
            pages: pages.len(),
            connections: pages.get(page).cloned().unwrap_or_default(),
            things,
            not_looked_at,
        }
    }
}
