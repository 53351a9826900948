//! The caller's side of the connection: VPC, subnets, zones and security groups.

use std::collections::{BTreeMap, BTreeSet};

use super::Check;
use super::looks::{Network, Side};
use super::reach::Clients;
use super::serving::Chosen;
use crate::endpoint::{AvailabilityZone, Groups, is_own_group, own_group_name};
use crate::ids::{GroupId, IpAddressType, Ports, SubnetId};
use crate::options;
use crate::outside::{Endpoint, Group, Service, Subnet};
use crate::problem::{Code, Problem};
use crate::refusals::{no_group, no_subnet, no_vpc};
use crate::targets::ConnectedThrough;

/// The tag of a subnet in which endpoints are to have their network interfaces, where a zone has several; its value is "true".
const FOR_ENDPOINTS: &str = "tieline:endpoints";

impl<'c> Check<'c> {
    /// The VPC has to be there, and to resolve names where the request wants some.
    pub(super) fn check_network(&mut self, network: Option<&Network>) {
        let Some(named) = self.named() else {
            return;
        };
        let (id, region) = (&named.vpc_id, &self.request.shape.region);
        let Some(network) = network else {
            let fix = format!("look the id up: aws ec2 describe-vpcs --region {region}");
            let problem = no_vpc(id, region, self.execution.account(), &fix);
            self.problems.push(problem.about("$.network.vpcId"));
            return;
        };
        self.check_vpc(&network.vpc, &network.tags, "$.network.vpcId");
        let Some(dns) = network.dns else {
            return;
        };
        for (on, attribute, option) in [
            (dns.support, "enableDnsSupport", "--enable-dns-support"),
            (
                dns.hostnames,
                "enableDnsHostnames",
                "--enable-dns-hostnames",
            ),
        ] {
            if !on {
                let message = format!("{attribute} of {id} is off, and private DNS needs it");
                let fix = format!(
                    "aws ec2 modify-vpc-attribute --region {region} --vpc-id {id} {option}"
                );
                self.note("$.network.vpcId", Code::VpcDnsDisabled, message, fix);
            }
        }
    }

    /// The zones and subnets of the endpoint; `None` if there is no way to choose them.
    pub(super) fn availability_zones(
        &mut self,
        side: &Side<'_>,
        chosen: &Chosen,
    ) -> Option<Vec<AvailabilityZone>> {
        let Side {
            network, service, ..
        } = *side;
        let named = self.named().and_then(|named| named.subnet_ids.as_ref());
        let subnets = match (
            named.filter(|_| !chosen.endpoint.is_adopted()),
            &chosen.found,
        ) {
            (Some(ids), _) => {
                // Where a network interface is to be made.
                let (changes, addressing) = (self.request.changes, self.addressing());
                let is_new = |id: &SubnetId| match &chosen.found {
                    None => true,
                    Some(there) if changes => {
                        let has = there.subnet_ids.iter().any(|one| one == id.as_str());
                        let serves = there.addressing.is_none_or(|one| one.serves(addressing));
                        !has || !serves
                    }
                    Some(_) => false,
                };
                self.named_subnets(network, Some(service), ids, is_new)
            }
            (None, Some(endpoint)) => {
                let serves = |subnet: &&Subnet| {
                    endpoint
                        .subnet_ids
                        .iter()
                        .any(|id| id == subnet.id.as_str())
                };
                network.subnets.iter().filter(serves).collect()
            }
            (None, None) => self.one_subnet_a_zone(network, service),
        };
        let zone = |subnet: &Subnet| AvailabilityZone {
            zone_id: subnet.zone_id.clone(),
            zone_name: subnet.zone_name.clone(),
            subnet_id: subnet.id.clone(),
        };
        let mut zones: Vec<AvailabilityZone> = subnets.into_iter().map(zone).collect();
        zones.sort_by(|a, b| a.zone_id.cmp(&b.zone_id));
        (!zones.is_empty()).then_some(zones)
    }

