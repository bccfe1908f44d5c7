use core::fmt;
use core::marker::PhantomData;
use core::mem;
use std::borrow::Cow;

use rand_core::CryptoRng;
use zentalk_primitives::UnixTime;

use crate::Error;
use crate::keys::{DhKeyPair, DhPublic};
use crate::limits;
use crate::storage::{self, Kind, Persist, Reader, Sink, StorageKey};

use super::chain::{Advanced, RecvChain, SendChain};
use super::header::Header;
use super::kem::{Kem, KemLoad, Staged};
use super::secrets::{HeaderKey, MessageKey, RootKey, SessionSecrets};
use super::skipped::SkippedKeys;
use super::suite::{Suite, Zentalk};

/// One side of a Double Ratchet session.
///
/// Ratchet steps are hybrid: in every round trip an ML-KEM-768 secret is mixed into the root chain beside the X25519 one.
///
/// A failed [`decrypt`](Self::decrypt) leaves the state byte for byte as it was. The caller persists the state
/// ([`export`](Self::export)) before a message that [`encrypt`](Self::encrypt) made leaves. A restored older state gives
/// out a message's number twice: the peer refuses the second message. What it seals stays secret even then, because the
/// key of a body depends on fresh randomness too.
pub struct DoubleRatchet<S: Suite = Zentalk> {
    associated: Vec<u8>,
    root: RootKey,
    local: DhKeyPair,
    remote: Option<DhPublic>,
    /// `None` until the next message is sent: a ratchet key is drawn as late as possible.
    send: Option<SendChain>,
    recv: Option<RecvChain>,
    next_send_header: HeaderKey,
    next_recv_header: HeaderKey,
    /// Messages sent in the chain before `send`.
    previous: u32,
    skipped: SkippedKeys,
    kem: Kem,
    suite: PhantomData<fn() -> S>,
}

impl<S: Suite> DoubleRatchet<S> {
    /// The side that sends first. `remote` is the responder's ratchet key (its signed prekey), `associated` what
    /// both sides authenticate with every message (both identities, the initiator's first).
    ///
    /// # Errors
    /// [`Error::WeakKey`] if nothing can be agreed on with `remote`.
    pub fn initiator(
        secrets: SessionSecrets,
        associated: Vec<u8>,
        remote: DhPublic,
        rng: &mut impl CryptoRng,
    ) -> Result<Self, Error> {
        let local = DhKeyPair::random(rng);
        let step = S::root_step(&secrets.root, &local.agree(&remote)?, None);
        Ok(Self {
            associated,
            root: step.root,
            local,
            remote: Some(remote),
            send: Some(SendChain {
                key: step.chain,
                header_key: secrets.initiator_header,
                next: 0,
            }),
            recv: None,
            next_send_header: step.next_header,
            next_recv_header: secrets.responder_header,
            previous: 0,
            skipped: SkippedKeys::new(),
            kem: Kem::answering(),
            suite: PhantomData,
        })
    }

    /// The side that receives first, with the key pair whose public half the initiator started from.
    pub fn responder(secrets: SessionSecrets, associated: Vec<u8>, local: DhKeyPair) -> Self {
        Self {
            associated,
            root: secrets.root,
            local,
            remote: None,
            send: None,
            recv: None,
            next_send_header: secrets.responder_header,
            next_recv_header: secrets.initiator_header,
            previous: 0,
            skipped: SkippedKeys::new(),
            kem: Kem::offering(),
            suite: PhantomData,
        }
    }

    /// How much longer the next message will be than its plaintext, in bytes, if [`encrypt`](Self::encrypt) seals it.
    pub const fn overhead(&self) -> usize {
        match self.kem_load() {
            KemLoad::Nothing => S::OVERHEAD,
            KemLoad::Optional | KemLoad::Required => S::OVERHEAD + Self::KEM_OVERHEAD,
        }
    }

    /// How much of it is ML-KEM material, where there is any.
    pub(crate) const KEM_OVERHEAD: usize = Header::KEM_LEN;

    /// Whether the next message carries ML-KEM material.
    pub(crate) const fn kem_load(&self) -> KemLoad {
        if S::HYBRID { self.kem.load(self.send.is_none()) } else { KemLoad::Nothing }
    }

    /// How many ML-KEM secrets were mixed into the root chain; both sides count alike once a round is complete.
    pub const fn kem_rounds(&self) -> u64 {
        self.kem.rounds()
    }

