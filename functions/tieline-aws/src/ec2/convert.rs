//! EC2's answers in our words. `None` stands for an answer without what every real one has.

use aws_sdk_ec2::types;
use tieline::ids::{Addressing, DnsRecordIpType, IpAddressType, Ports};
use tieline::outside::{
    AclEntry, Endpoint, Group, Ingress, Interface, NetworkAcl, RouteTable, Service, State, Subnet,
    Tags, Vpc,
};
use tieline::time::Time;

pub(super) fn vpc(vpc: &types::Vpc) -> Vpc {
    let associated = |block: &&types::VpcCidrBlockAssociation| {
        let state = block.cidr_block_state().and_then(|state| state.state());
        state.is_none_or(|state| *state == types::VpcCidrBlockStateCode::Associated)
    };
    let blocks = vpc.cidr_block_association_set().iter().filter(associated);
    let mut cidrs: Vec<String> = blocks
        .filter_map(|block| block.cidr_block().map(str::to_owned))
        .collect();
    if cidrs.is_empty() {
        cidrs.extend(vpc.cidr_block().map(str::to_owned));
    }
    let in_use = |block: &&types::VpcIpv6CidrBlockAssociation| {
        let state = block.ipv6_cidr_block_state();
        let state = state.and_then(|state| state.state());
        state.is_none_or(|state| *state == types::VpcCidrBlockStateCode::Associated)
    };
    let ipv6 = vpc.ipv6_cidr_block_association_set().iter().filter(in_use);
    Vpc {
        cidrs,
        ipv6_cidrs: ipv6
            .filter_map(|block| block.ipv6_cidr_block().map(str::to_owned))
            .collect(),
        dhcp_options: vpc.dhcp_options_id().unwrap_or_default().to_owned(),
        tags: tags(vpc.tags()),
    }
}

pub(super) fn subnet(subnet: &types::Subnet) -> Option<Subnet> {
    Some(Subnet {
        id: subnet.subnet_id()?.parse().ok()?,
        zone_id: subnet.availability_zone_id()?.to_owned(),
        zone_name: subnet.availability_zone()?.to_owned(),
        owner: subnet.owner_id()?.to_owned(),
        has_ipv4: subnet.ipv6_native() != Some(true),
        has_ipv6: subnet.ipv6_cidr_block_association_set().iter().any(|one| {
            let state = one.ipv6_cidr_block_state().and_then(|state| state.state());
            state.is_none_or(|state| *state == types::SubnetCidrBlockStateCode::Associated)
        }),
        free_addresses: subnet.available_ip_address_count()?.try_into().unwrap_or(0),
        tags: tags(subnet.tags()),
    })
}

pub(super) fn group(group: &types::SecurityGroup) -> Option<Group> {
    Some(Group {
        id: group.group_id()?.parse().ok()?,
        name: group.group_name()?.to_owned(),
        ingress: group
            .ip_permissions()
            .iter()
            .map(|rule| ingress(rule, group.owner_id()))
            .collect(),
        tags: tags(group.tags()),
    })
}

fn ingress(rule: &types::IpPermission, owner: Option<&str>) -> Ingress {
    let groups = rule.user_id_group_pairs().iter().filter_map(|pair| {
        let (id, account) = (pair.group_id()?, pair.user_id());
        // As EC2's own commands write a group of another account.
        let other = account.filter(|account| owner.is_some_and(|owner| owner != *account));
        Some(other.map_or_else(|| id.to_owned(), |account| format!("{account}/{id}")))
    });
    let lists = rule.prefix_list_ids().iter();
    let lists = lists.filter_map(|list| list.prefix_list_id().map(str::to_owned));
    let ipv4 = rule.ip_ranges().iter();
    let ipv6 = rule.ipv6_ranges().iter();
    let blocks = ipv4
        .filter_map(|range| range.cidr_ip())
        .chain(ipv6.filter_map(|range| range.cidr_ipv6()));
    Ingress {
        // -1 stands for all protocols, 6 is TCP's number.
        tcp: matches!(rule.ip_protocol(), Some("tcp" | "6" | "-1")),
        from: rule.from_port(),
        to: rule.to_port(),
        cidrs: blocks.map(str::to_owned).collect(),
        others: groups.chain(lists).collect(),
    }
}

pub(super) fn network_acl(acl: &types::NetworkAcl) -> Option<NetworkAcl> {
    let subnets = acl.associations().iter();
    Some(NetworkAcl {
        id: acl.network_acl_id()?.to_owned(),
        subnet_ids: subnets
            .filter_map(|one| one.subnet_id().map(str::to_owned))
            .collect(),
        entries: acl.entries().iter().filter_map(acl_entry).collect(),
    })
}

