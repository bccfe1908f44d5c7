use core::fmt;

use prost::Message;
use zentalk_primitives::ParticipantId;

use super::{check_mid, layer, participant};
use crate::error::Error;
use crate::limits::MAX_LAYER;

/// What a slot carries from now on.
#[derive(Clone, PartialEq, Eq)]
pub struct Slot {
    /// The slot: the `mid` of one of the answer's sending media sections.
    pub mid: String,
    /// Whose stream it carries, if any.
    pub participant: Option<ParticipantId>,
    /// The simulcast layer that is forwarded, at most [`MAX_LAYER`]; none while nothing is: the participant does not send it, or
    /// the receiver's path has no room for it.
    pub layer: Option<u8>,
}

impl Slot {
    pub(super) fn check(&self) -> Result<(), Error> {
        check_mid(&self.mid)?;
        match (self.participant, self.layer) {
            (None, Some(_)) => Err(Error::BadField("slot")),
            (_, Some(layer)) if layer > MAX_LAYER => Err(Error::BadField("layer")),
            _ => Ok(()),
        }
    }
}

impl fmt::Debug for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let filled = if self.participant.is_some() { "filled" } else { "empty" };
        write!(f, "Slot({:?}, {filled}, {:?})", self.mid, self.layer)
    }
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Wire {
    #[prost(string, tag = "1")]
    mid: String,
    /// 16 bytes.
    #[prost(bytes = "vec", optional, tag = "2")]
    participant: Option<Vec<u8>>,
    #[prost(uint32, optional, tag = "3")]
    layer: Option<u32>,
}

impl From<Slot> for Wire {
    fn from(slot: Slot) -> Self {
        Self {
            mid: slot.mid,
            participant: slot.participant.map(|id| id.as_bytes().to_vec()),
            layer: slot.layer.map(Into::into),
        }
    }
}

impl TryFrom<Wire> for Slot {
    type Error = Error;

    fn try_from(wire: Wire) -> Result<Self, Error> {
        Ok(Self {
            mid: wire.mid,
            participant: wire.participant.as_deref().map(participant).transpose()?,
            layer: wire.layer.map(layer).transpose()?,
        })
    }
}
