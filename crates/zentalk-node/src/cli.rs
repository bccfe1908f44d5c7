use std::future::Future;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};
use tokio::runtime::Runtime;
use tracing_subscriber::EnvFilter;
use zentalk_node::relay::{Relay, RelayConfig, RelayError};
use zentalk_onion_relay::Quota;
use zentalk_onion_relay::limits::{QUOTA_BLOBS, QUOTA_BYTES};

/// The servers of Zentalk calls, for those who operate them.
#[derive(Debug, Parser)]
#[command(version, after_help = EXIT_CODES)]
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
    #[command(after_help = RELAY_HELP)]
    Relay(RelayArgs),
}

#[derive(Debug, Args)]
struct RelayArgs {
    /// Address and port to listen on; port 0 takes any free one.
    #[arg(long, env = "ZENTALK_RELAY_LISTEN", default_value = "127.0.0.1:8790")]
    listen: SocketAddr,

    /// Directory of the store; made if it is not there, readable by its owner alone.
    #[arg(long, env = "ZENTALK_RELAY_DATA", value_name = "DIR")]
    data: PathBuf,

    /// TLS certificate chain in PEM format. Without it the relay speaks plain ws://, which belongs
    /// behind a reverse proxy that speaks TLS, or on one machine.
    #[arg(long, env = "ZENTALK_RELAY_TLS_CERT", value_name = "PEM", requires = "tls_key")]
    tls_cert: Option<PathBuf>,

    /// Private key of the certificate in PEM format.
    #[arg(long, env = "ZENTALK_RELAY_TLS_KEY", value_name = "PEM", requires = "tls_cert")]
    tls_key: Option<PathBuf>,

    /// Connections at a time; more are turned away.
    #[arg(
        long,
        env = "ZENTALK_RELAY_MAX_CONNECTIONS",
        value_name = "N",
        default_value_t = 1_024,
        value_parser = clap::value_parser!(u32).range(1..=1_000_000)
    )]
    max_connections: u32,

    /// Mebibytes that all mailboxes may hold together.
    #[arg(
        long,
        env = "ZENTALK_RELAY_MAX_STORE",
        value_name = "MIB",
        default_value_t = 1_024,
        value_parser = clap::value_parser!(u64).range(1..=1_048_576)
    )]
    max_store: u64,
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
        let Command::Relay(args) = self.command;
        match Runtime::new().map_err(RelayError::from).and_then(|rt| rt.block_on(relay(args))) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                // Standard error may be closed; the exit code says the same.
                let _ = writeln!(io::stderr(), "zentalk-node: {error}");
                ExitCode::from(error.exit_code())
            }
        }
    }
}

async fn relay(args: RelayArgs) -> Result<(), RelayError> {
    // Before the address is printed: whoever reads it may stop the relay at once.
    let stop = stop_signals()?;
    let relay = Relay::bind(args.into()).await?;
    let mut out = io::stdout();
    writeln!(out, "listening {}", relay.url()).and_then(|()| out.flush())?;
    relay.run(stop).await
}

impl From<RelayArgs> for RelayConfig {
    fn from(args: RelayArgs) -> Self {
        let quota = Quota::default()
            .per_mailbox(QUOTA_BLOBS, QUOTA_BYTES)
            .total(args.max_store.saturating_mul(1024 * 1024));
        let config = Self::new(args.listen, args.data)
            .quota(quota)
            .max_connections(usize::try_from(args.max_connections).unwrap_or(usize::MAX));
        match (args.tls_cert, args.tls_key) {
            (Some(certificates), Some(key)) => config.tls(certificates, key),
            _ => config,
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
    let filter = EnvFilter::new(format!("off,zentalk_node={name},zentalk_onion_relay={name}"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).init();
}

const RELAY_HELP: &str = "\
When it is ready, the relay prints one line to standard output, for programs to read:
  listening ws://127.0.0.1:8790/v1

Examples:
  zentalk-node relay --data ./relay-data
  zentalk-node relay --listen 127.0.0.1:0 --data \"$(mktemp -d)\"
  zentalk-node relay --listen 0.0.0.0:443 --data /var/lib/zentalk \\
      --tls-cert /etc/zentalk/fullchain.pem --tls-key /etc/zentalk/privkey.pem

Exit codes:
  0  stopped by Ctrl-C or SIGTERM
  1  the operating system or the store failed while running
  2  wrong options
  3  the address is in use or cannot be listened on
  4  the data directory or its store cannot be used
  5  the TLS certificate or key cannot be used";

const EXIT_CODES: &str = "Each command's --help lists its exit codes.";
