use core::str;

use crate::gate::{Expect, Gate};
use crate::limits::{MAX_FINGERPRINTS, MAX_PARTIAL_MESSAGES, MAX_PLAINTEXT_MESSAGE_LEN};
use crate::wire::{Piece, fragments, is_hello_verify_request, pieces, selected_cipher_suite};
use crate::{Fingerprint, RemoteFingerprints};

/// A datagram's records (RFC 6347 §4.1): its pieces, put together again, are the datagram.
pub fn parse_record(data: &[u8]) {
    let mut written = Vec::new();
    for piece in pieces(data) {
        match piece {
            Piece::Handshake(header, body) => header.write(body, &mut written),
            Piece::Other(bytes) | Piece::Rest(bytes) => written.extend_from_slice(bytes),
        }
    }
    assert_eq!(written, data);
}

/// A record's handshake messages (RFC 6347 §4.2.2), the hellos in them, and the gate: what it lets through once, it lets through again.
pub fn parse_handshake(data: &[u8]) {
    let mut written = Vec::new();
    for fragment in fragments(data) {
        assert!(fragment.offset + fragment.body.len() <= fragment.length);
        fragment.write(&mut written);
        let _ = (selected_cipher_suite(fragment.body), is_hello_verify_request(fragment.body));
    }
    assert!(data.starts_with(&written));
    let _ = (selected_cipher_suite(data), is_hello_verify_request(data));

    for expect in [Expect::ClientHello, Expect::ServerHello, Expect::Anything] {
        let admitted = Gate::default().admit(data, expect);
        let bytes: usize = admitted.iter().map(Vec::len).sum();
        // Every message gets a record's header of its own; only messages that were fragments come from memory.
        assert!(bytes <= 3 * data.len() + MAX_PARTIAL_MESSAGES * MAX_PLAINTEXT_MESSAGE_LEN);
        for datagram in &admitted {
            let again = Gate::default().admit(datagram, Expect::Anything);
            assert_eq!(again, std::slice::from_ref(datagram));
        }
    }
}

/// The lines of a description (RFC 8122 §5): what is read is written alike, and only so many are taken.
pub fn parse_fingerprint(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    if let Ok(set) = RemoteFingerprints::parse(text.lines()) {
        let count = set.iter().count();
        assert!((1..=MAX_FINGERPRINTS).contains(&count));
        let lines: Vec<_> = set.iter().map(Fingerprint::to_string).collect();
        let again = RemoteFingerprints::parse(lines.iter().map(String::as_str));
        assert_eq!(again.as_ref(), Ok(&set));
    }
    if let Ok(fingerprint) = text.parse::<Fingerprint>() {
        assert_eq!(fingerprint.to_string().parse(), Ok(fingerprint));
    }
}
