//! Private DNS: who may have a service's private name in a VPC, and the DNS names of an endpoint.

use crate::Failure;
use crate::failure::invalid_parameter;

use super::addresses::{AddressType, RecordType};
use super::endpoints::{DnsEntry, DnsOptionsSpecification, Endpoint};
use super::network::{Vpc, zone_name};
use super::services::{Kind, PrivateName, Service};
use super::{Model, REGION, route53};

/// The hosted zone of `vpce.amazonaws.com` in us-east-1 (Aurora DSQL user guide's example).
const PUBLIC_ZONE: &str = "Z7HUB22UULQXV";

/// What a request says about names.
#[derive(Debug, Clone)]
pub(crate) struct Naming<'a> {
    /// `PrivateDnsEnabled`.
    pub(crate) wanted: Option<bool>,
    /// `DnsOptions`.
    pub(crate) options: Option<&'a DnsOptionsSpecification>,
    /// Whether the connection has been accepted, or needs no acceptance.
    pub(crate) accepted: bool,
    /// The endpoint, if it exists already.
    pub(crate) endpoint: Option<&'a Endpoint>,
    /// The addresses that its network interfaces will have.
    pub(crate) address_type: AddressType,
}

/// What an endpoint's names will be like.
#[derive(Debug, Clone)]
pub(crate) struct Names {
    pub(crate) private_dns: bool,
    pub(crate) inbound_only: Option<bool>,
    pub(crate) record_ip_type: RecordType,
}

/// Decides about an endpoint's names, or refuses.
pub(crate) fn decide(
    model: &Model,
    vpc: &Vpc,
    service: &Service,
    naming: &Naming<'_>,
) -> Result<Names, Failure> {
    check_options(naming.options)?;
    let private_dns = naming.wanted.unwrap_or_else(|| by_default(service, naming));
    let inbound_only = inbound_only(model, service, naming, private_dns)?;
    let record_ip_type = record_ip_type(service, naming)?;
    if private_dns {
        let name = check_name(service, naming.accepted)?;
        check_attributes(vpc)?;
        check_gateway(model, vpc, service, inbound_only, record_ip_type)?;
        check_conflict(model, vpc, name, naming.endpoint)?;
    }
    Ok(Names {
        private_dns,
        inbound_only,
        record_ip_type,
    })
}

/// Observed (terraform-provider-aws #37694, #37783): left out, it is on for services that have a
/// private name and accept by themselves. Whether one whose name is unverified counts is not
/// verified; here it does not.
fn by_default(service: &Service, naming: &Naming<'_>) -> bool {
    let has_name = service
        .private_names
        .first()
        .is_some_and(|name| name.verified);
    match naming.endpoint {
        Some(endpoint) => endpoint.private_dns,
        None => service.kind == Kind::Interface && has_name && !service.acceptance_required,
    }
}

/// EC2 API reference, `DnsOptionsSpecification`: these two are for Resource and `ServiceNetwork`
/// endpoints.
fn check_options(options: Option<&DnsOptionsSpecification>) -> Result<(), Failure> {
    let foreign = |options: &DnsOptionsSpecification| {
        options.private_dns_preference.is_some()
            || !options.private_dns_specified_domains.is_empty()
    };
    if options.is_some_and(foreign) {
        let message = "PrivateDnsPreference is only supported for Resource and ServiceNetwork type VPC Endpoints";
        return Err(invalid_parameter(message));
    }
    Ok(())
}

fn check_name(service: &Service, accepted: bool) -> Result<&PrivateName, Failure> {
    let service_name = &service.name;
    if service.kind == Kind::Gateway {
        // EC2 API reference, PrivateDnsEnabled: for interface endpoints. The message is not
        // verified.
        return Err(invalid_parameter(
            "Private DNS can only be enabled for Interface type VPC Endpoints",
        ));
    }
    let Some(name) = service.private_names.first() else {
        // Observed: vespa-engine/vespa #33303.
        let message = format!(
            "Private DNS can't be enabled because the service {service_name} does not provide a private DNS name."
        );
        return Err(invalid_parameter(message));
    };
    if !name.verified {
        // AWS PrivateLink guide, "Manage DNS names": consumers cannot use the name until it is
        // verified. Message not verified.
        let message = format!(
            "Private DNS can't be enabled because the private DNS name of {service_name} is not verified."
        );
        return Err(invalid_parameter(message));
    }
    if !accepted {
        // AWS PrivateLink guide, "Manage DNS names"; the message as Terraform's users report it.
        let message = format!(
            "Private DNS can only be enabled after the endpoint connection is accepted by the owner of {service_name}."
        );
        return Err(invalid_parameter(message));
    }
    Ok(name)
}

