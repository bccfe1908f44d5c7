//! The frames: one Protobuf message per binary WebSocket message.
//!
//! Every frame travels in an envelope `{ uint32 version = 1; oneof body { … } }`; bodies have numbers of their own for each
//! direction, so a frame that goes the wrong way is malformed. Unknown fields are ignored, unknown frames refused.

mod client;
mod gone;
mod refused;
mod server;
mod slot;
mod token;
mod wish;

pub use client::ClientFrame;
pub use gone::GoneReason;
pub use refused::RefusedCode;
pub use server::ServerFrame;
pub use slot::Slot;
pub use token::Token;
pub use wish::{Medium, Wish};

use prost::Message;
use zentalk_primitives::ParticipantId;

use crate::error::Error;
use crate::limits::{MAX_FRAME, MAX_LAYER, MAX_MID, MAX_SDP, PROTOCOL_VERSION};

/// The bytes of an envelope, if it is not too long.
fn encoded(envelope: &impl Message) -> Result<Vec<u8>, Error> {
    if envelope.encoded_len() > MAX_FRAME {
        return Err(Error::FrameTooLarge);
    }
    Ok(envelope.encode_to_vec())
}

fn decoded<T: Message + Default>(message: &[u8]) -> Result<T, Error> {
    if message.len() > MAX_FRAME {
        return Err(Error::FrameTooLarge);
    }
    T::decode(message).map_err(|_| Error::Malformed)
}

fn check_version(version: u32) -> Result<(), Error> {
    if version == PROTOCOL_VERSION { Ok(()) } else { Err(Error::UnsupportedVersion(version)) }
}

fn check_sdp(sdp: &str) -> Result<(), Error> {
    if sdp.is_empty() || sdp.len() > MAX_SDP {
        return Err(Error::BadField("session description"));
    }
    Ok(())
}

/// A mid is a token (RFC 8866 §9), which has printable characters only; ours are digits.
fn check_mid(mid: &str) -> Result<(), Error> {
    let is_token = mid.bytes().all(|byte| byte.is_ascii_graphic());
    if mid.is_empty() || mid.len() > MAX_MID || !is_token {
        return Err(Error::BadField("media id"));
    }
    Ok(())
}

fn layer(layer: u32) -> Result<u8, Error> {
    let layer = u8::try_from(layer).ok();
    layer.filter(|layer| *layer <= MAX_LAYER).ok_or(Error::BadField("layer"))
}

fn participant(bytes: &[u8]) -> Result<ParticipantId, Error> {
    ParticipantId::from_slice(bytes).ok_or(Error::BadField("participant id"))
}

/// A list of at most `limit` elements whose keys differ.
fn check_list<T, K: Ord>(
    list: &[T],
    limit: usize,
    field: &'static str,
    key: impl Fn(&T) -> K,
) -> Result<(), Error> {
    if list.len() > limit {
        return Err(Error::BadField(field));
    }
    let mut keys: Vec<K> = list.iter().map(key).collect();
    keys.sort_unstable();
    keys.dedup();
    if keys.len() == list.len() { Ok(()) } else { Err(Error::BadField(field)) }
}

#[cfg(test)]
mod tests;
