//! Endpoint services: what can be connected to.

mod offers;

pub use offers::NewService;

use serde::{Deserialize, Serialize};

use crate::failure::refuse;
use crate::{Failure, Operation};

use super::addresses::Family;
use super::listing::{self, Listed, PageSize};
use super::network::zone_name;
use super::shapes::{Filter, Tag, flag, text};
use super::{ACCOUNT, Model, REGION};

/// An endpoint service. One that offers two types (S3) is two services of the same name.
#[derive(Debug, Clone)]
pub struct Service {
    pub(crate) name: String,
    pub(crate) id: String,
    pub(crate) kind: Kind,
    pub(crate) owner: String,
    pub(crate) zone_ids: Vec<String>,
    pub(crate) private_names: Vec<PrivateName>,
    pub(crate) acceptance_required: bool,
    pub(crate) policy_supported: bool,
    /// Whether its owner pays for endpoints.
    pub(crate) owner_pays: bool,
    /// The addresses that it takes connections from.
    pub(crate) families: Vec<Family>,
}

/// The types of endpoints that are modelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Network interfaces in subnets.
    Interface,
    /// Entries in route tables.
    Gateway,
}

/// The DNS name that a service is reached by inside a VPC with private DNS.
#[derive(Debug, Clone)]
pub struct PrivateName {
    pub(crate) name: String,
    /// Whether the owner has proven that the domain is theirs (AWS `PrivateLink` guide, "Manage DNS
    /// names").
    pub(crate) verified: bool,
}

impl PrivateName {
    /// A name that the owner has proven to be theirs.
    pub(crate) fn verified(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            verified: true,
        }
    }
}

impl Kind {
    /// EC2's word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Interface => "Interface",
            Kind::Gateway => "Gateway",
        }
    }
}

/// Lists endpoint services.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct DescribeVpcEndpointServices {
    /// Only check the permission.
    #[serde(deserialize_with = "flag")]
    pub dry_run: bool,
    /// Which ones, by name.
    #[serde(rename = "ServiceName")]
    pub service_names: Vec<String>,
    /// Which ones, by Region.
    #[serde(rename = "ServiceRegion")]
    pub service_regions: Vec<String>,
    /// Which ones.
    #[serde(rename = "Filter")]
    pub filters: Vec<Filter>,
    /// How many at most.
    #[serde(deserialize_with = "text")]
    pub max_results: Option<i32>,
    /// Where the page begins.
    pub next_token: Option<String>,
}

/// A page of endpoint services.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribeVpcEndpointServicesAnswer {
    /// Their names; a service with two types is there twice.
    #[serde(rename = "serviceNameSet")]
    pub service_names: Vec<String>,
    /// What they are.
    #[serde(rename = "serviceDetailSet")]
    pub service_details: Vec<ServiceDetail>,
    /// Where the next page begins.
    pub next_token: Option<String>,
}

/// An endpoint service as EC2 describes it.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ServiceDetail {
    /// Its name, as `com.amazonaws.us-east-1.s3`.
    pub service_name: String,
    /// Its id.
    pub service_id: String,
    /// Its types; one here.
    pub service_type: Vec<ServiceTypeDetail>,
    /// Its Region.
    pub service_region: String,
    /// The names that its zones have in the account.
    #[serde(rename = "availabilityZoneSet")]
    pub availability_zones: Vec<String>,
    /// The ids of its zones.
    #[serde(rename = "availabilityZoneIdSet")]
    pub availability_zone_ids: Vec<String>,
    /// Who owns it.
    pub owner: String,
    /// The names under which its endpoints are reached.
    #[serde(rename = "baseEndpointDnsNameSet")]
    pub base_endpoint_dns_names: Vec<String>,
    /// Its private name.
    pub private_dns_name: Option<String>,
    /// All its private names.
    #[serde(rename = "privateDnsNameSet")]
    pub private_dns_names: Vec<PrivateDnsDetails>,
    /// Whether its private name is `verified`.
    pub private_dns_name_verification_state: Option<String>,
    /// Whether endpoints can have a policy.
    pub vpc_endpoint_policy_supported: bool,
    /// Whether its owner must accept each connection.
    pub acceptance_required: bool,
    /// `ServiceOwner`, if its owner pays for endpoints; else absent.
    pub payer_responsibility: Option<String>,
    /// Whether it creates endpoints by itself.
    pub manages_vpc_endpoints: bool,
    /// The address types that it supports.
    #[serde(rename = "supportedIpAddressTypeSet")]
    pub supported_ip_address_types: Vec<String>,
    /// Its tags.
    #[serde(rename = "tagSet")]
    pub tags: Vec<Tag>,
}

