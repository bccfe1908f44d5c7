use core::fmt;

use prost::Message;

use crate::Error;

use super::sdp;

/// The callee's device rings: its ICE credentials, fingerprint and relay candidates, so that the path can warm up.
pub struct Ringing {
    sdp: String,
}

impl Ringing {
    /// With a session description that carries ufrag, password, fingerprint and relay candidates, and no media.
    ///
    /// # Errors
    /// [`Error::TooLong`] if `sdp` has more than [`limits::SDP_LEN`](crate::limits::SDP_LEN) bytes.
    pub fn new(sdp: String) -> Result<Self, Error> {
        sdp::check(&sdp)?;
        Ok(Self { sdp })
    }

    /// The session description.
    pub fn sdp(&self) -> &str {
        &self.sdp
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        Wire { sdp: sdp::deflate(&self.sdp) }.encode_to_vec()
    }

    pub(super) fn decode(bytes: &[u8]) -> Result<Self, Error> {
        let wire = Wire::decode(bytes).map_err(|_| Error::Malformed("ringing"))?;
        Ok(Self { sdp: sdp::inflate(&wire.sdp)? })
    }
}

impl fmt::Debug for Ringing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ringing({} bytes of SDP)", self.sdp.len())
    }
}

#[derive(Clone, PartialEq, Message)]
struct Wire {
    #[prost(bytes = "vec", tag = "1")]
    sdp: Vec<u8>,
}
