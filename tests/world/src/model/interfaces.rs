//! The network interfaces that endpoints put into subnets.

use serde::Serialize;

use crate::Failure;
use crate::clock::Moment;
use crate::failure::refuse;

use super::addresses::{AddressType, Addresses, Family};
use super::listing::{Described, Listed, describe};
use super::network::{check_id, zone_name};
use super::shapes::{GroupIdentifier, Tag};
use super::{ACCOUNT, Model};

/// A network interface of an endpoint. It is requester-managed: it comes and goes with the endpoint
/// (AWS `PrivateLink` guide).
#[derive(Debug, Clone)]
pub struct Interface {
    pub(crate) id: String,
    pub(crate) endpoint_id: String,
    pub(crate) vpc_id: String,
    pub(crate) subnet_id: String,
    pub(crate) zone_id: String,
    pub(crate) addresses: Addresses,
    pub(crate) groups: Vec<String>,
    /// When it goes.
    pub(crate) until: Option<Moment>,
}

impl Interface {
    /// Whether it holds its address and its groups.
    pub(crate) fn exists(&self, now: Moment) -> bool {
        self.until.is_none_or(|until| now < until)
    }
}

describe! {
    /// Lists network interfaces.
    DescribeNetworkInterfaces { network_interface_ids: "NetworkInterfaceId" },
    /// A page of network interfaces.
    DescribeNetworkInterfacesAnswer { network_interfaces: "networkInterfaceSet" of NetworkInterface }
}

/// A network interface as EC2 describes it.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NetworkInterface {
    /// Its id.
    pub network_interface_id: String,
    /// What it is for: `VPC Endpoint Interface vpce-…`.
    pub description: String,
    /// What kind it is: `vpc_endpoint`.
    pub interface_type: String,
    /// Its VPC's id.
    pub vpc_id: String,
    /// Its subnet's id.
    pub subnet_id: String,
    /// The name that its zone has in the account.
    pub availability_zone: String,
    /// Its private address, if it has an IPv4 one.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub private_ip_address: String,
    /// All its private addresses.
    #[serde(rename = "privateIpAddressesSet")]
    pub private_ip_addresses: Vec<PrivateIpAddress>,
    /// All its IPv6 addresses.
    #[serde(rename = "ipv6AddressesSet")]
    pub ipv6_addresses: Vec<Ipv6Address>,
    /// Its security groups.
    #[serde(rename = "groupSet")]
    pub groups: Vec<GroupIdentifier>,
    /// Its state.
    pub status: String,
    /// The account that owns it.
    pub owner_id: String,
    /// Whether an AWS service manages it.
    pub requester_managed: bool,
    /// Its tags.
    #[serde(rename = "tagSet")]
    pub tags: Vec<Tag>,
}

/// A private address of a network interface.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PrivateIpAddress {
    /// The address.
    pub private_ip_address: String,
    /// Whether it is the interface's first one.
    pub primary: bool,
}

/// An IPv6 address of a network interface (EC2: `NetworkInterfaceIpv6Address`).
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Ipv6Address {
    /// The address.
    pub ipv6_address: String,
}

impl Interface {
    fn detail(&self, model: &Model) -> NetworkInterface {
        let address = |family| self.addresses.of(family).map(|one| one.to_string());
        let ipv4 = address(Family::Ipv4);
        NetworkInterface {
            network_interface_id: self.id.clone(),
            description: format!("VPC Endpoint Interface {}", self.endpoint_id),
            interface_type: "vpc_endpoint".to_owned(),
            vpc_id: self.vpc_id.clone(),
            subnet_id: self.subnet_id.clone(),
            availability_zone: zone_name(&self.zone_id).to_owned(),
            private_ip_address: ipv4.clone().unwrap_or_default(),
            private_ip_addresses: ipv4
                .map(|private_ip_address| PrivateIpAddress {
                    private_ip_address,
                    primary: true,
                })
                .into_iter()
                .collect(),
            ipv6_addresses: address(Family::Ipv6)
                .map(|ipv6_address| Ipv6Address { ipv6_address })
                .into_iter()
                .collect(),
            groups: model.group_identifiers(&self.groups),
            status: "in-use".to_owned(),
            owner_id: ACCOUNT.to_owned(),
            requester_managed: true,
            tags: model.seen_tags(&self.id),
        }
    }
}

