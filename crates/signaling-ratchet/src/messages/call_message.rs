use prost::encoding::bytes;
use prost::{Message, Oneof};
use zentalk_primitives::{CallId, DeviceId};
use zeroize::Zeroize;

use crate::Error;
use crate::limits;

use super::answer::Answer;
use super::candidates::Candidates;
use super::elsewhere::Elsewhere;
use super::end::EndCode;
use super::group::{GroupInvite, GroupInvited, GroupJoin, GroupKeys, GroupSas, GroupTracks};
use super::offer::Offer;
use super::restart::Restart;
use super::ringing::Ringing;

/// One message about one call.
#[derive(Debug)]
pub struct CallMessage {
    version: u32,
    call_id: CallId,
    device_id: DeviceId,
    body: CallBody,
}

/// What the message says.
#[derive(Debug)]
#[non_exhaustive]
pub enum CallBody {
    /// The caller asks to ring.
    Offer(Offer),
    /// The callee rings.
    Ringing(Ringing),
    /// The callee's user has accepted.
    Answer(Answer),
    /// More ICE candidates.
    Candidates(Candidates),
    /// The call is over.
    End(EndCode),
    /// The callee is in another call.
    Busy,
    /// Another device of the callee has accepted.
    AcceptedElsewhere(Elsewhere),
    /// Another device of the callee has declined.
    DeclinedElsewhere(Elsewhere),
    /// The path is lost or must change: ICE begins anew.
    Restart(Restart),
    /// A member of a group call asks to ring, or to make a call of two a group call.
    GroupInvite(GroupInvite),
    /// The invited person's device rings.
    GroupRinging,
    /// The invited person has accepted.
    GroupJoin(GroupJoin),
    /// The group's key distribution.
    GroupKeys(GroupKeys),
    /// The group's verification.
    GroupSas(GroupSas),
    /// A member has invited somebody, or that invitation is over.
    GroupInvited(GroupInvited),
    /// A member of a group call of which two are left asks the other for a path of their own. It never rings.
    GroupPairOffer(Offer),
    /// The other takes it up.
    GroupPairAnswer(Answer),
    /// What a member of a group call sends: its microphone, its camera, or neither.
    GroupTracks(GroupTracks),
    /// Received only: this version's, but of a kind that is not known here. To be ignored.
    Unknown,
    /// Received only: from a version that is not known here. If `rings`, it is an offer or an invitation: ring, and say that
    /// an update is needed.
    NeedsUpdate {
        /// Whether it is an offer or an invitation.
        rings: bool,
    },
}

impl CallMessage {
    /// The newest version that is understood here.
    pub const VERSION: u32 = 2;

    /// A message about `call_id` from this device.
    pub const fn new(call_id: CallId, device_id: DeviceId, body: CallBody) -> Self {
        Self { version: least_version(&body), call_id, device_id, body }
    }

    /// The least version that understands it.
    pub const fn version(&self) -> u32 {
        self.version
    }

    /// Which call.
    pub const fn call_id(&self) -> CallId {
        self.call_id
    }

    /// Which of the sender's devices.
    pub const fn device_id(&self) -> DeviceId {
        self.device_id
    }

    /// What it says.
    pub const fn body(&self) -> &CallBody {
        &self.body
    }

    /// What it says.
    pub fn into_body(self) -> CallBody {
        self.body
    }

    /// The Protobuf form. It may hold a frame secret or an ICE password: the caller wipes it.
    ///
    /// # Errors
    /// [`Error::NotSendable`] for a body that can only be received.
    pub fn encode(&self) -> Result<Vec<u8>, Error> {
        let mut out = Vec::new();
        self.encode_into(&mut out)?;
        Ok(out)
    }

    /// Appends the Protobuf form; `out` does not move if it has room for it.
    pub(crate) fn encode_into(&self, out: &mut Vec<u8>) -> Result<(), Error> {
        let body = BodyWire::of(&self.body)?;
        let wire = Wire {
            version: self.version,
            call_id: self.call_id.as_bytes().to_vec(),
            device_id: self.device_id.as_bytes().to_vec(),
            body: Some(body),
        };
        let mark = matches!(self.body, CallBody::GroupInvite(_)).then(Vec::<u8>::new);
        let mark_len = mark.as_ref().map_or(0, |mark| bytes::encoded_len(OFFER_TAG, mark));
        out.reserve_exact(mark_len + wire.encoded_len());
        // Of two bodies the last that the reader knows counts (Protobuf's rule for oneof): one that knows no invitations sees an
        // offer of a newer version, and rings.
        if let Some(mark) = mark {
            bytes::encode(OFFER_TAG, &mark, out);
        }
        wire.encode(out).map_err(|_| Error::MessageTooLong)
    }