    /// Checks what the request names in the VPC when there is no service to hold it against.
    pub(super) fn check_named(&mut self, network: Option<&Network>, ports: &[Ports]) {
        let (Some(network), Some(named)) = (network, self.named()) else {
            return;
        };
        // Targets that make no endpoint check their side themselves.
        if self.request.shape.target.facts().connected_through != ConnectedThrough::Endpoint {
            return;
        }
        if let Some(ids) = &named.subnet_ids {
            self.named_subnets(network, None, ids, |_| true);
        }
        if let Some(ids) = &named.security_group_ids {
            let clients = Clients {
                blocks: [&network.blocks, &[]],
                ports,
                sources: &network.sources,
                // Which further VPCs connect is not known without the service.
                may_be_others: true,
            };
            self.named_groups(network, ids, clients);
        }
    }

    /// What the request names.
    fn named(&self) -> Option<&'c options::Network> {
        self.request.shape.network.as_ref()
    }

    /// The subnets that the request names, with everything that is wrong with them.
    fn named_subnets<'n>(
        &mut self,
        network: &'n Network,
        service: Option<&Service>,
        ids: &[SubnetId],
        is_new: impl Fn(&SubnetId) -> bool,
    ) -> Vec<&'n Subnet> {
        let mut by_zone: BTreeMap<&str, &Subnet> = BTreeMap::new();
        let mut unsupported = Vec::new();
        for (index, id) in ids.iter().enumerate() {
            let path = format!("$.network.subnetIds[{index}]");
            let Some(subnet) = network.subnets.iter().find(|subnet| subnet.id == *id) else {
                let region = &self.request.shape.region;
                self.problems
                    .push(no_subnet(id, index, &network.vpc, region));
                continue;
            };
            if let Some(service) = service.filter(|service| !service.has_zone_of(subnet)) {
                unsupported.push(zone_unsupported(subnet, service).about(path.clone()));
            }
            if let Some(other) = by_zone.insert(&subnet.zone_id, subnet) {
                self.problems
                    .push(zone_shared(other, subnet).about(path.clone()));
            }
            if let Some(problem) = self.subnet_trouble(subnet).filter(|_| is_new(id)) {
                self.problems.push(problem.about(path));
            }
        }
        if let Some(service) =
            service.filter(|_| !unsupported.is_empty() && unsupported.len() == by_zone.len())
        {
            unsupported = vec![self.no_common_zone(network, service)];
        }
        self.problems.extend(unsupported);
        by_zone.into_values().collect()
    }

    /// The usable subnet of every zone that the service has: the only one, or the one whose tag says that it is for endpoints.
    fn one_subnet_a_zone<'n>(
        &mut self,
        network: &'n Network,
        service: &Service,
    ) -> Vec<&'n Subnet> {
        let mut by_zone: BTreeMap<&str, Vec<&Subnet>> = BTreeMap::new();
        for subnet in network
            .subnets
            .iter()
            .filter(|subnet| service.has_zone_of(subnet))
        {
            by_zone.entry(&subnet.zone_id).or_default().push(subnet);
        }
        let is_meant = |subnet: &&Subnet| {
            let value = subnet.tags.get(FOR_ENDPOINTS);
            value.is_some_and(|value| value == "true")
        };
        let (mut chosen, mut unclear, mut trouble) = (Vec::new(), Vec::new(), Vec::new());
        for (zone, subnets) in by_zone {
            let meant: Vec<&Subnet> = subnets.iter().copied().filter(is_meant).collect();
            let is_said = !meant.is_empty();
            let mut usable = Vec::new();
            for subnet in if is_said { meant } else { subnets } {
                match self.subnet_trouble(subnet) {
                    None => usable.push(subnet),
                    // The one that is meant is not passed over in silence.
                    Some(problem) if is_said => self.problems.push(problem),
                    Some(problem) => trouble.push(problem),
                }
            }
            match usable[..] {
                [] => {}
                [only] => chosen.push(only),
                _ => unclear.push(candidates(zone, &usable)),
            }
        }
        if chosen.is_empty() && unclear.is_empty() {
            // There are subnets in its zones, and none has the addresses.
            let of_address = |one: &Problem| one.code == Code::AddressTypeUnsupported;
            if trouble.is_empty() || !trouble.iter().all(of_address) {
                let problem = self.no_common_zone(network, service);
                self.problems.push(problem);
            }
            self.problems.extend(trouble);
        }
        if !unclear.is_empty() {
            let region = &self.request.shape.region;
            let message = format!(
                "several subnets could have the endpoint: {}",
                unclear.join("; ")
            );
            let fix = format!(
                "name one a zone in network.subnetIds, or tag one a zone: aws ec2 create-tags --region {region} --resources <subnet> --tags Key={FOR_ENDPOINTS},Value=true"
            );
            self.note("$.network.subnetIds", Code::SubnetsAmbiguous, message, fix);
        }
        chosen
    }

    fn subnet_trouble(&self, subnet: &Subnet) -> Option<Problem> {
        let (id, region) = (&subnet.id, &self.request.shape.region);
        if subnet.owner != self.execution.account() {
            let message = format!(
                "{id} belongs to account {}, and EC2 makes no endpoints in shared subnets",
                subnet.owner
            );
            return Some(Problem::new(
                Code::SubnetNotOwned,
                message,
                "name a subnet of this account",
            ));
        }
        let wanted = self.addressing().ip_address_type;
        let suits = match wanted {
            IpAddressType::Ipv4 => subnet.has_ipv4,
            IpAddressType::Dualstack => subnet.has_ipv4 && subnet.has_ipv6,
            // AWS PrivateLink Guide, "IP address types": all of them are IPv6 only.
            IpAddressType::Ipv6 => subnet.has_ipv6 && !subnet.has_ipv4,
        };
        if !suits {
            return Some(address_type_unsupported(subnet, wanted));
        }
        (subnet.has_ipv4 && subnet.free_addresses == 0).then(|| {
            let fix = format!("free an address or name another subnet: aws ec2 describe-subnets --region {region} --subnet-ids {id}");
            Problem::new(Code::SubnetFull, format!("{id} has no free address"), fix)
        })
    }

    fn no_common_zone(&self, network: &Network, service: &Service) -> Problem {
        let (vpc, region) = (&network.vpc, &self.request.shape.region);
        let by_id = !service.zone_ids.is_empty();
        let zones = network.subnets.iter().map(|subnet| {
            let zone = if by_id {
                &subnet.zone_id
            } else {
                &subnet.zone_name
            };
            zone.as_str()
        });
        let zones = Vec::from_iter(BTreeSet::from_iter(zones));
        let wanted = service.zones();
        let message = format!(
            "{} is in {wanted}; {vpc} has subnets in {}",
            service.name,
            zones.join(", ")
        );
        let (option, zone) = match (service.zone_ids.first(), service.zone_names.first()) {
            (None, Some(name)) => ("--availability-zone", name.as_str()),
            (id, _) => (
                "--availability-zone-id",
                id.map_or("<zone id>", String::as_str),
            ),
        };
        let fix = format!(
            "add a subnet: aws ec2 create-subnet --region {region} --vpc-id {vpc} {option} {zone} --cidr-block <block>"
        );
        Problem::new(Code::NoCommonZone, message, fix).about("$.network.subnetIds")
    }

    /// The groups of the endpoint; `None` if one that is named is not there.
    pub(super) fn groups(&mut self, side: &Side<'_>, chosen: &Chosen) -> Option<Groups> {
        let Side {
            network,
            service,
            ports,
            also_from,
        } = *side;
        let clients = Clients {
            blocks: [&network.blocks, also_from],
            ports,
            sources: &network.sources,
            may_be_others: self.request.shape.target.kind().inbound_only(),
        };
        let named = self
            .named()
            .and_then(|named| named.security_group_ids.as_ref());
        if let Some(ids) = named.filter(|_| !chosen.endpoint.is_adopted()) {
            return self
                .named_groups(network, ids, clients)
                .then(|| Groups::Named { ids: ids.clone() });
        }
        let owner = self.owner();
        let name = own_group_name(&owner.deployment, &network.vpc, &service.name);
        // A change has it take our own group, unless others need those that it has.
        let takes_own = |endpoint: &Endpoint| self.request.changes && !owner.shares(&endpoint.tags);
        if let Some(endpoint) = chosen.found.as_ref().filter(|one| !takes_own(one)) {
            let has = |group: &&Group| endpoint.group_ids.iter().any(|id| id == group.id.as_str());
            let groups: Vec<&Group> = network.groups.iter().filter(has).collect();
            // What our own does not let in yet, it will.
            let is_own =
                |group: &&Group| is_own_group(&owner, group, &name, &network.vpc, &service.name);
            if chosen.endpoint.is_adopted() || !groups.iter().any(is_own) {
                self.check_open(clients, &groups);
            }
        }
        if chosen.endpoint.is_adopted() {
            return Some(Groups::Unchanged);
        }
        let cidrs = [&network.blocks[..], also_from].concat();
        let is_own =
            |group: &&Group| is_own_group(&owner, group, &name, &network.vpc, &service.name);
        let uses_own = chosen.found.as_ref().is_none_or(|endpoint| {
            let has = |group: &&Group| endpoint.group_ids.iter().any(|id| id == group.id.as_str());
            network
                .groups
                .iter()
                .filter(has)
                .any(|group| is_own(&group))
                || takes_own(endpoint)
        });
        if uses_own {
            self.check_room(network.groups.iter().find(is_own), clients, &cidrs);
        }
        Some(Groups::Own { name, cidrs })
    }

    /// Checks the groups that the request names; false if one is not there.
    fn named_groups(&mut self, network: &Network, ids: &[GroupId], clients: Clients<'_>) -> bool {
        let (vpc, region) = (&network.vpc, &self.request.shape.region);
        let mut named = Vec::new();
        for (index, id) in ids.iter().enumerate() {
            match network.groups.iter().find(|group| group.id == *id) {
                Some(group) => named.push(group),
                None => self.problems.push(no_group(id, index, vpc, region)),
            }
        }
        let complete = named.len() == ids.len();
        if complete {
            self.check_open(clients, &named);
        }
        complete
    }
}

