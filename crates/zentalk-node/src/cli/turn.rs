use std::io::{self, Write};
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use clap::Args;
use zentalk_node::turn::core::{Limits, Realm};
use zentalk_node::turn::credentials::RestSecrets;
use zentalk_node::turn::peers::{Cidr, PeerPolicy};
use zentalk_node::turn::{TurnError, TurnServer, TurnServerConfig, read_secrets, secrets};

use super::stop_signals;

#[derive(Debug, Args)]
pub(super) struct TurnArgs {
    /// Address and port to listen on for UDP; port 0 takes any free one. May be given several times. [default, where
    /// none of --udp, --tcp and --tls is given: 127.0.0.1:3478]
    #[arg(long, env = "ZENTALK_TURN_UDP", value_name = "ADDRESS", value_delimiter = ',', value_parser = super::socket_address)]
    udp: Vec<SocketAddr>,

    /// Address and port to listen on for TCP. May be given several times.
    #[arg(long, env = "ZENTALK_TURN_TCP", value_name = "ADDRESS", value_delimiter = ',', value_parser = super::socket_address)]
    tcp: Vec<SocketAddr>,

    /// Address and port to listen on for TLS. May be given several times; 443 gets through most firewalls.
    #[arg(
        long,
        env = "ZENTALK_TURN_TLS",
        value_name = "ADDRESS",
        value_delimiter = ',',
        value_parser = super::socket_address,
        requires = "tls_cert"
    )]
    tls: Vec<SocketAddr>,

    /// TLS certificate chain in PEM format.
    #[arg(long, env = "ZENTALK_TURN_TLS_CERT", value_name = "PEM", requires = "tls_key")]
    tls_cert: Option<PathBuf>,

    /// Private key of the certificate in PEM format.
    #[arg(long, env = "ZENTALK_TURN_TLS_KEY", value_name = "PEM", requires = "tls_cert")]
    tls_key: Option<PathBuf>,

    /// File with the secret that is shared with the relay, which issues credentials with it. A second line may have the
    /// secret before it, which is good for credentials that are still out. Others must not be able to read the file.
    #[arg(
        long,
        env = "ZENTALK_TURN_SECRET_FILE",
        value_name = "FILE",
        required_unless_present = "secret"
    )]
    secret_file: Option<PathBuf>,

    /// The secret itself; only from the environment, since every user of a machine sees its command lines.
    #[arg(
        long,
        env = "ZENTALK_TURN_SECRET",
        hide_env_values = true,
        hide = true,
        conflicts_with = "secret_file"
    )]
    secret: Option<String>,

    /// Realm of the credentials; usually the server's domain.
    #[arg(long, env = "ZENTALK_TURN_REALM", default_value = "zentalk")]
    realm: String,

    /// Address to relay from. May be given several times; by default the addresses that it listens on.
    #[arg(long, env = "ZENTALK_TURN_RELAY_IP", value_name = "IP", value_delimiter = ',')]
    relay_ip: Vec<IpAddr>,

    /// The address that peers see of a relay address behind one-to-one NAT: PUBLIC, or PUBLIC/LOCAL where there are
    /// several relay addresses.
    #[arg(
        long,
        env = "ZENTALK_TURN_EXTERNAL_IP",
        value_name = "PUBLIC[/LOCAL]",
        value_delimiter = ',',
        value_parser = external_ip
    )]
    external_ip: Vec<(IpAddr, Option<IpAddr>)>,

    /// First port of relayed addresses.
    #[arg(
        long,
        env = "ZENTALK_TURN_MIN_PORT",
        value_name = "PORT",
        default_value_t = 49_152,
        value_parser = clap::value_parser!(u16).range(1_024..)
    )]
    min_port: u16,

    /// Last port of relayed addresses.
    #[arg(long, env = "ZENTALK_TURN_MAX_PORT", value_name = "PORT", default_value_t = 65_535)]
    max_port: u16,

    /// Relay to these addresses, too: a range such as 10.0.0.0/8. By default only public addresses are relayed to. May be
    /// given several times. For closed networks: clients reach everything there that this machine reaches.
    #[arg(long, env = "ZENTALK_TURN_ALLOW_PEERS", value_name = "CIDR", value_delimiter = ',')]
    allow_peers: Vec<Cidr>,

    /// Never relay to these addresses: your own public ones that clients have no business with. May be given several
    /// times.
    #[arg(long, env = "ZENTALK_TURN_DENY_PEERS", value_name = "CIDR", value_delimiter = ',')]
    deny_peers: Vec<Cidr>,

    /// Relay to this one address and port, too, whatever the ranges say: an SFU on this machine or in its network. Nothing
    /// else there is reached. May be given several times.
    #[arg(long, env = "ZENTALK_TURN_ALLOW_SOCKET", value_name = "ADDRESS", value_delimiter = ',', value_parser = super::socket_address)]
    allow_socket: Vec<SocketAddr>,

    /// Relay to this machine itself. For tests only: clients reach every service on it.
    #[arg(long, env = "ZENTALK_TURN_ALLOW_LOOPBACK_PEERS")]
    allow_loopback_peers: bool,

    #[command(flatten)]
    limits: LimitArgs,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Limits")]
