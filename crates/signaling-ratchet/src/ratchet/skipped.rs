use std::collections::{BTreeMap, VecDeque};

use zentalk_primitives::UnixTime;

use crate::Error;
use crate::keys::DhPublic;
use crate::limits;
use crate::storage::{Persist, Reader, Sink};

use super::secrets::{HeaderKey, MessageKey};

/// Keys of messages that were passed over and may still come, oldest chain first.
pub(super) struct SkippedKeys {
    chains: VecDeque<SkippedChain>,
    /// Receive steps so far: a chain's age is counted in them.
    steps: u64,
}

/// The skipped messages of one receiving chain.
pub(super) struct SkippedChain {
    pub(super) header_key: HeaderKey,
    pub(super) ratchet_key: DhPublic,
    step: u64,
    /// By number.
    keys: BTreeMap<u32, SkippedKey>,
}

struct SkippedKey {
    number: u32,
    key: MessageKey,
    stored: UnixTime,
}

impl SkippedKeys {
    pub(super) const fn new() -> Self {
        Self { chains: VecDeque::new(), steps: 0 }
    }

    /// The chains that have messages out.
    pub(super) fn chains(&self) -> impl Iterator<Item = &SkippedChain> {
        self.chains.iter()
    }

    /// How many keys are kept.
    pub(super) fn len(&self) -> usize {
        self.chains.iter().map(|chain| chain.keys.len()).sum()
    }

    /// A copy of the key of one message, unless it has expired.
    pub(super) fn find(&self, chain: &DhPublic, number: u32, now: UnixTime) -> Option<MessageKey> {
        let chain = self.chains.iter().find(|known| known.ratchet_key == *chain)?;
        let skipped = chain.keys.get(&number)?;
        (!skipped.is_expired(now)).then(|| skipped.key.duplicate())
    }

    /// Forgets the key of a message that was opened.
    pub(super) fn remove(&mut self, chain: &DhPublic, number: u32) {
        if let Some(chain) = self.chains.iter_mut().find(|known| known.ratchet_key == *chain) {
            chain.keys.remove(&number);
        }
    }

    /// Keeps the keys of a chain that is current.
    pub(super) fn store(
        &mut self,
        header_key: &HeaderKey,
        ratchet_key: DhPublic,
        keys: Vec<(u32, MessageKey)>,
        now: UnixTime,
    ) {
        if keys.is_empty() {
            return;
        }
        let keys =
            keys.into_iter().map(|(number, key)| (number, SkippedKey { number, key, stored: now }));
        match self.chains.iter_mut().find(|known| known.ratchet_key == ratchet_key) {
            Some(chain) => chain.keys.extend(keys),
            None => self.chains.push_back(SkippedChain {
                header_key: header_key.duplicate(),
                ratchet_key,
                step: self.steps,
                keys: keys.collect(),
            }),
        }
    }

    /// Notes that the peer took a ratchet step.
    pub(super) const fn count_step(&mut self) {
        self.steps = self.steps.saturating_add(1);
    }

    /// Drops what is too old or too much, oldest first.
    pub(super) fn prune(&mut self, now: UnixTime) {
        let steps = self.steps;
        self.chains.retain(|chain| steps.saturating_sub(chain.step) < limits::SKIPPED_STEPS);
        for chain in &mut self.chains {
            chain.keys.retain(|_, skipped| !skipped.is_expired(now));
        }
        let mut excess = self.len().saturating_sub(limits::SKIPPED_IN_ALL);
        for chain in &mut self.chains {
            while excess > 0 && chain.keys.pop_first().is_some() {
                excess -= 1;
            }
        }
        self.chains.retain(|chain| !chain.keys.is_empty());
    }
}

impl SkippedKey {
    fn is_expired(&self, now: UnixTime) -> bool {
        now.saturating_since(self.stored) > limits::SKIPPED_AGE
    }
}

impl Persist for SkippedKeys {
    fn write(&self, out: &mut impl Sink) {
        self.steps.write(out);
        out.put_list(self.chains.iter());
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Error> {
        let steps = u64::read(input)?;
        // A chain has at least one key; more chains than keys cannot be.
        let chains = input.list(limits::SKIPPED_IN_ALL)?.into();
        let skipped = Self { chains, steps };
        if skipped.len() > limits::SKIPPED_IN_ALL {
            return Err(Error::TooLong { part: "stored list", limit: limits::SKIPPED_IN_ALL });
        }
        Ok(skipped)
    }
}

impl Persist for SkippedChain {
    fn write(&self, out: &mut impl Sink) {
        self.header_key.write(out);
        self.ratchet_key.write(out);
        self.step.write(out);
        out.put_list(self.keys.values());
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Error> {
        let header_key = HeaderKey::read(input)?;
        let ratchet_key = DhPublic::read(input)?;
        let step = u64::read(input)?;
        let keys: Vec<SkippedKey> = input.list(limits::SKIPPED_IN_ALL)?;
        let keys = keys.into_iter().map(|skipped| (skipped.number, skipped)).collect();
        Ok(Self { header_key, ratchet_key, step, keys })
    }
}

impl Persist for SkippedKey {
    fn write(&self, out: &mut impl Sink) {
        self.number.write(out);
        self.key.write(out);
        self.stored.write(out);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Error> {
        let number = u32::read(input)?;
        Ok(Self { number, key: MessageKey::read(input)?, stored: UnixTime::read(input)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::from_plain;

    fn plain(chains: u32, keys: u32) -> Vec<u8> {
        let mut out = [[0; 8].as_slice(), &chains.to_be_bytes()].concat();
        for _ in 0..chains {
            // Header key, ratchet key, step.
            out.extend([[1; 32].as_slice(), &[9; 32], &[0; 8], &keys.to_be_bytes()].concat());
            for number in 0..keys {
                out.extend([number.to_be_bytes().as_slice(), &[2; 32], &[0; 8]].concat());
            }
        }
        out
    }

    #[test]
    fn stored_state_with_more_keys_than_are_kept_is_refused() {
        let limit = limits::SKIPPED_IN_ALL;
        assert!(from_plain::<SkippedKeys>(&plain(2, 1_000)).is_ok_and(|keys| keys.len() == limit));
        let refused = from_plain::<SkippedKeys>(&plain(2, 1_001)).map(|_| ());
        assert_eq!(refused, Err(Error::TooLong { part: "stored list", limit }));
    }
}
