//! One person's sessions with everybody: the facade of this crate.

mod open;
mod peer;
mod session;

#[cfg(test)]
mod tests;

use core::fmt;

use rand_core::CryptoRng;
use zentalk_primitives::UnixTime;
use zeroize::Zeroizing;

use crate::Error;
use crate::identity::{Identity, IdentityPublic};
use crate::limits;
use crate::messages::CallMessage;
use crate::prekeys::{PrekeyBundle, PrekeyStore, PublishedPrekeys};
use crate::setup::initiate;
use crate::storage::{self, Kind, Persist, Reader, Sink, StorageKey};

use peer::Peer;
use session::Session;

/// Seals call messages to peers and opens theirs, over one or more sessions with each.
///
/// It decides nothing by itself: the caller fetches prekey bundles, publishes prekeys, and persists. **The duty**: after
/// [`seal`](Self::seal), [`open`](Self::open), [`begin`](Self::begin) and a [`maintain`](Self::maintain) that returned
/// `true`, [`export`](Self::export) is persisted *before* the message is sent, acknowledged to the relay, or the prekeys
/// published. A state that is restored older than the last message sent numbers its next message like that one: the peer, if
/// it has opened the one, refuses the other. Neither message's secrecy suffers.
///
/// **Several sessions with one peer** come from both sides beginning at once, or from one side having lost its state.
/// Every session receives; one sends. The side with the larger identity sends on the session it last received on. The
/// side with the smaller identity leads: it keeps its session, except when the peer sets up a new one after the kept one
/// was answered (the peer has lost it), or when its own set-up has stood unanswered for
/// [`limits::GLARE_WINDOW`]. So both send on one session as soon as the leader's next message has arrived.
pub struct Postbox {
    identity: Identity,
    prekeys: PrekeyStore,
    /// Last used first.
    peers: Vec<Peer>,
}

/// A sealed message: what goes to the peer's mailbox, once the state is persisted.
#[derive(Clone, PartialEq, Eq)]
#[must_use = "the session has moved on: a message that is not sent is skipped by the peer"]
pub struct SealedMessage(Vec<u8>);

impl SealedMessage {
    /// The bytes; their number is one of [`limits::BUCKETS`].
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The bytes.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

impl fmt::Debug for SealedMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealedMessage({} bytes)", self.0.len())
    }
}

/// An opened message.
#[derive(Debug)]
#[non_exhaustive]
pub struct Opened {
    /// Who sealed it. Not necessarily somebody known: that is for the caller to look up.
    pub from: IdentityPublic,
    /// What it says.
    pub message: CallMessage,
}

impl Postbox {
    /// A postbox without sessions, with fresh prekeys to [publish](Self::publishable).
    pub fn new(identity: Identity, now: UnixTime, rng: &mut impl CryptoRng) -> Self {
        let prekeys = PrekeyStore::generate(&identity, now, rng);
        Self { identity, prekeys, peers: Vec::new() }
    }

    /// Whose postbox it is.
    pub const fn identity(&self) -> &IdentityPublic {
        self.identity.public()
    }

    /// The prekeys.
    pub const fn prekeys(&self) -> &PrekeyStore {
        &self.prekeys
    }

    /// What the relay must have published, replacing what it has.
    pub fn publishable(&self) -> PublishedPrekeys {
        self.prekeys.publishable()
    }

    /// Whether a prekey bundle of `peer` is needed before something can be sealed to it.
    pub fn needs_bundle(&self, now: UnixTime, peer: &IdentityPublic) -> bool {
        let session = self.find(peer).and_then(Peer::active);
        session.is_none_or(|session| session.is_exhausted(now))
    }

    /// How many peers there are sessions with.
    pub const fn peers(&self) -> usize {
        self.peers.len()
    }

    /// Rotates prekeys that are due; to be called on start, daily, and after a [set-up](Self::open) came in.
    ///
    /// `true` if there is something new to [publish](Self::publishable).
    pub fn maintain(&mut self, now: UnixTime, rng: &mut impl CryptoRng) -> bool {
        self.prekeys.maintain(&self.identity, now, rng)
    }

    /// Begins a session with the owner of `bundle`, which becomes a kept peer. Existing sessions with it go on receiving.
    ///
    /// Also the way out when a peer seems to have lost its state: it rings no more, and answers nothing.
    ///
    /// # Errors
    /// [`Error::OwnIdentity`], [`Error::TooManyPeers`], [`Error::WeakKey`].
    pub fn begin(
        &mut self,
        now: UnixTime,
        bundle: &PrekeyBundle,
        rng: &mut impl CryptoRng,
    ) -> Result<(), Error> {
        if bundle.peer() == self.identity.public() {
            return Err(Error::OwnIdentity);
        }
        self.check_room(bundle.peer())?;
        let session = Session::initiated(initiate(&self.identity, bundle, rng)?, now);
        self.update_peer(bundle.peer(), |peer| {
            peer.keep();
            peer.add_active(session);
        });
        Ok(())
    }

