//! The ratchet beside `vodozemac` (Olm), in one process and on the same 2 KB: sealing and opening a message within
//! a chain, and one whose sender takes a ratchet step. Started by `cargo xtask bench ratchet`.
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::disallowed_methods, missing_docs)] // It measures, prints, and stops at the first thing that goes wrong.

use std::hint::black_box;
use std::process::ExitCode;
use std::time::Instant;

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use serde_json::json;
use vodozemac::olm::{Account, OlmMessage, Session, SessionConfig};
use zentalk_primitives::{Secret, UnixTime};
use zentalk_signaling_ratchet::DhKeyPair;
use zentalk_signaling_ratchet::ratchet::{
    Classical, DoubleRatchet, SessionSecrets, Suite, Zentalk,
};

const NOW: UnixTime = UnixTime::from_millis(0);
const PLAINTEXT: [u8; 2_048] = [7; 2_048];
/// The fastest of so many runs counts: the least disturbed one.
const RUNS: u32 = 30;
const MESSAGES: u32 = 200;

/// Two sides that have heard from each other.
trait Pair {
    /// Side `from` seals, the other opens.
    fn pass(&mut self, from: usize);
}

struct Ours<S: Suite> {
    sides: [DoubleRatchet<S>; 2],
    rng: ChaCha20Rng,
}

impl<S: Suite> Ours<S> {
    fn new() -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let secrets = || {
            SessionSecrets::new(Secret::new([1; 32]), Secret::new([2; 32]), Secret::new([3; 32]))
        };
        let prekey = DhKeyPair::random(&mut rng);
        let associated = vec![0; 128];
        let alice =
            DoubleRatchet::initiator(secrets(), associated.clone(), prekey.public(), &mut rng);
        let bob = DoubleRatchet::responder(secrets(), associated, prekey);
        Self { sides: [alice.unwrap(), bob], rng }
    }
}

impl<S: Suite> Pair for Ours<S> {
    fn pass(&mut self, from: usize) {
        let [alice, bob] = &mut self.sides;
        let (from, to) = if from == 0 { (alice, bob) } else { (bob, alice) };
        let message = from.encrypt(black_box(&PLAINTEXT), &mut self.rng).unwrap();
        black_box(to.decrypt(NOW, &message).unwrap());
    }
}

struct Vodozemac {
    sides: [Session; 2],
}

impl Vodozemac {
    fn new() -> Self {
        let (alice, mut bob) = (Account::new(), Account::new());
        bob.generate_one_time_keys(1);
        let one_time = *bob.one_time_keys().values().next().unwrap();
        let config = SessionConfig::version_1();
        let mut to_bob =
            alice.create_outbound_session(config, bob.curve25519_key(), one_time).unwrap();
        let OlmMessage::PreKey(first) = to_bob.encrypt(PLAINTEXT).unwrap() else { unreachable!() };
        let accepted = bob.create_inbound_session(config, alice.curve25519_key(), &first).unwrap();
        Self { sides: [to_bob, accepted.session] }
    }
}

impl Pair for Vodozemac {
    fn pass(&mut self, from: usize) {
        let [alice, bob] = &mut self.sides;
        let (from, to) = if from == 0 { (alice, bob) } else { (bob, alice) };
        let message = from.encrypt(black_box(&PLAINTEXT)).unwrap();
        black_box(to.decrypt(&message).unwrap());
    }
}

/// Microseconds per message, without and with a ratchet step.
fn measure(pair: &mut impl Pair) -> [f64; 2] {
    for message in 0..20 {
        pair.pass(message % 2);
    }
    let chain = fastest(|| (0..MESSAGES).for_each(|_| pair.pass(0)));
    let steps = fastest(|| (0..MESSAGES as usize).for_each(|message| pair.pass((message + 1) % 2)));
    [chain, steps]
}

fn fastest(mut run: impl FnMut()) -> f64 {
    let times = (0..RUNS).map(|_| {
        let start = Instant::now();
        run();
        start.elapsed().as_secs_f64()
    });
    times.fold(f64::INFINITY, f64::min) * 1e6 / f64::from(MESSAGES)
}

/// One line of the table, in microseconds per message.
struct Row {
    name: &'static str,
    classical: f64,
    hybrid: f64,
    vodozemac: f64,
    /// For the classical ratchet.
    goal: f64,
}

impl Row {
    fn print(&self) {
        let Self { name, classical, hybrid, vodozemac, goal } = self;
        let ratio = classical / vodozemac;
        println!("{name:<22}{classical:>10.1}{hybrid:>10.1}{vodozemac:>12.1}{ratio:>8.2}{goal:>8}");
    }

    fn json(&self) -> serde_json::Value {
        json!({
            "name": self.name,
            "classical_us": self.classical,
            "hybrid_us": self.hybrid,
            "vodozemac_us": self.vodozemac,
            "goal_us": self.goal,
        })
    }
}

/// `[--json FILE] [--check]`; `--bench` comes from cargo.
fn main() -> ExitCode {
    let [chain, step] = measure(&mut Ours::<Classical>::new());
    let [hybrid_chain, hybrid_step] = measure(&mut Ours::<Zentalk>::new());
    let [peer_chain, peer_step] = measure(&mut Vodozemac::new());
    let rows = [
        Row {
            name: "within a chain",
            classical: chain,
            hybrid: hybrid_chain,
            vodozemac: peer_chain,
            goal: 3.0,
        },
        Row {
            name: "with a ratchet step",
            classical: step,
            hybrid: hybrid_step,
            vodozemac: peer_step,
            goal: 60.0,
        },
    ];
    println!(
        "2 KB sealed and opened, µs per message, fastest of {RUNS} runs of {MESSAGES}; goal and ratio: classical"
    );
    println!(
        "{:<22}{:>10}{:>10}{:>12}{:>8}{:>8}",
        "", "classical", "hybrid", "vodozemac", "ratio", "goal"
    );
    rows.iter().for_each(Row::print);

    let arguments: Vec<String> = std::env::args().collect();
    let json = arguments.iter().position(|argument| argument == "--json");
    if let Some(path) = json.and_then(|at| arguments.get(at + 1)) {
        let cells: Vec<_> = rows.iter().map(Row::json).collect();
        std::fs::write(path, json!({ "bench": "ratchet", "cells": cells }).to_string()).unwrap();
    }
    let check = arguments.iter().any(|argument| argument == "--check");
    let missed = rows.iter().any(|row| row.classical > row.goal);
    if check && missed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
