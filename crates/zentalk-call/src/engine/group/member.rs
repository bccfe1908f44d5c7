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
    /// It is a member and sends nothing, as it says itself: its microphone and its camera are off. Whether it is still there
    /// cannot be told from what arrives.
    Quiet,
    /// Is no member any more, or never became one.
    Left(EndReason),
}

/// One of the media that a member of a group call sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Track {
    /// Its sound.
    Microphone,
    /// Its pictures, in whichever size.
    Camera,
}

impl Track {
    /// All of them.
    pub(super) const ALL: [Self; 2] = [Self::Microphone, Self::Camera];
}

/// How it stands with one of the media of a member of a group call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TrackState {
    /// Its frames arrive and open.
    Arriving,
    /// The member says itself, through its ratchet session, that it sends none.
    Off,
    /// The member says that it sends, or has not said that it does not, and nothing arrives that opens: for 3 s of sound, for
    /// 5 s of pictures, for 10 s where there was nothing yet. The server keeps it back, or the path is too narrow for it.
    Stopped,
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
