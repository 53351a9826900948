//! The two families of IP addresses, and what of them an endpoint and its names can have.
//!
//! Sources: AWS `PrivateLink` guide, "IP address types" and "DNS record IP type"; EC2 API reference,
//! `ServiceConnectivityType`, `IpAddressType` and `DnsRecordIpType`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde::{Deserialize, Serialize};

/// A family of addresses (EC2: `ServiceConnectivityType`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    /// IPv4.
    Ipv4,
    /// IPv6.
    Ipv6,
}

impl Family {
    /// Both.
    pub const BOTH: [Self; 2] = [Self::Ipv4, Self::Ipv6];

    /// EC2's word for it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Ipv4 => "ipv4",
            Self::Ipv6 => "ipv6",
        }
    }

    /// The type of the DNS records that hold such addresses (RFC 1035, RFC 3596).
    pub(crate) fn record(self) -> &'static str {
        match self {
            Self::Ipv4 => "A",
            Self::Ipv6 => "AAAA",
        }
    }
}

/// The addresses of a network interface.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Addresses {
    pub(crate) ipv4: Option<Ipv4Addr>,
    pub(crate) ipv6: Option<Ipv6Addr>,
}

impl Addresses {
    pub(crate) fn of(&self, family: Family) -> Option<IpAddr> {
        match family {
            Family::Ipv4 => self.ipv4.map(IpAddr::from),
            Family::Ipv6 => self.ipv6.map(IpAddr::from),
        }
    }

    pub(crate) fn contain(&self, address: IpAddr) -> bool {
        let mut all = Family::BOTH.iter().filter_map(|family| self.of(*family));
        all.any(|one| one == address)
    }
}

/// What addresses an endpoint's network interfaces have (EC2: `IpAddressType`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum AddressType {
    #[default]
    Ipv4,
    Dualstack,
    Ipv6,
}

impl AddressType {
    pub(crate) fn named(name: &str) -> Option<Self> {
        let all = [Self::Ipv4, Self::Dualstack, Self::Ipv6];
        all.into_iter().find(|one| one.as_str() == name)
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Ipv4 => "ipv4",
            Self::Dualstack => "dualstack",
            Self::Ipv6 => "ipv6",
        }
    }

    pub(crate) fn families(self) -> &'static [Family] {
        match self {
            Self::Ipv4 => &[Family::Ipv4],
            Self::Dualstack => &Family::BOTH,
            Self::Ipv6 => &[Family::Ipv6],
        }
    }

    pub(crate) fn has(self, family: Family) -> bool {
        self.families().contains(&family)
    }
}

/// What DNS records an endpoint's names have (EC2: `DnsRecordIpType`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RecordType {
    Ipv4,
    Dualstack,
    Ipv6,
    ServiceDefined,
}

impl From<AddressType> for RecordType {
    fn from(address_type: AddressType) -> Self {
        match address_type {
            AddressType::Ipv4 => Self::Ipv4,
            AddressType::Dualstack => Self::Dualstack,
            AddressType::Ipv6 => Self::Ipv6,
        }
    }
}

impl RecordType {
    pub(crate) fn named(name: &str) -> Option<Self> {
        let all = [
            Self::Ipv4,
            Self::Dualstack,
            Self::Ipv6,
            Self::ServiceDefined,
        ];
        all.into_iter().find(|one| one.as_str() == name)
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Ipv4 => "ipv4",
            Self::Dualstack => "dualstack",
            Self::Ipv6 => "ipv6",
            Self::ServiceDefined => "service-defined",
        }
    }

    /// AWS `PrivateLink` guide, "DNS record IP type": records need the addresses that they hold. Not
    /// verified: that `service-defined` goes with every address type; the CDK's reference wants
    /// dualstack, but gateway endpoints that are all IPv4 have it.
    pub(crate) fn fits(self, address_type: AddressType) -> bool {
        match self {
            Self::Ipv4 => address_type.has(Family::Ipv4),
            Self::Dualstack => address_type == AddressType::Dualstack,
            Self::Ipv6 => address_type.has(Family::Ipv6),
            Self::ServiceDefined => true,
        }
    }

    /// Whether a name has records of a family. Same page: `service-defined` are A records for all
    /// names, and AAAA records for the Regional and zonal ones, not for the private one.
    pub(crate) fn has(self, family: Family, is_private: bool) -> bool {
        match self {
            Self::Ipv4 => family == Family::Ipv4,
            Self::Dualstack => true,
            Self::Ipv6 => family == Family::Ipv6,
            Self::ServiceDefined => family == Family::Ipv4 || !is_private,
        }
    }
}
