//! Addresses.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::token::is_u32;

/// `IN IP4 192.0.2.1`: network type, address type and an address that fits it (RFC 8866 §5.7). A
/// multicast suffix (`/127/3`) is allowed.
pub(super) fn connection(text: &str) -> bool {
    let mut parts = text.split(' ').filter(|part| !part.is_empty());
    let (Some("IN"), Some(kind), Some(address), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    let mut suffixes = address.split('/');
    let host = suffixes.next().unwrap_or_default();
    suffixes.all(is_u32)
        && match kind {
            "IP4" => host.parse::<Ipv4Addr>().is_ok() || is_domain(host),
            "IP6" => host.parse::<Ipv6Addr>().is_ok() || is_domain(host),
            _ => false,
        }
}

/// An IP address of either family, or a name (mDNS candidates are names, RFC 8839 §5.1).
pub(super) fn host(text: &str) -> bool {
    text.parse::<IpAddr>().is_ok() || is_domain(text)
}

/// A fully qualified domain name. The last label has a letter, or it would be a broken address.
fn is_domain(text: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty()
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    text.len() <= 253
        && text.split('.').all(label)
        && text.rsplit('.').next().is_some_and(|last| last.bytes().any(|b| b.is_ascii_alphabetic()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_is_no_address_is_no_name_either() {
        assert!(!host("372.16.356"));
        assert!(!host("1.1.1.256"));
        assert!(!host("1%92.168.1"));
        assert!(host("8f3a4b1e-0f3c-4d0e-9d3c-2f1d6a4b7c11.local"));
    }

    /// RFC 8866 §5.7.
    #[test]
    fn the_address_fits_its_type() {
        assert!(connection("IN IP4 192.0.2.1/127"));
        assert!(connection("IN IP6 2001:db8::1"));
        assert!(connection("IN IP4 host.example.com"));
        for wrong in ["IN IP4 ::1", "IN IP6 192.0.2.1", "IN IP5 ::1", "ATM IP4 1.2.3.4", "IN IP4"] {
            assert!(!connection(wrong), "{wrong}");
        }
    }
}
