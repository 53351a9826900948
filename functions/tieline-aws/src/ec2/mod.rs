//! Amazon EC2: one call for each thing asked. [`convert`] turns its answers into ours.

mod convert;

use async_trait::async_trait;
use aws_sdk_ec2::Client;
use aws_sdk_ec2::types::{
    DnsOptionsSpecification, DnsRecordIpType, Filter, IpAddressType, IpPermission, IpRange,
    Ipv6Range, ResourceType, Tag, TagSpecification, VpcAttributeName, VpcEndpointType,
};
use futures_util::future::try_join;
use tieline::ids::{EndpointId, GroupId, Ports, VpcId};
use tieline::outside::{
    CallError, DnsAttributes, Ec2, Endpoint, EndpointChange, EndpointFilter, Group, Interface,
    NetworkAcl, NewEndpoint, NewGroup, Reply, RouteTable, Service, Subnet, Tags, Vpc, is_ipv6,
};

use crate::answer::{ask, gone_is_fine, required};
use crate::sdk::{Sdk, client};

/// The most that EC2 takes. Without it, all of a VPC comes in one answer.
const PAGE: i32 = 1000;

/// Every page of a list.
macro_rules! all {
    ($action:expr, $call:expr) => {{
        let pages = $call.into_paginator().page_size(PAGE).items().send();
        ask($action, pages.try_collect())
    }};
}

fn ours<T, U>(action: &'static str, found: &[T], read: fn(&T) -> Option<U>) -> Reply<Vec<U>> {
    let ours = found.iter().map(|one| required(action, "entry", read(one)));
    ours.collect()
}

#[derive(Debug)]
pub(crate) struct AwsEc2(Client);

impl AwsEc2 {
    pub(crate) fn new(sdk: &Sdk) -> Self {
        Self(client!(aws_sdk_ec2, sdk))
    }

    async fn attribute(&self, id: &VpcId, attribute: VpcAttributeName) -> Reply<bool> {
        const ACTION: &str = "ec2:DescribeVpcAttribute";
        let call = self.0.describe_vpc_attribute().vpc_id(id.as_str());
        let answer = ask(ACTION, call.attribute(attribute).send()).await?;
        let value = answer
            .enable_dns_support()
            .or(answer.enable_dns_hostnames())
            .and_then(|value| value.value());
        required(ACTION, "attribute", value)
    }
}

#[async_trait]
impl Ec2 for AwsEc2 {
    async fn vpc(&self, id: &VpcId) -> Reply<Option<Vpc>> {
        let Self(ec2) = self;
        let call = ec2.describe_vpcs().filters(filter("vpc-id", id.as_str()));
        let answer = ask("ec2:DescribeVpcs", call.send()).await?;
        Ok(answer.vpcs().first().map(convert::vpc))
    }

    async fn dns_attributes(&self, id: &VpcId) -> Reply<DnsAttributes> {
        // EC2 answers one attribute a call.
        let (support, hostnames) = try_join(
            self.attribute(id, VpcAttributeName::EnableDnsSupport),
            self.attribute(id, VpcAttributeName::EnableDnsHostnames),
        )
        .await?;
        Ok(DnsAttributes { support, hostnames })
    }

    async fn subnets(&self, vpc: &VpcId) -> Reply<Vec<Subnet>> {
        const ACTION: &str = "ec2:DescribeSubnets";
        let in_vpc = filter("vpc-id", vpc.as_str());
        let call = self.0.describe_subnets().filters(in_vpc);
        let found = all!(ACTION, call).await?;
        ours(ACTION, &found, convert::subnet)
    }

    async fn groups(&self, vpc: &VpcId) -> Reply<Vec<Group>> {
        const ACTION: &str = "ec2:DescribeSecurityGroups";
        let in_vpc = filter("vpc-id", vpc.as_str());
        let call = self.0.describe_security_groups().filters(in_vpc);
        let found = all!(ACTION, call).await?;
        ours(ACTION, &found, convert::group)
    }

