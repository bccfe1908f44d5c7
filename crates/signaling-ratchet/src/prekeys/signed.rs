use std::collections::BTreeSet;

use prost::Message;
use rand_core::CryptoRng;
use zentalk_primitives::UnixTime;

use crate::Error;
use crate::crypto::{KemPrivate, SIGNATURE_LEN};
use crate::identity::Identity;
use crate::keys::{DhKeyPair, DhPublic};
use crate::limits;
use crate::storage::{Persist, Reader, Sink};

use super::bundle::{BodyWire, BundleWire, LABEL};

/// The X25519 and ML-KEM-768 prekeys of one week, which serve any number of set-ups.
pub(crate) struct SignedPrekeys {
    id: u32,
    agreement: DhKeyPair,
    kem: KemPrivate,
    created: UnixTime,
    signature: [u8; SIGNATURE_LEN],
    /// Ephemeral keys of accepted set-ups that used no one-time prekey.
    remembered: BTreeSet<DhPublic>,
}

impl SignedPrekeys {
    pub(super) fn generate(
        id: u32,
        identity: &Identity,
        now: UnixTime,
        rng: &mut impl CryptoRng,
    ) -> Self {
        let agreement = DhKeyPair::random(rng);
        let kem = KemPrivate::random(rng);
        let signature = identity.sign(LABEL, &body(id, &agreement, &kem, now));
        Self { id, agreement, kem, created: now, signature, remembered: BTreeSet::new() }
    }

    pub(crate) const fn id(&self) -> u32 {
        self.id
    }

    pub(crate) const fn agreement(&self) -> &DhKeyPair {
        &self.agreement
    }

    pub(crate) const fn kem(&self) -> &KemPrivate {
        &self.kem
    }

    pub(super) const fn created(&self) -> UnixTime {
        self.created
    }

    /// The bundle for the relay.
    pub(super) fn publishable(&self) -> Vec<u8> {
        let body = body(self.id, &self.agreement, &self.kem, self.created);
        BundleWire { body, signature: self.signature.to_vec() }.encode_to_vec()
    }

    /// Whether a set-up without one-time prekey may be accepted.
    pub(crate) fn check_not_replayed(&self, ephemeral: &DhPublic) -> Result<(), Error> {
        if self.remembered.contains(ephemeral) {
            return Err(Error::SetupReplayed);
        }
        if self.remembered.len() >= limits::REMEMBERED_SETUPS {
            return Err(Error::ReplayMemoryFull);
        }
        Ok(())
    }

    /// Whether so many set-ups are remembered that there will soon be no room for another.
    pub(super) fn is_memory_low(&self) -> bool {
        self.remembered.len() >= limits::REMEMBERED_SETUPS_HIGH
    }

    /// Remembers a set-up without one-time prekey that was accepted.
    pub(super) fn remember(&mut self, ephemeral: DhPublic) {
        self.remembered.insert(ephemeral);
    }
}

/// What is signed.
fn body(id: u32, agreement: &DhKeyPair, kem: &KemPrivate, created: UnixTime) -> Vec<u8> {
    BodyWire {
        version: BodyWire::VERSION,
        id,
        agreement: agreement.public().as_bytes().to_vec(),
        kem: kem.public().to_vec(),
        expires: (created + limits::PREKEY_LIFETIME).as_millis(),
    }
    .encode_to_vec()
}

impl Persist for SignedPrekeys {
    fn write(&self, out: &mut impl Sink) {
        self.id.write(out);
        self.agreement.write(out);
        self.kem.seed().write(out);
        self.created.write(out);
        self.signature.write(out);
        out.put_list(self.remembered.iter());
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(Self {
            id: u32::read(input)?,
            agreement: DhKeyPair::read(input)?,
            kem: KemPrivate::from_seed(input.secret()?),
            created: UnixTime::read(input)?,
            signature: input.array()?,
            remembered: input.list(limits::REMEMBERED_SETUPS)?.into_iter().collect(),
        })
    }
}