    /// Reads the Protobuf form.
    ///
    /// # Errors
    /// [`Error::TooLong`] over [`limits::SEALED_LEN`]; [`Error::Malformed`] or [`Error::TooLong`] naming the part.
    pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
        const MALFORMED: Error = Error::Malformed("call message");
        if bytes.len() > limits::SEALED_LEN {
            return Err(Error::TooLong { part: "call message", limit: limits::SEALED_LEN });
        }
        let wire = Wire::decode(bytes).map_err(|_| MALFORMED)?;
        let body = match (wire.version, &wire.body) {
            (0, _) => return Err(MALFORMED),
            (..=Self::VERSION, body) => {
                body.as_ref().map_or(Ok(CallBody::Unknown), BodyWire::read)?
            }
            (_, body) => CallBody::NeedsUpdate {
                rings: matches!(body, Some(BodyWire::Offer(_) | BodyWire::GroupInvite(_))),
            },
        };
        Ok(Self {
            version: wire.version,
            call_id: CallId::from_slice(&wire.call_id).ok_or(Error::Malformed("call id"))?,
            device_id: DeviceId::from_slice(&wire.device_id)
                .ok_or(Error::Malformed("device id"))?,
            body,
        })
    }
}

/// Whoever knows version 1 only must not ignore an invitation in silence; the rest is of no use to them.
const fn least_version(body: &CallBody) -> u32 {
    match body {
        CallBody::GroupInvite(_) => 2,
        _ => 1,
    }
}

/// The field of the body that every version knows to ring for.
const OFFER_TAG: u32 = 4;

/// Fields 1 to 4 keep their meaning in every version.
#[derive(Clone, PartialEq, Message)]
struct Wire {
    #[prost(uint32, tag = "1")]
    version: u32,
    #[prost(bytes = "vec", tag = "2")]
    call_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "3")]
    device_id: Vec<u8>,
    #[prost(
        oneof = "BodyWire",
        tags = "4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21"
    )]
    body: Option<BodyWire>,
}

impl Drop for Wire {
    fn drop(&mut self) {
        if let Some(
            BodyWire::Offer(bytes)
            | BodyWire::Answer(bytes)
            | BodyWire::Restart(bytes)
            | BodyWire::GroupKeys(bytes)
            | BodyWire::GroupPairOffer(bytes)
            | BodyWire::GroupPairAnswer(bytes),
        ) = &mut self.body
        {
            bytes.zeroize();
        }
    }
}

/// Bodies stay encoded until the version is known: on the wire this is the same as nested messages.
#[derive(Clone, PartialEq, Oneof)]
enum BodyWire {
    #[prost(bytes, tag = "4")]
    Offer(Vec<u8>),
    #[prost(bytes, tag = "5")]
    Ringing(Vec<u8>),
    #[prost(bytes, tag = "6")]
    Answer(Vec<u8>),
    #[prost(bytes, tag = "7")]
    Candidates(Vec<u8>),
    #[prost(bytes, tag = "8")]
    End(Vec<u8>),
    #[prost(bytes, tag = "9")]
    Busy(Vec<u8>),
    #[prost(bytes, tag = "10")]
    AcceptedElsewhere(Vec<u8>),
    #[prost(bytes, tag = "11")]
    DeclinedElsewhere(Vec<u8>),
    #[prost(bytes, tag = "12")]
    Restart(Vec<u8>),
    #[prost(bytes, tag = "13")]
    GroupInvite(Vec<u8>),
    #[prost(bytes, tag = "14")]
    GroupRinging(Vec<u8>),
    #[prost(bytes, tag = "15")]
    GroupJoin(Vec<u8>),
    #[prost(bytes, tag = "16")]
    GroupKeys(Vec<u8>),
    #[prost(bytes, tag = "17")]
    GroupSas(Vec<u8>),
    #[prost(bytes, tag = "18")]
    GroupPairOffer(Vec<u8>),
    #[prost(bytes, tag = "19")]
    GroupPairAnswer(Vec<u8>),
    #[prost(bytes, tag = "20")]
    GroupInvited(Vec<u8>),
    #[prost(bytes, tag = "21")]
    GroupTracks(Vec<u8>),
}

