use core::fmt;

use prost::Message;
use zentalk_primitives::ParticipantId;

use super::{check_mid, layer, participant};
use crate::error::Error;
use crate::limits::MAX_LAYER;

/// What a participant wants in one of its slots.
#[derive(Clone, PartialEq, Eq)]
pub struct Wish {
    /// The slot: the `mid` of one of the offer's receiving media sections, at most
    /// [`MAX_MID`](crate::limits::MAX_MID) printable characters.
    pub mid: String,
    /// Whose stream is to fill it. One that is not there (yet) leaves it empty.
    pub participant: ParticipantId,
    /// Which of its streams.
    pub medium: Medium,
    /// The highest simulcast layer that is of use, at most [`MAX_LAYER`]: what is seen small needs no large picture. Audio has
    /// one layer, 0.
    pub max_layer: u8,
}

/// Which stream of a participant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Medium {
    /// The voice.
    Audio,
    /// The camera's picture.
    Video,
}

impl Wish {
    pub(super) fn check(&self) -> Result<(), Error> {
        check_mid(&self.mid)?;
        if self.max_layer > MAX_LAYER { Err(Error::BadField("layer")) } else { Ok(()) }
    }
}

impl fmt::Debug for Wish {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { mid, medium, max_layer, .. } = self;
        write!(f, "Wish({mid:?}, {medium:?}, {max_layer})")
    }
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Wire {
    #[prost(string, tag = "1")]
    mid: String,
    /// 16 bytes.
    #[prost(bytes = "vec", tag = "2")]
    participant: Vec<u8>,
    /// 1 audio, 2 video.
    #[prost(uint32, tag = "3")]
    medium: u32,
    #[prost(uint32, tag = "4")]
    max_layer: u32,
}

impl From<Wish> for Wire {
    fn from(wish: Wish) -> Self {
        Self {
            mid: wish.mid,
            participant: wish.participant.as_bytes().to_vec(),
            medium: match wish.medium {
                Medium::Audio => 1,
                Medium::Video => 2,
            },
            max_layer: wish.max_layer.into(),
        }
    }
}

impl TryFrom<Wire> for Wish {
    type Error = Error;

    fn try_from(wire: Wire) -> Result<Self, Error> {
        let medium = match wire.medium {
            1 => Medium::Audio,
            2 => Medium::Video,
            _ => return Err(Error::BadField("medium")),
        };
        Ok(Self {
            mid: wire.mid,
            participant: participant(&wire.participant)?,
            medium,
            max_layer: layer(wire.max_layer)?,
        })
    }
}
