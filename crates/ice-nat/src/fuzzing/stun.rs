use is::stun::StunMessage;
use stun_types::attribute::{Attribute, AttributeStaticType, Fingerprint};
use stun_types::message::Message;

use crate::stun::{is_stun, open, peek};

/// A datagram as a STUN message (RFC 8489 §5): what is taken is written in canonical form, without padding that says anything and
/// without FINGERPRINT, and then means the same. The ICE library reads the same bytes.
pub fn parse_stun(data: &[u8]) {
    let library = StunMessage::parse(data);
    let Ok(envelope) = open(data) else { return };
    assert!(is_stun(data));
    if let Some(seen) = peek(data) {
        assert_eq!((seen.class, seen.id), (envelope.class, envelope.id));
    }
    if let Ok(message) = &library {
        // Their addresses, names and numbers are within the datagram, whatever it says.
        let _ = (message.split_username(), message.mapped_address(), message.prio());
    }
    let written = canonical(data);
    let again = open(&written).expect("what we write, we read");
    assert_eq!((again.class, again.id), (envelope.class, envelope.id));
    assert_eq!(canonical(&written), written);
}

fn canonical(data: &[u8]) -> Vec<u8> {
    let message = Message::from_bytes(data).expect("it was opened");
    let mut body = Vec::new();
    for (_, attribute) in message.iter_attributes() {
        let kind = attribute.get_type();
        if kind == Fingerprint::TYPE {
            continue;
        }
        body.extend_from_slice(&kind.value().to_be_bytes());
        body.extend_from_slice(&u16::try_from(attribute.value.len()).unwrap().to_be_bytes());
        body.extend_from_slice(&attribute.value);
        body.resize(body.len().next_multiple_of(4), 0);
    }
    let mut written = data[..2].to_vec();
    written.extend_from_slice(&u16::try_from(body.len()).unwrap().to_be_bytes());
    written.extend_from_slice(&data[4..20]);
    written.append(&mut body);
    written
}