impl Listed for NetworkInterface {
    const FILTERS: &'static [&'static str] = &[
        "addresses.private-ip-address",
        "availability-zone",
        "description",
        "group-id",
        "interface-type",
        "ipv6-addresses.ipv6-address",
        "network-interface-id",
        "owner-id",
        "private-ip-address",
        "requester-managed",
        "status",
        "subnet-id",
        "vpc-id",
    ];

    fn id(&self) -> String {
        self.network_interface_id.clone()
    }

    fn values(&self, filter: &str) -> Vec<String> {
        let value = match filter {
            "group-id" => {
                return self
                    .groups
                    .iter()
                    .map(|group| group.group_id.clone())
                    .collect();
            }
            "ipv6-addresses.ipv6-address" => {
                let all = self.ipv6_addresses.iter();
                return all.map(|one| one.ipv6_address.clone()).collect();
            }
            "addresses.private-ip-address" | "private-ip-address" => &self.private_ip_address,
            "availability-zone" => &self.availability_zone,
            "description" => &self.description,
            "interface-type" => &self.interface_type,
            "network-interface-id" => &self.network_interface_id,
            "owner-id" => &self.owner_id,
            "requester-managed" => &self.requester_managed.to_string(),
            "status" => &self.status,
            "subnet-id" => &self.subnet_id,
            _ => &self.vpc_id,
        };
        vec![value.clone()]
    }

    fn tags(&self) -> &[Tag] {
        &self.tags
    }
}

impl Described for NetworkInterface {
    fn asked_for(model: &Model, ids: &[String]) -> Result<Vec<Self>, Failure> {
        if !ids.is_empty() {
            let by_id = |id: &String| Ok(model.seen_interface(id)?.detail(model));
            return ids.iter().map(by_id).collect();
        }
        let interfaces = model.interfaces.all_seen(model.now);
        let existing = interfaces.filter(|interface| interface.exists(model.now));
        Ok(existing.map(|interface| interface.detail(model)).collect())
    }

    /// EC2 API reference, `DescribeNetworkInterfaces`: ids and `MaxResults` exclude each other.
    fn check(ids: &[String], max_results: Option<i32>) -> Result<(), Failure> {
        if max_results.is_some() && !ids.is_empty() {
            let message =
                "The parameter networkInterfaceIds cannot be used with the parameter maxResults";
            return Err(refuse("InvalidParameterCombination", message));
        }
        Ok(())
    }
}

impl Model {
    pub(crate) fn seen_interface(&self, id: &str) -> Result<&Interface, Failure> {
        check_id(id, "eni", "InvalidNetworkInterfaceId.Malformed")?;
        let not_found = || {
            let message = format!("The networkInterface ID '{id}' does not exist");
            refuse("InvalidNetworkInterfaceID.NotFound", message)
        };
        let interface = self
            .interfaces
            .seen(id, self.now)
            .filter(|interface| interface.exists(self.now));
        interface.ok_or_else(not_found)
    }

    /// Puts a network interface of the endpoint into a subnet that has free addresses.
    pub(crate) fn add_interface(
        &mut self,
        endpoint_id: &str,
        subnet_id: &str,
        groups: &[String],
        address_type: AddressType,
        visible: Moment,
    ) -> Option<String> {
        let subnet = self.subnets.latest(subnet_id)?.clone();
        let addresses = subnet.addresses(self, address_type, Addresses::default())?;
        let id = self.ids.resource("eni");
        let interface = Interface {
            id: id.clone(),
            endpoint_id: endpoint_id.to_owned(),
            vpc_id: subnet.vpc_id,
            subnet_id: subnet.id,
            zone_id: subnet.zone_id,
            addresses,
            groups: groups.to_vec(),
            until: None,
        };
        self.interfaces.put(&id, interface, visible);
        Some(id)
    }

    /// Gives a network interface the addresses that it lacks for its endpoint's new address type, and
    /// takes those away that it has too many.
    pub(crate) fn readdress_interface(&mut self, id: &str, address_type: AddressType) {
        let addresses = self.interfaces.latest(id).and_then(|interface| {
            let subnet = self.subnets.latest(&interface.subnet_id)?;
            subnet.addresses(self, address_type, interface.addresses)
        });
        if let Some(addresses) = addresses {
            self.change_interface(id, |interface| interface.addresses = addresses);
        }
    }

    /// Lets a network interface go at a later moment.
    pub(crate) fn release_interface(&mut self, id: &str, until: Moment) {
        self.change_interface(id, |interface| interface.until = Some(until));
    }

    /// Changes a network interface; readers see it at once.
    pub(crate) fn change_interface(&mut self, id: &str, change: impl FnOnce(&mut Interface)) {
        if let Some(mut interface) = self.interfaces.latest(id).cloned() {
            change(&mut interface);
            self.interfaces.put(id, interface, self.now);
        }
    }
}
