use crate::messages::{CallBody, CallMessage};
use crate::ratchet::{Header, Suite, Zentalk};
use crate::setup::SetupHeader;
use crate::{Error, limits, padding};

/// A call message, alone and behind padding: what is taken and can be sent is the same after another round.
pub fn parse_call_message(data: &[u8]) {
    let mut padded = data.to_vec();
    if padding::unpad(&mut padded).is_ok() {
        assert!(data.starts_with(&padded) && padded.len() < data.len());
        call_message(&padded);
    }
    call_message(data);
}

fn call_message(data: &[u8]) {
    let Ok(message) = CallMessage::decode(data) else { return };
    let encoded = message.encode();
    if let CallBody::Unknown | CallBody::NeedsUpdate { .. } = message.body() {
        assert_eq!(encoded, Err(Error::NotSendable));
        return;
    }
    let encoded = encoded.unwrap();
    // Ours may deflate less well than the sender of the input.
    if encoded.len() <= limits::SEALED_LEN {
        let again = CallMessage::decode(&encoded).unwrap();
        assert_eq!(again.encode().unwrap(), encoded);
    }
}

/// The headers that stand in clear or under a header key: of a set-up, of a sealed message, of the ratchet.
pub fn parse_header(data: &[u8]) {
    if let Ok((header, sealed)) = Zentalk::split(data) {
        assert_eq!([header, sealed].concat(), data);
    }
    if let Ok((header, rest)) = SetupHeader::split(data) {
        assert!(SetupHeader::leads(data));
        assert_eq!([header.clear(), header.sealed_identity(), rest].concat(), data);
    }
    if let Ok(header) = Header::parse(data) {
        let mut written = Vec::new();
        header.write(&mut written);
        assert_eq!(Header::parse(&written), Ok(header));
    }
}
