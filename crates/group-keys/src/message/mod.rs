//! What members tell each other about keys, each through their own ratchet.

mod wire;

use core::fmt;

use zeroize::Zeroizing;

use crate::roster::MemberTag;
use crate::{Epoch, Error, KeyCommitment, MediaKey, Roster};

/// One message of the key distribution. It holds keys: send it nowhere but inside the ratchet of the two members.
///
/// Every message names the stay of its sender, so what somebody said before they left and came again is told apart.
pub struct KeyMessage {
    pub(crate) sender: MemberTag,
    pub(crate) body: Body,
}

pub(crate) enum Body {
    Offer(Offer),
    Ack {
        epoch: Epoch,
        commitment: KeyCommitment,
    },
    Activate {
        epoch: Epoch,
    },
    /// The sender lacks a key; `have` is its newest epoch.
    Request {
        have: Option<Epoch>,
    },
    /// A person has accepted, or has come along from the other side of a partition; `since` is the sender's epoch when it learned that.
    Joined {
        index: u8,
        info: Vec<u8>,
        since: Option<Epoch>,
    },
    /// A member said goodbye, or its lease expired (`lost`); `since` is the sender's epoch when it learned that.
    Left {
        index: u8,
        member: MemberTag,
        lost: bool,
        since: Epoch,
    },
    /// The sender's epoch is later than what it was offered or what it sees.
    Newer {
        epoch: Epoch,
    },
    /// The receiver is not a member in the sender's epoch. If it is only `lost`, it may ask to be taken in again.
    Removed {
        epoch: Epoch,
        lost: bool,
    },
}

/// An epoch: its members and its key.
pub(crate) struct Offer {
    pub(crate) epoch: Epoch,
    pub(crate) key: OfferedKey,
    pub(crate) roster: Roster,
    /// Senders use it already.
    pub(crate) active: bool,
}

pub(crate) enum OfferedKey {
    Explicit(MediaKey),
    /// A ratchet step from the key of this epoch.
    Ratchet(Epoch),
}

impl KeyMessage {
    /// The bytes to send: at most [`MAX_KEY_MESSAGE_LEN`], wiped when dropped.
    pub fn encode(&self) -> Zeroizing<Vec<u8>> {
        wire::encode(self)
    }

    /// The message that was sent as these bytes. Fields and numbers that this version does not know are ignored.
    ///
    /// # Errors
    /// [`Error::KeyMessage`] for anything that no member of this version sends.
    pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
        if bytes.len() > MAX_KEY_MESSAGE_LEN {
            return Err(Error::KeyMessage);
        }
        wire::decode(bytes)
    }
}

impl fmt::Debug for KeyMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.body {
            Body::Offer(offer) => {
                let way = match offer.key {
                    OfferedKey::Explicit(_) => "with a key",
                    OfferedKey::Ratchet(_) => "by a ratchet step",
                };
                write!(f, "Offer({:?} {way}, {:?})", offer.epoch, offer.roster)
            }
            Body::Ack { epoch, .. } => write!(f, "Ack({epoch:?})"),
            Body::Activate { epoch } => write!(f, "Activate({epoch:?})"),
            Body::Request { have } => write!(f, "Request(have {have:?})"),
            Body::Joined { index, .. } => write!(f, "Joined({index})"),
            Body::Left { index, lost, .. } => write!(f, "Left({index}, lost: {lost})"),
            Body::Newer { epoch } => write!(f, "Newer({epoch:?})"),
            Body::Removed { epoch, lost } => write!(f, "Removed({epoch:?}, lost: {lost})"),
        }
    }
}

/// The most bytes of an encoded message.
pub const MAX_KEY_MESSAGE_LEN: usize = 6_000;

#[cfg(test)]
mod tests;
