use rand_core::CryptoRng;
use zentalk_primitives::UnixTime;

use crate::Error;
use crate::keys::DhPublic;
use crate::limits;
use crate::padding;
use crate::ratchet::{DoubleRatchet, KemLoad, Suite, Zentalk};
use crate::setup::{Initiated, SetupHeader};
use crate::storage::{Persist, Reader, Sink};

/// One session with one peer.
pub(super) struct Session {
    /// The initiator's ephemeral key.
    id: DhPublic,
    created: UnixTime,
    begun_by: BegunBy,
    ratchet: DoubleRatchet,
}

#[derive(PartialEq, Eq)]
enum BegunBy {
    /// The set-up header stands before every message until the first answer, and is empty then.
    Us {
        header: Vec<u8>,
    },
    Peer,
}

impl Session {
    pub(super) fn initiated(initiated: Initiated, now: UnixTime) -> Self {
        let Initiated { header, ephemeral, ratchet } = initiated;
        Self { id: ephemeral, created: now, begun_by: BegunBy::Us { header }, ratchet }
    }

    pub(super) const fn accepted(id: DhPublic, ratchet: DoubleRatchet, now: UnixTime) -> Self {
        Self { id, created: now, begun_by: BegunBy::Peer, ratchet }
    }

    pub(super) const fn id(&self) -> &DhPublic {
        &self.id
    }

    pub(super) const fn created(&self) -> UnixTime {
        self.created
    }

    pub(super) fn is_begun_by_peer(&self) -> bool {
        self.begun_by == BegunBy::Peer
    }

    /// What stands before every message: nothing once the peer is known to have the session.
    fn header(&self) -> &[u8] {
        match &self.begun_by {
            BegunBy::Us { header } => header,
            BegunBy::Peer => &[],
        }
    }

    /// Whether the peer is known to have the session.
    pub(super) fn is_answered(&self) -> bool {
        self.header().is_empty()
    }

    /// Whether the peer can no longer be expected to open another message.
    pub(super) fn is_exhausted(&self, now: UnixTime) -> bool {
        let age = now.saturating_since(self.created);
        self.ratchet.unanswered() >= limits::UNANSWERED_MESSAGES
            || (!self.is_answered() && age > limits::UNANSWERED_SETUP_AGE)
    }

    /// Pads `plaintext` and seals it.
    pub(super) fn seal(
        &mut self,
        plaintext: &mut Vec<u8>,
        rng: &mut impl CryptoRng,
    ) -> Result<Vec<u8>, Error> {
        if plaintext.len() > limits::CALL_MESSAGE_LEN {
            return Err(Error::MessageTooLong);
        }
        let carry = self.carries_kem(plaintext.len())?;
        let kem = if carry { DoubleRatchet::<Zentalk>::KEM_OVERHEAD } else { 0 };
        let overhead = self.bare_overhead() + kem;
        padding::pad(plaintext, overhead)?;
        let mut out = Vec::with_capacity(plaintext.len() + overhead);
        out.extend_from_slice(self.header());
        self.ratchet.encrypt_into(plaintext, carry, &mut out, rng)?;
        Ok(out)
    }

    /// What sealing adds to a message without ML-KEM material, in bytes.
    fn bare_overhead(&self) -> usize {
        self.header().len() + Zentalk::OVERHEAD
    }

    /// Whether ML-KEM material goes with a message of `len` bytes: where it must, and where it does not make a message
    /// large that would be small without.
    fn carries_kem(&self, len: usize) -> Result<bool, Error> {
        match self.ratchet.kem_load() {
            KemLoad::Nothing => Ok(false),
            KemLoad::Required => Ok(true),
            KemLoad::Optional => {
                let bare = padding::bucket(len, self.bare_overhead())?;
                let overhead = self.bare_overhead() + DoubleRatchet::<Zentalk>::KEM_OVERHEAD;
                let laden = padding::bucket(len, overhead);
                Ok(laden.is_ok_and(|laden| laden <= bare.max(limits::KEM_COMFORT_LEN)))
            }
        }
    }

    /// Opens `message`, before which `lead` stood: a set-up header, or nothing.
    pub(super) fn open<T>(
        &mut self,
        now: UnixTime,
        lead: &[u8],
        message: &[u8],
        read: impl FnOnce(Vec<u8>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let value = self.ratchet.decrypt_with(now, lead, message, read)?;
        if let BegunBy::Us { header } = &mut self.begun_by {
            *header = Vec::new();
        }
        Ok(value)
    }
}

/// The longest message fits, whatever stands before it: a set-up header or ML-KEM material, never both.
const _: () = {
    let room = limits::SEALED_LEN - Zentalk::OVERHEAD - 1;
    assert!(limits::CALL_MESSAGE_LEN == room - SetupHeader::LEN);
    assert!(limits::CALL_MESSAGE_LEN <= room - DoubleRatchet::<Zentalk>::KEM_OVERHEAD);
};

impl Persist for Session {
    fn write(&self, out: &mut impl Sink) {
        self.id.write(out);
        self.created.write(out);
        self.is_begun_by_peer().write(out);
        u32::try_from(self.header().len()).unwrap_or(u32::MAX).write(out);
        out.put(self.header());
        self.ratchet.write(out);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Error> {
        let id = DhPublic::read(input)?;
        let created = UnixTime::read(input)?;
        let by_peer = bool::read(input)?;
        let header = input.bytes(SetupHeader::LEN)?;
        let begun_by = match (by_peer, header.len()) {
            (true, 0) => BegunBy::Peer,
            (false, 0 | SetupHeader::LEN) => BegunBy::Us { header },
            _ => return Err(Error::Malformed("stored set-up header")),
        };
        Ok(Self { id, created, begun_by, ratchet: DoubleRatchet::read(input)? })
    }
}
