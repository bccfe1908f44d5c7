//! What can be typed.

mod network;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub use network::{Network, Turn};

/// End-to-end-encrypted voice and video calls from a terminal.
#[derive(Debug, Parser)]
#[command(
    name = "zentalk",
    version,
    max_term_width = 100,
    after_help = "\
A call by hand, in three terminals:
  1  zentalk-node relay --listen 127.0.0.1:8790 --data /tmp/relay
  2  zentalk --data /tmp/bob id                 prints Bob's card: zentalk:…
     zentalk --data /tmp/bob listen --loopback --audio bob.wav
  3  zentalk --data /tmp/alice contact add bob zentalk:…
     zentalk --data /tmp/alice call bob --loopback --audio alice.wav --video alice.ivf

Exit codes:
    0 the call took place, or the command did what was asked
    1 something failed
    2 wrong usage
    3 no such contact
    4 relay not reachable, or the other side never online
    5 nobody answered
    6 declined or busy
    7 no connection, or connection lost; `doctor` found no way for some calls
    8 FINGERPRINT MISMATCH: someone may be listening in between
    9 media file not usable
   10 data folder not usable
  130 interrupted before the call was up"
)]
pub struct Cli {
    /// Where identity, sessions and contacts are kept [default: ~/.local/share/zentalk]
    #[arg(long, global = true, env = "ZENTALK_DATA", value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// The relay that keeps your mailbox; fixed when the identity is made
    #[arg(long, global = true, env = "ZENTALK_RELAY", value_name = "URL", default_value = DEFAULT_RELAY)]
    pub relay: String,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show your contact card; make an identity first if there is none
    Id,
    /// Keep names for contact cards
    Contact {
        /// What to do with them.
        #[command(subcommand)]
        command: Contact,
    },
    /// Wait for calls
    Listen(Listen),
    /// Call a contact
    Call(Call),
    /// Look what stands in the way of calls: relay, TURN servers, NAT, IPv6
    Doctor(Doctor),
    /// Run a real encrypted call between two processes on this machine, and judge it
    Demo(Demo),
}

/// The relay of `zentalk-node relay` with its own defaults, on this machine.
pub const DEFAULT_RELAY: &str = "ws://127.0.0.1:8790/v1";

/// `zentalk contact`
#[derive(Debug, Subcommand)]
pub enum Contact {
    /// Give a contact card a name
    Add {
        /// The name to call them by.
        name: String,
        /// Their card: zentalk:…
        card: String,
    },
    /// List the names
    List,
    /// Forget a name
    Remove {
        /// The name.
        name: String,
    },
}

/// `zentalk listen`
#[derive(Debug, Args)]
pub struct Listen {
    /// Accept every call without asking
    #[arg(long)]
    pub auto_accept: bool,
    /// End after one call
    #[arg(long)]
    pub once: bool,
    /// What is sent, kept and shown.
    #[command(flatten)]
    pub session: Session,
}

/// `zentalk call`
#[derive(Debug, Args)]
pub struct Call {
    /// A name from `zentalk contact list`, or a card: zentalk:…
    pub contact: String,
    /// Hang up this many seconds after the call is up
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(..=86_400))]
    pub hang_up_after: Option<u64>,
    /// What is sent, kept and shown.
    #[command(flatten)]
    pub session: Session,
}

/// What both sides of a call can choose.
#[derive(Debug, Default, Args)]
pub struct Session {
    /// Send this WAV file (48,000 Hz, 16 bit, mono or stereo), then silence
    #[arg(long, value_name = "FILE")]
    pub audio: Option<PathBuf>,
    /// Send this video (IVF with VP8, or Y4M), again and again; `pattern` sends a generated one. A call
    /// placed without it carries sound only
    #[arg(long, value_name = "FILE")]
    pub video: Option<PathBuf>,
    /// Bit rate of the sent video, in kbit/s
    #[arg(long, value_name = "KBIT", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(50..=20_000))]
    pub video_kbps: u32,
    /// Burn each picture's number into its corner, so that a receiver can be checked
    #[arg(long)]
    pub burn_index: bool,
    /// Keep what arrives: NAME.wav and NAME.ivf; further calls of one `listen` become NAME-2 and so on
    #[arg(long, value_name = "NAME")]
    pub record: Option<PathBuf>,
    /// Which way packets may take.
    #[command(flatten)]
    pub network: Network,
    /// Print one JSON object a line instead of text
    #[arg(long)]
    pub json: bool,
}

/// `zentalk doctor`
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Every line tells what was looked at, what was found, and, if it is not good, what to do.
It makes no call and no identity, and tells nobody's name to anybody.

Exit codes:
    0 calls will connect; a line marked `note` says what could be better
    4 the relay cannot be reached
    7 no TURN server can be used: calls between strict networks, and --relay-only, will fail")]
pub struct Doctor {
    /// Ask these STUN servers, too, how you are seen from outside
    #[arg(long, value_name = "HOST:PORT")]
    pub stun: Vec<String>,
    /// What is told of TURN servers.
    #[command(flatten)]
    pub turn: Turn,
    /// Print one JSON object a line instead of a table
    #[arg(long)]
    pub json: bool,
}

/// `zentalk demo`
#[derive(Clone, Debug, Args)]
pub struct Demo {
    /// Where recordings and report.html go
    #[arg(long, value_name = "DIR", default_value = "target/demo")]
    pub out: PathBuf,
    /// How long the call lasts once it is up, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u64).range(8..=600))]
    pub seconds: u64,
    /// Put an attacker between the two, who tampers with this
    #[arg(long, value_enum)]
    pub tamper: Option<Tamper>,
    /// The relay's TCP port on 127.0.0.1; 0 takes a free one
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    pub relay_port: u16,
    /// The folder with the demo's media files
    #[arg(long, value_name = "DIR", default_value = "tests/media")]
    pub media: PathBuf,
}

/// What the demo's attacker tampers with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Tamper {
    /// Answers the DTLS handshakes of both sides with a certificate of its own
    Fingerprint,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definitions_hold_together() {
        Cli::command().debug_assert();
    }
}