fn acl_entry(entry: &types::NetworkAclEntry) -> Option<AclEntry> {
    let port = |port: Option<i32>| port.and_then(|port| u16::try_from(port).ok());
    let ports = entry.port_range();
    let ports = ports.and_then(|range| port(range.from()).zip(port(range.to())));
    Some(AclEntry {
        number: entry.rule_number()?,
        egress: entry.egress()?,
        allows: entry.rule_action()? == &types::RuleAction::Allow,
        is_tcp: matches!(entry.protocol(), Some("6" | "-1")),
        ports: ports.map(|(first, last)| Ports { first, last }),
        cidr: entry
            .cidr_block()
            .or(entry.ipv6_cidr_block())
            .map(str::to_owned),
    })
}

pub(super) fn route_table(table: &types::RouteTable) -> RouteTable {
    let associations = table.associations();
    // Gateway endpoints lead to their service only; what is led by something else may lead anywhere.
    let leads_out = |route: &types::Route| {
        let stays = |id: &str| {
            let mut all = ["local", "igw-", "vpce-"].into_iter();
            all.any(|beginning| id.starts_with(beginning))
        };
        let is_up = route.state() != Some(&types::RouteState::Blackhole);
        is_up && !route.gateway_id().is_some_and(stays)
    };
    RouteTable {
        subnet_ids: associations
            .iter()
            .filter_map(|one| one.subnet_id().map(str::to_owned))
            .collect(),
        is_main: associations.iter().any(|one| one.main() == Some(true)),
        leads_out: table.routes().iter().any(leads_out),
    }
}

pub(super) fn name_servers(options: &[types::DhcpOptions]) -> Vec<String> {
    let options = options
        .iter()
        .flat_map(types::DhcpOptions::dhcp_configurations);
    let servers = options.filter(|option| option.key() == Some("domain-name-servers"));
    let values = servers.flat_map(types::DhcpConfiguration::values);
    values
        .filter_map(|value| value.value().map(str::to_owned))
        .collect()
}

/// S3 and DynamoDB answer with two details of one name: a gateway and an interface.
pub(super) fn service(name: &str, details: &[types::ServiceDetail]) -> Option<Service> {
    let of_type = |wanted: &types::ServiceType| {
        details.iter().find(|detail| {
            detail.service_name() == Some(name)
                && detail
                    .service_type()
                    .iter()
                    .any(|kind| kind.service_type() == Some(wanted))
        })
    };
    let (interface, gateway) = (
        of_type(&types::ServiceType::Interface),
        of_type(&types::ServiceType::Gateway),
    );
    let named = details
        .iter()
        .find(|detail| detail.service_name() == Some(name));
    let detail = interface.or(gateway).or(named)?;
    let mut names: Vec<String> = detail
        .private_dns_names()
        .iter()
        .filter_map(|name| name.private_dns_name().map(str::to_owned))
        .collect();
    if let Some(name) = detail
        .private_dns_name()
        .filter(|name| !names.iter().any(|there| there == name))
    {
        names.insert(0, name.to_owned());
    }
    Some(Service {
        name: name.to_owned(),
        interface: interface.is_some(),
        gateway_too: gateway.is_some(),
        zone_ids: detail.availability_zone_ids().to_vec(),
        zone_names: detail.availability_zones().to_vec(),
        private_dns_names: names,
        private_dns_verified: detail
            .private_dns_name_verification_state()
            .is_none_or(|state| state.as_str().eq_ignore_ascii_case("verified")),
        owner: detail.owner().unwrap_or_default().to_owned(),
        policy_supported: detail.vpc_endpoint_policy_supported().unwrap_or(false),
        address_families: detail
            .supported_ip_address_types()
            .iter()
            .map(|family| family.as_str().to_owned())
            .collect(),
        owner_pays: detail.payer_responsibility()
            == Some(&types::PayerResponsibility::ServiceOwner),
    })
}

