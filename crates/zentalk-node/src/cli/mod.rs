mod relay;
mod sfu;
mod sfu_key;
mod turn;

use std::fmt::Display;
use std::future::Future;
use std::io::{self, IsTerminal, Write};
use std::net::SocketAddr;
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};
use tokio::runtime::Runtime;
use tracing_subscriber::EnvFilter;
use zentalk_node::relay::RelayError;
use zentalk_node::sfu::SfuError;
use zentalk_node::turn::TurnError;

use relay::RelayArgs;
use sfu::SfuArgs;
use sfu_key::SfuKeyArgs;
use turn::TurnArgs;

/// The servers of Zentalk calls, for those who operate them.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100, after_help = EXIT_CODES)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,

    /// How much to log, to standard error. Logs hold counts, never addresses, mailboxes or contents.
    #[arg(long, global = true, env = "ZENTALK_LOG", default_value = "info")]
    log: Level,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run a signalling relay: it keeps sealed messages until their receivers fetch them.
    ///
    /// The relay stores opaque blobs in mailboxes and delivers them over a WebSocket, at the path /v1. It
    /// sees neither who calls whom nor what is said; it sees the network addresses of those who connect.
    /// Stop it with Ctrl-C or SIGTERM: it says goodbye to its clients and closes its store.
    #[command(after_help = relay::AFTER_HELP)]
    Relay(RelayArgs),
    /// Run a TURN server: it relays calls between people whose networks let them reach each other in no other way.
    ///
    /// TURN over UDP, TCP and TLS (RFC 8656) with ephemeral credentials. It sees the network addresses of those who call
    /// and encrypted packets, not who they are nor what is said. Stop it with Ctrl-C or SIGTERM.
    #[command(after_help = turn::AFTER_HELP)]
    Turn(TurnArgs),
    /// Run an SFU: it forwards the media of group calls, which it cannot decrypt.
    ///
    /// Participants come by a WebSocket with a token and an offer, and exchange media over one UDP port. It sees network
    /// addresses, amounts and who sends when, by random numbers made for each call; not who they are nor what is said.
    /// Stop it with Ctrl-C or SIGTERM: it sends everybody to another SFU first.
    #[command(after_help = sfu::AFTER_HELP)]
    Sfu(SfuArgs),
    /// Make the key that signs tokens for SFUs, and print its public half.
    #[command(after_help = sfu_key::AFTER_HELP)]
    SfuKey(SfuKeyArgs),
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Level {
    Off,
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

impl Cli {
    pub(crate) fn run(self) -> ExitCode {
        start_log(self.log);
        match self.command {
            Command::Relay(args) => run(relay::serve(args), RelayError::exit_code),
            Command::Turn(args) => run(turn::serve(args), TurnError::exit_code),
            Command::Sfu(args) => run(sfu::serve(args), SfuError::exit_code),
            Command::SfuKey(args) => ended(sfu_key::print(&args), sfu_key::Error::exit_code),
        }
    }
}

/// Runs a server to its end; its error is told to the operator, and by the exit code.
fn run<E>(server: impl Future<Output = Result<(), E>>, exit_code: fn(&E) -> u8) -> ExitCode
where
    E: Display + From<io::Error>,
{
    let served = Runtime::new().map_err(E::from).and_then(|runtime| runtime.block_on(server));
    ended(served, exit_code)
}

fn ended<E: Display>(result: Result<(), E>, exit_code: fn(&E) -> u8) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Standard error may be closed; the exit code says the same.
            let _ = writeln!(io::stderr(), "zentalk-node: {error}");
            ExitCode::from(exit_code(&error))
        }
    }
}

/// Ready when the operator stops the program. The handlers are in place when this returns.
#[cfg(unix)]
fn stop_signals() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};

    let (mut interrupt, mut terminate) =
        (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

#[cfg(not(unix))]
fn stop_signals() -> io::Result<impl Future<Output = ()>> {
    Ok(async {
        if tokio::signal::ctrl_c().await.is_err() {
            // No way to be told: run until killed.
            std::future::pending::<()>().await;
        }
    })
}

/// Names are not looked up: which of its addresses would be meant?
fn socket_address(text: &str) -> Result<SocketAddr, &'static str> {
    text.parse()
        .map_err(|_| "an IP address and a port are needed, such as 127.0.0.1:8790 or [::1]:8790")
}

/// Only our own targets: libraries log addresses.
fn start_log(level: Level) {
    let name = match level {
        Level::Off => "off",
        Level::Error => "error",
        Level::Warn => "warn",
        Level::Info => "info",
        Level::Debug => "debug",
        Level::Trace => "trace",
    };
    let filter = EnvFilter::new(format!(
        "off,zentalk_node={name},zentalk_onion_relay={name},zentalk_sfu={name}"
    ));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        // A journal or a file is no terminal: colours would be rubbish there.
        .with_ansi(io::stderr().is_terminal())
        .init();
}

const EXIT_CODES: &str = "Each command's --help lists its exit codes.";

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definitions_hold_together() {
        Cli::command().debug_assert();
    }

    /// It is shown as it stands, and where it is too wide it is broken: an example in it could not be copied.
    #[test]
    fn what_is_written_below_the_options_fits_the_terminal() {
        for command in Cli::command().get_subcommands() {
            let text = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            let widest = text.lines().map(|line| line.chars().count()).max().unwrap_or(0);
            assert!((1..=100).contains(&widest), "{}: {widest}\n{text}", command.get_name());
        }
    }
}
