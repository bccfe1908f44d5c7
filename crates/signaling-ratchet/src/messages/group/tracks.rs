use prost::Message;

use crate::Error;

/// What a member of a group call sends, by its own word: whether its microphone and its camera are on.
///
/// A forwarding server that keeps frames back cannot make it look as if nothing had been sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GroupTracks {
    /// Which of the member's words in this stay it is, from 1 up: a later one counts instead of all that came before.
    pub number: u32,
    /// Whether it sends sound.
    pub microphone: bool,
    /// Whether it sends pictures.
    pub camera: bool,
}

impl GroupTracks {
    /// The member's word of this number.
    ///
    /// # Errors
    /// [`Error::Malformed`] if `number` is 0.
    pub fn new(number: u32, microphone: bool, camera: bool) -> Result<Self, Error> {
        if number == 0 {
            return Err(Error::Malformed("group tracks"));
        }
        Ok(Self { number, microphone, camera })
    }

    pub(in crate::messages) fn encode(self) -> Vec<u8> {
        let Self { number, microphone, camera } = self;
        Wire { number, microphone, camera }.encode_to_vec()
    }

    pub(in crate::messages) fn decode(bytes: &[u8]) -> Result<Self, Error> {
        let wire = Wire::decode(bytes).map_err(|_| Error::Malformed("group tracks"))?;
        Self::new(wire.number, wire.microphone, wire.camera)
    }
}

#[derive(Clone, PartialEq, Message)]
struct Wire {
    #[prost(uint32, tag = "1")]
    number: u32,
    #[prost(bool, tag = "2")]
    microphone: bool,
    #[prost(bool, tag = "3")]
    camera: bool,
}