/// The subnets of a zone, for a person to choose from.
fn candidates(zone: &str, subnets: &[&Subnet]) -> String {
    let named = |subnet: &&Subnet| match subnet.tags.get("Name") {
        Some(name) => format!("{} ({name})", subnet.id),
        None => subnet.id.to_string(),
    };
    let subnets: Vec<String> = subnets.iter().map(named).collect();
    format!("in {zone} {}", subnets.join(", "))
}

fn zone_unsupported(subnet: &Subnet, service: &Service) -> Problem {
    let zones = service.zones();
    let message = format!(
        "{} is in {}, and {} is only in {zones}",
        subnet.id, subnet.zone_id, service.name
    );
    Problem::new(
        Code::SubnetZoneUnsupported,
        message,
        format!("name subnets in {zones}, or leave subnetIds out"),
    )
}

fn address_type_unsupported(subnet: &Subnet, wanted: IpAddressType) -> Problem {
    let has = match (subnet.has_ipv4, subnet.has_ipv6) {
        (true, true) => "addresses of both families",
        (true, false) => "IPv4 addresses only",
        (false, _) => "IPv6 addresses only",
    };
    let needs = match wanted {
        IpAddressType::Ipv4 => "IPv4 addresses",
        IpAddressType::Dualstack => "addresses of both families",
        IpAddressType::Ipv6 => "subnets with IPv6 addresses only",
    };
    let needed = wanted;
    let (id, wanted) = (&subnet.id, wanted.as_str());
    let message = format!("{id} has {has}, and an endpoint of the type {wanted} needs {needs}");
    let fix = match needed {
        IpAddressType::Ipv4 => "name subnets that have IPv4 addresses".to_owned(),
        IpAddressType::Dualstack => format!(
            "name other subnets, or give it a block: aws ec2 associate-subnet-cidr-block --subnet-id {id} --ipv6-cidr-block <block>"
        ),
        IpAddressType::Ipv6 => {
            "send \"dualstack\", or name subnets that are made with aws ec2 create-subnet --ipv6-native".to_owned()
        }
    };
    Problem::new(Code::AddressTypeUnsupported, message, fix)
}

fn zone_shared(other: &Subnet, subnet: &Subnet) -> Problem {
    let message = format!(
        "{} and {} both lie in {}, and an endpoint takes one subnet a zone",
        other.id, subnet.id, subnet.zone_id
    );
    Problem::new(
        Code::SubnetsShareZone,
        message,
        format!("leave {} or {} out", other.id, subnet.id),
    )
}
