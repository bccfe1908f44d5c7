use prost::Message;

use crate::Error;

/// Why a call ended, as a number of the call state machine's: its meaning is the caller's to know.
///
/// A number that a receiver does not know still ends the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EndCode(pub u32);

impl EndCode {
    pub(super) fn encode(self) -> Vec<u8> {
        Wire { code: self.0 }.encode_to_vec()
    }

    pub(super) fn decode(bytes: &[u8]) -> Result<Self, Error> {
        let wire = Wire::decode(bytes).map_err(|_| Error::Malformed("end"))?;
        Ok(Self(wire.code))
    }
}

#[derive(Clone, PartialEq, Message)]
struct Wire {
    #[prost(uint32, tag = "1")]
    code: u32,
}
