use std::io::{self, Write};
use std::net::SocketAddr;
use std::num::NonZero;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use zentalk_node::sfu::{SfuError, SfuFile, SfuServer, SfuServerConfig, advertised};
use zentalk_node::sfu_key::public_from_text;

use super::stop_signals;

#[derive(Debug, Args)]
pub(super) struct SfuArgs {
    /// TOML file with any of the options below, and limits; see below. Options and environment go before it.
    #[arg(long, env = "ZENTALK_SFU_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,

    /// Address and port for control connections; port 0 takes any free one. [default: 127.0.0.1:8791]
    #[arg(long, env = "ZENTALK_SFU_LISTEN", value_name = "ADDRESS", value_parser = super::socket_address)]
    listen: Option<SocketAddr>,

    /// UDP address and port for media; port 0 takes any free one. [default: 127.0.0.1:4400]
    #[arg(long, env = "ZENTALK_SFU_MEDIA", value_name = "ADDRESS", value_parser = super::socket_address)]
    media: Option<SocketAddr>,

    /// The address that participants send media to, if it is not the one that is listened on: behind one-to-one NAT,
    /// or where that is a wildcard. With or without a port. May be given several times, the preferred one first.
    #[arg(
        long,
        env = "ZENTALK_SFU_ADVERTISE",
        value_name = "IP[:PORT]",
        value_delimiter = ',',
        value_parser = address
    )]
    advertise: Vec<SocketAddr>,

    /// Public key of the relay that gives out tokens, as `zentalk-node sfu-key` prints it. May be given several times:
    /// to change it, add the next one here, change it at the relay, and remove the old one an hour later.
    #[arg(
        long = "key",
        env = "ZENTALK_SFU_KEYS",
        value_name = "HEX",
        value_delimiter = ',',
        value_parser = public_key
    )]
    keys: Vec<[u8; 32]>,

    /// TLS certificate chain in PEM format.
    #[arg(long, env = "ZENTALK_SFU_TLS_CERT", value_name = "PEM", requires = "tls_key")]
    tls_cert: Option<PathBuf>,

    /// Private key of the certificate in PEM format.
    #[arg(long, env = "ZENTALK_SFU_TLS_KEY", value_name = "PEM", requires = "tls_cert")]
    tls_key: Option<PathBuf>,

    /// Speak plain ws:// on control connections. On a loopback address only: for tests, and behind a proxy on this
    /// machine that speaks TLS.
    #[arg(long, env = "ZENTALK_SFU_PLAIN", conflicts_with = "tls_cert")]
    plain: bool,

    /// Threads for media. [default: one for each core]
    #[arg(
        long,
        env = "ZENTALK_SFU_WORKERS",
        value_name = "N",
        value_parser = clap::value_parser!(u16).range(1..=1_024)
    )]
    workers: Option<u16>,

    /// Seconds that calls have to go elsewhere when the server is told to stop. [default: 30]
    #[arg(
        long,
        env = "ZENTALK_SFU_DRAIN",
        value_name = "SECONDS",
        value_parser = clap::value_parser!(u32).range(0..=3_600)
    )]
    drain: Option<u32>,
}

pub(super) async fn serve(args: SfuArgs) -> Result<(), SfuError> {
    // Before the addresses are printed: whoever reads them may stop the server at once.
    let stop = stop_signals()?;
    let server = SfuServer::bind(config(args)?).await?;
    let mut out = io::stdout();
    writeln!(out, "listening {}\nmedia {}", server.url(), server.media())
        .and_then(|()| out.flush())?;
    server.run(stop).await
}

