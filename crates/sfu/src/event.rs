use core::time::Duration;

use zentalk_primitives::ParticipantId;

use crate::{Label, ParticipantKey};

/// What the control channel of one participant must say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SfuEvent {
    /// To whom.
    pub to: ParticipantKey,
    /// What.
    pub notice: Notice,
}

/// What there is to say to a participant.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Notice {
    /// Somebody has joined the room.
    Arrived(ParticipantId),
    /// Somebody is no longer in the room. Where it is the recipient itself, its key has come to its end: each key hears of that, and then
    /// nothing more.
    Gone {
        /// Who.
        participant: ParticipantId,
        /// Why.
        reason: GoneReason,
    },
    /// What the slots carry has changed: all slots of the recipient as they are now.
    Slots(Vec<SlotState>),
    /// The server shuts down: go to another. Calls that are still here when the time is over end.
    Draining {
        /// How long it goes on serving.
        within: Duration,
    },
}

/// Why a participant is no longer in its room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum GoneReason {
    /// It said so.
    Left,
    /// Nothing authentic came from it for [`SfuConfig::silence`](crate::SfuConfig::silence).
    Silent,
    /// The same participant joined again. Only the connection that is replaced hears of it: to the others nobody has gone.
    Replaced,
}

/// What a slot carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlotState {
    /// The slot.
    pub mid: Label,
    /// Whose medium; nobody's where nothing is wished for or the one wished for is not here.
    pub participant: Option<ParticipantId>,
    /// The layer that is sent, 0 the smallest; none while nothing is: no packet has come yet, the path carries no more, or it is
    /// audio, which has no layers.
    pub layer: Option<u8>,
}
