//! Endpoints as EC2 describes them.

use serde::{Deserialize, Serialize};

use crate::clock;
use crate::model::dns;
use crate::model::shapes::{GroupIdentifier, Tag, text};
use crate::model::{ACCOUNT, Model, REGION};

use super::{Endpoint, policy};

/// An endpoint.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VpcEndpoint {
    /// Its id.
    pub vpc_endpoint_id: String,
    /// Its type, as `Interface`.
    pub vpc_endpoint_type: String,
    /// Its VPC's id.
    pub vpc_id: String,
    /// The service that it leads to.
    pub service_name: String,
    /// That service's Region.
    pub service_region: String,
    /// Its state, in camel case.
    pub state: String,
    /// Its policy.
    pub policy_document: String,
    /// The route tables of a gateway endpoint.
    #[serde(rename = "routeTableIdSet")]
    pub route_table_ids: Vec<String>,
    /// Its subnets.
    #[serde(rename = "subnetIdSet")]
    pub subnet_ids: Vec<String>,
    /// Its security groups.
    #[serde(rename = "groupSet")]
    pub groups: Vec<GroupIdentifier>,
    /// Its address type.
    pub ip_address_type: String,
    /// Its DNS options.
    pub dns_options: DnsOptions,
    /// Whether the service's private name leads to it.
    pub private_dns_enabled: bool,
    /// Whether an AWS service manages it.
    pub requester_managed: bool,
    /// Its network interfaces.
    #[serde(rename = "networkInterfaceIdSet")]
    pub network_interface_ids: Vec<String>,
    /// Its DNS names.
    #[serde(rename = "dnsEntrySet")]
    pub dns_entries: Vec<DnsEntry>,
    /// When it was created.
    pub creation_timestamp: String,
    /// Its tags.
    #[serde(rename = "tagSet")]
    pub tags: Vec<Tag>,
    /// The account that owns it.
    pub owner_id: String,
    /// The last asynchronous error.
    pub last_error: Option<LastError>,
    /// Why it failed.
    pub failure_reason: Option<String>,
}

/// A DNS name of an endpoint.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DnsEntry {
    /// The name.
    pub dns_name: String,
    /// The hosted zone that it lies in.
    pub hosted_zone_id: String,
}

/// An asynchronous error.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct LastError {
    /// Its code.
    pub code: String,
    /// Its message.
    pub message: String,
}

/// An endpoint's DNS options.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DnsOptions {
    /// The kind of DNS records.
    pub dns_record_ip_type: String,
    /// Whether the private name is only for what comes in through a Resolver inbound endpoint.
    pub private_dns_only_for_inbound_resolver_endpoint: Option<bool>,
}

/// The DNS options that a request asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct DnsOptionsSpecification {
    /// The kind of DNS records.
    pub dns_record_ip_type: Option<String>,
    /// Whether the private name is only for what comes in through a Resolver inbound endpoint.
    #[serde(deserialize_with = "text")]
    pub private_dns_only_for_inbound_resolver_endpoint: Option<bool>,
    /// For Resource and `ServiceNetwork` endpoints only.
    pub private_dns_preference: Option<String>,
    /// For Resource and `ServiceNetwork` endpoints only.
    #[serde(rename = "PrivateDnsSpecifiedDomain")]
    pub private_dns_specified_domains: Vec<String>,
}

impl Endpoint {
    pub(crate) fn detail(&self, model: &Model) -> VpcEndpoint {
        let failure = self.failure(model.now);
        VpcEndpoint {
            vpc_endpoint_id: self.id.clone(),
            vpc_endpoint_type: self.kind.as_str().to_owned(),
            vpc_id: self.vpc_id.clone(),
            service_name: self.service_name.clone(),
            service_region: REGION.to_owned(),
            state: self.state(model.now).as_str().to_owned(),
            policy_document: self
                .policy
                .clone()
                .unwrap_or_else(|| policy::FULL_ACCESS.to_owned()),
            route_table_ids: self.route_tables.clone(),
            subnet_ids: self.subnets.clone(),
            groups: model.group_identifiers(&self.groups),
            ip_address_type: self.address_type.as_str().to_owned(),
            dns_options: DnsOptions {
                dns_record_ip_type: self.dns_record_ip_type.as_str().to_owned(),
                private_dns_only_for_inbound_resolver_endpoint: self.inbound_only,
            },
            private_dns_enabled: self.private_dns,
            requester_managed: self.requester_managed,
            network_interface_ids: self.interfaces.clone(),
            dns_entries: dns::entries(model, self),
            creation_timestamp: clock::iso8601(self.created),
            tags: model.seen_tags(&self.id),
            owner_id: ACCOUNT.to_owned(),
            last_error: failure.map(|(error, _)| error.clone()),
            failure_reason: failure.map(|(_, reason)| reason.to_owned()),
        }
    }
}