    /// Protects a peer who began the session itself from making room for strangers: to be called for contacts.
    ///
    /// `false` if there is no session with it.
    pub fn keep(&mut self, peer: &IdentityPublic) -> bool {
        self.peers.iter_mut().find(|known| known.identity() == peer).map(Peer::keep).is_some()
    }

    /// Drops all sessions with a peer. `false` if there was none.
    pub fn forget(&mut self, peer: &IdentityPublic) -> bool {
        let before = self.peers.len();
        self.peers.retain(|known| known.identity() != peer);
        self.peers.len() < before
    }

    /// Seals `message` to `peer`.
    ///
    /// # Errors
    /// [`Error::NoSession`] and [`Error::SessionExhausted`]: [begin](Self::begin) first. [`Error::MessageTooLong`] if it
    /// is longer than [`limits::CALL_MESSAGE_LEN`], [`Error::NotSendable`].
    pub fn seal(
        &mut self,
        now: UnixTime,
        peer: &IdentityPublic,
        message: &CallMessage,
        rng: &mut impl CryptoRng,
    ) -> Result<SealedMessage, Error> {
        let index = self.position(peer).ok_or(Error::NoSession)?;
        let peer = self.peers.get_mut(index).ok_or(Error::NoSession)?;
        let session = peer.active_mut().ok_or(Error::NoSession)?;
        if session.is_exhausted(now) {
            return Err(Error::SessionExhausted);
        }
        // Large enough from the start: the plaintext never moves, and is wiped where it was.
        let mut plaintext = Zeroizing::new(Vec::with_capacity(limits::SEALED_LEN));
        message.encode_into(&mut plaintext)?;
        let sealed = session.seal(&mut plaintext, rng)?;
        self.touch(index);
        Ok(SealedMessage(sealed))
    }

    /// The whole state, encrypted under `key` for storage; the nonce is `rng`'s.
    pub fn export(&self, key: &StorageKey, rng: &mut impl CryptoRng) -> Vec<u8> {
        storage::seal(Kind::Postbox, self, key, rng)
    }

    /// Reads what [`Postbox::export`] wrote.
    ///
    /// # Errors
    /// [`Error::Truncated`], [`Error::UnsupportedVersion`] from a newer version, [`Error::Malformed`], or
    /// [`Error::AuthenticationFailed`] for changed bytes or another key.
    pub fn import(blob: &[u8], key: &StorageKey) -> Result<Self, Error> {
        storage::open(Kind::Postbox, blob, key)
    }

    fn find(&self, peer: &IdentityPublic) -> Option<&Peer> {
        self.peers.iter().find(|known| known.identity() == peer)
    }

    fn position(&self, peer: &IdentityPublic) -> Option<usize> {
        self.peers.iter().position(|known| known.identity() == peer)
    }

    /// Moves a peer to the front: the most recently used are tried first and forgotten last.
    fn touch(&mut self, index: usize) {
        if let Some(used) = self.peers.get_mut(..=index) {
            used.rotate_right(1);
        }
    }

    /// Whether `peer` is known or there is room for it.
    fn check_room(&self, peer: &IdentityPublic) -> Result<(), Error> {
        let full = self.peers.len() >= limits::PEERS;
        let stranger = self.peers.iter().any(|known| !known.is_kept());
        if full && !stranger && self.find(peer).is_none() {
            return Err(Error::TooManyPeers);
        }
        Ok(())
    }

    /// Changes a peer, which moves to the front; a new one if it is not known, for whom room was checked.
    fn update_peer(&mut self, identity: &IdentityPublic, change: impl FnOnce(&mut Peer)) {
        let mut peer = match self.position(identity) {
            Some(index) => self.peers.remove(index),
            None => {
                self.make_room();
                Peer::new(identity.clone())
            }
        };
        change(&mut peer);
        self.peers.insert(0, peer);
    }

    /// Drops the stranger longest unused, if there are too many strangers or too many peers.
    fn make_room(&mut self) {
        let strangers = self.peers.iter().filter(|known| !known.is_kept()).count();
        if strangers >= limits::STRANGERS || self.peers.len() >= limits::PEERS {
            let oldest = self.peers.iter().rposition(|known| !known.is_kept());
            oldest.map(|index| self.peers.remove(index));
        }
    }
}

impl fmt::Debug for Postbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Postbox({} peers)", self.peers.len())
    }
}

impl Persist for Postbox {
    fn write(&self, out: &mut impl Sink) {
        self.identity.write(out);
        self.prekeys.write(out);
        out.put_list(self.peers.iter());
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(Self {
            identity: Identity::read(input)?,
            prekeys: PrekeyStore::read(input)?,
            peers: input.list(limits::PEERS)?,
        })
    }
}
