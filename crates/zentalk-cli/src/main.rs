//! The people's binary: `zentalk`.

#![forbid(unsafe_code)]

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    zentalk_cli::run(zentalk_cli::cli::Cli::parse()).into()
}
