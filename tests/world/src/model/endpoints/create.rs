//! `CreateVpcEndpoint`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::clock;
use crate::failure::{invalid_parameter, missing, refuse};
use crate::model::addresses::AddressType;
use crate::model::dns::{self, Naming};
use crate::model::network::{Subnet, Vpc};
use crate::model::services::{Kind, Service};
use crate::model::shapes::{Tag, TagSpecification, flag, text};
use crate::model::{ACCOUNT, Model, REGION, tags};
use crate::{Failure, Operation};

use super::{DnsOptionsSpecification, Endpoint, Outlook, Phase, VpcEndpoint, addresses, policy};

/// Creates an endpoint.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct CreateVpcEndpoint {
    /// Only check the permission.
    #[serde(deserialize_with = "flag")]
    pub dry_run: bool,
    /// Its type; absent means `Gateway`.
    pub vpc_endpoint_type: Option<String>,
    /// Its VPC's id.
    pub vpc_id: String,
    /// The service that it is to lead to.
    pub service_name: Option<String>,
    /// That service's Region, where it is another one.
    pub service_region: Option<String>,
    /// Its policy; absent means full access.
    pub policy_document: Option<String>,
    /// The route tables of a gateway endpoint.
    #[serde(rename = "RouteTableId")]
    pub route_table_ids: Vec<String>,
    /// Its subnets, one per zone.
    #[serde(rename = "SubnetId")]
    pub subnet_ids: Vec<String>,
    /// Addresses for its subnets.
    #[serde(rename = "SubnetConfiguration")]
    pub subnet_configurations: Vec<SubnetConfiguration>,
    /// Its security groups; none means the VPC's default group.
    #[serde(rename = "SecurityGroupId")]
    pub security_group_ids: Vec<String>,
    /// Its address type.
    pub ip_address_type: Option<String>,
    /// Its DNS options.
    pub dns_options: Option<DnsOptionsSpecification>,
    /// Whether the service's private name is to lead to it; absent does not mean false.
    #[serde(deserialize_with = "text")]
    pub private_dns_enabled: Option<bool>,
    /// The token that makes a repeat harmless.
    pub client_token: Option<String>,
    /// Its tags.
    #[serde(rename = "TagSpecification")]
    pub tag_specifications: Vec<TagSpecification>,
}

/// The address that an endpoint is to have in a subnet.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct SubnetConfiguration {
    /// The subnet's id.
    pub subnet_id: String,
    /// The IPv4 address.
    pub ipv4: Option<String>,
    /// The IPv6 address.
    pub ipv6: Option<String>,
}

/// The new endpoint.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateVpcEndpointAnswer {
    /// The endpoint.
    pub vpc_endpoint: VpcEndpoint,
    /// The request's token.
    pub client_token: Option<String>,
}

impl Operation for CreateVpcEndpoint {
    type Answer = CreateVpcEndpointAnswer;
    const SERVICE: crate::Service = crate::Service::Ec2;
    const ACTION: &'static str = "CreateVpcEndpoint";
    const WRITE: bool = true;

    fn dry_run(&self) -> bool {
        self.dry_run
    }

    fn perform(self, model: &mut Model) -> Result<CreateVpcEndpointAnswer, Failure> {
        if let Some(answer) = model.tokens.replay(&self)? {
            return Ok(answer);
        }
        let draft = self.draft(model)?;
        let vpc_endpoint = draft.realize(model);
        let answer = CreateVpcEndpointAnswer {
            vpc_endpoint,
            client_token: self.client_token.clone(),
        };
        model.tokens.remember(self, &answer);
        Ok(answer)
    }
}

/// An endpoint that passed all checks but has no id, no interfaces and no place in the model yet.
struct Draft {
    endpoint: Endpoint,
    tags: BTreeMap<String, String>,
}