pub(super) fn endpoint(endpoint: &types::VpcEndpoint) -> Option<Endpoint> {
    let raw_state = endpoint.state()?.as_str().to_owned();
    let kind = endpoint
        .vpc_endpoint_type()
        .map(types::VpcEndpointType::as_str);
    let last_error = endpoint.last_error().map(|error| {
        format!(
            "{}: {}",
            error.code().unwrap_or("no code"),
            error.message().unwrap_or("no message")
        )
    });
    let failure_reason: Vec<String> = endpoint
        .failure_reason()
        .map(str::to_owned)
        .into_iter()
        .chain(last_error)
        .filter(|text| !text.is_empty())
        .collect();
    Some(Endpoint {
        id: endpoint.vpc_endpoint_id()?.parse().ok()?,
        vpc: endpoint.vpc_id().unwrap_or_default().to_owned(),
        service: endpoint.service_name().unwrap_or_default().to_owned(),
        is_interface: matches!(kind, Some("Interface" | "GatewayLoadBalancer")),
        state: State::parse(&raw_state),
        raw_state,
        private_dns: endpoint.private_dns_enabled().unwrap_or(false),
        inbound_only: endpoint
            .dns_options()
            .and_then(|options| options.private_dns_only_for_inbound_resolver_endpoint())
            .unwrap_or(false),
        addressing: addressing(endpoint),
        subnet_ids: endpoint.subnet_ids().to_vec(),
        group_ids: endpoint
            .groups()
            .iter()
            .filter_map(|group| group.group_id().map(str::to_owned))
            .collect(),
        interface_ids: endpoint.network_interface_ids().to_vec(),
        dns_names: endpoint
            .dns_entries()
            .iter()
            .filter_map(|entry| entry.dns_name().map(str::to_owned))
            .collect(),
        dns_zone: endpoint
            .dns_entries()
            .first()
            .and_then(|entry| entry.hosted_zone_id().map(str::to_owned)),
        policy: endpoint.policy_document().map(str::to_owned),
        tags: tags(endpoint.tags()),
        created: endpoint
            .creation_timestamp()
            .and_then(|time| time.to_millis().ok())
            .and_then(|millis| u64::try_from(millis).ok())
            .map(Time),
        failure_reason: (!failure_reason.is_empty()).then(|| failure_reason.join("; ")),
    })
}

fn addressing(endpoint: &types::VpcEndpoint) -> Option<Addressing> {
    let addresses = endpoint.ip_address_type()?.as_str();
    let records = endpoint.dns_options()?.dns_record_ip_type()?.as_str();
    let (mut types, mut kinds) = (IpAddressType::ALL.iter(), DnsRecordIpType::ALL.iter());
    Some(Addressing {
        ip_address_type: types.find(|(word, _)| *word == addresses)?.1,
        dns_record_ip_type: kinds.find(|(word, _)| *word == records)?.1,
    })
}

pub(super) fn interface(interface: &types::NetworkInterface) -> Option<Interface> {
    Some(Interface {
        id: interface.network_interface_id()?.to_owned(),
        tags: tags(interface.tag_set()),
        subnet_id: interface.subnet_id()?.to_owned(),
        private_ip: interface.private_ip_address().map(str::to_owned),
        ipv6: interface
            .ipv6_addresses()
            .iter()
            .find_map(|one| one.ipv6_address().map(str::to_owned)),
    })
}

fn tags(tags: &[types::Tag]) -> Tags {
    tags.iter()
        .filter_map(|tag| {
            Some((
                tag.key()?.to_owned(),
                tag.value().unwrap_or_default().to_owned(),
            ))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use aws_sdk_ec2::types::{ServiceDetail, ServiceType, ServiceTypeDetail, VpcEndpoint};

    use super::*;

    #[test]
    fn a_state_is_read_as_ec2_spells_it() {
        let answer = VpcEndpoint::builder()
            .vpc_endpoint_id("vpce-0123456789abcdef0")
            .state(types::State::from("available"))
            .build();

        assert_eq!(endpoint(&answer).unwrap().state, State::Available);
    }

    #[test]
    fn an_endpoint_without_a_state_is_no_answer() {
        let answer = VpcEndpoint::builder()
            .vpc_endpoint_id("vpce-0123456789abcdef0")
            .build();

        assert_eq!(endpoint(&answer), None);
    }

    #[test]
    fn a_service_of_two_types_is_one_service() {
        let detail = |kind: ServiceType, zone: &str| {
            ServiceDetail::builder()
                .service_name("s3")
                .service_type(ServiceTypeDetail::builder().service_type(kind).build())
                .availability_zone_ids(zone)
                .build()
        };

        let found = service(
            "s3",
            &[
                detail(ServiceType::Gateway, "gateway"),
                detail(ServiceType::Interface, "interface"),
            ],
        );

        let found = found.unwrap();
        assert!(found.interface && found.gateway_too);
        assert_eq!(found.zone_ids, ["interface"]);
    }
}
