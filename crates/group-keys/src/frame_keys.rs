use std::collections::BTreeSet;

use core::fmt;

use zentalk_primitives::CallId;

use crate::{
    BaseKey, CipherSuite, Error, FrameOpener, FrameSealer, KeyCommitment, KeyId, SframeKey,
    StreamId,
};

/// The frame keys of one call in one epoch, as one participant holds them.
///
/// It gives out the sealer of each of its own streams and the opener of each of the others', each once:
/// a second sealer would start its counter again and repeat nonces, a second opener would open frames
/// again. So keep this value as long as the epoch lives, reconnections included.
pub struct FrameKeys {
    base_key: BaseKey,
    call_id: CallId,
    epoch: u16,
    own_index: u8,
    suite: CipherSuite,
    given_out: BTreeSet<KeyId>,
}

impl FrameKeys {
    /// The keys of the participant with this index, in the epoch with these low 16 bits.
    pub const fn new(base_key: BaseKey, call_id: CallId, epoch: u16, own_index: u8) -> Self {
        let given_out = BTreeSet::new();
        Self { base_key, call_id, epoch, own_index, suite: FRAME_SUITE, given_out }
    }

    /// The keys of one side of a call of two: epoch 0, the caller's index 0 and the callee's 1.
    pub const fn for_pair(base_key: BaseKey, call_id: CallId, own: PairRole) -> Self {
        Self::new(base_key, call_id, PAIR_EPOCH, own.index())
    }

    /// The same with another suite than [`FRAME_SUITE`], for those who bring a format of their own: the number of the suite
    /// is not in the frame, so both sides must have agreed on it. It is part of the keys; streams whose keys were given
    /// out before keep theirs.
    #[must_use]
    pub fn with_suite(mut self, suite: CipherSuite) -> Self {
        self.suite = suite;
        self
    }

    /// What tells whether others hold the same keys, without telling the keys.
    ///
    /// # Errors
    /// [`Error::Internal`] if the cryptographic library fails.
    pub fn commitment(&self) -> Result<KeyCommitment, Error> {
        KeyCommitment::new(&self.base_key, self.call_id, self.epoch)
    }

    /// The sealer of one's own `stream`.
    ///
    /// # Errors
    /// [`Error::KeyIdInUse`] if it was given out before; [`Error::Internal`].
    pub fn sealer(&mut self, stream: StreamId) -> Result<FrameSealer, Error> {
        let key = self.give_out(KeyId::new(self.epoch, self.own_index, stream))?;
        Ok(FrameSealer::new(key, self.call_id))
    }

    /// The opener of `stream` of the participant with index `sender`.
    ///
    /// # Errors
    /// [`Error::OwnFrames`] for one's own index; [`Error::KeyIdInUse`] if it was given out before;
    /// [`Error::Internal`].
    pub fn opener(&mut self, sender: u8, stream: StreamId) -> Result<FrameOpener, Error> {
        if sender == self.own_index {
            return Err(Error::OwnFrames);
        }
        let key_id = KeyId::new(self.epoch, sender, stream);
        let key = self.give_out(key_id)?;
        Ok(FrameOpener::new(key, key_id, self.call_id))
    }

    fn give_out(&mut self, key_id: KeyId) -> Result<SframeKey, Error> {
        if self.given_out.contains(&key_id) {
            return Err(Error::KeyIdInUse);
        }
        let key = SframeKey::derive(self.suite, self.base_key.expose(), key_id.to_kid())?;
        self.given_out.insert(key_id);
        Ok(key)
    }
}

#[cfg(feature = "glass")]
impl FrameKeys {
    /// The base key, and every key that was given out.
    pub(crate) fn secrets(&self) -> Vec<crate::glass::Exposed> {
        let base_key = self.base_key.expose();
        let name = |what: &str| format!("epoch {:#x}: {what}", self.epoch);
        let given_out = self.given_out.iter().filter_map(|id| {
            let key = SframeKey::secret(self.suite, base_key, id.to_kid()).ok()?;
            let stream = id.stream();
            Some((name(&format!("frame key of member {}, {stream:?}", id.sender())), key))
        });
        let base = (name("base key"), zeroize::Zeroizing::new(base_key.to_vec()));
        core::iter::once(base).chain(given_out).collect()
    }
}

impl fmt::Debug for FrameKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FrameKeys")
            .field("epoch", &self.epoch)
            .field("own_index", &self.own_index)
            .finish_non_exhaustive()
    }
}

/// A side of a call of two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PairRole {
    /// Who placed the call.
    Caller,
    /// Who was called.
    Callee,
}

impl PairRole {
    /// Its sender index.
    pub const fn index(self) -> u8 {
        match self {
            Self::Caller => 0,
            Self::Callee => 1,
        }
    }

    /// The other side.
    pub const fn other(self) -> Self {
        match self {
            Self::Caller => Self::Callee,
            Self::Callee => Self::Caller,
        }
    }
}

/// The suite of all our frames.
pub const FRAME_SUITE: CipherSuite = CipherSuite::Aes256GcmSha512_128;

/// Calls of two have one epoch; a group starts with the next.
const PAIR_EPOCH: u16 = 0;
