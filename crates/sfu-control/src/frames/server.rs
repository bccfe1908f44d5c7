use core::fmt;
use core::time::Duration;

use prost::{Message, Oneof};
use zentalk_primitives::ParticipantId;

use super::slot::{self, Slot};
use super::{
    GoneReason, RefusedCode, check_list, check_sdp, check_version, decoded, encoded, participant,
};
use crate::error::Error;
use crate::limits::{MAX_DRAINING, MAX_PARTICIPANTS, MAX_SLOTS, PROTOCOL_VERSION};

/// What an SFU says to a participant.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ServerFrame {
    /// The participant is in the room.
    Joined {
        /// The SFU's session description, at most [`MAX_SDP`](crate::limits::MAX_SDP) bytes, with its certificate's fingerprint:
        /// it is as good as the connection that it came over.
        answer: String,
        /// Who else is there, less than [`MAX_PARTICIPANTS`].
        participants: Vec<ParticipantId>,
    },
    /// Another participant came.
    Arrived(ParticipantId),
    /// Another participant went.
    Gone {
        /// Who.
        participant: ParticipantId,
        /// Why.
        reason: GoneReason,
    },
    /// What slots carry from now on, at most [`MAX_SLOTS`]. A slot that is not named goes on as it is.
    Slots(Vec<Slot>),
    /// The SFU is about to stop: move to another one.
    Draining {
        /// When it does, from now on, at most [`MAX_DRAINING`], in whole milliseconds.
        within: Duration,
    },
    /// Something was not done.
    Refused(RefusedCode),
    /// The answer to a [`ClientFrame::Ping`](super::ClientFrame::Ping).
    Pong(u64),
}

impl ServerFrame {
    /// The bytes of one WebSocket message.
    ///
    /// # Errors
    /// The error that [`ServerFrame::decode`] would give at the other side for a field out of bounds.
    pub fn encode(self) -> Result<Vec<u8>, Error> {
        self.check()?;
        let body = match self {
            Self::Joined { answer, participants } => {
                let participants = participants.iter().map(|id| id.as_bytes().to_vec()).collect();
                Body::Joined(Joined { answer, participants })
            }
            Self::Arrived(participant) => Body::Arrived(participant.as_bytes().to_vec()),
            Self::Gone { participant, reason } => Body::Gone(Gone {
                participant: participant.as_bytes().to_vec(),
                reason: reason.to_wire(),
            }),
            Self::Slots(slots) => {
                Body::Slots(Slots { slots: slots.into_iter().map(Into::into).collect() })
            }
            Self::Draining { within } => Body::DrainingMillis(millis(within)?),
            Self::Refused(code) => Body::Refused(code.to_wire()),
            Self::Pong(number) => Body::Pong(number),
        };
        encoded(&Envelope { version: PROTOCOL_VERSION, body: Some(body) })
    }

    /// Reads one WebSocket message and checks every bound.
    ///
    /// # Errors
    /// [`Error::FrameTooLarge`], [`Error::UnsupportedVersion`], [`Error::Malformed`] (not Protobuf, or no frame of an SFU), or
    /// [`Error::BadField`].
    pub fn decode(message: &[u8]) -> Result<Self, Error> {
        let envelope: Envelope = decoded(message)?;
        check_version(envelope.version)?;
        let frame = match envelope.body.ok_or(Error::Malformed)? {
            Body::Joined(Joined { answer, participants }) => {
                let participants = participants.iter().map(|bytes| participant(bytes));
                Self::Joined { answer, participants: participants.collect::<Result<_, _>>()? }
            }
            Body::Arrived(bytes) => Self::Arrived(participant(&bytes)?),
            Body::Gone(gone) => Self::Gone {
                participant: participant(&gone.participant)?,
                reason: GoneReason::from_wire(gone.reason)?,
            },
            Body::Slots(Slots { slots }) => {
                Self::Slots(slots.into_iter().map(TryInto::try_into).collect::<Result<_, _>>()?)
            }
            Body::DrainingMillis(millis) => {
                Self::Draining { within: Duration::from_millis(millis.into()) }
            }
            Body::Refused(code) => Self::Refused(RefusedCode::from_wire(code)),
            Body::Pong(number) => Self::Pong(number),
        };
        frame.check()?;
        Ok(frame)
    }

    fn check(&self) -> Result<(), Error> {
        match self {
            Self::Joined { answer, participants } => {
                check_sdp(answer)?;
                check_list(participants, MAX_PARTICIPANTS - 1, "list of participants", |id| *id)
            }
            Self::Slots(slots) => {
                check_list(slots, MAX_SLOTS, "list of slots", |slot| slot.mid.clone())?;
                slots.iter().try_for_each(Slot::check)
            }
            Self::Draining { within } => millis(*within).map(|_| ()),
            Self::Arrived(_) | Self::Gone { .. } | Self::Refused(_) | Self::Pong(_) => Ok(()),
        }
    }
}

/// Session descriptions hold addresses and ICE passwords, and ids lead to calls.
impl fmt::Debug for ServerFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Joined { answer, participants } => {
                write!(f, "Joined({} bytes of SDP, {} others)", answer.len(), participants.len())
            }
            Self::Arrived(_) => f.write_str("Arrived"),
            Self::Gone { reason, .. } => write!(f, "Gone({reason:?})"),
            Self::Slots(slots) => f.debug_tuple("Slots").field(slots).finish(),
            Self::Draining { within } => write!(f, "Draining({within:?})"),
            Self::Refused(code) => write!(f, "Refused({code:?})"),
            Self::Pong(number) => write!(f, "Pong({number})"),
        }
    }
}

fn millis(within: Duration) -> Result<u32, Error> {
    if within > MAX_DRAINING {
        return Err(Error::BadField("time to drain"));
    }
    u32::try_from(within.as_millis()).map_err(|_| Error::BadField("time to drain"))
}

#[derive(Clone, PartialEq, Message)]
struct Envelope {
    #[prost(uint32, tag = "1")]
    version: u32,
    #[prost(oneof = "Body", tags = "16, 17, 18, 19, 20, 21, 22")]
    body: Option<Body>,
}

#[derive(Clone, PartialEq, Oneof)]
enum Body {
    #[prost(message, tag = "16")]
    Joined(Joined),
    #[prost(bytes, tag = "17")]
    Arrived(Vec<u8>),
    #[prost(message, tag = "18")]
    Gone(Gone),
    #[prost(message, tag = "19")]
    Slots(Slots),
    #[prost(uint32, tag = "20")]
    DrainingMillis(u32),
    #[prost(uint32, tag = "21")]
    Refused(u32),
    #[prost(uint64, tag = "22")]
    Pong(u64),
}

#[derive(Clone, PartialEq, Message)]
struct Joined {
    #[prost(string, tag = "1")]
    answer: String,
    /// 16 bytes each.
    #[prost(bytes = "vec", repeated, tag = "2")]
    participants: Vec<Vec<u8>>,
}

#[derive(Clone, PartialEq, Message)]
struct Gone {
    /// 16 bytes.
    #[prost(bytes = "vec", tag = "1")]
    participant: Vec<u8>,
    /// 1 left, 2 silent, 3 replaced.
    #[prost(uint32, tag = "2")]
    reason: u32,
}

#[derive(Clone, PartialEq, Message)]
struct Slots {
    #[prost(message, repeated, tag = "1")]
    slots: Vec<slot::Wire>,
}
