//! The service's side of the connection: what EC2 says of it.

use super::Check;
use crate::endpoint::PrivateDns;
use crate::options::Policy;
use crate::outside::Service;
use crate::problem::{Code, Problem};

impl Check<'_> {
    pub(super) fn check_service(&mut self, service: &Service) {
        let name = &service.name;
        if !service.interface {
            self.note(
                "$.target",
                Code::ServiceNotInterface,
                format!("{name} cannot be had as an interface endpoint"),
                format!("see its types: {}", self.describe_service(name)),
            );
        }
        let wanted = self.addressing().ip_address_type;
        let lacks = |is_wanted: bool, family: &'static str| {
            let families = &service.address_families;
            let is_there = families.is_empty() || families.iter().any(|one| one == family);
            (is_wanted && !is_there).then_some(family)
        };
        let lacking = [
            lacks(wanted.has_ipv4(), "ipv4"),
            lacks(wanted.has_ipv6(), "ipv6"),
        ];
        if let Some(family) = lacking.into_iter().flatten().next() {
            self.note(
                "$.network.ipAddressType",
                Code::AddressTypeUnsupported,
                format!(
                    "{name} has no {family} addresses, only {}",
                    service.address_families.join(" and ")
                ),
                "send one that it has; left out, it is ipv4",
            );
        }
        if self.request.shape.target.kind().inbound_only() && !service.gateway_too {
            self.note("$.target.inboundResolverOnly", Code::GatewayEndpointMissing,
                    format!("{name} has no gateway endpoints, so its names cannot be for inbound resolvers only"),
                    "leave inboundResolverOnly out");
        }
        if !service.policy_supported && self.request.shape.policy != Policy::Full {
            self.note(
                "$.policy",
                Code::PolicyUnsupported,
                format!("{name} does not take endpoint policies"),
                "leave policy out, or send \"policy\": \"full\"",
            );
        }
    }

    pub(super) fn private_dns(
        &mut self,
        service: &Service,
        host: Option<String>,
    ) -> Option<PrivateDns> {
        if !self.request.shape.private_dns {
            return None;
        }
        let name = &service.name;
        let Some(first) = service.private_dns_names.first() else {
            self.note(
                "$.privateDns",
                Code::PrivateDnsUnavailable,
                format!("{name} has no private DNS name"),
                "send \"privateDns\": false and connect to the endpoint's own name",
            );
            return None;
        };
        if !service.private_dns_verified {
            self.note(
                "$.privateDns",
                Code::PrivateDnsUnverified,
                format!("the owner of {name} has not proven that {first} is theirs"),
                "ask the owner to verify the name, or send \"privateDns\": false",
            );
        }
        let mut names = service.private_dns_names.iter();
        Some(PrivateDns {
            host: host.or_else(|| names.find(|name| !name.starts_with('*')).cloned()),
            names: service.private_dns_names.clone(),
            inbound_only: service
                .gateway_too
                .then(|| self.request.shape.target.kind().inbound_only()),
        })
    }

    pub(super) fn service_unknown(&self, name: &str) -> Problem {
        Problem::new(
            Code::ServiceNotFound,
            format!("EC2 knows no endpoint service {name} that this account may use"),
            format!("see what there is: {}", self.describe_service(name)),
        )
        .about("$.target")
    }

    fn describe_service(&self, name: &str) -> String {
        let region = &self.request.shape.region;
        format!(
            "aws ec2 describe-vpc-endpoint-services --region {region} --filters Name=service-name,Values={name}"
        )
    }
}
