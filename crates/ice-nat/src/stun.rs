use stun_types::attribute::{AttributeStaticType, Fingerprint};
use stun_types::message::{
    BINDING, Message, MessageClass, MessageType, MessageWrite, MessageWriteExt, MessageWriteVec,
};

use crate::stats::DropCause;

/// Whether a datagram is STUN: a first byte of 0 to 3 (RFC 7983 §7), a whole header and the magic
/// cookie (RFC 8489 §5). What is inside may still be nonsense.
///
/// ```
/// assert!(!zentalk_ice_nat::is_stun(b"\x80\x60 this is RTP"));
/// ```
pub fn is_stun(datagram: &[u8]) -> bool {
    datagram.len() >= HEADER_LEN
        && datagram.first().is_some_and(|byte| *byte <= 3)
        && datagram.get(4..8) == Some(&MAGIC_COOKIE)
}

/// A STUN transaction id.
pub(crate) type TransactionId = [u8; 12];

/// What of a message decides who gets it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Envelope {
    pub(crate) class: MessageClass,
    pub(crate) id: TransactionId,
    /// It ends with a FINGERPRINT, a right one.
    pub(crate) fingerprint: bool,
}

/// Checks the form of a received message: header, attributes, length and, where there is one, the
/// FINGERPRINT, which the ICE library does not look at.
pub(crate) fn open(datagram: &[u8]) -> Result<Envelope, DropCause> {
    let declared = datagram.get(2..4).and_then(|length| length.try_into().ok());
    let declared = declared.map(|length| usize::from(u16::from_be_bytes(length)) + HEADER_LEN);
    if !is_stun(datagram) || declared != Some(datagram.len()) {
        return Err(DropCause::Malformed);
    }
    let message = Message::from_bytes(datagram).map_err(|_| DropCause::Malformed)?;
    if message.method() != BINDING {
        return Err(DropCause::Malformed);
    }
    let id = transaction_id(datagram).ok_or(DropCause::Malformed)?;
    let fingerprint = message.has_attribute(Fingerprint::TYPE);
    if fingerprint && !ends_with_fingerprint(datagram) {
        return Err(DropCause::Malformed);
    }
    Ok(Envelope { class: message.class(), id, fingerprint })
}

/// RFC 8489 §14.7: the last attribute, over everything before it. (`stun-types` looks at it only
/// where nothing unknown stands between it and MESSAGE-INTEGRITY.)
fn ends_with_fingerprint(datagram: &[u8]) -> bool {
    let Some((covered, attribute)) = datagram.split_last_chunk::<8>() else { return false };
    let [kind_high, kind_low, 0, 4, value @ ..] = *attribute else { return false };
    let crc = u32::from_be_bytes(Fingerprint::compute(&[covered]));
    u16::from_be_bytes([kind_high, kind_low]) == Fingerprint::TYPE.value()
        && u32::from_be_bytes(value) ^ FINGERPRINT_MASK == crc
}

/// The class and transaction id of a message that was written here.
pub(crate) fn peek(datagram: &[u8]) -> Option<Envelope> {
    let class = match datagram.get(..2)? {
        [0x00, 0x01] => MessageClass::Request,
        [0x01, 0x01] => MessageClass::Success,
        [0x01, 0x11] => MessageClass::Error,
        _ => return None,
    };
    Some(Envelope { class, id: transaction_id(datagram)?, fingerprint: true })
}

/// A Binding request without attributes but FINGERPRINT (RFC 8445 §5.1.1.2 needs no more).
pub(crate) fn binding_request(id: TransactionId) -> Vec<u8> {
    let mut number = [0; 16];
    number.iter_mut().skip(4).zip(id).for_each(|(to, from)| *to = from);
    let kind = MessageType::from_class_method(MessageClass::Request, BINDING);
    let id = u128::from_be_bytes(number).into();
    let mut message = Message::builder(kind, id, MessageWriteVec::new());
    // A message without attributes has room for a FINGERPRINT; without it, it would still be one.
    let _ = message.add_fingerprint();
    message.finish()
}