impl BodyWire {
    fn of(body: &CallBody) -> Result<Self, Error> {
        Ok(match body {
            CallBody::Offer(offer) => Self::Offer(offer.encode()),
            CallBody::Ringing(ringing) => Self::Ringing(ringing.encode()),
            CallBody::Answer(answer) => Self::Answer(answer.encode()),
            CallBody::Candidates(candidates) => Self::Candidates(candidates.encode()),
            CallBody::End(code) => Self::End(code.encode()),
            CallBody::Busy => Self::Busy(Vec::new()),
            CallBody::AcceptedElsewhere(other) => Self::AcceptedElsewhere(other.encode()),
            CallBody::DeclinedElsewhere(other) => Self::DeclinedElsewhere(other.encode()),
            CallBody::Restart(restart) => Self::Restart(restart.encode()),
            CallBody::GroupInvite(invite) => Self::GroupInvite(invite.encode()),
            CallBody::GroupRinging => Self::GroupRinging(Vec::new()),
            CallBody::GroupJoin(join) => Self::GroupJoin(join.encode()),
            CallBody::GroupKeys(keys) => Self::GroupKeys(keys.encode()),
            CallBody::GroupSas(sas) => Self::GroupSas(sas.as_bytes().to_vec()),
            CallBody::GroupInvited(word) => Self::GroupInvited(word.encode()),
            CallBody::GroupPairOffer(offer) => Self::GroupPairOffer(offer.encode()),
            CallBody::GroupPairAnswer(answer) => Self::GroupPairAnswer(answer.encode()),
            CallBody::GroupTracks(tracks) => Self::GroupTracks(tracks.encode()),
            CallBody::Unknown | CallBody::NeedsUpdate { .. } => return Err(Error::NotSendable),
        })
    }

    fn read(&self) -> Result<CallBody, Error> {
        Ok(match self {
            Self::Offer(bytes) => CallBody::Offer(Offer::decode(bytes)?),
            Self::Ringing(bytes) => CallBody::Ringing(Ringing::decode(bytes)?),
            Self::Answer(bytes) => CallBody::Answer(Answer::decode(bytes)?),
            Self::Candidates(bytes) => CallBody::Candidates(Candidates::decode(bytes)?),
            Self::End(bytes) => CallBody::End(EndCode::decode(bytes)?),
            Self::Busy(_) => CallBody::Busy,
            Self::AcceptedElsewhere(bytes) => {
                CallBody::AcceptedElsewhere(Elsewhere::decode(bytes)?)
            }
            Self::DeclinedElsewhere(bytes) => {
                CallBody::DeclinedElsewhere(Elsewhere::decode(bytes)?)
            }
            Self::Restart(bytes) => CallBody::Restart(Restart::decode(bytes)?),
            Self::GroupInvite(bytes) => CallBody::GroupInvite(GroupInvite::decode(bytes)?),
            Self::GroupRinging(_) => CallBody::GroupRinging,
            Self::GroupJoin(bytes) => CallBody::GroupJoin(GroupJoin::decode(bytes)?),
            Self::GroupKeys(bytes) => CallBody::GroupKeys(GroupKeys::decode(bytes)?),
            Self::GroupSas(bytes) => CallBody::GroupSas(GroupSas::new(bytes.clone())?),
            Self::GroupInvited(bytes) => CallBody::GroupInvited(GroupInvited::decode(bytes)?),
            Self::GroupPairOffer(bytes) => CallBody::GroupPairOffer(Offer::decode(bytes)?),
            Self::GroupPairAnswer(bytes) => CallBody::GroupPairAnswer(Answer::decode(bytes)?),
            Self::GroupTracks(bytes) => CallBody::GroupTracks(GroupTracks::decode(bytes)?),
        })
    }
}
