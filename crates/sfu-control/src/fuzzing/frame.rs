use crate::limits::MAX_FRAME;
use crate::{ClientFrame, Error, ServerFrame};

/// A frame of either direction: what is taken can be sent on, is the same then, and is none of the other direction.
pub fn parse_sfu_frame(data: &[u8]) {
    if let Ok(frame) = ClientFrame::decode(data) {
        assert!(data.len() <= MAX_FRAME && !format!("{frame:?}").is_empty());
        let encoded = frame.clone().encode().expect("what is taken is inside its bounds");
        assert_eq!(ClientFrame::decode(&encoded), Ok(frame));
        assert_eq!(ServerFrame::decode(&encoded), Err(Error::Malformed));
    }
    if let Ok(frame) = ServerFrame::decode(data) {
        assert!(data.len() <= MAX_FRAME && !format!("{frame:?}").is_empty());
        let encoded = frame.clone().encode().expect("what is taken is inside its bounds");
        assert_eq!(ServerFrame::decode(&encoded), Ok(frame));
        assert_eq!(ClientFrame::decode(&encoded), Err(Error::Malformed));
    }
}
