//! The frames of the relay protocol: one Protobuf message per binary WebSocket message.
//!
//! Every frame travels in an envelope `{ uint32 version = 1; oneof body { … } }`. Fields and frames
//! that this version does not know are ignored or refused as [`Frame::decode`] says. Field numbers,
//! types and bounds stand at each frame; the relay answers every frame that carries a `request`
//! number with a frame of the same number, in the order of the requests.

mod ack;
mod challenge;
mod deliver;
mod fetch;
mod prekeys;
mod publish;
mod published;
mod put;
mod refused;
mod sfu_grant;
mod sfu_request;
mod stored;
mod subscribe;
mod subscribed;
mod turn_grant;
mod turn_request;
mod turn_server;

use prost::Message;

pub use ack::Ack;
pub use deliver::Deliver;
pub use fetch::Fetch;
pub use prekeys::Prekeys;
pub use publish::Publish;
pub use published::Published;
pub use put::Put;
pub(crate) use put::{check_blob, check_time_to_live};
pub use refused::{Code, Refused};
pub use sfu_grant::SfuGrant;
pub use sfu_request::SfuRequest;
pub use stored::Stored;
pub use subscribe::Subscribe;
pub use subscribed::Subscribed;
pub use turn_grant::{TurnGrant, TurnPassword};
pub use turn_request::TurnRequest;
pub use turn_server::{TurnLocation, TurnServerEntry};

use crate::error::Error;
use crate::limits::{MAX_FRAME, PROTOCOL_VERSION};
use crate::mailbox_key::Challenge;

/// One frame, with every field inside its bounds.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Frame {
    /// Relay to client, the first frame of a connection.
    Challenge(Challenge),
    /// Client to relay: here is the proof of my mailbox key, deliver to me.
    Subscribe(Subscribe),
    /// Relay to client: the proof is good; deliveries follow.
    Subscribed(Subscribed),
    /// Client to relay: keep this blob for that mailbox.
    Put(Put),
    /// Relay to client: the blob is in the store.
    Stored(Stored),
    /// Relay to client: a blob of the subscribed mailbox.
    Deliver(Deliver),
    /// Client to relay: this blob may be deleted.
    Ack(Ack),
    /// Client to relay: give these prekeys to whoever asks.
    Publish(Publish),
    /// Relay to client: the prekeys are in the store.
    Published(Published),
    /// Client to relay: give me prekeys of that mailbox.
    Fetch(Fetch),
    /// Relay to client: here they are.
    Prekeys(Prekeys),
    /// Client to relay: give me credentials for your TURN servers.
    TurnRequest(TurnRequest),
    /// Relay to client: here they are.
    TurnGrant(TurnGrant),
    /// Client to relay: give me a token for your SFUs.
    SfuRequest(SfuRequest),
    /// Relay to client: here it is.
    SfuGrant(SfuGrant),
    /// Relay to client: this was not done, and why.
    Refused(Refused),
}

impl Frame {
    /// The bytes of one WebSocket message.
    ///
    /// # Errors
    /// The error that [`Frame::decode`] would give at the other side for a field out of bounds.
    pub fn encode(self) -> Result<Vec<u8>, Error> {
        let bytes =
            Envelope { version: PROTOCOL_VERSION, body: Some(self.into_body()?) }.encode_to_vec();
        if bytes.len() > MAX_FRAME { Err(Error::FrameTooLarge) } else { Ok(bytes) }
    }

    /// Reads one WebSocket message and checks every bound.
    ///
    /// # Errors
    /// [`Error::FrameTooLarge`], [`Error::UnsupportedVersion`], [`Error::Malformed`] (not Protobuf, or
    /// a frame that this version does not know), or the error of the field that is out of bounds.
    pub fn decode(message: &[u8]) -> Result<Self, Error> {
        if message.len() > MAX_FRAME {
            return Err(Error::FrameTooLarge);
        }
        let envelope = Envelope::decode(message).map_err(|_| Error::Malformed)?;
        if envelope.version != PROTOCOL_VERSION {
            return Err(Error::UnsupportedVersion(envelope.version));
        }
        Self::from_body(envelope.body.ok_or(Error::Malformed)?)
    }

    /// The number by which the answer to `message` will be matched, if it has one: also of a frame
    /// that [`Frame::decode`] refuses for a bound.
    pub fn request_of(message: &[u8]) -> Option<u64> {
        if message.len() > MAX_FRAME {
            return None;
        }
        match Envelope::decode(message).ok()?.body? {
            Body::Subscribe(wire) => Some(wire.request),
            Body::Put(wire) => Some(wire.request),
            Body::Publish(wire) => Some(wire.request),
            Body::Fetch(wire) => Some(wire.request),
            Body::TurnRequest(wire) => Some(wire.request),
            Body::SfuRequest(wire) => Some(wire.request),
            _ => None,
        }
    }