impl CreateVpcEndpoint {
    fn draft(&self, model: &Model) -> Result<Draft, Failure> {
        let vpc = model.seen_vpc(&self.vpc_id)?;
        let kind = self.kind()?;
        self.check_members_of(kind)?;
        let service = model.offered_service(
            self.service_name
                .as_deref()
                .ok_or_else(|| missing("ServiceName"))?,
            kind,
        )?;
        self.check_region()?;
        check_subnets(model, service, vpc, &self.subnet_ids)?;
        let wanted = self.ip_address_type.as_deref();
        // Not verified: what it is when it is left out, whatever the service and the subnets have.
        let address_type = addresses::decide(
            model,
            service,
            &self.subnet_ids,
            wanted,
            AddressType::default(),
        )?;
        addresses::check_free(model, &self.subnet_ids, address_type)?;
        self.check_subnet_configurations()?;
        let groups = self.groups(model, vpc, kind)?;
        policy::check(self.policy_document.as_deref(), service)?;
        check_quota(model, vpc, kind)?;
        let naming = Naming {
            wanted: self.private_dns_enabled,
            options: self.dns_options.as_ref(),
            accepted: !service.acceptance_required,
            endpoint: None,
            address_type,
        };
        let dns = dns::decide(model, vpc, service, &naming)?;
        let tags = tags::from_specifications("vpc-endpoint", &self.tag_specifications)?;

        let endpoint = Endpoint {
            id: String::new(),
            kind,
            vpc_id: vpc.id.clone(),
            service_name: service.name.clone(),
            phase: first_phase(model, service),
            policy: self.policy_document.clone(),
            route_tables: self.route_table_ids.clone(),
            subnets: self.subnet_ids.clone(),
            groups,
            interfaces: Vec::new(),
            serving: Vec::new(),
            private_dns: dns.private_dns,
            inbound_only: dns.inbound_only,
            address_type,
            dns_record_ip_type: dns.record_ip_type,
            hash: String::new(),
            created: model.now,
            requester_managed: false,
        };
        Ok(Draft { endpoint, tags })
    }

    /// EC2 API reference, `CreateVpcEndpoint`: the default type is Gateway.
    fn kind(&self) -> Result<Kind, Failure> {
        match self.vpc_endpoint_type.as_deref() {
            None | Some("Gateway") => Ok(Kind::Gateway),
            Some("Interface") => Ok(Kind::Interface),
            Some(other) => {
                let message =
                    format!("VPC endpoints of type {other} are not part of this simulated world.");
                Err(refuse("UnsupportedOperation", message))
            }
        }
    }

    /// Observed: the first in terraform-provider-aws, the last in ansible-collections/amazon.aws #576.
    /// The second is worded after them and not verified.
    fn check_members_of(&self, kind: Kind) -> Result<(), Failure> {
        let refusal = match kind {
            Kind::Gateway if !self.subnet_ids.is_empty() => {
                "Subnet IDs are only supported for Interface and GatewayLoadBalancer type VPC Endpoints"
            }
            Kind::Gateway if !self.security_group_ids.is_empty() => {
                "Security Group IDs are only supported for Interface type VPC Endpoints"
            }
            Kind::Interface if !self.route_table_ids.is_empty() => {
                "Route table IDs are only supported for Gateway type VPC Endpoint."
            }
            Kind::Gateway | Kind::Interface => return Ok(()),
        };
        Err(invalid_parameter(refusal))
    }

    fn check_region(&self) -> Result<(), Failure> {
        match self.service_region.as_deref() {
            None | Some(REGION) => Ok(()),
            Some(other) => {
                let message = format!("Services of {other} are not part of this simulated world.");
                Err(refuse("UnsupportedOperation", message))
            }
        }
    }

    /// EC2 API reference, `SubnetConfigurations`: every subnet must be in `SubnetIds` too. Chosen
    /// addresses are not modelled.
    fn check_subnet_configurations(&self) -> Result<(), Failure> {
        for configuration in &self.subnet_configurations {
            if !self.subnet_ids.contains(&configuration.subnet_id) {
                let message = format!(
                    "The subnet {} must be in SubnetIds too.",
                    configuration.subnet_id
                );
                return Err(invalid_parameter(message));
            }
            if configuration.ipv4.is_some() || configuration.ipv6.is_some() {
                let message = "Addresses of one's own choice are not part of this simulated world.";
                return Err(refuse("UnsupportedOperation", message));
            }
        }
        Ok(())
    }

    /// EC2 API reference, `SecurityGroupIds`: the default is the VPC's default group.
    fn groups(&self, model: &Model, vpc: &Vpc, kind: Kind) -> Result<Vec<String>, Failure> {
        check_groups(model, vpc, &self.security_group_ids)?;
        if kind == Kind::Interface && self.security_group_ids.is_empty() {
            return Ok(model
                .default_group(&vpc.id)
                .map(|group| group.id.clone())
                .into_iter()
                .collect());
        }
        Ok(self.security_group_ids.clone())
    }
}

