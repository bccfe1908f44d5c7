use crate::Error;
use crate::limits;
use crate::storage::{Persist, Reader, Sink};

use super::secrets::{ChainKey, HeaderKey, MessageKey};
use super::suite::Suite;

/// The chain that we send in.
pub(super) struct SendChain {
    pub(super) key: ChainKey,
    pub(super) header_key: HeaderKey,
    /// Number of the next message.
    pub(super) next: u32,
}

impl SendChain {
    /// The next message's number and key.
    pub(super) fn advance<S: Suite>(&mut self) -> Result<(u32, MessageKey), Error> {
        let number = self.next;
        self.next = number.checked_add(1).ok_or(Error::SessionExhausted)?;
        let step = S::chain_step(&self.key);
        self.key = step.chain;
        Ok((number, step.message))
    }
}

/// The chain that the peer sends in.
pub(super) struct RecvChain {
    pub(super) key: ChainKey,
    pub(super) header_key: HeaderKey,
    /// Number of the next message that was not seen yet.
    pub(super) next: u32,
}

/// What a receiving chain becomes by opening one message of it.
pub(super) struct Advanced {
    pub(super) key: ChainKey,
    pub(super) next: u32,
    /// Keys of the messages before it that were not seen.
    pub(super) skipped: Vec<(u32, MessageKey)>,
}

impl Advanced {
    /// Goes from message `next`, for which `key` stands, to message `number`, which is not before it; also gives its key.
    pub(super) fn to<S: Suite>(
        number: u32,
        key: &ChainKey,
        next: u32,
    ) -> Result<(MessageKey, Self), Error> {
        let gap = number.checked_sub(next).ok_or(Error::Replayed)?;
        if gap > limits::SKIPPED_PER_STEP {
            return Err(Error::TooManySkipped);
        }
        let following = number.checked_add(1).ok_or(Error::Malformed("ratchet header"))?;
        let mut skipped = Vec::new();
        let mut step = S::chain_step(key);
        for number in next..number {
            let following = S::chain_step(&step.chain);
            skipped.push((number, step.message));
            step = following;
        }
        Ok((step.message, Self { key: step.chain, next: following, skipped }))
    }
}

impl RecvChain {
    /// The keys of the messages that are still out when the chain ended with `length` messages.
    ///
    /// A chain that ended further away than may be skipped does not wedge the session: its first
    /// [`limits::SKIPPED_PER_STEP`] missing messages are kept open, the later ones given up.
    pub(super) fn left_until<S: Suite>(&self, length: u32) -> Vec<(u32, MessageKey)> {
        let end = length.min(self.next.saturating_add(limits::SKIPPED_PER_STEP));
        let mut left = Vec::new();
        let mut chain = None;
        for number in self.next..end {
            let step = S::chain_step(chain.as_ref().unwrap_or(&self.key));
            left.push((number, step.message));
            chain = Some(step.chain);
        }
        left
    }
}

impl Persist for SendChain {
    fn write(&self, out: &mut impl Sink) {
        self.key.write(out);
        self.header_key.write(out);
        self.next.write(out);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Error> {
        let key = ChainKey::read(input)?;
        Ok(Self { key, header_key: HeaderKey::read(input)?, next: u32::read(input)? })
    }
}

impl Persist for RecvChain {
    fn write(&self, out: &mut impl Sink) {
        self.key.write(out);
        self.header_key.write(out);
        self.next.write(out);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Error> {
        let key = ChainKey::read(input)?;
        Ok(Self { key, header_key: HeaderKey::read(input)?, next: u32::read(input)? })
    }
}
