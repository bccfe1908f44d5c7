use core::fmt;

use prost::Message;
use zeroize::Zeroize;

use crate::Error;

use super::frame_secret::FrameSecret;
use super::sdp;

/// The callee's user has accepted.
pub struct Answer {
    sdp: String,
    frame_secret: FrameSecret,
}

impl Answer {
    /// An answer with the callee's session description and contribution to the frame key.
    ///
    /// # Errors
    /// [`Error::TooLong`] if `sdp` has more than [`limits::SDP_LEN`](crate::limits::SDP_LEN) bytes.
    pub fn new(sdp: String, frame_secret: FrameSecret) -> Result<Self, Error> {
        sdp::check(&sdp)?;
        Ok(Self { sdp, frame_secret })
    }

    /// The session description.
    pub fn sdp(&self) -> &str {
        &self.sdp
    }

    /// The callee's contribution to the frame key.
    pub const fn frame_secret(&self) -> &FrameSecret {
        &self.frame_secret
    }

    /// Session description and frame secret.
    pub fn into_parts(self) -> (String, FrameSecret) {
        (self.sdp, self.frame_secret)
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        Wire { sdp: sdp::deflate(&self.sdp), frame_secret: self.frame_secret.expose().to_vec() }
            .encode_to_vec()
    }

    pub(super) fn decode(bytes: &[u8]) -> Result<Self, Error> {
        let wire = Wire::decode(bytes).map_err(|_| Error::Malformed("answer"))?;
        let frame_secret = FrameSecret::from_wire(&wire.frame_secret)?;
        Ok(Self { sdp: sdp::inflate(&wire.sdp)?, frame_secret })
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Answer({} bytes of SDP)", self.sdp.len())
    }
}

#[derive(Clone, PartialEq, Message)]
struct Wire {
    #[prost(bytes = "vec", tag = "1")]
    sdp: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    frame_secret: Vec<u8>,
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.frame_secret.zeroize();
    }
}
