//! TURN against coturn: its client against our server, and our client against its server and ours, by the same cases.
//!
//! `cargo xtask interop --peer coturn` installs coturn, builds our server and starts this.
#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, clippy::print_stderr)] // A command-line tool talks.

// The cases and the client are those of our server's own tests.
#[path = "../../../../crates/zentalk-node/tests/it/turn/cases.rs"]
mod cases;
#[path = "../../../../crates/zentalk-node/tests/it/certificate.rs"]
mod certificate;
#[path = "../../../../crates/zentalk-node/tests/it/turn/client.rs"]
mod client;
mod server;
mod uclient;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

use cases::CASES;
use client::Way;
use server::{Kind, Server};

/// Try our TURN server with coturn's client, and our TURN client with coturn's server and ours.
#[derive(Parser)]
#[command(name = "turn", max_term_width = 100)]
struct Cli {
    /// Our program.
    #[arg(long, value_name = "PROGRAM")]
    node: PathBuf,
    /// Only lines that contain this.
    #[arg(long, value_name = "TEXT", default_value = "")]
    only: String,
}

/// What became of the lines so far.
#[derive(Default)]
struct Table {
    passed: usize,
    failed: usize,
}

impl Table {
    fn line(&mut self, name: &str, outcome: Result<(), String>) {
        match outcome {
            Ok(()) => {
                self.passed += 1;
                println!("{name:<58} ok");
            }
            Err(why) => {
                self.failed += 1;
                println!("{name:<58} FAILED: {why}");
            }
        }
    }
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let mut table = Table::default();
    if let Err(error) = run(&cli, &mut table) {
        eprintln!("error: {error}");
        return ExitCode::FAILURE;
    }
    println!("{} passed, {} failed", table.passed, table.failed);
    if table.failed == 0 && table.passed > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn run(cli: &Cli, table: &mut Table) -> Result<(), String> {
    let ours = Server::start(Kind::Ours(cli.node.clone()), "127.0.0.1")?;
    for mode in uclient::MODES {
        let name = format!("turnutils_uclient {:<12} -> zentalk-node turn", mode.flags.join(" "));
        if name.contains(&cli.only) {
            table.line(&name, uclient::run(mode, &ours));
        }
    }
    drop(ours);
    for kind in [Kind::Ours(cli.node.clone()), Kind::Coturn] {
        for ip in ["127.0.0.1", "::1"] {
            let server = Server::start(kind.clone(), ip)?;
            our_client(&cli.only, &server, table);
        }
    }
    Ok(())
}

fn our_client(only: &str, server: &Server, table: &mut Table) {
    for way in [Way::Udp, Way::Tcp, Way::Tls] {
        for (case, run) in CASES {
            let name =
                format!("our client {way:?} {} {case} -> {}", server.family(), server.name());
            if name.contains(only) {
                table.line(&name, run(&server.target, way));
            }
        }
    }
}