impl Draft {
    fn realize(self, model: &mut Model) -> VpcEndpoint {
        let Draft { mut endpoint, tags } = self;
        let visible = model.visible();
        endpoint.id = model.ids.resource("vpce");
        endpoint.hash = model.ids.dns_hash();
        // Not verified: that the interfaces exist before a service's owner has accepted.
        let subnets = endpoint.subnets.iter();
        let added = subnets.filter_map(|subnet| {
            model.add_interface(
                &endpoint.id,
                subnet,
                &endpoint.groups,
                endpoint.address_type,
                visible,
            )
        });
        endpoint.interfaces = added.collect();

        let tag = |(key, value): (&String, &String)| Tag {
            key: key.clone(),
            value: value.clone(),
        };
        let detail = VpcEndpoint {
            tags: tags.iter().map(tag).collect(),
            ..endpoint.detail(model)
        };
        model.put_tags(&endpoint.id, tags, visible);
        model.ask_owner(&endpoint.id, &endpoint.service_name);
        model.endpoints.put(&endpoint.id.clone(), endpoint, visible);
        detail
    }
}

fn first_phase(model: &Model, service: &Service) -> Phase {
    if service.acceptance_required {
        // AWS PrivateLink guide, "Accept or reject connection requests".
        return Phase::AwaitingAcceptance {
            expires: clock::after(model.now, model.timing.acceptance_expires),
        };
    }
    match service.kind {
        Kind::Interface => model.building(),
        // A gateway endpoint is a route; it is there at once (AWS PrivateLink guide, "Gateway
        // endpoints").
        Kind::Gateway => Phase::Pending {
            until: model.now,
            then: Outlook::Available,
        },
    }
}

/// AWS `PrivateLink` guide, "Quotas": 50 interface and Gateway Load Balancer endpoints per VPC. Not
/// verified: its message, and that one that is being deleted still counts.
fn check_quota(model: &Model, vpc: &Vpc, kind: Kind) -> Result<(), Failure> {
    let counts = |endpoint: &&Endpoint| {
        endpoint.kind == Kind::Interface
            && endpoint.vpc_id == vpc.id
            && !endpoint.is_gone(model.now)
    };
    if kind == Kind::Interface
        && model.endpoints.all_latest().filter(counts).count() >= model.endpoints_per_vpc
    {
        return Err(refuse(
            "VpcEndpointLimitExceeded",
            "The maximum number of VPC endpoints has been reached.",
        ));
    }
    Ok(())
}

pub(super) fn check_groups(model: &Model, vpc: &Vpc, groups: &[String]) -> Result<(), Failure> {
    for id in groups {
        let group = model.seen_group(id)?;
        if group.vpc_id != vpc.id {
            let message = format!("The security group {id} does not belong to VPC {}.", vpc.id);
            return Err(invalid_parameter(message));
        }
    }
    Ok(())
}

/// Whether an endpoint of the service may lie in all of these subnets at once, as far as zones and
/// ownership go.
pub(super) fn check_subnets(
    model: &Model,
    service: &Service,
    vpc: &Vpc,
    ids: &[String],
) -> Result<(), Failure> {
    let mut zones = Vec::new();
    for id in ids {
        let subnet = model.seen_subnet(id)?;
        check_subnet(service, vpc, subnet)?;
        if zones.contains(&&subnet.zone_id) {
            // Observed: terraform-aws-modules/terraform-aws-vpc #583.
            let message = format!(
                "Found another VPC endpoint subnet in the availability zone of {id}. VPC endpoint subnets should be in \
                 different availability zones supported by the VPC endpoint service."
            );
            return Err(refuse("DuplicateSubnetsInSameZone", message));
        }
        zones.push(&subnet.zone_id);
    }
    Ok(())
}

fn check_subnet(service: &Service, vpc: &Vpc, subnet: &Subnet) -> Result<(), Failure> {
    let id = &subnet.id;
    if subnet.vpc_id != vpc.id {
        return Err(invalid_parameter(format!(
            "The subnet {id} does not belong to VPC {}.",
            vpc.id
        )));
    }
    if subnet.owner != ACCOUNT {
        // VPC user guide, "Share your VPC subnets": participants cannot create endpoints there.
        // Code and message not verified.
        return Err(invalid_parameter(format!(
            "VPC endpoints cannot be created in the shared subnet {id}."
        )));
    }
    if !service.zone_ids.contains(&subnet.zone_id) {
        // Observed: terraform-aws-modules/terraform-aws-vpc #785.
        let message = format!(
            "The VPC endpoint service {} does not support the availability zone of the subnet: {id}.",
            service.name
        );
        return Err(invalid_parameter(message));
    }
    Ok(())
}
