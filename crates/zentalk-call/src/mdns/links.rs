use core::fmt;
use core::net::IpAddr;

/// One address of one interface, by which multicast DNS is spoken.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// The address.
    pub address: IpAddr,
    /// How many leading bits of it all on this link share.
    pub prefix_length: u8,
    /// The interface's number: addresses of one interface share it.
    pub interface: u32,
}

/// Links at a time; more are not taken.
pub const MAX_LINKS: usize = 32;

impl Link {
    /// Whether `other` is on this link, as far as addresses say.
    pub(super) fn reaches(&self, other: IpAddr) -> bool {
        match (self.address, other) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                let length = self.prefix_length.min(32);
                let differing = u64::from(own.to_bits() ^ other.to_bits());
                differing >> (32 - length) == 0
            }
            (IpAddr::V6(_), IpAddr::V6(other)) if other.is_unicast_link_local() => true,
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                let length = u32::from(self.prefix_length.min(128));
                let differing = own.to_bits() ^ other.to_bits();
                differing.checked_shr(128 - length).unwrap_or_default() == 0
            }
            _ => false,
        }
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Link(interface {})", self.interface)
    }
}

/// The links in use.
#[derive(Default)]
pub(super) struct Links(Vec<Link>);

impl Links {
    /// Returns whether it was taken.
    pub(super) fn add(&mut self, link: Link) -> bool {
        self.remove(link.address);
        let has_room = self.0.len() < MAX_LINKS;
        if has_room {
            self.0.push(link);
        }
        has_room
    }

    pub(super) fn remove(&mut self, address: IpAddr) {
        self.0.retain(|link| link.address != address);
    }

    pub(super) fn get(&self, address: IpAddr) -> Option<&Link> {
        self.0.iter().find(|link| link.address == address)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Link> {
        self.0.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reaches(own: &str, prefix_length: u8, other: &str) -> bool {
        let link = Link { address: own.parse().unwrap(), prefix_length, interface: 1 };
        link.reaches(other.parse().unwrap())
    }

    #[test]
    fn the_prefix_says_who_is_on_the_link() {
        assert!(reaches("192.168.1.2", 24, "192.168.1.254"));
        assert!(!reaches("192.168.1.2", 24, "192.168.2.1"));
        assert!(reaches("192.168.1.2", 32, "192.168.1.2"));
        assert!(!reaches("192.168.1.2", 32, "192.168.1.3"));
        assert!(reaches("10.0.0.1", 0, "203.0.113.7"));
        assert!(reaches("2001:db8::1", 64, "2001:db8::ffff"));
        assert!(!reaches("2001:db8::1", 64, "2001:db8:0:1::1"));
        assert!(!reaches("2001:db8::1", 128, "2001:db8::2"));
        assert!(reaches("2001:db8::1", 64, "fe80::9"));
        assert!(!reaches("192.168.1.2", 24, "2001:db8::1"));
    }
}