    /// Messages sent since the peer's last ratchet step, so possibly not one of them received.
    pub fn unanswered(&self) -> u32 {
        self.send.as_ref().map_or(0, |chain| chain.next)
    }

    /// How many skipped message keys are kept.
    pub fn skipped(&self) -> usize {
        self.skipped.len()
    }

    /// The state, encrypted under `key` for storage; the nonce is `rng`'s.
    pub fn export(&self, key: &StorageKey, rng: &mut impl CryptoRng) -> Vec<u8> {
        storage::seal(Kind::Ratchet, self, key, rng)
    }

    /// Reads what [`DoubleRatchet::export`] wrote.
    ///
    /// # Errors
    /// [`Error::Truncated`], [`Error::UnsupportedVersion`], [`Error::Malformed`], or
    /// [`Error::AuthenticationFailed`] for changed bytes or another key.
    pub fn import(blob: &[u8], key: &StorageKey) -> Result<Self, Error> {
        storage::open(Kind::Ratchet, blob, key)
    }

    /// Seals `plaintext`.
    ///
    /// # Errors
    /// [`Error::NotEstablished`] for a responder that has not received yet, [`Error::SessionExhausted`] after 2^32
    /// messages without an answer.
    pub fn encrypt(
        &mut self,
        plaintext: &[u8],
        rng: &mut impl CryptoRng,
    ) -> Result<Vec<u8>, Error> {
        let mut message = Vec::with_capacity(plaintext.len() + self.overhead());
        self.encrypt_into(plaintext, true, &mut message, rng)?;
        Ok(message)
    }

    /// Seals `plaintext` at the end of `out`, and authenticates with it what stands there already; `carry` says whether
    /// with ML-KEM material where that is [optional](KemLoad::Optional).
    pub(crate) fn encrypt_into(
        &mut self,
        plaintext: &[u8],
        carry: bool,
        out: &mut Vec<u8>,
        rng: &mut impl CryptoRng,
    ) -> Result<(), Error> {
        let carry = match self.kem_load() {
            KemLoad::Nothing => false,
            KemLoad::Optional => carry,
            KemLoad::Required => true,
        };
        if self.send.is_none() {
            self.send_step(carry, rng)?;
        }
        let chain = self.send.as_mut().ok_or(Error::NotEstablished)?;
        let (number, key) = chain.advance::<S>()?;
        let header = Header {
            ratchet_key: self.local.public(),
            previous: self.previous,
            number,
            kem: self.kem.field(carry),
        };
        let start = out.len();
        S::seal_header(&chain.header_key, &header, rng, out);
        let associated = self.associated_with(out.get(..start).unwrap_or_default());
        S::seal_body(key, &associated, plaintext, out, start);
        Ok(())
    }

    /// Opens a message.
    ///
    /// # Errors
    /// [`Error::Malformed`] and [`Error::UnsupportedVersion`] from its form; [`Error::AuthenticationFailed`] if it is
    /// not of this session or was changed; [`Error::Replayed`], [`Error::TooManySkipped`],
    /// [`Error::RepeatedRatchetKey`], [`Error::UnexpectedKem`] or [`Error::WeakKey`] if it is the peer's, but may not be opened. The state is
    /// unchanged then.
    pub fn decrypt(&mut self, now: UnixTime, message: &[u8]) -> Result<Vec<u8>, Error> {
        self.decrypt_with(now, &[], message, Ok)
    }

    /// Opens a message whose content must satisfy `read` too: otherwise it counts as not opened. `lead` is what stood
    /// before it.
    pub(crate) fn decrypt_with<T>(
        &mut self,
        now: UnixTime,
        lead: &[u8],
        message: &[u8],
        read: impl FnOnce(Vec<u8>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let (sealed_header, body) = S::split(message)?;
        let (header, place) = self.locate(sealed_header)?;
        let (key, change) = self.stage(&header, place, now)?;
        let plaintext = S::open_body(key, &self.associated_with(lead), sealed_header, body)
            .ok_or(Error::AuthenticationFailed)?;
        let value = read(plaintext)?;
        self.commit(change, now);
        Ok(value)
    }

    /// What is authenticated with a message beside its header, where `lead` stands before it.
    fn associated_with(&self, lead: &[u8]) -> Cow<'_, [u8]> {
        if lead.is_empty() {
            Cow::Borrowed(&self.associated)
        } else {
            Cow::Owned([&self.associated, lead].concat())
        }
    }

