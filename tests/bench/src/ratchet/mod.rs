//! What passing one message of 2 KB costs, sealed on one side and opened on the other.

mod bare;
mod ours;
mod peers;

use zentalk_signaling_ratchet::ratchet::{Classical, Zentalk};

use self::bare::Bare;
use self::ours::Ours;
use self::peers::{DoubleRatchetSignal, Vodozemac};
use crate::kit::{Contestant, Race, Standing};

const PLAINTEXT: [u8; 2_048] = [7; 2_048];
/// Messages of one run.
const MESSAGES: usize = 8;

/// Who sends.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turns {
    /// Always the same side: within one chain.
    OneSide,
    /// Each in turn: every message is the first of a chain, with a ratchet step before it.
    Each,
}

/// Our sessions are always hybrid: the classical suite is there to be compared with the peers, which have no other.
pub(crate) fn races() -> Vec<Race> {
    let cases = [(Turns::OneSide, "2 KB in a chain"), (Turns::Each, "2 KB with a step")];
    let mut races = Vec::new();
    for (turns, case) in cases {
        races.push(
            race(format!("classical {case}"), turns)
                .with(Passing::new(Standing::Ours, turns, Ours::<Classical>::new()))
                .with(Passing::new(Standing::Peer, turns, Vodozemac::new()))
                .with(Passing::new(Standing::Peer, turns, DoubleRatchetSignal::new())),
        );
        races.push(race(format!("hybrid {case}"), turns).with(Passing::new(
            Standing::Ours,
            turns,
            Ours::<Zentalk>::new(),
        )));
    }
    races
}

fn race(case: String, turns: Turns) -> Race {
    Race::new(case, MESSAGES).with(Bare::new(turns))
}

/// Two sides that have heard from each other.
pub(crate) trait Pair {
    fn name(&self) -> &'static str;

    /// Side `from` seals [`PLAINTEXT`], the other opens it.
    fn pass(&mut self, from: usize) -> Vec<u8>;
}

struct Passing<P> {
    standing: Standing,
    turns: Turns,
    pair: P,
    sent: usize,
    last: Vec<u8>,
}

impl<P: Pair> Passing<P> {
    fn new(standing: Standing, turns: Turns, mut pair: P) -> Self {
        // Both have sent and received.
        (0..4).for_each(|message| drop(pair.pass(message % 2)));
        Self { standing, turns, pair, sent: 0, last: Vec::new() }
    }
}

impl<P: Pair> Contestant for Passing<P> {
    fn name(&self) -> &'static str {
        self.pair.name()
    }

    fn standing(&self) -> Standing {
        self.standing
    }

    fn run(&mut self) {
        for _ in 0..MESSAGES {
            let from = match self.turns {
                Turns::OneSide => 0,
                Turns::Each => self.sent % 2,
            };
            self.last = self.pair.pass(from);
            self.sent += 1;
        }
    }

    fn outcome(&self) -> Vec<u8> {
        self.last.clone()
    }
}