/// A type of endpoint.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ServiceTypeDetail {
    /// `Interface` or `Gateway`.
    pub service_type: String,
}

/// A private name.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PrivateDnsDetails {
    /// The name.
    pub private_dns_name: String,
}

impl Operation for DescribeVpcEndpointServices {
    type Answer = DescribeVpcEndpointServicesAnswer;
    const SERVICE: crate::Service = crate::Service::Ec2;
    const ACTION: &'static str = "DescribeVpcEndpointServices";
    const WRITE: bool = false;

    fn dry_run(&self) -> bool {
        self.dry_run
    }

    fn perform(self, model: &mut Model) -> Result<DescribeVpcEndpointServicesAnswer, Failure> {
        // terraform-provider-aws: one unknown name, or one that the account may not see, fails the
        // whole call.
        self.service_names
            .iter()
            .try_for_each(|name| model.offered_services(name).map(drop))?;
        let is_asked_for = |service: &&Service| {
            (self.service_names.is_empty() || self.service_names.contains(&service.name))
                && (self.service_regions.is_empty()
                    || self.service_regions.iter().any(|region| region == REGION))
        };
        let detail = |service: &Service| {
            let mut detail = service.detail();
            if model.zone_names_only {
                detail.availability_zone_ids.clear();
            }
            detail
        };
        let found = model
            .services
            .iter()
            .filter(|service| model.is_offered(&service.name))
            .filter(is_asked_for)
            .map(detail)
            .collect();

        let found = listing::filter(found, &self.filters)?;
        let token = self.next_token.as_deref();
        let (service_details, next_token) =
            listing::page(found, self.max_results, token, PageSize::AtMostThousand)?;
        // Observed: terraform-aws-modules/terraform-aws-vpc #579 shows S3 twice in the list of names.
        let service_names = service_details
            .iter()
            .map(|detail| detail.service_name.clone())
            .collect();
        Ok(DescribeVpcEndpointServicesAnswer {
            service_names,
            service_details,
            next_token,
        })
    }
}

impl Service {
    /// The part of an endpoint's DNS names that stands for the service, as `dsql-fnh4` or
    /// `vpce-svc-0123456789abcdef0`.
    pub(crate) fn label(&self) -> &str {
        let vendor = format!("com.amazonaws.vpce.{REGION}.");
        let aws = format!("com.amazonaws.{REGION}.");
        self.name
            .strip_prefix(&vendor)
            .or_else(|| self.name.strip_prefix(&aws))
            .or_else(|| self.name.strip_prefix("com.amazonaws."))
            .unwrap_or(&self.name)
    }