struct LimitArgs {
    /// Allocations in all.
    #[arg(long, env = "ZENTALK_TURN_MAX_ALLOCATIONS", value_name = "N", default_value_t = Limits::default().allocations)]
    max_allocations: u32,

    /// Allocations for one credential.
    #[arg(long, env = "ZENTALK_TURN_MAX_PER_CREDENTIAL", value_name = "N", default_value_t = Limits::default().allocations_per_credential)]
    max_per_credential: u32,

    /// Allocations for one client address (IPv6: one /64).
    #[arg(long, env = "ZENTALK_TURN_MAX_PER_ADDRESS", value_name = "N", default_value_t = Limits::default().allocations_per_address)]
    max_per_address: u32,

    /// Permissions of one allocation, and as many channels.
    #[arg(long, env = "ZENTALK_TURN_MAX_PERMISSIONS", value_name = "N", default_value_t = 64)]
    max_permissions: u16,

    /// Kibibytes a second that one allocation relays, both directions together.
    #[arg(long, env = "ZENTALK_TURN_MAX_RATE", value_name = "KIB", default_value_t = Limits::default().bytes_per_second / 1024)]
    max_rate: u64,

    /// TCP and TLS connections in all.
    #[arg(long, env = "ZENTALK_TURN_MAX_CONNECTIONS", value_name = "N", default_value_t = Limits::default().streams)]
    max_connections: u32,

    /// TCP and TLS connections of one client address (IPv6: one /64).
    #[arg(long, env = "ZENTALK_TURN_MAX_CONNECTIONS_PER_ADDRESS", value_name = "N", default_value_t = Limits::default().streams_per_address)]
    max_connections_per_address: u32,

    /// Requests a second from one client address (IPv6: one /64).
    #[arg(long, env = "ZENTALK_TURN_MAX_REQUESTS", value_name = "N", default_value_t = Limits::default().requests_per_second)]
    max_requests: u32,
}

pub(super) async fn serve(args: TurnArgs) -> Result<(), TurnError> {
    // Before the addresses are printed: whoever reads them may stop the server at once.
    let stop = stop_signals()?;
    let server = TurnServer::bind(config(args)?).await?;
    let mut out = io::stdout();
    for uri in server.uris() {
        writeln!(out, "listening {uri}")?;
    }
    out.flush()?;
    server.run(stop).await;
    Ok(())
}

fn config(args: TurnArgs) -> Result<TurnServerConfig, TurnError> {
    let mut config = TurnServerConfig::new(Realm::new(args.realm.as_str())?, rest_secrets(&args)?)
        .ports(args.min_port..=args.max_port)
        .peers(peers(&args))
        .limits(args.limits.into());
    if let (Some(chain), Some(key)) = (args.tls_cert, args.tls_key) {
        config = config.certificate(chain, key);
    }
    let default_udp = args.udp.is_empty() && args.tcp.is_empty() && args.tls.is_empty();
    let udp = if default_udp { vec![DEFAULT_LISTEN] } else { args.udp };
    config = udp.into_iter().fold(config, TurnServerConfig::udp);
    config = args.tcp.into_iter().fold(config, TurnServerConfig::tcp);
    config = args.tls.into_iter().fold(config, TurnServerConfig::tls);
    config = args.relay_ip.into_iter().fold(config, TurnServerConfig::relay_ip);
    Ok(args
        .external_ip
        .into_iter()
        .fold(config, |config, (external, local)| config.external_ip(external, local)))
}

