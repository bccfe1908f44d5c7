use stun_types::message::{BINDING, Message, MessageWrite, MessageWriteVec};

/// A message that needs no answer and changes nothing (RFC 8489 §3): for the NATs on the way.
pub(super) fn binding_indication() -> Vec<u8> {
    Message::builder_indication(BINDING, MessageWriteVec::new()).finish()
}