    async fn tagged_groups(&self, key: &str) -> Reply<Vec<Group>> {
        const ACTION: &str = "ec2:DescribeSecurityGroups";
        let tagged = filter("tag-key", key);
        let call = self.0.describe_security_groups().filters(tagged);
        let found = all!(ACTION, call).await?;
        ours(ACTION, &found, convert::group)
    }

    async fn network_acls(&self, vpc: &VpcId) -> Reply<Vec<NetworkAcl>> {
        const ACTION: &str = "ec2:DescribeNetworkAcls";
        let in_vpc = filter("vpc-id", vpc.as_str());
        let call = self.0.describe_network_acls().filters(in_vpc);
        let found = all!(ACTION, call).await?;
        ours(ACTION, &found, convert::network_acl)
    }

    async fn name_servers(&self, dhcp_options: &str) -> Reply<Vec<String>> {
        let call = self.0.describe_dhcp_options();
        let call = call.filters(filter("dhcp-options-id", dhcp_options));
        let answer = ask("ec2:DescribeDhcpOptions", call.send()).await?;
        Ok(convert::name_servers(answer.dhcp_options()))
    }

    async fn route_tables(&self, vpc: &VpcId) -> Reply<Vec<RouteTable>> {
        let in_vpc = filter("vpc-id", vpc.as_str());
        let call = self.0.describe_route_tables().filters(in_vpc);
        let found = all!("ec2:DescribeRouteTables", call).await?;
        Ok(found.iter().map(convert::route_table).collect())
    }

