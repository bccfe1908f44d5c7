//! What protecting and unprotecting one RTP packet costs: ours, the bare primitives, and other crates.
//!
//! Started by `cargo xtask bench srtp`. Every contestant gets the same packets, in turns and in one
//! process, and must give the same bytes; times are thread CPU time, medians over many rounds.
//! Ratios of one run mean something, nanoseconds of two machines do not.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout
)]

mod allocations;
mod bare;
mod batch;
mod contestant;
mod measure;
mod peers;
mod report;

use std::process::ExitCode;

use zentalk_srtp_media::SrtpProfile;

use self::measure::{Case, Race};
use self::report::Report;

/// Profile and payload: Opus at its usual 20 ms, and a full video packet.
const CASES: [(SrtpProfile, usize); 4] = [
    (SrtpProfile::AeadAes128Gcm, 160),
    (SrtpProfile::AeadAes128Gcm, 1_100),
    (SrtpProfile::Aes128CmHmacSha1_80, 160),
    (SrtpProfile::Aes128CmHmacSha1_80, 1_100),
];

/// In each round every contestant does every case.
const ROUNDS: usize = 2_000;

/// `[--json FILE] [--check]`; `--bench` comes from cargo.
fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let json = arguments.iter().position(|argument| argument == "--json");
    let json = json.and_then(|at| arguments.get(at + 1));
    let mut races = CASES.map(|(profile, len)| Race::new(Case { profile, len }));
    for _ in 0..ROUNDS {
        races.iter_mut().for_each(Race::step);
    }
    let report = Report::new(races.iter().flat_map(Race::cells));
    print!("{report}");
    if let Some(path) = json {
        std::fs::write(path, report.to_json()).expect("the report can be written");
    }
    let missed = report.missed_goals();
    for goal in &missed {
        println!("missed: {goal}");
    }
    let check = arguments.iter().any(|argument| argument == "--check");
    if check && !missed.is_empty() { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
