use zentalk_srtp_media::SrtpProfile;

use super::batch::Batch;
use super::ours::Ours;
use crate::kit::{Contestant, Standing};

/// One implementation of SRTP, with a replay window of its own.
pub(crate) trait Engine {
    fn name(&self) -> &'static str;

    fn standing(&self) -> Standing;

    /// Protects every packet of the batch.
    fn protect(&mut self, batch: &mut Batch, round: u64);

    /// Unprotects every packet of the batch.
    fn unprotect(&mut self, batch: &mut Batch, round: u64);

    /// The last packet, where it is not in the batch but in a buffer that was allocated for it.
    fn last(&self) -> Option<&[u8]> {
        None
    }
}

#[derive(Clone, Copy)]
pub(crate) enum Operation {
    Protect,
    Unprotect,
}

impl Operation {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Protect => "protect",
            Self::Unprotect => "unprotect",
        }
    }
}

/// An engine that does one of the two, over packets of one length.
pub(crate) struct Lane<E> {
    engine: E,
    operation: Operation,
    /// Makes the packets to unprotect.
    reference: Ours,
    batch: Batch,
    round: u64,
    /// Of the packets that come out.
    len: usize,
}

impl<E> Lane<E> {
    pub(crate) fn new(engine: E, profile: SrtpProfile, len: usize, operation: Operation) -> Self {
        let batch = Batch::new(len);
        let len = match operation {
            Operation::Protect => batch.len() + profile.rtp_trailer_len(),
            Operation::Unprotect => batch.len(),
        };
        Self { engine, operation, reference: Ours::new(profile), batch, round: 0, len }
    }
}

impl<E: Engine> Contestant for Lane<E> {
    fn name(&self) -> &'static str {
        self.engine.name()
    }

    fn standing(&self) -> Standing {
        self.engine.standing()
    }

    fn prepare(&mut self, round: u64) {
        self.round = round;
        self.batch.fill(round);
        if let Operation::Unprotect = self.operation {
            self.reference.protect(&mut self.batch, round);
        }
    }

    fn run(&mut self) {
        match self.operation {
            Operation::Protect => self.engine.protect(&mut self.batch, self.round),
            Operation::Unprotect => self.engine.unprotect(&mut self.batch, self.round),
        }
    }

    fn outcome(&self) -> Vec<u8> {
        self.engine.last().map_or_else(|| self.batch.last(self.len), <[u8]>::to_vec)
    }
}

/// The master key and salt of every engine.
pub(crate) const KEY: [u8; 16] = [0x11; 16];
pub(crate) const SALT: [u8; 14] = [0x22; 14];