/// Whether a datagram is of STUN's Binding method, whatever its class (RFC 8489 §5).
pub(crate) fn is_binding(datagram: &[u8]) -> bool {
    let method = datagram.first_chunk().map(|kind| u16::from_be_bytes(*kind) & 0x3eef);
    is_stun(datagram) && method == Some(0x0001)
}

fn transaction_id(datagram: &[u8]) -> Option<TransactionId> {
    datagram.get(8..HEADER_LEN)?.try_into().ok()
}

const HEADER_LEN: usize = 20;
/// RFC 8489 §14.7.
const FINGERPRINT_MASK: u32 = 0x5354_554e;
const MAGIC_COOKIE: [u8; 4] = [0x21, 0x12, 0xa4, 0x42];

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn binding(class: MessageClass) -> Vec<u8> {
        let kind = MessageType::from_class_method(class, BINDING);
        let mut message = Message::builder(kind, 7.into(), MessageWriteVec::new());
        message.add_fingerprint().unwrap();
        message.finish()
    }

    /// RFC 7983 §7: 0 to 3 is STUN, 20 to 63 DTLS, 128 to 191 RTP.
    /// RFC 8489 §5.
    #[test]
    fn stun_is_told_from_dtls_and_rtp() {
        let mut message = binding(MessageClass::Request);
        assert!(is_stun(&message));
        for first in [4, 20, 22, 64, 128, 255] {
            message[0] = first;
            assert!(!is_stun(&message));
        }
        assert!(!is_stun(&[0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42]));
        assert!(!is_stun(&[0; 20]));
    }

    #[test]
    fn peek_agrees_with_open() {
        for class in [MessageClass::Request, MessageClass::Success, MessageClass::Error] {
            let message = binding(class);
            assert_eq!(open(&message).ok(), peek(&message));
        }
    }

    /// RFC 8489 §14.7: what follows MESSAGE-INTEGRITY is not authenticated; FINGERPRINT is last.
    #[test]
    fn fingerprint_must_be_last_and_right() {
        let kind = MessageType::from_class_method(MessageClass::Request, BINDING);
        let bare = Message::builder(kind, 7.into(), MessageWriteVec::new()).finish();
        assert_eq!(open(&bare).map(|envelope| envelope.fingerprint), Ok(false));
        let mut message = binding(MessageClass::Request);
        assert_eq!(open(&message).map(|envelope| envelope.fingerprint), Ok(true));
        message.extend([0x80, 0x22, 0, 0]);
        message[3] += 4;
        assert_eq!(open(&message), Err(DropCause::Malformed));
    }

    /// RFC 8489 §14.7.
    #[test]
    fn wrong_fingerprint_is_malformed() {
        let mut message = binding(MessageClass::Request);
        *message.last_mut().unwrap() ^= 1;
        assert_eq!(open(&message), Err(DropCause::Malformed));
    }

    #[test]
    fn other_methods_are_malformed() {
        let mut message = binding(MessageClass::Request);
        message.truncate(20);
        message[3] = 0;
        assert!(open(&message).is_ok());
        message[1] = 3; // Allocate
        assert_eq!(open(&message), Err(DropCause::Malformed));
    }

    proptest! {
        #[test]
        fn damaged_messages_never_panic(
            mut tail in proptest::collection::vec(any::<u8>(), 0..120), exact in any::<bool>(),
        ) {
            let mut message = binding(MessageClass::Success);
            message.truncate(20);
            if exact {
                tail.truncate(tail.len() / 4 * 4);
                message[3] = u8::try_from(tail.len()).unwrap();
            }
            message.append(&mut tail);
            let _ = open(&message);
            let _ = is::stun::StunMessage::parse(&message);
        }
    }
}
