use crate::{KeyMessage, MAX_KEY_MESSAGE_LEN, SasMessage};

/// Any bytes as a key message: what is read is bounded, and what is written of it is read to the same bytes.
pub fn parse_key_message(data: &[u8]) {
    let Ok(message) = KeyMessage::decode(data) else { return };
    assert!(data.len() <= MAX_KEY_MESSAGE_LEN);
    let bytes = message.encode();
    let again = KeyMessage::decode(&bytes).expect("what was written is read");
    assert_eq!(again.encode(), bytes);
}

/// Any bytes as a message of the verification: what is read is written to the same bytes.
pub fn parse_sas_message(data: &[u8]) {
    if let Ok(message) = SasMessage::decode(data) {
        assert_eq!(message.encode(), data);
    }
}
