//! Amazon EC2 in Tieline's words.

use async_trait::async_trait;

use super::{Reply, State, Tags};
use crate::ids::{Addressing, EndpointId, GroupId, IpAddressType, Ports, SubnetId, VpcId};
use crate::time::Time;

/// Amazon EC2, as far as an interface endpoint needs it.
///
/// Reads answer with what EC2 shows now, which may lag behind a write by seconds.
#[async_trait]
pub trait Ec2: Send + Sync {
    /// The VPC, or `None` if this account has no such VPC here.
    async fn vpc(&self, id: &VpcId) -> Reply<Option<Vpc>>;
    async fn dns_attributes(&self, id: &VpcId) -> Reply<DnsAttributes>;
    /// Every subnet of a VPC, by id.
    async fn subnets(&self, vpc: &VpcId) -> Reply<Vec<Subnet>>;
    async fn groups(&self, vpc: &VpcId) -> Reply<Vec<Group>>;
    /// Every group of every VPC that has a tag of this key.
    async fn tagged_groups(&self, key: &str) -> Reply<Vec<Group>>;
    async fn network_acls(&self, vpc: &VpcId) -> Reply<Vec<NetworkAcl>>;
    /// The servers that machines of a VPC with these DHCP options ask for names.
    async fn name_servers(&self, dhcp_options: &str) -> Reply<Vec<String>>;
    /// The first of these names that is an endpoint service's, or `None` if EC2 knows none of them, or none that this account
    /// may use.
    async fn service(&self, names: &[String]) -> Reply<Option<Service>>;
    /// Every endpoint of any state that fits.
    async fn endpoints(&self, which: &EndpointFilter<'_>) -> Reply<Vec<Endpoint>>;
    async fn interfaces(&self, ids: &[String]) -> Reply<Vec<Interface>>;

    /// The network interfaces that a security group is on.
    async fn interfaces_in(&self, group: &str) -> Reply<Vec<Interface>>;
    /// The blocks of a prefix list.
    async fn prefix_list(&self, id: &str) -> Reply<Vec<String>>;
    /// The route tables of a VPC.
    async fn route_tables(&self, vpc: &VpcId) -> Reply<Vec<RouteTable>>;
    /// Creates an interface endpoint with private DNS off. The same token and parameters give the same endpoint.
    async fn create_endpoint(&self, new: &NewEndpoint) -> Reply<Endpoint>;
    /// Changes an endpoint in place. EC2 carries it out after it answers, and takes the next one after that.
    async fn modify_endpoint(&self, id: &EndpointId, change: &EndpointChange) -> Reply<()>;
    /// Deletes an endpoint. One that is gone already counts as deleted.
    async fn delete_endpoint(&self, id: &EndpointId) -> Reply<()>;
    /// Creates a security group. One of that name in the VPC is refused as [`super::CallError::is_duplicate`].
    async fn create_group(&self, new: &NewGroup) -> Reply<GroupId>;
    /// Lets TCP in on these ports. A rule that exists already counts as made.
    async fn authorize_ingress(&self, id: &GroupId, ports: Ports, cidrs: &[String]) -> Reply<()>;
    /// Deletes a security group. One that is gone already counts as deleted.
    async fn delete_group(&self, id: &GroupId) -> Reply<()>;
    /// Adds tags to an endpoint, replacing values.
    async fn tag(&self, id: &EndpointId, tags: &Tags) -> Reply<()>;
    /// Adds tags to network interfaces, replacing values.
    async fn tag_interfaces(&self, ids: &[String], tags: &Tags) -> Reply<()>;
    /// Takes tags away, as far as they still have these values.
    async fn untag(&self, id: &EndpointId, tags: &Tags) -> Reply<()>;
}

#[derive(Debug, Clone)]
pub struct Vpc {
    /// Its IPv4 blocks that are in use.
    pub cidrs: Vec<String>,
    /// The same of IPv6.
    pub ipv6_cidrs: Vec<String>,
    /// The id of its DHCP options.
    pub dhcp_options: String,
    pub tags: Tags,
}

impl Vpc {
    /// The blocks from which an endpoint with such addresses can be reached.
    pub fn blocks(&self, addresses: IpAddressType) -> Vec<String> {
        let ipv4 = self.cidrs.iter().filter(|_| addresses.has_ipv4());
        let ipv6 = self.ipv6_cidrs.iter().filter(|_| addresses.has_ipv6());
        ipv4.chain(ipv6).cloned().collect()
    }
}

/// `enableDnsSupport` and `enableDnsHostnames` of a VPC.
#[derive(Debug, Clone, Copy)]
pub struct DnsAttributes {
    pub support: bool,
    pub hostnames: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subnet {
    pub id: SubnetId,
    /// The zone's id, the same in every account (`use1-az4`).
    pub zone_id: String,
    /// The zone's name in this account (`us-east-1a`).
    pub zone_name: String,
    pub owner: String,
    /// Whether it has a block of IPv4 addresses; those with an IPv6 block only have none.
    pub has_ipv4: bool,
    pub has_ipv6: bool,
    /// IPv4 addresses left for new network interfaces.
    pub free_addresses: u32,
    pub tags: Tags,
}

#[derive(Debug, Clone)]
pub struct Group {
    pub id: GroupId,
    /// Its name, unique in the VPC.
    pub name: String,
    pub ingress: Vec<Ingress>,
    pub tags: Tags,
}

impl Group {
    /// Whether one of its rules lets a block in on these ports, just as [`Ec2::authorize_ingress`] writes it.
    pub fn admits(&self, ports: Ports, cidr: &str) -> bool {
        let mut rules = self.ingress.iter().filter(|rule| rule.covers(ports));
        rules.any(|rule| rule.cidrs.iter().any(|there| there == cidr))
    }