/// 3478 is the port of TURN (RFC 8656 §2.1).
const DEFAULT_LISTEN: SocketAddr =
    SocketAddr::new(IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 3_478);

fn rest_secrets(args: &TurnArgs) -> Result<RestSecrets, TurnError> {
    match (&args.secret_file, &args.secret) {
        (Some(path), _) => read_secrets(path),
        (None, secret) => secrets(secret.as_deref().unwrap_or_default(), None),
    }
}

fn peers(args: &TurnArgs) -> PeerPolicy {
    let policy = args.allow_peers.iter().copied().fold(PeerPolicy::default(), PeerPolicy::allow);
    let policy = args.deny_peers.iter().copied().fold(policy, PeerPolicy::deny);
    let policy = args.allow_socket.iter().copied().fold(policy, PeerPolicy::allow_socket);
    if args.allow_loopback_peers { policy.allow_loopback() } else { policy }
}

impl From<LimitArgs> for Limits {
    fn from(args: LimitArgs) -> Self {
        let mut limits = Self::default();
        limits.allocations = args.max_allocations;
        limits.allocations_per_credential = args.max_per_credential;
        limits.allocations_per_address = args.max_per_address;
        limits.permissions = usize::from(args.max_permissions);
        limits.channels = usize::from(args.max_permissions);
        limits.bytes_per_second = args.max_rate.saturating_mul(1024);
        limits.streams = args.max_connections;
        limits.streams_per_address = args.max_connections_per_address;
        limits.requests_per_second = args.max_requests;
        limits
    }
}

fn external_ip(text: &str) -> Result<(IpAddr, Option<IpAddr>), std::net::AddrParseError> {
    match text.split_once('/') {
        Some((external, local)) => Ok((external.parse()?, Some(local.parse()?))),
        None => Ok((text.parse()?, None)),
    }
}

pub(super) const AFTER_HELP: &str = "\
When it is ready, the server prints a line for each address to standard output, for programs to
read:
  listening turn:127.0.0.1:3478?transport=udp

Credentials are ephemeral (what coturn calls its REST API): the username is `<expiry>:<random id>`,
the password base64(HMAC-SHA1(secret, username)). The relay issues them: give its --turn-config the
same secret. To change the secret, put the new one above the old one here, restart, change it at the
relay, and remove the old one a day later.

Peers are public addresses only, unless --allow-peers says otherwise: a client that asks for another
is answered 403.

Examples:
  umask 077; openssl rand -base64 32 > turn.secret
  zentalk-node turn --secret-file turn.secret --udp 127.0.0.1:3478 --tcp 127.0.0.1:3478 \\
      --allow-loopback-peers
  zentalk-node turn --secret-file /etc/zentalk/turn.secret --realm turn.example \\
      --udp 198.51.100.7:3478 --udp '[2001:db8::7]:3478' \\
      --tcp 198.51.100.7:3478 --tls 198.51.100.7:443 \\
      --tls-cert /etc/zentalk/fullchain.pem --tls-key /etc/zentalk/privkey.pem
  zentalk-node turn --secret-file turn.secret --udp 0.0.0.0:3478 \\
      --relay-ip 10.0.0.7 --external-ip 198.51.100.7
  # For an SFU on this machine, alone:
  zentalk-node turn --secret-file turn.secret --udp 198.51.100.7:3478 --tls 198.51.100.8:443 \\
      --tls-cert … --tls-key … \\
      --deny-peers 0.0.0.0/0 --deny-peers ::/0 --allow-socket 198.51.100.7:4400

Exit codes:
  0  stopped by Ctrl-C or SIGTERM
  1  the operating system failed while running
  2  wrong options
  3  an address is in use, or cannot be listened on or relayed from
  4  the secret or the realm cannot be used
  5  the TLS certificate or key cannot be used";
