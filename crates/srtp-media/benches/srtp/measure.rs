use rustix::time::{ClockId, clock_gettime};
use zentalk_srtp_media::SrtpProfile;

use crate::allocations::allocations;
use crate::bare::{BareCm, BareGcm};
use crate::batch::{Batch, PACKETS};
use crate::contestant::{Contestant, Ours};
use crate::peers::{RtcSrtp, WebrtcSrtp};

/// What is measured: a profile and the length of the payload.
#[derive(Clone, Copy)]
pub(crate) struct Case {
    pub(crate) profile: SrtpProfile,
    pub(crate) len: usize,
}

/// One cell of the table.
pub(crate) struct Cell {
    pub(crate) case: Case,
    pub(crate) operation: &'static str,
    pub(crate) contestant: &'static str,
    /// Median over the rounds.
    pub(crate) nanoseconds: f64,
    pub(crate) allocations: f64,
}

/// All contestants over the same packets, in turns.
pub(crate) struct Race {
    case: Case,
    contestants: Vec<Box<dyn Contestant>>,
    /// Of protect and of unprotect, for each contestant.
    samples: Vec<[Samples; 2]>,
    /// Makes the packets to unprotect.
    reference: Ours,
    plain: Batch,
    protected: Batch,
    batch: Batch,
    round: u64,
}

impl Race {
    pub(crate) fn new(case: Case) -> Self {
        let bare: Box<dyn Contestant> = match case.profile {
            SrtpProfile::AeadAes128Gcm => Box::new(BareGcm::new()),
            _ => Box::new(BareCm::new()),
        };
        let contestants: Vec<Box<dyn Contestant>> = vec![
            bare,
            Box::new(Ours::new(case.profile)),
            Box::new(WebrtcSrtp::new(case.profile)),
            Box::new(RtcSrtp::new(case.profile)),
        ];
        let batch = Batch::new(case.len);
        Self {
            case,
            samples: vec![Default::default(); contestants.len()],
            contestants,
            reference: Ours::new(case.profile),
            plain: batch.clone(),
            protected: batch.clone(),
            batch,
            round: 0,
        }
    }

    /// One round: every contestant protects and unprotects a batch.
    pub(crate) fn step(&mut self) {
        let (round, batch) = (self.round, &mut self.batch);
        self.plain.fill(round);
        self.protected.copy(&self.plain);
        self.reference.protect(&mut self.protected, round);
        for (contestant, [protect, unprotect]) in self.contestants.iter_mut().zip(&mut self.samples)
        {
            batch.copy(&self.plain);
            if round == 0 {
                agree(contestant.as_mut(), batch, &self.protected, self.case);
            } else {
                protect.time(|| contestant.protect(batch, round));
            }
            batch.copy(&self.protected);
            unprotect.time(|| contestant.unprotect(batch, round));
        }
        self.round += 1;
    }

    /// The medians so far.
    pub(crate) fn cells(&self) -> Vec<Cell> {
        let clock = clock_cost();
        let mut cells = Vec::new();
        for (operation, which) in [("protect", 0), ("unprotect", 1)] {
            for (contestant, samples) in self.contestants.iter().zip(&self.samples) {
                cells.push(Cell {
                    case: self.case,
                    operation,
                    contestant: contestant.name(),
                    nanoseconds: (samples[which].median() - clock) / PACKETS as f64,
                    allocations: samples[which].allocations as f64 / PACKETS as f64,
                });
            }
        }
        cells
    }
}

/// Whoever is measured does the same: its packets are ours, byte for byte.
fn agree(contestant: &mut dyn Contestant, batch: &mut Batch, protected: &Batch, case: Case) {
    let len = batch.len() + case.profile.rtp_trailer_len();
    let theirs = contestant.protected(batch, 0, len);
    assert_eq!(theirs, protected.heads(len)[0], "{} differs", contestant.name());
}

/// Times of one contestant's rounds, and the last round's allocations.
#[derive(Clone, Default)]
struct Samples {
    nanoseconds: Vec<u64>,
    allocations: u64,
}

impl Samples {
    fn time(&mut self, work: impl FnOnce()) {
        let (before, start) = (allocations(), cpu_time());
        work();
        let (end, after) = (cpu_time(), allocations());
        self.nanoseconds.push(end - start);
        self.allocations = after - before;
    }

    fn median(&self) -> f64 {
        let mut sorted = self.nanoseconds.clone();
        sorted.sort_unstable();
        sorted[sorted.len() / 2] as f64
    }
}

/// What reading the clock itself costs.
fn clock_cost() -> f64 {
    let mut samples = Samples::default();
    (0..1_000).for_each(|_| samples.time(|| {}));
    samples.median()
}

/// CPU time of this thread in nanoseconds: what other processes take does not count.
fn cpu_time() -> u64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}