    /// How many rules let somebody of a family of addresses in: EC2 counts one for each source, and both families apart (VPC
    /// User Guide, "Amazon VPC quotas"). That groups and prefix lists count in both is not verified.
    pub fn count_of_rules(&self, ipv6: bool) -> usize {
        let sources = self.ingress.iter().map(|rule| {
            let blocks = rule.cidrs.iter().filter(|cidr| is_ipv6(cidr) == ipv6);
            blocks.count() + rule.others.len()
        });
        sources.sum()
    }
}

/// Whether a block is one of IPv6 addresses.
pub fn is_ipv6(cidr: &str) -> bool {
    cidr.contains(':')
}

/// A network ACL: of the entries that fit, the one with the lowest number decides.
#[derive(Debug, Clone)]
pub struct NetworkAcl {
    pub id: String,
    pub subnet_ids: Vec<String>,
    pub entries: Vec<AclEntry>,
}

#[derive(Debug, Clone)]
pub struct AclEntry {
    pub number: i32,
    pub egress: bool,
    pub allows: bool,
    /// Whether TCP is meant, by number or as one of all protocols.
    pub is_tcp: bool,
    /// None for all.
    pub ports: Option<Ports>,
    /// The block of IPv4 or IPv6 addresses.
    pub cidr: Option<String>,
}

impl AclEntry {
    /// What EC2's console calls it.
    pub fn name(&self) -> String {
        match self.number {
            32767 | 32768 => "*".to_owned(),
            number => number.to_string(),
        }
    }
}

/// One protocol and port range that a group lets in.
#[derive(Debug, Clone)]
pub struct Ingress {
    /// Whether TCP is meant, by name or as one of all protocols.
    pub tcp: bool,
    /// The first port, `None` for all.
    pub from: Option<i32>,
    /// The last port, `None` for all.
    pub to: Option<i32>,
    /// The blocks that it lets in, of IPv4 and IPv6.
    pub cidrs: Vec<String>,
    /// The ids of security groups and prefix lists that it lets in, of a group of another account with that before it
    /// (`999999999999/sg-…`).
    pub others: Vec<String>,
}

impl Ingress {
    /// Whether it is about TCP on all of these ports.
    pub fn covers(&self, ports: Ports) -> bool {
        // Rules for all ports have no range, or one from -1 to -1.
        self.tcp
            && self.from.is_none_or(|from| from <= i32::from(ports.first))
            && self
                .to
                .is_none_or(|to| i32::from(ports.last) <= to || to == -1)
    }
}

/// An endpoint service, as this account sees it.
#[derive(Debug, Clone)]
pub struct Service {
    pub name: String,
    /// The account that owns it, or `amazon`.
    pub owner: String,
    /// Whether it can be had as an interface endpoint.
    pub interface: bool,
    /// Whether it can be had as a gateway endpoint as well (S3, `DynamoDB`). Only for these does EC2 know
    /// private DNS for inbound resolvers only, and it is EC2's default for them.
    pub gateway_too: bool,
    /// The zones, by id, that both accounts share. EC2 need not say them.
    pub zone_ids: Vec<String>,
    /// The same by their names in this account.
    pub zone_names: Vec<String>,
    /// Its private DNS names; wildcards keep their asterisk.
    pub private_dns_names: Vec<String>,
    /// Whether the owner has proven the names; AWS's own services say nothing and need not.
    pub private_dns_verified: bool,
    pub policy_supported: bool,
    /// The families of addresses that it takes, as EC2 writes them (`ipv4`, `ipv6`); none where EC2 does not say.
    pub address_families: Vec<String>,
    /// Whether its owner pays for the endpoint's hours.
    pub owner_pays: bool,
}

impl Service {
    /// Whether it can be had in a subnet's zone, as far as EC2 says: an older answer has names only, and one without either
    /// leaves it to EC2 to refuse.
    pub fn has_zone_of(&self, subnet: &Subnet) -> bool {
        if self.zone_ids.is_empty() {
            self.zone_names.is_empty() || self.zone_names.contains(&subnet.zone_name)
        } else {
            self.zone_ids.contains(&subnet.zone_id)
        }
    }