    fn into_body(self) -> Result<Body, Error> {
        Ok(match self {
            Self::Challenge(frame) => Body::Challenge(frame.into()),
            Self::Subscribe(frame) => Body::Subscribe(frame.into()),
            Self::Subscribed(frame) => Body::Subscribed(frame.into()),
            Self::Put(frame) => Body::Put(frame.try_into()?),
            Self::Stored(frame) => Body::Stored(frame.into()),
            Self::Deliver(frame) => Body::Deliver(frame.try_into()?),
            Self::Ack(frame) => Body::Ack(frame.into()),
            Self::Publish(frame) => Body::Publish(frame.try_into()?),
            Self::Published(frame) => Body::Published(frame.into()),
            Self::Fetch(frame) => Body::Fetch(frame.into()),
            Self::Prekeys(frame) => Body::Prekeys(frame.try_into()?),
            Self::TurnRequest(frame) => Body::TurnRequest(frame.into()),
            Self::TurnGrant(frame) => Body::TurnGrant(frame.try_into()?),
            Self::SfuRequest(frame) => Body::SfuRequest(frame.into()),
            Self::SfuGrant(frame) => Body::SfuGrant(frame.try_into()?),
            Self::Refused(frame) => Body::Refused(frame.into()),
        })
    }

    fn from_body(body: Body) -> Result<Self, Error> {
        Ok(match body {
            Body::Challenge(wire) => Self::Challenge(wire.try_into()?),
            Body::Subscribe(wire) => Self::Subscribe(wire.try_into()?),
            Body::Subscribed(wire) => Self::Subscribed(wire.into()),
            Body::Put(wire) => Self::Put(wire.try_into()?),
            Body::Stored(wire) => Self::Stored(wire.into()),
            Body::Deliver(wire) => Self::Deliver(wire.try_into()?),
            Body::Ack(wire) => Self::Ack(wire.into()),
            Body::Publish(wire) => Self::Publish(wire.try_into()?),
            Body::Published(wire) => Self::Published(wire.into()),
            Body::Fetch(wire) => Self::Fetch(wire.try_into()?),
            Body::Prekeys(wire) => Self::Prekeys(wire.try_into()?),
            Body::TurnRequest(wire) => Self::TurnRequest(wire.into()),
            Body::TurnGrant(wire) => Self::TurnGrant(wire.try_into()?),
            Body::SfuRequest(wire) => Self::SfuRequest(wire.try_into()?),
            Body::SfuGrant(wire) => Self::SfuGrant(wire.try_into()?),
            Body::Refused(wire) => Self::Refused(wire.into()),
        })
    }
}

#[derive(Clone, PartialEq, Message)]
struct Envelope {
    #[prost(uint32, tag = "1")]
    version: u32,
    #[prost(oneof = "Body", tags = "2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17")]
    body: Option<Body>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
enum Body {
    #[prost(message, tag = "2")]
    Challenge(challenge::Wire),
    #[prost(message, tag = "3")]
    Subscribe(subscribe::Wire),
    #[prost(message, tag = "4")]
    Subscribed(subscribed::Wire),
    #[prost(message, tag = "5")]
    Put(put::Wire),
    #[prost(message, tag = "6")]
    Stored(stored::Wire),
    #[prost(message, tag = "7")]
    Deliver(deliver::Wire),
    #[prost(message, tag = "8")]
    Ack(ack::Wire),
    #[prost(message, tag = "9")]
    Publish(publish::Wire),
    #[prost(message, tag = "10")]
    Published(published::Wire),
    #[prost(message, tag = "11")]
    Fetch(fetch::Wire),
    #[prost(message, tag = "12")]
    Prekeys(prekeys::Wire),
    #[prost(message, tag = "13")]
    Refused(refused::Wire),
    #[prost(message, tag = "14")]
    TurnRequest(turn_request::Wire),
    #[prost(message, tag = "15")]
    TurnGrant(turn_grant::Wire),
    #[prost(message, tag = "16")]
    SfuRequest(sfu_request::Wire),
    #[prost(message, tag = "17")]
    SfuGrant(sfu_grant::Wire),
}

/// A field that has exactly `N` bytes.
fn fixed<const N: usize>(bytes: &[u8], field: &'static str) -> Result<[u8; N], Error> {
    bytes.try_into().map_err(|_| Error::BadField(field))
}

#[cfg(test)]
mod tests;
