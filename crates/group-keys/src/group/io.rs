use core::fmt;

use zentalk_primitives::Instant;

use crate::{Epoch, KeyMessage, Roster};

/// What happened, as the caller tells [`GroupKeys`](crate::GroupKeys).
#[non_exhaustive]
pub enum GroupInput {
    /// A message came, authentic, through the ratchet of the member with index `from`.
    Message {
        /// Whose ratchet it came through.
        from: u8,
        /// The message.
        message: KeyMessage,
    },
    /// A person accepted an invitation that reserved this index; `info` is as in [`Roster::insert`]. The leader will
    /// take it in. Telling one member suffices; telling several is quicker where one of them is lost.
    Join {
        /// The index that was reserved.
        index: u8,
        /// What the members shall know of it; never the same twice in a call.
        info: Vec<u8>,
    },
    /// An invitation names this person as one who is in the call; for a newcomer, before its first key. Nobody is taken in by it. But should
    /// the call be parted before the newcomer has met this person, they are no strangers to each other afterwards.
    Named {
        /// The person's index.
        index: u8,
        /// What the invitation says of the person, as in [`Roster::insert`].
        info: Vec<u8>,
    },
    /// The member with this index said goodbye, authentically; with one's own index: leave. Final for that stay.
    Leave {
        /// Who left.
        index: u8,
    },
    /// Nothing is heard of the member with this index and its lease expired, or it is in the roster no more and has said no goodbye. It is
    /// taken in again when it comes back.
    Crashed {
        /// Who is lost.
        index: u8,
    },
}

impl fmt::Debug for GroupInput {
    /// Without the information about members: it names people.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Message { from, message } => write!(f, "Message({message:?} of {from})"),
            Self::Join { index, .. } => write!(f, "Join({index})"),
            Self::Named { index, .. } => write!(f, "Named({index})"),
            Self::Leave { index } => write!(f, "Leave({index})"),
            Self::Crashed { index } => write!(f, "Crashed({index})"),
        }
    }
}

/// What is to be done, as [`GroupKeys`](crate::GroupKeys) tells its caller.
#[derive(Debug)]
#[non_exhaustive]
pub enum GroupOutput {
    /// Send this through the ratchet of that member. It may get lost; it is repeated where that matters.
    Send {
        /// To whom.
        to: u8,
        /// What.
        message: KeyMessage,
    },
    /// Something that concerns the people or the media.
    Event(GroupEvent),
    /// Nothing more for now: call [`handle_timeout`](crate::GroupKeys::handle_timeout) at this instant, or never.
    Timeout(Option<Instant>),
}

/// What people and media need to know.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum GroupEvent {
    /// An epoch's key is there: its frames open. One's own frames still go out under the one before.
    Installed {
        /// Which.
        epoch: Epoch,
    },
    /// One's own frames are sealed under this epoch from now on. Begin with a keyframe.
    SendWith {
        /// Which.
        epoch: Epoch,
    },
    /// Frames of this epoch do not open any more; its keys are wiped.
    Expired {
        /// Which.
        epoch: Epoch,
    },
    /// The roster of the newest epoch, whenever it changed. It comes before anything is to be sent to new members.
    Roster(Roster),
    /// One's own key is missing (`sender` is none), or frames of this member have come for a second and none opened. The key
    /// is asked for meanwhile. Show it: this is why a tile is black.
    KeyMissing {
        /// Whose frames do not open; none: nobody's.
        sender: Option<u8>,
    },
    /// What [`GroupEvent::KeyMissing`] said is over.
    KeyFound {
        /// Whose frames open again; none: the own key is there.
        sender: Option<u8>,
    },
    /// The one who accepted with this index was not taken in: the index is in use, was used before with the same information, the
    /// roster is full ([`limit_members`](crate::GroupKeys::limit_members)), or the leader could not be told.
    Refused {
        /// The index of [`GroupInput::Join`].
        index: u8,
    },
    /// This member holds another key than we do for the same epoch: whoever made it gave out two, or this member lies. Nothing
    /// is sealed or opened under the epoch until it is settled, by another epoch or by the member's leaving.
    Disputed {
        /// Of which epoch.
        epoch: Epoch,
        /// Who says something else.
        member: u8,
    },
    /// Something that does not heal by itself, by name.
    Failed(GroupFailure),
}

/// What does not heal by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GroupFailure {
    /// This member acknowledged nothing for [`UNREACHABLE_AFTER`](crate::UNREACHABLE_AFTER); the leader removes it as lost.
    #[error("member {index} has not answered for 30 s and is removed; it may join again")]
    Unreachable {
        /// Who.
        index: u8,
    },
    /// The leader took no notice of a change for [`UNREACHABLE_AFTER`](crate::UNREACHABLE_AFTER); the next in line leads.
    #[error("the leader, member {index}, has not taken up a change for 30 s; another leads now")]
    LeaderUnreachable {
        /// Who.
        index: u8,
    },
    /// Nobody gave us a key that we asked for, for [`UNREACHABLE_AFTER`](crate::UNREACHABLE_AFTER) and five seconds more, in which the
    /// others are asked once behind a partition of that length.
    #[error("no member has given us the key for 35 s; wait, or join again")]
    KeyUnavailable,
    /// The others have removed us for good.
    #[error("the others have removed us from the call; join again")]
    Removed,
    /// The numbers of epochs are used up: 268 million, or a member who lies about them.
    #[error("the epochs of this call are used up; call again")]
    EpochsExhausted,
    /// The cryptographic library refused an operation whose inputs were checked before: a bug.
    #[error("internal error: an operation on checked input failed")]
    Internal,
}

/// How much was ignored, and why: each is harmless, and tells something when it grows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct GroupCounters {
    /// Messages of nobody in the call, or of a stay that is over.
    pub strangers: u64,
    /// Offers of members who do not lead.
    pub not_leading: u64,
    /// Second keys for an epoch that has one.
    pub second_keys: u64,
    /// Messages that make no sense: an epoch too far ahead, a roster without us.
    pub senseless: u64,
}

impl fmt::Display for GroupEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Installed { epoch } => write!(f, "epoch {epoch} installed"),
            Self::SendWith { epoch } => write!(f, "sending under epoch {epoch}"),
            Self::Expired { epoch } => write!(f, "epoch {epoch} expired"),
            Self::Roster(roster) => write!(f, "{} members", roster.len()),
            Self::KeyMissing { sender: Some(sender) } => {
                write!(f, "the key for member {sender} is missing")
            }
            Self::KeyMissing { sender: None } => f.write_str("the key is missing"),
            Self::KeyFound { sender: Some(sender) } => write!(f, "member {sender} is readable"),
            Self::KeyFound { sender: None } => f.write_str("the key is there"),
            Self::Refused { index } => write!(f, "index {index} was not taken in"),
            Self::Disputed { epoch, member } => {
                write!(f, "member {member} holds another key of epoch {epoch}")
            }
            Self::Failed(failure) => failure.fmt(f),
        }
    }
}
