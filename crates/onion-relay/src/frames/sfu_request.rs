use core::fmt;

use prost::Message;
use zentalk_primitives::{ParticipantId, RoomId};

use super::fixed;
use crate::error::Error;

/// Give me a token that lets this participant into this room. Answered by [`SfuGrant`](super::SfuGrant).
///
/// Asked on a connection that proves no mailbox, before or after: otherwise the relay would know whose mailbox belongs to which
/// member of a call. Both ids are random and made for one call.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SfuRequest {
    /// Matches the answer to the request.
    pub request: u64,
    /// The room. Whoever knows it may enter, so only members do.
    pub room: RoomId,
    /// Who the token lets in.
    pub participant: ParticipantId,
}

impl fmt::Debug for SfuRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SfuRequest([redacted])")
    }
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Wire {
    #[prost(uint64, tag = "1")]
    pub(super) request: u64,
    /// 16 bytes.
    #[prost(bytes = "vec", tag = "2")]
    room: Vec<u8>,
    /// 16 bytes.
    #[prost(bytes = "vec", tag = "3")]
    participant: Vec<u8>,
}

impl From<SfuRequest> for Wire {
    fn from(frame: SfuRequest) -> Self {
        Self {
            request: frame.request,
            room: frame.room.as_bytes().to_vec(),
            participant: frame.participant.as_bytes().to_vec(),
        }
    }
}

impl TryFrom<Wire> for SfuRequest {
    type Error = Error;

    fn try_from(wire: Wire) -> Result<Self, Error> {
        Ok(Self {
            request: wire.request,
            room: RoomId::from_bytes(fixed(&wire.room, "room id")?),
            participant: ParticipantId::from_bytes(fixed(&wire.participant, "participant id")?),
        })
    }
}