/// AWS `PrivateLink` guide, "Access an AWS service": private DNS needs both attributes of the VPC.
fn check_attributes(vpc: &Vpc) -> Result<(), Failure> {
    if vpc.dns_support && vpc.dns_hostnames {
        return Ok(());
    }
    Err(invalid_parameter(format!(
        "Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set to true for {}",
        vpc.id
    )))
}

/// One name, one endpoint per VPC. The message as Terraform's users report it; not verified: how it
/// spells a wildcard name, and in which of its last states an endpoint lets the name go. Here it
/// keeps it until it is deleted.
fn check_conflict(
    model: &Model,
    vpc: &Vpc,
    name: &PrivateName,
    own: Option<&Endpoint>,
) -> Result<(), Failure> {
    let mut others = model
        .endpoints
        .all_latest()
        .filter(|other| own.is_none_or(|own| own.id != other.id));
    let has_it = |other: &Endpoint| {
        other.private_dns
            && other.vpc_id == vpc.id
            && !other.is_gone(model.now)
            && private_names(model, other).any(|one| *one == name.name)
    };
    // A private hosted zone of that name counts as well (Route 53 developer guide and AWS PrivateLink
    // guide: one such domain per VPC).
    let domain = route53::names::stored(name.name.trim_start_matches("*."));
    let has_zone = || {
        let mut zones = model.dns.zones.values();
        zones.any(|zone| zone.name == domain && zone.vpcs.contains(&vpc.id))
    };
    if others.any(has_it) || has_zone() {
        let (name, vpc) = (&name.name, &vpc.id);
        return Err(invalid_parameter(format!(
            "private-dns-enabled cannot be set because there is already a conflicting DNS domain for {name} in the VPC {vpc}"
        )));
    }
    Ok(())
}

/// Amazon S3 user guide, "AWS `PrivateLink` for Amazon S3": private DNS is for inbound Resolver
/// endpoints only, unless one says otherwise. EC2 API reference: the option is for services with
/// both gateway and interface endpoints.
fn inbound_only(
    model: &Model,
    service: &Service,
    naming: &Naming<'_>,
    private_dns: bool,
) -> Result<Option<bool>, Failure> {
    let wanted = naming
        .options
        .and_then(|options| options.private_dns_only_for_inbound_resolver_endpoint);
    if service.kind == Kind::Gateway {
        return match wanted {
            None => Ok(None),
            // Observed: terraform-provider-aws #45846.
            Some(_) => Err(invalid_parameter(
                "DnsOptions PrivateDnsOnlyForInboundResolverEndpoint is applicable only to Interface VPC Endpoints.",
            )),
        };
    }
    let has_gateway = model
        .services
        .iter()
        .any(|other| other.name == service.name && other.kind == Kind::Gateway);
    if !has_gateway && wanted == Some(true) {
        let message = "PrivateDnsOnlyForInboundResolverEndpoint needs a service with both gateway and interface endpoints.";
        return Err(invalid_parameter(message));
    }
    let before = naming.endpoint.and_then(|endpoint| endpoint.inbound_only);
    Ok(wanted
        .or(before)
        .or((has_gateway && private_dns).then_some(true)))
}

/// AWS `PrivateLink` guide, "Gateway endpoints": `DynamoDB`'s gateway endpoint knows only
/// `service-defined`. Not verified: that a new endpoint has else what its address type is, and that one
/// that changes its address type keeps its records, or is refused if they no longer fit.
fn record_ip_type(service: &Service, naming: &Naming<'_>) -> Result<RecordType, Failure> {
    let only_service_defined = service.kind == Kind::Gateway && service.name.ends_with(".dynamodb");
    let default = || {
        if only_service_defined {
            RecordType::ServiceDefined
        } else {
            naming.address_type.into()
        }
    };
    let refused = |name: &str| {
        let service = &service.name;
        invalid_parameter(format!(
            "The DNS record IP type {name} is not supported by {service}."
        ))
    };
    let wanted = naming
        .options
        .and_then(|options| options.dns_record_ip_type.as_deref());
    let before = naming.endpoint.map(|endpoint| endpoint.dns_record_ip_type);
    let kind = match wanted {
        Some(name) => RecordType::named(name).ok_or_else(|| refused(name))?,
        None => before.unwrap_or_else(default),
    };
    let is_allowed = if only_service_defined {
        kind == RecordType::ServiceDefined
    } else {
        kind.fits(naming.address_type)
    };
    if is_allowed {
        return Ok(kind);
    }
    Err(refused(kind.as_str()))
}

