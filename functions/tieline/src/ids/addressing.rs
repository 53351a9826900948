//! Families of IP addresses: which ones an endpoint has, and for which its names have records.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which addresses an endpoint's network interfaces have (AWS PrivateLink Guide, "IP address types").
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum IpAddressType {
    /// IPv4 ones.
    #[default]
    Ipv4,
    /// One of each family.
    Dualstack,
    /// IPv6 ones, in subnets that have no others.
    Ipv6,
}

/// For which addresses an endpoint's names have records (AWS PrivateLink Guide, "DNS record IP type").
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DnsRecordIpType {
    /// A records.
    #[default]
    Ipv4,
    /// A and AAAA records.
    Dualstack,
    /// AAAA records.
    Ipv6,
    /// A records, and AAAA records of the endpoint's own names.
    ServiceDefined,
}

/// Both of them: how an endpoint is reached.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Addressing {
    /// Which addresses its network interfaces have
    pub ip_address_type: IpAddressType,
    /// For which of them its names have records
    pub dns_record_ip_type: DnsRecordIpType,
}

impl IpAddressType {
    pub const ALL: [(&'static str, Self); 3] = [
        ("ipv4", Self::Ipv4),
        ("dualstack", Self::Dualstack),
        ("ipv6", Self::Ipv6),
    ];

    pub fn has_ipv4(self) -> bool {
        self != Self::Ipv6
    }

    pub fn has_ipv6(self) -> bool {
        self != Self::Ipv4
    }

    /// As EC2 writes it.
    pub fn as_str(self) -> &'static str {
        word(&Self::ALL, self)
    }
}

impl DnsRecordIpType {
    pub const ALL: [(&'static str, Self); 4] = [
        ("ipv4", Self::Ipv4),
        ("dualstack", Self::Dualstack),
        ("ipv6", Self::Ipv6),
        ("service-defined", Self::ServiceDefined),
    ];

    /// As EC2 writes it.
    pub fn as_str(self) -> &'static str {
        word(&Self::ALL, self)
    }

    /// Records for just the addresses that there are.
    pub fn of(addresses: IpAddressType) -> Self {
        match addresses {
            IpAddressType::Ipv4 => Self::Ipv4,
            IpAddressType::Dualstack => Self::Dualstack,
            IpAddressType::Ipv6 => Self::Ipv6,
        }
    }

    /// Whether names that are not the endpoint's own resolve to IPv4 addresses.
    pub fn has_a(self) -> bool {
        self != Self::Ipv6
    }

    /// Whether names that are not the endpoint's own resolve to IPv6 addresses.
    pub fn has_aaaa(self) -> bool {
        matches!(self, Self::Dualstack | Self::Ipv6)
    }
}

impl Addressing {
    /// Whether it is what EC2 takes where nothing is said.
    pub fn is_usual(&self) -> bool {
        *self == Self::default()
    }

    /// Whether an endpoint that is reached so serves who wants it another way: it has as much, or more.
    pub fn serves(self, wanted: Self) -> bool {
        let has_addresses = self.ip_address_type == IpAddressType::Dualstack
            || self.ip_address_type == wanted.ip_address_type;
        let (there, wanted) = (self.dns_record_ip_type, wanted.dns_record_ip_type);
        let has_records = there == DnsRecordIpType::Dualstack
            || there == wanted
            || (there, wanted) == (DnsRecordIpType::ServiceDefined, DnsRecordIpType::Ipv4);
        has_addresses && has_records
    }
}

fn word<T: PartialEq>(all: &[(&'static str, T)], wanted: T) -> &'static str {
    let mut all = all.iter();
    all.find(|(_, one)| *one == wanted)
        .map_or("", |(word, _)| word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_serves_who_wants_what_it_has_or_less() {
        let (four, both, six) = (
            IpAddressType::Ipv4,
            IpAddressType::Dualstack,
            IpAddressType::Ipv6,
        );
        let of = |ip_address_type| Addressing {
            ip_address_type,
            dns_record_ip_type: DnsRecordIpType::of(ip_address_type),
        };
        for (there, wanted, serves) in [
            (four, four, true),
            (both, four, true),
            (both, six, true),
            (four, both, false),
            (six, four, false),
            (four, six, false),
        ] {
            assert_eq!(of(there).serves(of(wanted)), serves, "{there:?} {wanted:?}");
        }
        let only_a = Addressing {
            ip_address_type: both,
            dns_record_ip_type: DnsRecordIpType::Ipv4,
        };
        assert!(!only_a.serves(of(both)));
    }
}
