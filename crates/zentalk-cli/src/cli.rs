//! What can be typed.

mod invitation;
mod network;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub use invitation::Invitation;
pub use network::{Network, Turn};

/// End-to-end-encrypted voice and video calls from a terminal.
#[derive(Debug, Parser)]
#[command(
    name = "zentalk",
    version = VERSION,
    max_term_width = 100,
    after_help = "\
A call by hand, in three terminals:
  1  zentalk-node relay --listen 127.0.0.1:8790 --data /tmp/relay
  2  zentalk --data /tmp/bob id                 prints Bob's card: zentalk:…
     zentalk --data /tmp/bob listen --loopback --audio bob.wav
  3  zentalk --data /tmp/alice contact add bob zentalk:…
     zentalk --data /tmp/alice call bob --loopback --audio alice.wav --video alice.ivf

A group call: zentalk call bob carol dave. Everybody answers with `zentalk listen`; the caller's relay must know a forwarding
server (zentalk-node relay --sfu-config FILE, zentalk-node sfu).

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

/// The version, and what kind of build it is if it is not the ordinary one.
#[cfg(not(feature = "glass"))]
const VERSION: &str = env!("CARGO_PKG_VERSION");
#[cfg(feature = "glass")]
const VERSION: &str = concat!(
    env!("CARGO_PKG_VERSION"),
    " UNDER GLASS: for demonstrations only, it can write down the keys of its calls"
);

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
#[command(after_help = "\
Commands, typed during the call (with --commands), a line each:
  invite NAME   invite a contact, or a card; a call of two becomes a group by it
  members       list who is in the call
  end           hang up")]
pub struct Call {
    /// A name from `zentalk contact list`, or a card: zentalk:…; two to five of them make a group call
    #[arg(required = true, num_args = 1..=MAX_CALLED, value_name = "CONTACT")]
    pub contacts: Vec<String>,
    /// Invite this contact, too, so many seconds after the call is up; may be given several times
    #[arg(long, value_name = "NAME=SECONDS")]
    pub invite: Vec<Invitation>,
    /// What is sent, kept and shown.
    #[command(flatten)]
    pub session: Session,
}

/// Whom one person can call at once; with themselves they are six.
const MAX_CALLED: usize = 5;

/// What both sides of a call can choose.
#[derive(Debug, Default, Args)]
pub struct Session {
    /// Send this WAV file (48,000 Hz, 16 bit, mono or stereo), then silence
    #[arg(long, value_name = "FILE")]
    pub audio: Option<PathBuf>,
    /// Send this video (IVF with VP8, or Y4M), again and again; `pattern` sends a generated one, `pattern:0`
    /// to `pattern:5` smaller ones that can be told apart. A call placed without it carries sound only
    #[arg(long, value_name = "FILE")]
    pub video: Option<PathBuf>,
    /// Bit rate of the sent video, in kbit/s
    #[arg(long, value_name = "KBIT", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(50..=20_000))]
    pub video_kbps: u32,
    /// Burn each picture's number into its corner, so that a receiver can be checked
    #[arg(long)]
    pub burn_index: bool,
    /// Keep what arrives: NAME.wav and NAME.ivf, in a group NAME-from-1-bob.wav and so on for each member;
    /// further calls of one `listen` become NAME-2 and so on
    #[arg(long, value_name = "NAME")]
    pub record: Option<PathBuf>,
    /// Hang up this many seconds after the call is up
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(..=86_400))]
    pub hang_up_after: Option<u64>,
    /// Take commands from standard input during the call: `invite NAME`, `members`, `end`
    #[arg(long)]
    pub commands: bool,
    /// Which way packets may take.
    #[command(flatten)]
    pub network: Network,
    /// WRITE THE KEYS of group calls to this file: for demonstrations only
    #[cfg(feature = "glass")]
    #[arg(long, value_name = "FILE")]
    pub expose_keys: Option<PathBuf>,
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
    /// How long the call lasts once it is up, in seconds [default: 10; of a group 24, which takes 20 to 300]
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(8..=600))]
    pub seconds: Option<u64>,
    /// Put an attacker between the two, who tampers with this
    #[arg(long, value_enum, conflicts_with = "group")]
    pub tamper: Option<Tamper>,
    /// A group call of this many people, 3 to 6: one joins late, one leaves
    #[arg(long, value_name = "PEOPLE", value_parser = clap::value_parser!(u8).range(3..=6))]
    pub group: Option<u8>,
    /// Kill the group's forwarding server in mid-call; another one takes over
    #[arg(long, requires = "group")]
    pub kill_sfu: bool,
    /// The relay's TCP port on 127.0.0.1; 0 takes a free one
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    pub relay_port: u16,
    /// The folder with the demo's media files
    #[arg(long, value_name = "DIR", default_value = "tests/media")]
    pub media: PathBuf,
}

impl Demo {
    /// How long the call lasts. In a group somebody joins and somebody leaves meanwhile.
    pub fn seconds(&self) -> u64 {
        match (self.seconds, self.group) {
            (Some(seconds), Some(_)) => seconds.clamp(MIN_GROUP_SECONDS, MAX_GROUP_SECONDS),
            (Some(seconds), None) => seconds,
            (None, Some(_)) => 24,
            (None, None) => 10,
        }
    }
}

/// Between the join and the leave the members' verification takes its seconds, and memories are looked through.
const MIN_GROUP_SECONDS: u64 = 20;
/// Pictures are numbered, and each person of a group has numbers for more than six minutes.
const MAX_GROUP_SECONDS: u64 = 300;

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

    fn call(words: &[&str]) -> Result<Call, clap::Error> {
        let cli = Cli::try_parse_from([&["zentalk", "call"], words].concat())?;
        match cli.command {
            Command::Call(call) => Ok(call),
            other => panic!("another command: {other:?}"),
        }
    }

    #[test]
    fn one_name_is_a_call_of_two_and_five_make_a_group_of_six() {
        assert_eq!(call(&["bob"]).unwrap().contacts, ["bob"]);
        assert_eq!(call(&["b", "c", "d", "e", "f", "--loopback"]).unwrap().contacts.len(), 5);
        assert!(call(&[]).is_err());
        assert!(call(&["b", "c", "d", "e", "f", "g"]).is_err());
    }

    #[test]
    fn invitations_name_a_contact_and_a_time() {
        let call = call(&["bob", "--invite", "carol=5", "--invite", "dave=20"]).unwrap();
        let invited: Vec<_> =
            call.invite.iter().map(|one| (one.contact.as_str(), one.after)).collect();
        let seconds = std::time::Duration::from_secs;
        assert_eq!(invited, [("carol", seconds(5)), ("dave", seconds(20))]);
    }

    #[test]
    fn the_demo_has_three_to_six_people_in_a_group() {
        let demo = |words: &[&str]| Cli::try_parse_from([&["zentalk", "demo"], words].concat());
        assert!(demo(&["--group", "3"]).is_ok() && demo(&["--group", "6", "--kill-sfu"]).is_ok());
        for wrong in [&["--group", "2"][..], &["--group", "7"], &["--kill-sfu"]] {
            assert!(demo(wrong).is_err(), "{wrong:?}");
        }
    }
}
