use crate::{Frame, StoredPrekeys};

/// Any bytes as a frame and as a stored record: what is read and written again reads the same, and is inside its bounds.
pub fn parse_frame(data: &[u8]) {
    let request = Frame::request_of(data);
    if let Ok(frame) = Frame::decode(data) {
        let bytes = frame.clone().encode().expect("what was read can be written");
        assert_eq!(Frame::request_of(&bytes), request);
        assert_eq!(Frame::decode(&bytes), Ok(frame));
    }
    if let Some(prekeys) = StoredPrekeys::from_bytes(data) {
        assert_eq!(StoredPrekeys::from_bytes(&prekeys.to_bytes()), Some(prekeys));
    }
}
