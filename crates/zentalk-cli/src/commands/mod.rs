//! The commands, one file each.

mod call;
mod contact;
mod doctor;
mod id;
mod listen;
mod participant;

use std::io::IsTerminal;

pub(crate) use contact::resolve;
pub(crate) use participant::name_of;
use zentalk_call::driver::logs;

use crate::cli::{Cli, Command};
use crate::demo;
use crate::error::Error;
use crate::exit::Exit;
use crate::terminal;

/// Does what was typed, and says why not on standard error.
pub fn run(cli: Cli) -> Exit {
    start_log();
    match execute(cli) {
        Ok(()) => Exit::Success,
        Err(error) => {
            terminal::complain(format_args!("zentalk: {error}"));
            error.exit()
        }
    }
}

fn execute(cli: Cli) -> Result<(), Error> {
    let Cli { data, relay, command } = cli;
    let runtime = tokio::runtime::Runtime::new()?;
    let done = runtime.block_on(async {
        match command {
            Command::Id => id::run(data, relay),
            Command::Contact { command } => contact::run(data, command),
            Command::Listen(options) => Box::pin(listen::run(data, relay, &options)).await,
            Command::Call(options) => Box::pin(call::run(data, relay, &options)).await,
            Command::Doctor(options) => Box::pin(doctor::run(data, relay, &options)).await,
            Command::Demo(options) => Box::pin(demo::run(&options)).await,
        }
    });
    // A thread that waits for the terminal must not keep the program.
    runtime.shutdown_background();
    done
}

/// Logs go to standard error; what dependencies would tell of addresses and keys stays out.
fn start_log() {
    let directives = std::env::var("ZENTALK_LOG").unwrap_or_else(|_| "error".to_owned());
    tracing_subscriber::fmt()
        .with_env_filter(logs::filter(&directives))
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .init();
}