    /// The zones, for a person to read.
    pub fn zones(&self) -> String {
        let ids = Some(&self.zone_ids).filter(|ids| !ids.is_empty());
        ids.unwrap_or(&self.zone_names).join(", ")
    }
}

/// Which endpoints to look at. Everything given must fit.
#[derive(Debug, Clone, Copy, Default)]
pub struct EndpointFilter<'a> {
    pub vpc: Option<&'a VpcId>,
    pub service: Option<&'a str>,
    pub tag_key: Option<&'a str>,
    /// The one of this id; unlike a lookup by id, an unknown one is no error.
    pub id: Option<&'a EndpointId>,
}

impl<'a> EndpointFilter<'a> {
    /// Every endpoint of a service in a VPC.
    pub fn of(service: &'a str, vpc: &'a VpcId) -> Self {
        Self {
            vpc: Some(vpc),
            service: Some(service),
            ..Self::default()
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    pub id: EndpointId,
    pub vpc: String,
    pub service: String,
    /// Whether it counts as an interface endpoint against the quota of a VPC.
    pub is_interface: bool,
    pub state: State,
    pub raw_state: String,
    pub private_dns: bool,
    /// Whether private names serve inbound resolvers only; see [`Service::gateway_too`].
    pub inbound_only: bool,
    /// None where EC2 says nothing, or nothing that is known here.
    pub addressing: Option<Addressing>,
    pub subnet_ids: Vec<String>,
    pub group_ids: Vec<String>,
    pub interface_ids: Vec<String>,
    /// Its DNS names: the Regional one, the zonal ones and, with private DNS, the private ones.
    pub dns_names: Vec<String>,
    /// The hosted zone of its Regional name, for aliases of it.
    pub dns_zone: Option<String>,
    pub policy: Option<String>,
    pub tags: Tags,
    pub created: Option<Time>,
    /// What EC2 says went wrong: the last error and the reason of the failure.
    pub failure_reason: Option<String>,
}

#[derive(Debug, Clone)]
pub struct Interface {
    pub id: String,
    pub tags: Tags,
    pub subnet_id: String,
    /// Its IPv4 address.
    pub private_ip: Option<String>,
    pub ipv6: Option<String>,
}

impl Interface {
    /// All of its addresses.
    pub fn addresses(&self) -> impl Iterator<Item = &String> {
        self.private_ip.iter().chain(&self.ipv6)
    }
}

/// A route table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteTable {
    /// The subnets that it is for.
    pub subnet_ids: Vec<String>,
    /// Whether it is for every subnet that has none of its own.
    pub is_main: bool,
    /// Whether one of its routes leads out of the VPC, other than through an internet gateway.
    pub leads_out: bool,
}

/// What to create. Everything in it takes part in EC2's comparison when the token is used again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEndpoint {
    /// The client token, at most 64 ASCII characters.
    pub token: String,
    pub vpc: VpcId,
    pub service: String,
    /// One subnet a zone.
    pub subnets: Vec<SubnetId>,
    pub addressing: Addressing,
    pub groups: Vec<GroupId>,
    /// The policy; none means full access.
    pub policy: Option<String>,
    pub tags: Tags,
}

/// What to change of an endpoint, in one call. What is empty or none stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EndpointChange {
    pub add_subnets: Vec<String>,
    pub remove_subnets: Vec<String>,
    pub add_groups: Vec<String>,
    pub remove_groups: Vec<String>,
    /// The policy; none in it means full access.
    pub policy: Option<Option<String>>,
    pub addressing: Option<Addressing>,
    /// Whether the service's own names lead to it.
    pub private_dns: Option<bool>,
    /// Whether they serve inbound resolvers only; see [`Service::gateway_too`].
    pub inbound_only: Option<bool>,
}

impl EndpointChange {
    /// Nothing but private DNS on or off.
    pub fn of_private_dns(on: bool) -> Self {
        Self {
            private_dns: Some(on),
            ..Self::default()
        }
    }

    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    /// Whether others who use the endpoint would have something else than they asked for: more subnets and groups, and more
    /// addresses, are no less.
    pub fn takes(&self) -> bool {
        let only_adds = self.remove_subnets.is_empty() && self.remove_groups.is_empty();
        !only_adds || self.policy.is_some() || self.private_dns.is_some()
    }
}

#[derive(Debug, Clone)]
pub struct NewGroup {
    pub vpc: VpcId,
    /// A name, unique in the VPC.
    pub name: String,
    pub description: String,
    pub tags: Tags,
}
