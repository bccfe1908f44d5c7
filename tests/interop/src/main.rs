//! Calls with real WebRTC peers, judged by what arrives.
//!
//! Two processes with the same HTTP door are started: ours and the peer. This runner carries the
//! descriptions from one to the other, lets the media flow, and compares what each side recorded with
//! what the other one sent. `cargo xtask interop` sets up the peers and starts it.
#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, clippy::print_stderr)] // A command-line tool talks.

mod cli;
mod door;
mod error;
mod judge;
mod material;
mod peer;
mod plan;
mod report;
mod run;
mod stop;
mod suite;

use std::process::ExitCode;

use clap::Parser;

use crate::cli::Cli;
use crate::stop::Stop;

/// Exit code after Ctrl-C or a request to end: 128 and the number of SIGINT, as shells have it.
const INTERRUPTED: u8 = 130;

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    let stop = Stop::default();
    let asked = stop.clone();
    let mut work = tokio::task::spawn_blocking(move || suite::run_all(&cli, &asked));
    let outcome = tokio::select! {
        outcome = &mut work => outcome,
        () = stop::signal() => {
            // The runner ends its peers, then comes back.
            stop.ask();
            drop(work.await);
            return ExitCode::from(INTERRUPTED);
        }
    };
    match outcome {
        Ok(Ok(true)) => ExitCode::SUCCESS,
        Ok(Ok(false)) => ExitCode::FAILURE,
        Ok(Err(error)) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
        Err(_) => {
            eprintln!("error: the runner panicked");
            ExitCode::FAILURE
        }
    }
}
