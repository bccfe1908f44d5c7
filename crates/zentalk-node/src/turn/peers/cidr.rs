use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// A range of addresses: `10.0.0.0/8`, `fc00::/7`, or one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cidr {
    network: IpAddr,
    prefix: u8,
}

impl Cidr {
    pub(super) const LOOPBACK_V4: Self = Self::v4([127, 0, 0, 0], 8);
    pub(super) const LOOPBACK_V6: Self =
        Self { network: IpAddr::V6(Ipv6Addr::LOCALHOST), prefix: 128 };

    pub(super) const fn v4(network: [u8; 4], prefix: u8) -> Self {
        let [a, b, c, d] = network;
        Self { network: IpAddr::V4(Ipv4Addr::new(a, b, c, d)), prefix }
    }

    /// The range of IPv6 addresses whose first 32 bits are `first` and whose next 32 bits are `second`.
    pub(super) const fn v6(first: u32, second: u32, prefix: u8) -> Self {
        let bits = (first as u128) << 96 | (second as u128) << 64;
        Self { network: IpAddr::V6(Ipv6Addr::from_bits(bits)), prefix }
    }

    /// Whether `address` is in the range. An IPv4 address is in no IPv6 range, and the other way round.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.network, address) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                let differing = u128::from(network.to_bits() ^ address.to_bits());
                agree(differing << 96, self.prefix)
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                agree(network.to_bits() ^ address.to_bits(), self.prefix)
            }
            _ => false,
        }
    }
}

/// Whether the first `prefix` bits of `differing` are zero.
fn agree(differing: u128, prefix: u8) -> bool {
    differing.leading_zeros() >= u32::from(prefix)
}

/// Not a range of addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a range of addresses: write 10.0.0.0/8, fc00::/7 or one address")]
pub struct InvalidCidr;

impl FromStr for Cidr {
    type Err = InvalidCidr;

    fn from_str(text: &str) -> Result<Self, InvalidCidr> {
        let (network, prefix) = match text.split_once('/') {
            Some((network, prefix)) => (network, Some(prefix)),
            None => (text, None),
        };
        let network: IpAddr = network.parse().map_err(|_| InvalidCidr)?;
        let longest = if network.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            Some(prefix) if prefix.bytes().all(|b| b.is_ascii_digit()) => {
                prefix.parse().map_err(|_| InvalidCidr)?
            }
            Some(_) => return Err(InvalidCidr),
            None => longest,
        };
        if prefix <= longest { Ok(Self { network, prefix }) } else { Err(InvalidCidr) }
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.network, self.prefix)
    }
}
