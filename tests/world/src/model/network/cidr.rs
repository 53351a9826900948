//! Address ranges.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::str::FromStr;

/// Whether a block of any size, of either family, has an address in it.
pub(crate) fn covers(block: &str, address: IpAddr) -> bool {
    let block = block.parse::<ipnet::IpNet>();
    block.is_ok_and(|block| block.contains(&address))
}

/// An IPv4 range such as `10.20.0.0/16`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cidr {
    base: u32,
    prefix: u32,
}

impl Cidr {
    /// How many addresses it has.
    #[must_use]
    pub fn size(&self) -> u32 {
        1 << (32 - self.prefix)
    }

    /// Whether all of the other range lies in this one.
    #[must_use]
    pub fn contains(&self, other: &Self) -> bool {
        self.base <= other.base && other.base + (other.size() - 1) <= self.base + (self.size() - 1)
    }

    /// Whether the two have an address in common.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        self.contains(other) || other.contains(self)
    }

    /// The addresses that can be given out. VPC user guide, "Subnet sizing": the first four and the
    /// last are reserved.
    pub fn usable(&self) -> impl Iterator<Item = Ipv4Addr> + use<> {
        (self.base + 4..self.base + self.size() - 1).map(Ipv4Addr::from)
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", Ipv4Addr::from(self.base), self.prefix)
    }
}

impl FromStr for Cidr {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (base, prefix) = text.split_once('/').ok_or(())?;
        let base = u32::from(base.parse::<Ipv4Addr>().map_err(drop)?);
        // VPC user guide: a block has between /16 and /28.
        let prefix = prefix
            .parse()
            .ok()
            .filter(|prefix| (16..=28).contains(prefix))
            .ok_or(())?;
        let mask = u32::MAX << (32 - prefix);
        Ok(Self {
            base: base & mask,
            prefix,
        })
    }
}
