use core::fmt;

use zentalk_call_fsm::EndReason;
use zentalk_signaling_ratchet::{ContactCard, IdentityPublic};

/// A member of a group call, as the others know it.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Member {
    /// Its index in the call, which every frame of it carries. In a group the one who began it has 0.
    pub index: u8,
    /// Who it is: what ratchet sessions with it prove.
    pub identity: IdentityPublic,
    /// Where it can be reached.
    pub card: ContactCard,
}

impl Member {
    pub(super) fn new(index: u8, card: ContactCard) -> Self {
        Self { index, identity: card.identity().clone(), card }
    }
}

/// Prints the index only: identities do not belong in logs.
impl fmt::Debug for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Member({})", self.index)
    }
}

/// What a member of a group call does, as seen from here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MemberState {
    /// Was invited by this side; nothing came back yet.
    Invited,
    /// It rings there.
    Ringing,
    /// Accepted; keys and paths are on their way.
    Joining,
    /// Its frames arrive and open.
    Connected,
    /// It is a member, but its frames do not arrive, or do not open. Never a silent black tile.
    Stale,
    /// Is no member any more, or never became one.
    Left(EndReason),
}

/// Why a group call's keys changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EpochCause {
    /// The first one that this side has.
    Began,
    /// Somebody joined: they cannot open what was sealed before.
    Joined,
    /// Somebody left: they cannot open what is sealed from now on.
    Left,
    /// The keys were renewed for another reason.
    Renewed,
}
