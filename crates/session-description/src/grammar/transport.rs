//! ICE, DTLS, RTCP and SCTP parameters.

use super::address::connection;
use super::token::{is_token, is_u16, is_u32};

/// `hash-function AB:CD:…` with as many bytes as the function gives (RFC 8122 §5). MD5 and MD2 must
/// not be used, so they are not known here.
pub(crate) fn fingerprint(text: &str) -> bool {
    let Some((hash, value)) = text.split_once(' ') else { return false };
    let length = match hash.to_ascii_lowercase().as_str() {
        "sha-1" => 20,
        "sha-224" => 28,
        "sha-256" => 32,
        "sha-384" => 48,
        "sha-512" => 64,
        _ => return false,
    };
    let is_byte = |pair: &str| pair.len() == 2 && pair.bytes().all(|b| b.is_ascii_hexdigit());
    value.split(':').all(is_byte) && value.split(':').count() == length
}

/// RFC 4145 §4.
pub(super) fn setup(text: &str) -> bool {
    matches!(text, "active" | "passive" | "actpass" | "holdconn")
}

/// Early DTLS messages, of an expired draft that Firefox speaks: `client base64`, `server base64`.
pub(super) fn dtls_message(text: &str) -> bool {
    text.split_once(' ')
        .is_some_and(|(side, message)| matches!(side, "client" | "server") && !message.is_empty())
}

/// Not empty and not longer than RFC 8839 §5.4 allows; offers and answers are held to its alphabet
/// and its lower bounds as well.
pub(super) fn ice_credential(text: &str) -> bool {
    (1..=256).contains(&text.len()) && !text.contains(' ')
}

/// RFC 8839 §5.4: letters, digits, plus and slash.
pub(crate) fn is_ice_chars(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'))
}

/// RFC 8839 §5.6: up to ten digits.
pub(super) fn ice_pacing(text: &str) -> bool {
    (1..=10).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `port [IN IP4 address]` (RFC 3605 §2.1).
pub(super) fn rtcp(text: &str) -> bool {
    match text.split_once(' ') {
        Some((port, address)) => is_u16(port) && connection(address),
        None => is_u16(text),
    }
}

/// `port webrtc-datachannel [streams]`, of a draft that browsers once spoke.
pub(super) fn sctpmap(text: &str) -> bool {
    let mut parts = text.split(' ');
    parts.next().is_some_and(is_u16)
        && parts.next() == Some("webrtc-datachannel")
        && parts.next().is_none_or(is_u32)
        && parts.all(is_token)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHA256: &str = "sha-256 9B:4A:D0:10:31:62:C3:84:F5:06:07:28:39:4A:5B:6C:7D:8E:9F:A0:B1:C2:D3:E4:F5:06:17:28:39:4A:5B:6C";

    /// RFC 8122 §5.
    #[test]
    fn fingerprints_have_the_length_of_their_hash() {
        assert!(fingerprint(SHA256));
        assert!(fingerprint(&SHA256.to_ascii_lowercase()));
        for (from, to) in [
            ("sha-256", "sha-1"),
            ("sha-256", "md5"),
            ("sha-256 ", "sha-256"),
            ("9B:", ""),
            ("9B:", "9B"),
            ("9B:", "9BA:"),
            ("9B:", "0x9B:"),
            ("9B:", ":"),
            (":6C", ":"),
            (":6C", ":6C extra"),
        ] {
            let broken = SHA256.replacen(from, to, 1);
            assert!(!fingerprint(&broken), "{broken}");
        }
    }

    /// RFC 3605 §2.1.
    #[test]
    fn an_rtcp_address_fits_its_type() {
        assert!(rtcp("9"));
        assert!(rtcp("9 IN IP4 0.0.0.0"));
        for wrong in ["", "70000", "9 IN", "9 IN IP4 ::1"] {
            assert!(!rtcp(wrong), "{wrong}");
        }
    }
}
