use zentalk_group_keys::{CipherSuite, KeyId, SframeHeader, SframeKey, StreamId};

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    Seal,
    Open,
}

impl Operation {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Seal => "seal",
            Self::Open => "open",
        }
    }
}

/// The frames of one run: plain ones to seal, sealed ones to open.
pub(crate) struct Frames {
    pub(crate) operation: Operation,
    plain: Vec<Vec<u8>>,
    sealed: Vec<Vec<u8>>,
    key: SframeKey,
    metadata: Vec<u8>,
    /// The counter of the first frame.
    first: u64,
}

impl Frames {
    pub(crate) fn new(suite: CipherSuite, len: usize, operation: Operation) -> Self {
        Self::with_metadata(suite, len, operation, Vec::new())
    }

    /// As calls make them: the call id is authenticated with every frame.
    pub(crate) fn of_a_call(suite: CipherSuite, len: usize, operation: Operation) -> Self {
        Self::with_metadata(suite, len, operation, CALL_ID.to_vec())
    }

    fn with_metadata(
        suite: CipherSuite,
        len: usize,
        operation: Operation,
        metadata: Vec<u8>,
    ) -> Self {
        // Enough that reading the clock hardly counts, few enough for the cache.
        let count = (64_000 / len).clamp(12, 128);
        let key = SframeKey::derive(suite, &BASE_KEY, kid()).unwrap();
        let plain = vec![vec![0xab; len]; count];
        let sealed = vec![Vec::with_capacity(len + 64); count];
        Self { operation, plain, sealed, key, metadata, first: 0 }
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.plain.len()
    }

    /// Goes on to the frames of a round: those to open are sealed.
    pub(crate) fn fill(&mut self, round: u64) {
        self.first = round * self.count() as u64;
        for (at, (plain, sealed)) in self.plain.iter().zip(&mut self.sealed).enumerate() {
            sealed.clear();
            let counter = self.first + at as u64;
            self.key.seal_with_counter(counter, &self.metadata, plain, sealed).unwrap();
        }
    }

    /// What goes in.
    pub(crate) fn input(&self) -> &[Vec<u8>] {
        match self.operation {
            Operation::Seal => &self.plain,
            Operation::Open => &self.sealed,
        }
    }

    pub(crate) fn plain(&self) -> &[Vec<u8>] {
        &self.plain
    }

    pub(crate) fn sealed(&self) -> &[Vec<u8>] {
        &self.sealed
    }

    pub(crate) fn counter(&self, at: usize) -> u64 {
        self.first + at as u64
    }

    pub(crate) fn metadata(&self) -> &[u8] {
        &self.metadata
    }

    /// The header of a frame.
    pub(crate) fn header(&self, at: usize) -> Vec<u8> {
        let mut header = Vec::new();
        SframeHeader { kid: kid(), counter: self.counter(at) }.encode(&mut header);
        header
    }
}

/// The caller's camera, in a call of two.
pub(crate) fn kid() -> u64 {
    KeyId::new(0, 0, StreamId::CAMERA).to_kid()
}

pub(crate) const CALL_ID: [u8; 16] = [0x33; 16];
pub(crate) const BASE_KEY: [u8; 32] = [0x44; 32];