    #[cfg(test)]
    pub(super) const fn root(&self) -> &[u8; 32] {
        self.root.expose()
    }

    /// What the next message of the chain would carry.
    #[cfg(test)]
    pub(super) fn kem_field(&self) -> Option<super::kem::KemField> {
        self.kem.field(true)
    }

    #[cfg(any(test, fuzzing))]
    pub(crate) fn local_public(&self) -> DhPublic {
        self.local.public()
    }

    /// Finds the chain of a header.
    fn locate(&self, sealed: &[u8]) -> Result<(Header, Place), Error> {
        if S::ENCRYPTED_HEADERS { self.locate_by_key(sealed) } else { self.locate_in_clear(sealed) }
    }

    fn locate_by_key(&self, sealed: &[u8]) -> Result<(Header, Place), Error> {
        if let Some(recv) = &self.recv
            && let Some(header) = S::open_header(&recv.header_key, sealed)?
        {
            return Ok((header, Place::Current));
        }
        if let Some(header) = S::open_header(&self.next_recv_header, sealed)? {
            return Ok((header, Place::Next));
        }
        for chain in self.skipped.chains() {
            if let Some(header) = S::open_header(&chain.header_key, sealed)? {
                return Ok((header, Place::Old(chain.ratchet_key)));
            }
        }
        Err(Error::AuthenticationFailed)
    }

    fn locate_in_clear(&self, sealed: &[u8]) -> Result<(Header, Place), Error> {
        let header = S::open_header(&self.next_recv_header, sealed)?
            .ok_or(Error::Malformed("ratchet header"))?;
        let ratchet_key = header.ratchet_key;
        let place = if self.recv.is_some() && self.remote == Some(ratchet_key) {
            Place::Current
        } else if self.skipped.chains().any(|chain| chain.ratchet_key == ratchet_key) {
            Place::Old(ratchet_key)
        } else {
            Place::Next
        };
        Ok((header, place))
    }

    /// Finds the message key, and what the state becomes if the body opens under it.
    fn stage(
        &self,
        header: &Header,
        place: Place,
        now: UnixTime,
    ) -> Result<(MessageKey, Change), Error> {
        match (place, &self.recv, self.remote) {
            (Place::Current, Some(recv), Some(remote)) if header.number < recv.next => {
                self.stage_old(remote, header.number, now)
            }
            (Place::Current, Some(recv), Some(_)) => {
                let (message, recv) = Advanced::to::<S>(header.number, &recv.key, recv.next)?;
                let kem = self.stage_current_kem(header)?;
                Ok((message, Change::Current { recv, kem }))
            }
            (Place::Old(chain), _, _) => self.stage_old(chain, header.number, now),
            (Place::Next | Place::Current, _, _) => self.stage_next(header),
        }
    }

    fn stage_old(
        &self,
        chain: DhPublic,
        number: u32,
        now: UnixTime,
    ) -> Result<(MessageKey, Change), Error> {
        let key = self.skipped.find(&chain, number, now).ok_or(Error::Replayed)?;
        Ok((key, Change::Old { chain, number }))
    }

    /// A receive step (`DHRatchetHE`, its first half).
    fn stage_next(&self, header: &Header) -> Result<(MessageKey, Change), Error> {
        if self.remote == Some(header.ratchet_key) {
            return Err(Error::RepeatedRatchetKey);
        }
        if header.number > limits::SKIPPED_PER_STEP {
            return Err(Error::TooManySkipped);
        }
        let kem = self.stage_next_kem(header)?;
        let shared = self.local.agree(&header.ratchet_key)?;
        let step = S::root_step(&self.root, &shared, kem.secret());
        let left = self
            .recv
            .as_ref()
            .map_or_else(Vec::new, |chain| chain.left_until::<S>(header.previous));
        let (message, recv) = Advanced::to::<S>(header.number, &step.chain, 0)?;
        let next = NextChain {
            ratchet_key: header.ratchet_key,
            root: step.root,
            next_header: step.next_header,
            left,
            recv,
            kem,
        };
        Ok((message, Change::Next(Box::new(next))))
    }

    fn stage_next_kem(&self, header: &Header) -> Result<Staged, Error> {
        if S::HYBRID { self.kem.stage_next(header.kem.as_ref()) } else { Ok(Staged::Nothing) }
    }

