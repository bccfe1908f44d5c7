use rand_core::CryptoRng;
use zentalk_primitives::UnixTime;

use crate::Error;
use crate::keys::DhPublic;
use crate::limits;
use crate::ratchet::{DoubleRatchet, Zentalk};
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

    /// How much longer a sealed message is than its plaintext, in bytes.
    pub(super) fn overhead(&self) -> usize {
        self.header().len() + DoubleRatchet::<Zentalk>::overhead()
    }

    pub(super) fn seal(
        &mut self,
        plaintext: &[u8],
        rng: &mut impl CryptoRng,
    ) -> Result<Vec<u8>, Error> {
        let mut out = Vec::with_capacity(plaintext.len() + self.overhead());
        out.extend_from_slice(self.header());
        self.ratchet.encrypt_into(plaintext, &mut out, rng)?;
        Ok(out)
    }

    pub(super) fn open<T>(
        &mut self,
        now: UnixTime,
        message: &[u8],
        read: impl FnOnce(Vec<u8>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let value = self.ratchet.decrypt_with(now, message, read)?;
        if let BegunBy::Us { header } = &mut self.begun_by {
            *header = Vec::new();
        }
        Ok(value)
    }
}

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
        let begun_by = if by_peer { BegunBy::Peer } else { BegunBy::Us { header } };
        Ok(Self { id, created, begun_by, ratchet: DoubleRatchet::read(input)? })
    }
}
