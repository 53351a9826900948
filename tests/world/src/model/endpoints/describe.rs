//! `DescribeVpcEndpoints`.

use serde::{Deserialize, Serialize};

use crate::model::Model;
use crate::model::listing::{self, Listed, PageSize};
use crate::model::shapes::{Filter, Tag, flag, text};
use crate::{Failure, Operation, Service};

use super::VpcEndpoint;

/// Lists endpoints.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct DescribeVpcEndpoints {
    /// Only check the permission.
    #[serde(deserialize_with = "flag")]
    pub dry_run: bool,
    /// Which ones, by id; an unknown one is an error.
    #[serde(rename = "VpcEndpointId")]
    pub vpc_endpoint_ids: Vec<String>,
    /// Which ones.
    #[serde(rename = "Filter")]
    pub filters: Vec<Filter>,
    /// How many at most.
    #[serde(deserialize_with = "text")]
    pub max_results: Option<i32>,
    /// Where the page begins.
    pub next_token: Option<String>,
}

/// A page of endpoints.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribeVpcEndpointsAnswer {
    /// The endpoints.
    #[serde(rename = "vpcEndpointSet")]
    pub vpc_endpoints: Vec<VpcEndpoint>,
    /// Where the next page begins.
    pub next_token: Option<String>,
}

impl Operation for DescribeVpcEndpoints {
    type Answer = DescribeVpcEndpointsAnswer;
    const SERVICE: Service = Service::Ec2;
    const ACTION: &'static str = "DescribeVpcEndpoints";
    const WRITE: bool = false;

    fn dry_run(&self) -> bool {
        self.dry_run
    }

    fn perform(self, model: &mut Model) -> Result<DescribeVpcEndpointsAnswer, Failure> {
        let endpoints = listing::filter(self.asked_for(model)?, &self.filters)?;
        let token = self.next_token.as_deref();
        let (vpc_endpoints, next_token) =
            listing::page(endpoints, self.max_results, token, PageSize::AtMostThousand)?;
        Ok(DescribeVpcEndpointsAnswer {
            vpc_endpoints,
            next_token,
        })
    }
}

impl DescribeVpcEndpoints {
    fn asked_for(&self, model: &Model) -> Result<Vec<VpcEndpoint>, Failure> {
        if self.vpc_endpoint_ids.is_empty() {
            let known = model
                .endpoints
                .all_seen(model.now)
                .filter(|endpoint| !endpoint.is_forgotten(model));
            return Ok(known.map(|endpoint| endpoint.detail(model)).collect());
        }
        self.vpc_endpoint_ids
            .iter()
            .map(|id| Ok(model.seen_endpoint(id)?.detail(model)))
            .collect()
    }
}

impl Listed for VpcEndpoint {
    const FILTERS: &'static [&'static str] = &[
        "ip-address-type",
        "service-name",
        "service-region",
        "vpc-endpoint-id",
        "vpc-endpoint-state",
        "vpc-endpoint-type",
        "vpc-id",
    ];

    fn id(&self) -> String {
        self.vpc_endpoint_id.clone()
    }

    fn values(&self, filter: &str) -> Vec<String> {
        let value = match filter {
            "ip-address-type" => &self.ip_address_type,
            "service-name" => &self.service_name,
            "service-region" => &self.service_region,
            "vpc-endpoint-id" => &self.vpc_endpoint_id,
            "vpc-endpoint-state" => &self.state,
            "vpc-endpoint-type" => &self.vpc_endpoint_type,
            _ => &self.vpc_id,
        };
        vec![value.clone()]
    }

    fn tags(&self) -> &[Tag] {
        &self.tags
    }
}
