//! The NAT lab: hosts, NATs and servers in network namespaces, real programs in them, and measurements from
//! outside. `cargo xtask lab` builds what it needs and starts it; `docs/lab.md` shows the network.
#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, clippy::print_stderr)] // A command-line tool talks.

mod addresses;
mod bridge;
mod capture;
mod certificate;
mod cli;
mod client;
mod commands;
mod dns;
mod error;
mod namespace;
mod nat;
mod process;
mod report;
mod scene;
mod servers;
mod speech;
mod theory;
mod topology;

use std::future::Future;
use std::io;
use std::process::ExitCode;

use clap::Parser;
use tokio::signal::unix::{SignalKind, signal};

use crate::cli::Cli;
use crate::error::Error;

/// Exit code after Ctrl-C or a request to end: 128 and the number of SIGINT, as shells have it.
const INTERRUPTED: u8 = 130;

#[tokio::main(worker_threads = 4)]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    let work = async move {
        if !rustix::process::geteuid().is_root() {
            return Err(Error::NotRoot);
        }
        let leftovers = namespace::remove_leftovers();
        if leftovers > 0 {
            println!("removed {leftovers} namespaces that a lab left behind");
        }
        commands::run(&cli).await
    };
    let stopped = match stop() {
        Ok(stopped) => stopped,
        Err(error) => return fail(&error),
    };
    // Whoever is dropped takes its programs and namespaces away, also on a panic.
    tokio::select! {
        outcome = work => match outcome {
            Ok(true) => ExitCode::SUCCESS,
            Ok(false) => ExitCode::FAILURE,
            Err(error) => fail(&error),
        },
        () = stopped => ExitCode::from(INTERRUPTED),
    }
}

fn fail(error: &dyn std::error::Error) -> ExitCode {
    eprintln!("error: {error}");
    ExitCode::FAILURE
}

/// Ends at Ctrl-C, SIGTERM or SIGHUP. The handlers are in place when this returns.
fn stop() -> io::Result<impl Future<Output = ()>> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hangup = signal(SignalKind::hangup())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
    })
}
