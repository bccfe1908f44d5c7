//! The project's commands. `cargo xtask --help` lists them.
//!
//! This package builds without any C library, so that it can install those that the others need.
#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, clippy::print_stderr)] // A command-line tool talks.

mod bench;
mod boundaries;
mod conformance;
mod demo;
mod docs;
mod fuzz;
mod interop;
mod lab;
mod setup;
mod shell;
mod test;
mod tidy;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The project's commands.
#[derive(Parser)]
#[command(bin_name = "cargo xtask", max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Demo(demo::Demo),
    Test(test::Test),
    Conformance(conformance::Conformance),
    Setup(setup::Setup),
    Boundaries(boundaries::Boundaries),
    Bench(bench::Bench),
    Fuzz(fuzz::Fuzz),
    Interop(interop::Interop),
    Lab(lab::Lab),
    Tidy(tidy::Tidy),
    Docs(docs::Docs),
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Demo(command) => command.run(),
        Command::Test(command) => command.run(),
        Command::Conformance(command) => command.run(),
        Command::Setup(command) => command.run(),
        Command::Boundaries(command) => command.run(),
        Command::Bench(command) => command.run(),
        Command::Fuzz(command) => command.run(),
        Command::Interop(command) => command.run(),
        Command::Lab(command) => command.run(),
        Command::Tidy(command) => command.run(),
        Command::Docs(command) => command.run(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {}", failure.message);
            ExitCode::from(failure.code)
        }
    }
}