    async fn service(&self, names: &[String]) -> Reply<Option<Service>> {
        let call = self.0.describe_vpc_endpoint_services();
        let call = match names {
            [name] => call.service_names(name),
            // Given as names, one that is unknown is an error for the whole call.
            _ => call.filters(
                Filter::builder()
                    .name("service-name")
                    .set_values(Some(names.to_vec()))
                    .build(),
            ),
        };
        match ask("ec2:DescribeVpcEndpointServices", call.send()).await {
            Ok(answer) => {
                let details = answer.service_details();
                Ok(names
                    .iter()
                    .find_map(|name| convert::service(name, details)))
            }
            // Also the answer for a service that does not allow this account.
            Err(error) if error.code() == Some("InvalidServiceName") => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn endpoints(&self, which: &EndpointFilter<'_>) -> Reply<Vec<Endpoint>> {
        const ACTION: &str = "ec2:DescribeVpcEndpoints";
        let filters = [
            which.vpc.map(|vpc| filter("vpc-id", vpc.as_str())),
            which.service.map(|service| filter("service-name", service)),
            which.tag_key.map(|key| filter("tag-key", key)),
            // By filter: an unknown id given as an id is an error for the whole call.
            which.id.map(|id| filter("vpc-endpoint-id", id.as_str())),
        ];
        let filters = filters.into_iter().flatten().collect();
        let call = self.0.describe_vpc_endpoints().set_filters(Some(filters));
        let found = all!(ACTION, call).await?;
        ours(ACTION, &found, convert::endpoint)
    }

    async fn interfaces(&self, ids: &[String]) -> Reply<Vec<Interface>> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let filter = Filter::builder()
            .name("network-interface-id")
            .set_values(Some(ids.to_vec()))
            .build();
        let call = self.0.describe_network_interfaces().filters(filter);
        let found = all!("ec2:DescribeNetworkInterfaces", call).await?;
        Ok(found.iter().filter_map(convert::interface).collect())
    }

    async fn interfaces_in(&self, group: &str) -> Reply<Vec<Interface>> {
        let of_group = filter("group-id", group);
        let call = self.0.describe_network_interfaces().filters(of_group);
        let found = all!("ec2:DescribeNetworkInterfaces", call).await?;
        Ok(found.iter().filter_map(convert::interface).collect())
    }

    async fn prefix_list(&self, id: &str) -> Reply<Vec<String>> {
        let call = self.0.get_managed_prefix_list_entries().prefix_list_id(id);
        // Its pages have 100 entries at most.
        let pages = call.into_paginator().items().send();
        let found = ask("ec2:GetManagedPrefixListEntries", pages.try_collect()).await?;
        let blocks = found.iter().filter_map(|entry| entry.cidr());
        Ok(blocks.map(str::to_owned).collect())
    }

    async fn create_endpoint(&self, new: &NewEndpoint) -> Reply<Endpoint> {
        const ACTION: &str = "ec2:CreateVpcEndpoint";
        let subnets = new.subnets.iter().map(ToString::to_string).collect();
        let groups = new.groups.iter().map(ToString::to_string).collect();
        let call = self
            .0
            .create_vpc_endpoint()
            .client_token(&new.token)
            // EC2's default is Gateway.
            .vpc_endpoint_type(VpcEndpointType::Interface)
            .vpc_id(new.vpc.as_str())
            .service_name(&new.service)
            .set_subnet_ids(Some(subnets))
            .set_security_group_ids(Some(groups))
            .set_policy_document(new.policy.clone())
            // Left out, it is on for every service that has a name and accepts by itself.
            .private_dns_enabled(false)
            .tag_specifications(tagged(ResourceType::VpcEndpoint, &new.tags));
        let addressing = new.addressing;
        let call = if addressing.is_usual() {
            // Left out: with the same token, EC2 wants the same parameters as from the versions before.
            call
        } else {
            let records = DnsRecordIpType::from(addressing.dns_record_ip_type.as_str());
            let options = DnsOptionsSpecification::builder().dns_record_ip_type(records);
            let addresses = IpAddressType::from(addressing.ip_address_type.as_str());
            call.ip_address_type(addresses).dns_options(options.build())
        };
        let answer = ask(ACTION, call.send()).await?;
        let made = answer.vpc_endpoint().and_then(convert::endpoint);
        required(ACTION, "endpoint", made)
    }

    async fn modify_endpoint(&self, id: &EndpointId, change: &EndpointChange) -> Reply<()> {
        let listed = |ids: &[String]| Some(ids.to_vec()).filter(|ids| !ids.is_empty());
        let records = change.addressing.map(|one| one.dns_record_ip_type.as_str());
        let options = (change.inbound_only.is_some() || records.is_some()).then(|| {
            DnsOptionsSpecification::builder()
                .set_private_dns_only_for_inbound_resolver_endpoint(change.inbound_only)
                .set_dns_record_ip_type(records.map(DnsRecordIpType::from))
                .build()
        });
        let addresses = change.addressing.map(|one| one.ip_address_type.as_str());
        let call = self
            .0
            .modify_vpc_endpoint()
            .vpc_endpoint_id(id.as_str())
            .set_add_subnet_ids(listed(&change.add_subnets))
            .set_remove_subnet_ids(listed(&change.remove_subnets))
            .set_add_security_group_ids(listed(&change.add_groups))
            .set_remove_security_group_ids(listed(&change.remove_groups))
            .set_policy_document(change.policy.clone().flatten())
            .set_reset_policy((change.policy == Some(None)).then_some(true))
            .set_ip_address_type(addresses.map(IpAddressType::from))
            .set_private_dns_enabled(change.private_dns)
            .set_dns_options(options);
        ask("ec2:ModifyVpcEndpoint", call.send()).await.map(drop)
    }

    async fn delete_endpoint(&self, id: &EndpointId) -> Reply<()> {
        const ACTION: &str = "ec2:DeleteVpcEndpoints";
        let call = self.0.delete_vpc_endpoints().vpc_endpoint_ids(id.as_str());
        let answer = ask(ACTION, call.send()).await?;
        // EC2 answers 200 even when nothing was deleted.
        let Some(error) = answer.unsuccessful().iter().find_map(|item| item.error()) else {
            return Ok(());
        };
        let (code, message) = (
            error.code().unwrap_or("Unknown"),
            error.message().unwrap_or("no message"),
        );
        gone_is_fine::<()>(Err(CallError::answered(ACTION, 400, code, message)))
    }

    async fn create_group(&self, new: &NewGroup) -> Reply<GroupId> {
        const ACTION: &str = "ec2:CreateSecurityGroup";
        let call = self
            .0
            .create_security_group()
            .vpc_id(new.vpc.as_str())
            .group_name(&new.name)
            .description(&new.description)
            .tag_specifications(tagged(ResourceType::SecurityGroup, &new.tags));
        let answer = ask(ACTION, call.send()).await?;
        let id = answer.group_id().and_then(|id| id.parse().ok());
        required(ACTION, "group id", id)
    }

    async fn authorize_ingress(&self, id: &GroupId, ports: Ports, cidrs: &[String]) -> Reply<()> {
        // One call a block: EC2 refuses all rules of a call if one of them exists.
        for cidr in cidrs {
            let about = "clients in the VPC";
            let permission = IpPermission::builder()
                .ip_protocol("tcp")
                .from_port(ports.first.into())
                .to_port(ports.last.into());
            let permission = if is_ipv6(cidr) {
                let range = Ipv6Range::builder().cidr_ipv6(cidr).description(about);
                permission.ipv6_ranges(range.build())
            } else {
                let range = IpRange::builder().cidr_ip(cidr).description(about);
                permission.ip_ranges(range.build())
            };
            let call = self
                .0
                .authorize_security_group_ingress()
                .group_id(id.as_str())
                .ip_permissions(permission.build());
            match ask("ec2:AuthorizeSecurityGroupIngress", call.send()).await {
                Err(error) if !error.is_duplicate() => return Err(error),
                Ok(_) | Err(_) => {}
            }
        }
        Ok(())
    }

    async fn delete_group(&self, id: &GroupId) -> Reply<()> {
        let call = self.0.delete_security_group().group_id(id.as_str());
        gone_is_fine(ask("ec2:DeleteSecurityGroup", call.send()).await)
    }

    async fn tag(&self, id: &EndpointId, tags: &Tags) -> Reply<()> {
        self.put_tags(vec![id.to_string()], tags).await
    }

    async fn tag_interfaces(&self, ids: &[String], tags: &Tags) -> Reply<()> {
        self.put_tags(ids.to_vec(), tags).await
    }

    async fn untag(&self, id: &EndpointId, wanted: &Tags) -> Reply<()> {
        if wanted.is_empty() {
            // EC2 takes every tag away where none is named (API Reference, DeleteTags): those of all other requests too.
            return Ok(());
        }
        let tag = |(key, value)| Tag::builder().key(key).value(value).build();
        let tags = wanted.iter().map(tag);
        let call = self.0.delete_tags().resources(id.as_str());
        let call = call.set_tags(Some(tags.collect()));
        gone_is_fine(ask("ec2:DeleteTags", call.send()).await)
    }
}

impl AwsEc2 {
    async fn put_tags(&self, ids: Vec<String>, tags: &Tags) -> Reply<()> {
        let call = self.0.create_tags().set_resources(Some(ids));
        let call = call.set_tags(Some(list(tags)));
        ask("ec2:CreateTags", call.send()).await.map(drop)
    }
}

fn filter(name: &str, value: &str) -> Filter {
    Filter::builder().name(name).values(value).build()
}

fn tagged(kind: ResourceType, tags: &Tags) -> TagSpecification {
    TagSpecification::builder()
        .resource_type(kind)
        .set_tags(Some(list(tags)))
        .build()
}

fn list(tags: &Tags) -> Vec<Tag> {
    tags.iter()
        .map(|(key, value)| Tag::builder().key(key).value(value).build())
        .collect()
}
