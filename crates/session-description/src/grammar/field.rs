//! The lines that are not attributes (RFC 8866 §5).

use super::address::connection;
use super::token::{is_digits, is_payload_type, is_token, is_u16, is_u64};

/// Whether the value of the line with this letter follows its grammar.
pub(crate) fn field(letter: char, value: &str) -> bool {
    match letter {
        'v' => value == "0",
        'o' => origin(value),
        'c' => connection(value),
        'b' => bandwidth(value),
        't' => time(value),
        'm' => media(value),
        // Free text, or a form that nothing here depends on.
        _ => true,
    }
}

/// `user id version IN IP4 address`
fn origin(value: &str) -> bool {
    let mut parts = value.splitn(4, ' ');
    let (Some(user), Some(id), Some(version), Some(address)) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    !user.is_empty() && is_digits(id) && is_u64(version) && connection(address)
}

/// `type:value`
fn bandwidth(value: &str) -> bool {
    value.split_once(':').is_some_and(|(kind, number)| is_token(kind) && is_u64(number))
}

/// `start stop`
fn time(value: &str) -> bool {
    let mut parts = value.split(' ').filter(|part| !part.is_empty());
    parts.next().is_some_and(is_u64) && parts.next().is_some_and(is_u64) && parts.next().is_none()
}

/// `media port[/count] protocol format…`
fn media(value: &str) -> bool {
    let mut parts = value.split(' ');
    let (Some(kind), Some(port), Some(protocol), Some(first)) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    let is_rtp = protocol.split('/').any(|part| part.eq_ignore_ascii_case("RTP"));
    let is_format = if is_rtp { is_payload_type } else { is_token_like };
    is_media(kind)
        && is_port(port)
        && is_protocol(protocol)
        && core::iter::once(first).chain(parts).all(is_format)
}

fn is_token_like(text: &str) -> bool {
    !text.is_empty()
}

/// The registered top-level types, and the two of RFC 2327 that old programs send.
fn is_media(kind: &str) -> bool {
    matches!(
        kind,
        "audio" | "video" | "text" | "application" | "message" | "image" | "data" | "control"
    )
}

fn is_port(port: &str) -> bool {
    match port.split_once('/') {
        Some((port, count)) => is_u16(port) && is_u16(count),
        None => is_u16(port),
    }
}

/// Built of the parts of which the registered protocols are built.
fn is_protocol(protocol: &str) -> bool {
    const PARTS: [&str; 22] = [
        "RTP", "AVP", "AVPF", "SAVP", "SAVPF", "UDP", "TCP", "TLS", "DTLS", "SCTP", "DCCP", "FEC",
        "BFCP", "MSRP", "MRCPv2", "UDPTL", "FLUTE", "QUIC", "WSS", "WS", "vat", "ROSETTA",
    ];
    protocol.split('/').all(|part| PARTS.iter().any(|known| part.eq_ignore_ascii_case(known)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8866 §6.6, §6.13 and §6.15.
    #[test]
    fn media_lines_of_calls_are_taken() {
        assert!(media("audio 9 UDP/TLS/RTP/SAVPF 111 63"));
        assert!(media("application 9 UDP/DTLS/SCTP webrtc-datachannel"));
        assert!(media("video 49170/2 RTP/AVP 31"));
    }

    #[test]
    fn broken_media_lines_are_refused() {
        for wrong in [
            "audio 9 UDP/TLS/RTP/SAVPF",
            "audio 70000 UDP/TLS/RTP/SAVPF 0",
            "audio / UDP/TLS/RTP/SAVPF 0",
            "smell 9 UDP/TLS/RTP/SAVPF 0",
            "audio 9 carrier/pigeon 0",
            "audio 9 UDP/TLS/RTP/SAVPF 128",
            "audio 9 UDP/TLS/RTP/SAVPF x",
        ] {
            assert!(!media(wrong), "{wrong}");
        }
    }

    #[test]
    fn numbers_are_numbers() {
        assert!(origin("- 18446744069414584320 2 IN IP4 127.0.0.1"));
        assert!(!origin("- x 2 IN IP4 127.0.0.1"));
        assert!(!origin("- 1 2 IN IP4"));
        assert!(bandwidth("AS:1000"));
        assert!(!bandwidth("AS"));
        assert!(!bandwidth("AS:1:2"));
        assert!(time("0 0"));
        assert!(!time("0"));
        assert!(!time("0 +1"));
    }
}
