//! The operators' binary: `zentalk-node relay`, `zentalk-node sfu` and `zentalk-node turn`.

#![forbid(unsafe_code)]

mod cli;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    cli::Cli::parse().run()
}