    fn detail(&self) -> ServiceDetail {
        let name = self.private_names.first();
        let state = |name: &PrivateName| {
            if name.verified {
                "verified"
            } else {
                "pendingVerification"
            }
        };
        ServiceDetail {
            service_name: self.name.clone(),
            service_id: self.id.clone(),
            service_type: vec![ServiceTypeDetail {
                service_type: self.kind.as_str().to_owned(),
            }],
            service_region: REGION.to_owned(),
            availability_zones: self
                .zone_ids
                .iter()
                .map(|id| zone_name(id).to_owned())
                .collect(),
            availability_zone_ids: self.zone_ids.clone(),
            owner: self.owner.clone(),
            base_endpoint_dns_names: vec![format!("{}.{REGION}.vpce.amazonaws.com", self.label())],
            private_dns_name: name.map(|name| name.name.clone()),
            private_dns_names: self
                .private_names
                .iter()
                .map(|name| PrivateDnsDetails {
                    private_dns_name: name.name.clone(),
                })
                .collect(),
            private_dns_name_verification_state: name.map(|name| state(name).to_owned()),
            vpc_endpoint_policy_supported: self.policy_supported,
            acceptance_required: self.acceptance_required,
            payer_responsibility: self.owner_pays.then(|| "ServiceOwner".to_owned()),
            manages_vpc_endpoints: false,
            supported_ip_address_types: self
                .families
                .iter()
                .map(|family| family.as_str().to_owned())
                .collect(),
            tags: Vec::new(),
        }
    }
}

impl Listed for ServiceDetail {
    const FILTERS: &'static [&'static str] = &[
        "owner",
        "service-name",
        "service-region",
        "service-type",
        "supported-ip-address-types",
    ];

    fn id(&self) -> String {
        format!("{} {}", self.service_name, self.service_id)
    }

    fn values(&self, filter: &str) -> Vec<String> {
        match filter {
            "owner" => vec![self.owner.clone()],
            "service-name" => vec![self.service_name.clone()],
            "service-region" => vec![self.service_region.clone()],
            "service-type" => self
                .service_type
                .iter()
                .map(|detail| detail.service_type.clone())
                .collect(),
            _ => self.supported_ip_address_types.clone(),
        }
    }

    fn tags(&self) -> &[Tag] {
        &self.tags
    }
}

impl Model {
    /// The services of this name: one for each type.
    pub(crate) fn services_named(&self, name: &str) -> Result<Vec<&Service>, Failure> {
        let found: Vec<_> = self
            .services
            .iter()
            .filter(|service| service.name == name)
            .collect();
        if found.is_empty() {
            return Err(no_such_service(name));
        }
        Ok(found)
    }

    /// Whether the account may see the service at all. A vendor's service is for those whom its
    /// owner allows (AWS `PrivateLink` guide, "Manage permissions"); all but Confluent's allow
    /// everybody here.
    pub(crate) fn is_offered(&self, name: &str) -> bool {
        self.admits(name, ACCOUNT)
    }

    /// The services of this name that the account may see. To others they do not exist (observed:
    /// confluentinc/terraform-provider-confluent's examples wait for the access first).
    pub(crate) fn offered_services(&self, name: &str) -> Result<Vec<&Service>, Failure> {
        let found = self.services_named(name)?;
        if self.is_offered(name) {
            return Ok(found);
        }
        Err(no_such_service(name))
    }

    /// The service of this name and type, if the account may connect to it.
    pub(crate) fn offered_service(&self, name: &str, kind: Kind) -> Result<&Service, Failure> {
        self.offered_services(name)?;
        self.service(name, kind)
    }

    /// The service of this name and type. Observed: hashicorp/terraform #24478 quotes the refusal.
    pub(crate) fn service(&self, name: &str, kind: Kind) -> Result<&Service, Failure> {
        let found = self.services_named(name)?;
        let kinds: Vec<_> = found.iter().map(|service| service.kind.as_str()).collect();
        let message = format!(
            "Endpoint type ({}) does not match available service types ([{}]).",
            kind.as_str(),
            kinds.join(", ")
        );
        let service = found.into_iter().find(|service| service.kind == kind);
        service.ok_or_else(|| refuse("InvalidParameter", message))
    }
}

fn no_such_service(name: &str) -> Failure {
    let message = format!("The Vpc Endpoint Service '{name}' does not exist");
    refuse("InvalidServiceName", message)
}
