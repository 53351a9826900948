//! The subnets of the endpoint, one a zone: those that the request names, or the usual ones.

use std::collections::{BTreeMap, BTreeSet};

use super::Check;
use super::looks::{Network, Side};
use super::serving::Chosen;
use crate::endpoint::{AvailabilityZone, Form};
use crate::ids::{IpAddressType, SubnetId};
use crate::outside::{CallError, Endpoint, Reply, Service, Subnet};
use crate::problem::{Code, Problem};
use crate::refusals::no_subnet;

/// The tag of a subnet in which endpoints are to have their network interfaces, where a zone has several; its value is "true".
const FOR_ENDPOINTS: &str = "tieline:endpoints";

impl Check<'_> {
    /// The zones and subnets of the endpoint; `None` if there is no way to choose them.
    pub(super) fn availability_zones(
        &mut self,
        side: &Side<'_>,
        chosen: &Chosen,
    ) -> Reply<Option<Vec<AvailabilityZone>>> {
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
            (None, Some(there)) if self.request.changes && !chosen.endpoint.is_adopted() => {
                self.one_in_every_zone(network, service, there)?
            }
            (None, Some(there)) => subnets_of(there, network),
            (None, None) => self.one_subnet_a_zone(network, service),
        };
        let zone = |subnet: &Subnet| AvailabilityZone {
            zone_id: subnet.zone_id.clone(),
            zone_name: subnet.zone_name.clone(),
            subnet_id: subnet.id.clone(),
        };
        let mut zones: Vec<AvailabilityZone> = subnets.into_iter().map(zone).collect();
        zones.sort_by(|a, b| a.zone_id.cmp(&b.zone_id));
        Ok((!zones.is_empty()).then_some(zones))
    }

    /// The subnets that the request names, with everything that is wrong with them.
    pub(super) fn named_subnets<'n>(
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
        let (mut chosen, mut unclear, mut trouble) = (Vec::new(), Vec::new(), Vec::new());
        for zone in self.in_zones(network, service) {
            if zone.is_said {
                // The one that is meant is not passed over in silence.
                self.problems.extend(zone.trouble);
            } else {
                trouble.extend(zone.trouble);
            }
            match zone.usable[..] {
                [] => {}
                [only] => chosen.push(only),
                _ => unclear.push(candidates(zone.id, &zone.usable)),
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
            let problem = self.ambiguous(&unclear);
            self.problems.push(problem);
        }
        chosen
    }

    /// The same of an endpoint that is changed: the one that it has in a zone, and else the usual one. Where there is no usual one it
    /// gets none, unless it lacks one that it was confirmed with: without that it would be confirmed as something else than it was.
    fn one_in_every_zone<'n>(
        &mut self,
        network: &'n Network,
        service: &Service,
        there: &Endpoint,
    ) -> Reply<Vec<&'n Subnet>> {
        let mut all = subnets_of(there, network);
        if all.len() < there.subnet_ids.len() {
            // A subnet that has a network interface cannot be deleted: this look is from before.
            let reason = format!("it does not show all subnets of {}", there.id);
            return Err(CallError::unavailable("ec2:DescribeSubnets", reason));
        }
        let wanted = self.addressing();
        if there.addressing.is_some_and(|one| !one.serves(wanted)) {
            let trouble = all.iter().filter_map(|subnet| self.subnet_trouble(subnet));
            let trouble: Vec<Problem> = trouble.collect();
            self.problems.extend(trouble);
        }
        let has = |zone: &str| all.iter().any(|subnet| subnet.zone_id == zone);
        let mut others = self.in_zones(network, service);
        others.retain(|zone| !has(zone.id));
        let mut left_out = Vec::new();
        for zone in others {
            let said = match zone.usable[..] {
                [only] => {
                    all.push(only);
                    // The one that is meant is not passed over in silence.
                    self.warnings
                        .extend(zone.trouble.into_iter().filter(|_| zone.is_said));
                    continue;
                }
                [] => zone.trouble,
                _ => vec![self.ambiguous(&[candidates(zone.id, &zone.usable)])],
            };
            left_out.extend(said.into_iter().map(|one| Problem {
                message: format!("{} gets nothing in {}: {}", there.id, zone.id, one.message),
                ..one
            }));
        }
        let owner = self.owner();
        let built = owner.built_on(&there.tags);
        match built.is_some_and(|built| Form::of(there).has_lost_subnets(built)) {
            true => self.problems.extend(left_out),
            false => self.warnings.extend(left_out),
        }
        Ok(all)
    }

    /// What could have the endpoint in each zone that the service and the VPC share.
    fn in_zones<'n>(&self, network: &'n Network, service: &Service) -> Vec<InZone<'n>> {
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
        let in_zone = |(id, subnets): (&'n str, Vec<&'n Subnet>)| {
            let meant: Vec<&Subnet> = subnets.iter().copied().filter(is_meant).collect();
            let mut zone = InZone {
                id,
                is_said: !meant.is_empty(),
                usable: Vec::new(),
                trouble: Vec::new(),
            };
            for subnet in if zone.is_said { meant } else { subnets } {
                match self.subnet_trouble(subnet) {
                    None => zone.usable.push(subnet),
                    Some(problem) => zone.trouble.push(problem),
                }
            }
            zone
        };
        by_zone.into_iter().map(in_zone).collect()
    }

    fn ambiguous(&self, unclear: &[String]) -> Problem {
        let region = &self.request.shape.region;
        let message = format!(
            "several subnets could have the endpoint: {}",
            unclear.join("; ")
        );
        let fix = format!(
            "name one a zone in network.subnetIds, or tag one a zone: aws ec2 create-tags --region {region} --resources <subnet> --tags Key={FOR_ENDPOINTS},Value=true"
        );
        Problem::new(Code::SubnetsAmbiguous, message, fix).about("$.network.subnetIds")
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
}

/// The subnets of a zone that the request leaves to us.
struct InZone<'n> {
    id: &'n str,
    /// Whether tags say which of them are for endpoints: the others are not looked at.
    is_said: bool,
    usable: Vec<&'n Subnet>,
    /// What keeps the rest of them from it.
    trouble: Vec<Problem>,
}

fn subnets_of<'n>(endpoint: &Endpoint, network: &'n Network) -> Vec<&'n Subnet> {
    let ids = &endpoint.subnet_ids;
    let has = |subnet: &&Subnet| ids.iter().any(|id| id == subnet.id.as_str());
    network.subnets.iter().filter(has).collect()
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