    /// A key that is shown after our step comes too late for it: the peer draws another for its next chain.
    fn stage_current_kem(&self, header: &Header) -> Result<Staged, Error> {
        if S::HYBRID && self.send.is_none() {
            self.kem.stage_current(header.kem.as_ref())
        } else {
            Ok(Staged::Nothing)
        }
    }

    fn commit(&mut self, change: Change, now: UnixTime) {
        match change {
            Change::Old { chain, number } => self.skipped.remove(&chain, number),
            Change::Current { recv: advanced, kem } => {
                self.kem.commit_current(kem);
                if let (Some(recv), Some(remote)) = (&mut self.recv, self.remote) {
                    self.skipped.store(&recv.header_key, remote, advanced.skipped, now);
                    recv.key = advanced.key;
                    recv.next = advanced.next;
                }
            }
            Change::Next(next) => self.commit_next(*next, now),
        }
        self.skipped.prune(now);
    }

    fn commit_next(&mut self, next: NextChain, now: UnixTime) {
        if let (Some(recv), Some(remote)) = (&self.recv, self.remote) {
            self.skipped.store(&recv.header_key, remote, next.left, now);
        }
        self.skipped.count_step();
        let header_key = mem::replace(&mut self.next_recv_header, next.next_header);
        let Advanced { key, next: number, skipped } = next.recv;
        self.skipped.store(&header_key, next.ratchet_key, skipped, now);
        self.kem.commit_next(next.kem);
        self.root = next.root;
        self.remote = Some(next.ratchet_key);
        self.recv = Some(RecvChain { key, header_key, next: number });
        if let Some(ended) = self.send.take() {
            self.previous = ended.next;
        }
    }

    /// A send step (`DHRatchetHE`, its second half), put off until there is something to send (the
    /// specification's "Deferring new ratchet key generation").
    fn send_step(&mut self, carry: bool, rng: &mut impl CryptoRng) -> Result<(), Error> {
        let remote = self.remote.ok_or(Error::NotEstablished)?;
        let local = DhKeyPair::random(rng);
        let shared = local.agree(&remote)?;
        let kem = if S::HYBRID { self.kem.step(carry, rng) } else { None };
        let step = S::root_step(&self.root, &shared, kem.as_ref());
        let header_key = mem::replace(&mut self.next_send_header, step.next_header);
        self.root = step.root;
        self.local = local;
        self.send = Some(SendChain { key: step.chain, header_key, next: 0 });
        Ok(())
    }
}

impl<S: Suite> fmt::Debug for DoubleRatchet<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DoubleRatchet([redacted])")
    }
}

impl<S: Suite> Persist for DoubleRatchet<S> {
    fn write(&self, out: &mut impl Sink) {
        u32::try_from(self.associated.len()).unwrap_or(u32::MAX).write(out);
        out.put(&self.associated);
        self.root.write(out);
        self.local.write(out);
        self.remote.write(out);
        self.send.write(out);
        self.recv.write(out);
        self.next_send_header.write(out);
        self.next_recv_header.write(out);
        self.previous.write(out);
        self.skipped.write(out);
        self.kem.write(out);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(Self {
            associated: input.bytes(ASSOCIATED_LEN)?,
            root: RootKey::read(input)?,
            local: DhKeyPair::read(input)?,
            remote: Option::read(input)?,
            send: Option::read(input)?,
            recv: Option::read(input)?,
            next_send_header: HeaderKey::read(input)?,
            next_recv_header: HeaderKey::read(input)?,
            previous: u32::read(input)?,
            skipped: SkippedKeys::read(input)?,
            kem: Kem::read(input)?,
            suite: PhantomData,
        })
    }
}

/// Which chain a header belongs to.
enum Place {
    Current,
    Next,
    Old(DhPublic),
}

/// What the state becomes when the body has opened.
enum Change {
    Old { chain: DhPublic, number: u32 },
    Current { recv: Advanced, kem: Staged },
    Next(Box<NextChain>),
}

struct NextChain {
    ratchet_key: DhPublic,
    root: RootKey,
    next_header: HeaderKey,
    /// Keys of the ended chain's messages that are still out.
    left: Vec<(u32, MessageKey)>,
    /// The new chain.
    recv: Advanced,
    kem: Staged,
}

/// Longest associated data that is read back, in bytes.
const ASSOCIATED_LEN: usize = 1_024;
