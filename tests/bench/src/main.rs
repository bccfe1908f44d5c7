//! Every layer timed beside the bare primitives and beside other implementations, in one process.
//!
//! `cargo xtask bench LAYER` builds and starts it. All contestants of a case get the same input, take
//! turns, and must come to the same result; times are thread CPU time, medians over many rounds;
//! allocations are counted, those of C libraries too. Ratios of one run mean something, nanoseconds of
//! two machines do not.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout
)] // It measures, prints, and stops at the first thing that goes wrong.

mod dtls;
mod frames;
mod goals;
mod kit;
mod ratchet;
mod rtp;
mod sfu;
mod srtp;
mod stun;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, ValueEnum};

use self::kit::{Race, Row, json, run, table};

/// Time layers beside their primitives and their peers.
#[derive(Parser)]
struct Cli {
    /// The layers; all, if none is named.
    #[arg(value_enum)]
    layers: Vec<Layer>,
    /// Also write the numbers to this folder, as `LAYER.json`.
    #[arg(long, value_name = "DIR")]
    json: Option<PathBuf>,
    /// Exit with 1 where a goal is missed.
    #[arg(long)]
    check: bool,
    /// A twentieth of the rounds: to see that it works, not to compare.
    #[arg(long)]
    quick: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Layer {
    Srtp,
    Rtp,
    Frames,
    Stun,
    Ratchet,
    Dtls,
    Sfu,
}

impl Layer {
    fn name(self) -> &'static str {
        match self {
            Self::Srtp => "srtp",
            Self::Rtp => "rtp",
            Self::Frames => "frames",
            Self::Stun => "stun",
            Self::Ratchet => "ratchet",
            Self::Dtls => "dtls",
            Self::Sfu => sfu::LAYER,
        }
    }

    fn races(self) -> Vec<Race> {
        match self {
            Self::Srtp => srtp::races(),
            Self::Rtp => rtp::races(),
            Self::Frames => frames::races(),
            Self::Stun => stun::races(),
            Self::Ratchet => ratchet::races(),
            Self::Dtls => dtls::races(),
            Self::Sfu => sfu::races(),
        }
    }

    /// In each round every contestant does every case.
    fn rounds(self) -> u64 {
        match self {
            Self::Srtp | Self::Rtp | Self::Frames | Self::Stun => 2_000,
            Self::Ratchet => 600,
            Self::Dtls | Self::Sfu => 400,
        }
    }
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let layers = if cli.layers.is_empty() { Layer::value_variants() } else { &cli.layers };
    let mut rows = Vec::new();
    for layer in layers {
        let rounds = if cli.quick { layer.rounds() / 20 } else { layer.rounds() };
        println!("measuring {} ({rounds} rounds)", layer.name());
        let mut measured = run(layer.name(), layer.races(), rounds);
        if *layer == Layer::Sfu {
            sfu::beyond_races(&mut measured, cli.quick);
        }
        if let Some(folder) = &cli.json {
            write(folder, layer.name(), &measured);
        }
        rows.extend(measured);
    }
    print!("\n{}", table(&rows));
    let missed = rows.iter().flat_map(goals::judge).filter(|verdict| !verdict.met).count();
    println!("{missed} goals missed");
    if cli.check && missed > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn write(folder: &std::path::Path, layer: &str, rows: &[Row]) {
    std::fs::create_dir_all(folder).expect("the folder can be made");
    let path = folder.join(format!("{layer}.json"));
    std::fs::write(path, json(layer, rows)).expect("the report can be written");
}