fn check_gateway(
    model: &Model,
    vpc: &Vpc,
    service: &Service,
    inbound_only: Option<bool>,
    record_ip_type: RecordType,
) -> Result<(), Failure> {
    if inbound_only != Some(true) {
        return Ok(());
    }
    let Some(gateway) = gateway_endpoint(model, vpc, service) else {
        // Observed: terraform-provider-aws #33689.
        return Err(invalid_parameter(format!(
            "To set PrivateDnsOnlyForInboundResolverEndpoint to true, the VPC {} must have a Gateway endpoint for the service.",
            vpc.id
        )));
    };
    let gateways_type = gateway.dns_record_ip_type;
    if gateways_type == record_ip_type || gateways_type == RecordType::ServiceDefined {
        return Ok(());
    }
    // EC2 API reference, DnsOptions. The message is not verified.
    Err(invalid_parameter(
        "The DNS record IP type of the Gateway endpoint must equal that of the Interface endpoint.",
    ))
}

fn gateway_endpoint<'m>(model: &'m Model, vpc: &Vpc, service: &Service) -> Option<&'m Endpoint> {
    let mut endpoints = model.endpoints.all_latest();
    endpoints.find(|endpoint| {
        endpoint.kind == Kind::Gateway
            && endpoint.vpc_id == vpc.id
            && endpoint.service_name == service.name
            && !endpoint.is_gone(model.now)
    })
}

/// Whether an inbound-only interface endpoint leans on this gateway endpoint (Amazon S3 user
/// guide).
pub(crate) fn is_leaned_on(model: &Model, gateway: &Endpoint) -> bool {
    let mut endpoints = model.endpoints.all_latest();
    gateway.kind == Kind::Gateway
        && endpoints.any(|endpoint| {
            endpoint.private_dns
                && endpoint.inbound_only == Some(true)
                && endpoint.vpc_id == gateway.vpc_id
                && endpoint.service_name == gateway.service_name
                && !endpoint.is_gone(model.now)
        })
}

/// An endpoint's DNS names: first the Regional one, then those of its zones, then the private one
/// (AWS `PrivateLink` guide; seen in every AWS CLI transcript of `describe-vpc-endpoints`).
pub(crate) fn entries(model: &Model, endpoint: &Endpoint) -> Vec<DnsEntry> {
    let Ok(service) = model.service(&endpoint.service_name, endpoint.kind) else {
        return Vec::new();
    };
    if endpoint.kind == Kind::Gateway {
        return Vec::new();
    }
    // awslabs/aws-support-tools #231: those of S3 begin with a star, for which clients put bucket, accesspoint or control.
    let star = if service.label() == "s3" { "*." } else { "" };
    let stem = format!("{star}{}-{}", endpoint.id, endpoint.hash);
    let domain = format!("{}.{REGION}.vpce.amazonaws.com", service.label());
    let zones = endpoint
        .subnets
        .iter()
        .filter_map(|id| model.subnets.latest(id))
        .map(|subnet| zone_name(&subnet.zone_id));

    let regional = format!("{stem}.{domain}");
    let zonal = zones.map(|zone| format!("{stem}-{zone}.{domain}"));
    let public = std::iter::once(regional)
        .chain(zonal)
        .map(|name| entry(name, PUBLIC_ZONE.to_owned()));
    let private = private_names(model, endpoint).filter(|_| endpoint.private_dns);
    // The private zone is AWS's own and hidden, one for each endpoint.
    let hidden = format!("Z0{}", endpoint.id[7..].to_uppercase());
    public
        .chain(private.map(|name| entry(name.clone(), hidden.clone())))
        .collect()
}

fn entry(dns_name: String, hosted_zone_id: String) -> DnsEntry {
    DnsEntry {
        dns_name,
        hosted_zone_id,
    }
}

fn private_names<'m>(model: &'m Model, endpoint: &Endpoint) -> impl Iterator<Item = &'m String> {
    let service = model.service(&endpoint.service_name, endpoint.kind);
    let names = service.into_iter().flat_map(|one| &one.private_names);
    names.map(|name| &name.name)
}