fn config(args: SfuArgs) -> Result<SfuServerConfig, SfuError> {
    let file = args.config.as_deref().map(SfuFile::read).transpose()?.unwrap_or_default();
    let keys = if args.keys.is_empty() { file.keys } else { args.keys };
    let advertise = if args.advertise.is_empty() { file.advertise } else { args.advertise };
    let mut config = SfuServerConfig::new(keys).core(file.core);
    config = advertise.into_iter().fold(config, SfuServerConfig::advertise);
    if let Some(listen) = args.listen.or(file.listen) {
        config = config.listen(listen);
    }
    if let Some(media) = args.media.or(file.media) {
        config = config.media(media);
    }
    let tls = (args.tls_cert.or(file.tls_cert), args.tls_key.or(file.tls_key));
    config = match (tls, args.plain) {
        (_, true) => config.plain(),
        ((Some(chain), Some(key)), false) => config.tls(chain, key),
        _ => config,
    };
    let workers = args.workers.and_then(|count| NonZero::new(count.into()));
    if let Some(workers) = workers.or(file.workers) {
        config = config.workers(workers);
    }
    let drain = args.drain.map(|seconds| Duration::from_secs(seconds.into())).or(file.drain);
    if let Some(drain) = drain {
        config = config.drain(drain);
    }
    Ok(config.connections(
        file.max_connections.unwrap_or(SfuServerConfig::DEFAULT_MAX_CONNECTIONS),
        file.connections_per_address.unwrap_or(SfuServerConfig::DEFAULT_CONNECTIONS_PER_ADDRESS),
    ))
}

fn address(text: &str) -> Result<SocketAddr, &'static str> {
    advertised(text).ok_or("an IP address is needed, with or without a port")
}

fn public_key(text: &str) -> Result<[u8; 32], &'static str> {
    public_from_text(text)
        .ok_or("64 hexadecimal digits are needed, as `zentalk-node sfu-key` prints them")
}

pub(super) const AFTER_HELP: &str = "\
When it is ready, the server prints two lines to standard output, for programs to read:
  listening wss://198.51.100.7:443/v1
  media 198.51.100.7:4400

Who may join says a token: the relay signs it (`zentalk-node relay --sfu-config`), with a key that
`zentalk-node sfu-key FILE` makes. The server knows the public half alone. A token names a room and
a participant by random numbers, and ends within the hour.

When it is told to stop (Ctrl-C, SIGTERM), it lets nobody in any more, tells everybody to go to
another SFU, and ends when they have, or after --drain seconds.

A configuration file (every key may be left out):
  listen = \"198.51.100.7:443\"      # control connections: WebSocket over TLS
  media = \"198.51.100.7:4400\"      # UDP, one port for all calls
  advertise = [\"198.51.100.7\"]     # behind one-to-one NAT, or where `media` is a wildcard
  keys = [\"…\"]                     # public keys, 64 hexadecimal digits each; 1 to 8
  tls_cert = \"fullchain.pem\"       # paths begin at this file's folder
  tls_key = \"privkey.pem\"
  workers = 8                      # threads for media; one for each core if not said
  drain_seconds = 30               # 0 to 3600
  max_connections = 8192           # control connections
  connections_per_address = 64     # those of one IPv4 address or IPv6 /64
  max_rooms = 1000                 # of each worker
  max_participants = 6             # of a room, 2 to 16
  max_kilobits_per_second = 6000   # that one participant may send
  max_packets_per_second = 2000
  assumed_kilobits_per_second = 1500   # of a path that tells nothing of itself
  silence_seconds = 10             # then a participant counts as gone, 2 to 60

Examples:
  zentalk-node sfu-key sfu.key
  zentalk-node sfu --plain --listen 127.0.0.1:0 --media 127.0.0.1:0 --key 9f86d0…
  zentalk-node sfu --config /etc/zentalk/sfu.toml
  zentalk-node sfu --listen 0.0.0.0:443 --media 0.0.0.0:4400 \\
      --advertise 198.51.100.7 --key 9f86d0… \\
      --tls-cert /etc/zentalk/fullchain.pem --tls-key /etc/zentalk/privkey.pem

Exit codes:
  0  stopped by Ctrl-C or SIGTERM
  1  the operating system failed while running
  2  wrong options
  3  an address is in use, or cannot be listened on or told to participants
  4  there is no key, or there are too many
  5  the TLS certificate or key cannot be used, or there is none
  6  the configuration file cannot be used";
