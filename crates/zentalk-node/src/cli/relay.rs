use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use zentalk_node::relay::{Relay, RelayConfig, RelayError, SfuTokenConfig, TurnConfig};
use zentalk_onion_relay::Quota;
use zentalk_onion_relay::limits::{QUOTA_BLOBS, QUOTA_BYTES};

use super::stop_signals;

#[derive(Debug, Args)]
pub(super) struct RelayArgs {
    /// Address and port to listen on; port 0 takes any free one.
    #[arg(long, env = "ZENTALK_RELAY_LISTEN", value_name = "ADDRESS", default_value = "127.0.0.1:8790", value_parser = super::socket_address)]
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

    /// TOML file with TURN servers and the secret shared with them; see below. Then the relay hands out
    /// credentials for them, valid for an hour and naming nobody, to whoever asks without a mailbox.
    #[arg(long, env = "ZENTALK_RELAY_TURN_CONFIG", value_name = "FILE")]
    turn_config: Option<PathBuf>,

    /// TOML file with SFUs and the key that signs tokens for them; see below. Then the relay hands out tokens for
    /// group calls, valid for ten minutes and naming nobody, to whoever asks without a mailbox.
    #[arg(long, env = "ZENTALK_RELAY_SFU_CONFIG", value_name = "FILE")]
    sfu_config: Option<PathBuf>,

    /// Connections at a time; more are turned away.
    #[arg(
        long,
        env = "ZENTALK_RELAY_MAX_CONNECTIONS",
        value_name = "N",
        default_value_t = 1_024,
        value_parser = clap::value_parser!(u32).range(1..=1_000_000)
    )]
    max_connections: u32,

    /// Connections of one client address (IPv6: one /64). Behind a proxy all come from its address.
    #[arg(
        long,
        env = "ZENTALK_RELAY_MAX_CONNECTIONS_PER_ADDRESS",
        value_name = "N",
        default_value_t = RelayConfig::DEFAULT_CONNECTIONS_PER_ADDRESS,
        value_parser = clap::value_parser!(u32).range(1..=1_000_000)
    )]
    max_connections_per_address: u32,

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

pub(super) async fn serve(mut args: RelayArgs) -> Result<(), RelayError> {
    // Before the address is printed: whoever reads it may stop the relay at once.
    let stop = stop_signals()?;
    let turn = args.turn_config.take().map(|path| TurnConfig::read(&path)).transpose()?;
    let sfu = args.sfu_config.take().map(|path| SfuTokenConfig::read(&path)).transpose()?;
    let mut config = RelayConfig::from(args);
    if let Some(turn) = turn {
        config = config.turn(turn);
    }
    if let Some(sfu) = sfu {
        config = config.sfu(sfu);
    }
    let relay = Relay::bind(config).await?;
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
            .max_connections(usize::try_from(args.max_connections).unwrap_or(usize::MAX))
            .connections_per_address(args.max_connections_per_address);
        match (args.tls_cert, args.tls_key) {
            (Some(certificates), Some(key)) => config.tls(certificates, key),
            _ => config,
        }
    }
}

pub(super) const AFTER_HELP: &str = "\
When it is ready, the relay prints one line to standard output, for programs to read:
  listening ws://127.0.0.1:8790/v1

Examples:
  zentalk-node relay --data ./relay-data
  zentalk-node relay --listen 127.0.0.1:0 --data \"$(mktemp -d)\"
  zentalk-node relay --listen 0.0.0.0:443 --data /var/lib/zentalk \\
      --tls-cert /etc/zentalk/fullchain.pem --tls-key /etc/zentalk/privkey.pem

A TURN configuration (every key but `host` and one port may be left out, and `secret_file` may stand
for `secrets`: a file with the secret in its first line, the one before it in the second):
  # The same secret as at the TURN servers: openssl rand -base64 32. To rotate: give them both,
  # put the new one first here, and a day later take the old one away everywhere.
  secrets = [\"…\"]
  lifetime_seconds = 3600    # 60 to 86400
  [[server]]                 # 1 to 16 of them
  host = \"turn.example\"      # DNS name or IP address; the name in its certificate, too
  udp = 3478                 # leave out what it does not speak
  tcp = 3478
  tls = 443                  # gets through where all else is blocked
  latitude = 50.11           # where it stands: clients begin with near ones
  longitude = 8.68

An SFU configuration (`lifetime_seconds` may be left out):
  # Made by `zentalk-node sfu-key sfu.key`, which prints the public key for the SFUs. To rotate:
  # give the SFUs both public keys, put the new file here, and an hour later take the old one away.
  key_file = \"sfu.key\"
  lifetime_seconds = 600     # 60 to 3600; people in a call ask for a new token at half of it
  # 1 to 4 SFUs that know the public key; calls begin with the first.
  urls = [\"wss://sfu.example:8443/v1\"]

Exit codes:
  0  stopped by Ctrl-C or SIGTERM
  1  the operating system or the store failed while running
  2  wrong options
  3  the address is in use or cannot be listened on
  4  the data directory or its store cannot be used
  5  the TLS certificate or key cannot be used
  6  the TURN configuration cannot be used
  7  the SFU configuration or its key cannot be used";
