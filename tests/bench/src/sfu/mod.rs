//! What forwarding a packet costs with everything that belongs to it: received from a socket, opened, copied and renumbered,
//! protected for the receiver, sent. Beside it stands a loop that does nothing but the same system calls and the bare AEAD, both
//! with one system call per packet, and coturn's relay, which encrypts nothing. And how many calls one core carries.
//!
//! Steady flows are what the goals are about; the cold cases show what it costs where nothing is in the caches.
//!
//! Times are per packet that goes out, on the loopback, where the sender's thread also does the receiving side's work in the kernel.

mod bare;
mod capacity;
mod clock;
mod coturn;
mod frame;
mod load;
mod ours;
mod participant;
mod script;
mod socket;

use self::bare::Bare;
use self::capacity::CallType;
use self::ours::Ours;
use self::script::Script;
use crate::kit::{Race, Row};

pub(crate) const LAYER: &str = "sfu";

/// Packets that one system call takes at most.
const MAX_SEGMENTS: usize = 64;

pub(crate) fn races() -> Vec<Race> {
    vec![
        steady("1 to 10, runs of 8", &Script::one_to_ten(8)),
        steady("1 to 10, runs of 50", &Script::one_to_ten(50)),
        steady("call of six", &Script::call_of_six()),
        race("cold, 1 to 10, runs of 8", &Script::one_to_ten(8)),
        race("cold, call of six", &Script::call_of_six()),
    ]
}

/// What cannot be measured in turns: another process, and whole calls in real time.
pub(crate) fn beyond_races(rows: &mut Vec<Row>, quick: bool) {
    match coturn::relay(quick) {
        Some(cell) => rows.iter_mut().for_each(|row| row.push(cell.clone())),
        None => println!("no coturn: its relay is not measured"),
    }
    rows.extend(CallType::ALL.iter().map(|call| capacity::measure(call, quick)));
}

/// A flow that goes on, as on a worker's core.
fn steady(case: &str, script: &Script) -> Race {
    race(case, script)
        .with(Ours::new(script.clone(), 1))
        .with(Bare::new(script.clone(), 1))
        .in_turns_of(ROUNDS_IN_A_ROW)
}

/// Rounds with as many of others between them as there are contestants: all data have left the processor's caches, as where one worker
/// carries hundreds of calls.
fn race(case: &str, script: &Script) -> Race {
    Race::new(case, script.forwarded())
        .with(Bare::new(script.clone(), MAX_SEGMENTS))
        .with(Ours::new(script.clone(), MAX_SEGMENTS))
}

/// Frames of which each contestant forwards one after the other.
const ROUNDS_IN_A_ROW: u64 = 8;
