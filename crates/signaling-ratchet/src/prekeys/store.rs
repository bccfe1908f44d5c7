use core::fmt;

use rand_core::CryptoRng;
use zentalk_primitives::UnixTime;

use crate::Error;
use crate::identity::Identity;
use crate::keys::{DhKeyPair, DhPublic};
use crate::limits;
use crate::storage::{Persist, Reader, Sink};

use super::one_time::OneTimePrekey;
use super::signed::SignedPrekeys;

/// One's own prekeys, with their private halves.
///
/// Each publication replaces the one before at the relay and carries one-time prekeys that were never published, so
/// that none is served twice; those of the publication before are kept for set-ups that are still on their way.
pub struct PrekeyStore {
    current: SignedPrekeys,
    previous: Option<SignedPrekeys>,
    one_time: Vec<OneTimePrekey>,
    one_time_previous: Vec<OneTimePrekey>,
    next_id: u32,
}

/// What goes to the relay: opaque to it.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PublishedPrekeys {
    /// Served to everyone who asks.
    pub bundle: Vec<u8>,
    /// Each served once, beside the bundle.
    pub one_time: Vec<Vec<u8>>,
}

impl fmt::Debug for PublishedPrekeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublishedPrekeys({} one-time)", self.one_time.len())
    }
}

impl PrekeyStore {
    pub(crate) fn generate(identity: &Identity, now: UnixTime, rng: &mut impl CryptoRng) -> Self {
        let mut store = Self {
            current: SignedPrekeys::generate(1, identity, now, rng),
            previous: None,
            one_time: Vec::new(),
            one_time_previous: Vec::new(),
            next_id: 2,
        };
        store.refill(identity, rng);
        store
    }

    /// What the relay must have, as of the last change. The same bytes every time until then.
    pub fn publishable(&self) -> PublishedPrekeys {
        PublishedPrekeys {
            bundle: self.current.publishable(),
            one_time: self.one_time.iter().map(OneTimePrekey::publishable).collect(),
        }
    }

    /// One-time prekeys of the current publication that no set-up has used yet.
    pub fn one_time_left(&self) -> usize {
        self.one_time.len()
    }

    /// Rotates what is due. `true` if there is something new to publish.
    pub(crate) fn maintain(
        &mut self,
        identity: &Identity,
        now: UnixTime,
        rng: &mut impl CryptoRng,
    ) -> bool {
        let expired =
            |keys: &SignedPrekeys| now.saturating_since(keys.created()) > limits::PREKEY_GRACE;
        if self.previous.as_ref().is_some_and(expired) {
            self.previous = None;
        }
        let age = now.saturating_since(self.current.created());
        let due = age >= limits::PREKEY_ROTATION || self.current.is_memory_low();
        if due {
            let id = self.fresh_id();
            let fresh = SignedPrekeys::generate(id, identity, now, rng);
            self.previous = Some(core::mem::replace(&mut self.current, fresh));
        }
        let refill = due || self.one_time.len() < limits::ONE_TIME_PREKEYS_LOW;
        if refill {
            self.refill(identity, rng);
        }
        refill
    }

    /// The signed prekeys that a set-up names.
    pub(crate) fn signed(&self, id: u32) -> Result<&SignedPrekeys, Error> {
        let known = [Some(&self.current), self.previous.as_ref()];
        known.into_iter().flatten().find(|keys| keys.id() == id).ok_or(Error::UnknownPrekey)
    }

    /// The one-time prekey that a set-up names.
    pub(crate) fn one_time(&self, id: u32) -> Result<&DhKeyPair, Error> {
        let mut known = self.one_time.iter().chain(&self.one_time_previous);
        known.find(|key| key.id == id).map(|key| &key.pair).ok_or(Error::UnknownPrekey)
    }

    /// Notes that a set-up was accepted: its one-time prekey is gone, or it is remembered itself.
    pub(crate) fn commit(&mut self, used: &UsedPrekeys) {
        if let Some(id) = used.one_time {
            self.one_time.retain(|key| key.id != id);
            self.one_time_previous.retain(|key| key.id != id);
            return;
        }
        let known = [Some(&mut self.current), self.previous.as_mut()];
        if let Some(keys) = known.into_iter().flatten().find(|keys| keys.id() == used.signed) {
            keys.remember(used.ephemeral);
        }
    }

    fn refill(&mut self, identity: &Identity, rng: &mut impl CryptoRng) {
        let mut batch = Vec::with_capacity(limits::ONE_TIME_PREKEYS);
        for _ in 0..limits::ONE_TIME_PREKEYS {
            batch.push(OneTimePrekey::generate(self.fresh_id(), identity, rng));
        }
        self.one_time_previous = core::mem::replace(&mut self.one_time, batch);
    }

    /// Zero stands for "none" on the wire.
    fn fresh_id(&mut self) -> u32 {
        let id = self.next_id;
        self.next_id = id.checked_add(1).unwrap_or(1);
        id
    }
}

impl fmt::Debug for PrekeyStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrekeyStore({} one-time)", self.one_time.len())
    }
}

/// What an accepted set-up used.
pub(crate) struct UsedPrekeys {
    pub(crate) signed: u32,
    pub(crate) one_time: Option<u32>,
    pub(crate) ephemeral: DhPublic,
}

impl Persist for PrekeyStore {
    fn write(&self, out: &mut impl Sink) {
        self.current.write(out);
        self.previous.write(out);
        out.put_list(self.one_time.iter());
        out.put_list(self.one_time_previous.iter());
        self.next_id.write(out);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(Self {
            current: SignedPrekeys::read(input)?,
            previous: Option::read(input)?,
            one_time: input.list(limits::ONE_TIME_PREKEYS)?,
            one_time_previous: input.list(limits::ONE_TIME_PREKEYS)?,
            next_id: u32::read(input)?,
        })
    }
}
