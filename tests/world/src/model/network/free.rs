//! Which addresses of a subnet are free, and what an endpoint can have of them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::model::Model;
use crate::model::addresses::{AddressType, Addresses, Family};

use super::{Subnet, ipv6};

impl Subnet {
    /// Its free IPv4 addresses, lowest first. That the lowest is given out first is not verified.
    pub(crate) fn free_addresses<'m>(
        &self,
        model: &'m Model,
    ) -> impl Iterator<Item = Ipv4Addr> + use<'m> {
        let is_free = self.is_free(model);
        let all = self.cidr.into_iter().flat_map(|block| block.usable());
        all.skip(self.taken as usize)
            .filter(move |address| is_free(IpAddr::from(*address)))
    }

    /// Its free IPv6 addresses, lowest first. AWS gives out any.
    pub(crate) fn free_ipv6_addresses<'m>(
        &self,
        model: &'m Model,
    ) -> impl DoubleEndedIterator<Item = Ipv6Addr> + use<'m> {
        let is_free = self.is_free(model);
        let all = self.ipv6.into_iter().flat_map(ipv6::usable);
        all.filter(move |address| is_free(IpAddr::from(*address)))
    }

    fn is_free<'m>(&self, model: &'m Model) -> impl Fn(IpAddr) -> bool + use<'m> {
        let id = self.id.clone();
        move |address| {
            let mut interfaces = model.interfaces.all_latest();
            !interfaces.any(|interface| {
                interface.subnet_id == id
                    && interface.addresses.contain(address)
                    && interface.exists(model.now)
            })
        }
    }

    /// The addresses of an endpoint's interface here: those of `present` that it can keep, and free
    /// ones for the rest. None if there are none.
    pub(crate) fn addresses(
        &self,
        model: &Model,
        address_type: AddressType,
        present: Addresses,
    ) -> Option<Addresses> {
        let mut addresses = Addresses::default();
        if address_type.has(Family::Ipv4) {
            let free = || self.free_addresses(model).next();
            addresses.ipv4 = Some(present.ipv4.or_else(free)?);
        }
        if address_type.has(Family::Ipv6) {
            let free = || self.free_ipv6_addresses(model).next();
            addresses.ipv6 = Some(present.ipv6.or_else(free)?);
        }
        Some(addresses)
    }

    /// Whether an endpoint of this type can have an interface here. AWS `PrivateLink` guide, "IP
    /// address types": dualstack needs both ranges, ipv6 a subnet that has only the one.
    pub(crate) fn suits(&self, address_type: AddressType) -> bool {
        match address_type {
            AddressType::Ipv4 => self.cidr.is_some(),
            AddressType::Dualstack => self.cidr.is_some() && self.ipv6.is_some(),
            AddressType::Ipv6 => self.cidr.is_none() && self.ipv6.is_some(),
        }
    }
}
