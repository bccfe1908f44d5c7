//! Nothing of a description that is private is printed.

use zentalk_session_description::{Document, Line};

use crate::common::offer;

#[test]
fn debug_shows_no_address_credential_or_fingerprint() {
    let mut offer = offer();
    let candidate = "1 1 udp 2122260223 192.0.2.77 49203 typ host";
    offer.description_mut().add_candidate(candidate).unwrap();
    let sdp = offer.to_sdp();
    let document = Document::parse(&sdp).unwrap();
    let mut printed = format!("{offer:?} {document:?}");
    for line in sdp.lines() {
        printed += &format!("{:?}", Line::parse(line).unwrap());
    }
    for secret in ["192.0.2.77", "alice", "61:61"] {
        assert!(sdp.contains(secret), "{secret}");
        assert!(!printed.contains(secret), "{secret}");
    }
}
