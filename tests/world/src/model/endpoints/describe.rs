//! `DescribeVpcEndpoints`.

use crate::Failure;
use crate::model::Model;
use crate::model::listing::{Described, Listed, PageSize, describe};
use crate::model::shapes::Tag;

use super::VpcEndpoint;

describe! {
    /// Lists endpoints.
    DescribeVpcEndpoints { vpc_endpoint_ids: "VpcEndpointId" },
    /// A page of endpoints.
    DescribeVpcEndpointsAnswer { vpc_endpoints: "vpcEndpointSet" of VpcEndpoint }
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

impl Described for VpcEndpoint {
    const PAGE: PageSize = PageSize::AtMostThousand;

    fn asked_for(model: &Model, ids: &[String]) -> Result<Vec<Self>, Failure> {
        if !ids.is_empty() {
            let by_id = |id: &String| Ok(model.seen_endpoint(id)?.detail(model));
            return ids.iter().map(by_id).collect();
        }
        let endpoints = model.endpoints.all_seen(model.now);
        let known = endpoints.filter(|endpoint| !endpoint.is_forgotten(model));
        Ok(known.map(|endpoint| endpoint.detail(model)).collect())
    }
}
