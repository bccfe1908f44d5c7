//! What can be typed.

mod invitation;
mod network;

use core::ops::RangeInclusive;
use std::ffi::OsString;
use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};

pub use invitation::Invitation;
pub use network::{Network, Turn};

/// End-to-end-encrypted voice and video calls from a terminal.
#[derive(Debug, Parser)]
#[command(
    name = "zentalk",
    version = VERSION,
    max_term_width = 100,
    arg_required_else_help = true,
    after_help = "\
A call by hand, in three terminals:
  1  zentalk-node relay --listen 127.0.0.1:8790 --data /tmp/relay
  2  zentalk --data /tmp/bob id                 prints Bob's card: zentalk:…
     zentalk --data /tmp/bob listen --loopback --audio bob.wav
  3  zentalk --data /tmp/alice contact add bob zentalk:…
     zentalk --data /tmp/alice call bob --loopback --audio alice.wav --video alice.ivf

A group call: zentalk call bob carol dave. Everybody answers with `zentalk listen`;
the caller's relay must know a forwarding server (zentalk-node relay --sfu-config FILE,
zentalk-node sfu).

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
    /// The relay that keeps your mailbox; fixed when the identity is made [default: ws://127.0.0.1:8790/v1]
    #[arg(long, global = true, env = "ZENTALK_RELAY", value_name = "URL")]
    pub relay: Option<String>,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

impl Cli {
    /// What was typed. The program ends here if it is wrong, or if help was asked for.
    pub fn read() -> Self {
        Self::of(std::env::args_os()).unwrap_or_else(|error| error.exit())
    }

    fn of(words: impl IntoIterator<Item: Into<OsString> + Clone>) -> Result<Self, clap::Error> {
        let cli = Self::try_parse_from(words)?;
        if let Command::Demo(demo) = &cli.command {
            let refused = |wrong| Self::command().error(ErrorKind::ValueValidation, wrong);
            demo.check().map_err(refused)?;
        }
        Ok(cli)
    }
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
    /// Run a real encrypted call of two to six programs on this machine, and judge it
    Demo(Demo),
}

/// The relay of `zentalk-node relay` with its own defaults, on this machine.
pub const DEFAULT_RELAY: &str = "ws://127.0.0.1:8790/v1";

/// What `zentalk contact` does with the names that people are called by.
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

/// What `zentalk listen` can be told: how calls are answered.
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

/// What `zentalk call` is told: who is called, and how.
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
    /// further calls of one `listen` become NAME-2 and so on. Files of these names are replaced
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
    /// WRITE THE KEYS of group calls to this file, which is replaced: for demonstrations only
    #[cfg(feature = "glass")]
    #[arg(long, value_name = "FILE")]
    pub expose_keys: Option<PathBuf>,
    /// Print one JSON object a line instead of text
    #[arg(long)]
    pub json: bool,
}

/// What `zentalk doctor` can be told: which servers are looked at.
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

/// What `zentalk demo` can be told: what kind of call it makes and judges.
#[derive(Clone, Debug, Args)]
pub struct Demo {
    /// Where recordings and report.html go
    #[arg(long, value_name = "DIR", default_value = "target/demo")]
    pub out: PathBuf,
    /// How long the call lasts once it is up, in seconds, 8 to 600 [default: 10], of a group 20 to 300 [default: 24]
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
        let default = if self.group.is_some() { 24 } else { 10 };
        self.seconds.unwrap_or(default)
    }

    /// A group's bounds are not those of a call of two, which the option's own are.
    fn check(&self) -> Result<(), String> {
        match self.seconds {
            Some(seconds) if self.group.is_some() && !GROUP_SECONDS.contains(&seconds) => {
                let (least, most) = (GROUP_SECONDS.start(), GROUP_SECONDS.end());
                Err(format!(
                    "--seconds {seconds} is not possible with --group: a group's call lasts {least} to {most} seconds"
                ))
            }
            _ => Ok(()),
        }
    }
}

/// Between the join and the leave the members' verification takes its seconds, and memories are looked through. Pictures are numbered,
/// and each person of a group has numbers for more than six minutes.
const GROUP_SECONDS: RangeInclusive<u64> = 20..=300;

/// What the demo's attacker tampers with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Tamper {
    /// Answers the DTLS handshakes of both sides with a certificate of its own
    Fingerprint,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definitions_hold_together() {
        Cli::command().debug_assert();
    }

    /// It is shown as it stands, and where it is too wide it is broken in the middle of a sentence.
    #[test]
    fn what_is_written_below_the_options_fits_the_terminal() {
        let mut command = Cli::command();
        let below = |command: &mut clap::Command| {
            let text = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            let widest = text.lines().map(|line| line.chars().count()).max().unwrap_or(0);
            assert!(widest <= 100, "{}: {widest}\n{text}", command.get_name());
        };
        below(&mut command);
        command.get_subcommands_mut().for_each(below);
    }

    fn call(words: &[&str]) -> Result<Call, clap::Error> {
        let cli = Cli::of([&["zentalk", "call"], words].concat())?;
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
        assert!(demo(&["--group", "3"]).is_ok() && demo(&["--group", "6", "--kill-sfu"]).is_ok());
        for wrong in [&["--group", "2"][..], &["--group", "7"], &["--kill-sfu"]] {
            assert!(demo(wrong).is_err(), "{wrong:?}");
        }
    }

    fn demo(words: &[&str]) -> Result<Demo, clap::Error> {
        match Cli::of([&["zentalk", "demo"], words].concat())?.command {
            Command::Demo(demo) => Ok(demo),
            other => panic!("another command: {other:?}"),
        }
    }

    #[test]
    fn a_length_that_a_demo_cannot_have_is_refused_and_none_is_changed() {
        let seconds = |words: &[&str]| demo(words).map(|demo| demo.seconds()).ok();
        assert_eq!((seconds(&[]), seconds(&["--group", "3"])), (Some(10), Some(24)));
        assert_eq!(seconds(&["--seconds", "8"]), Some(8));
        assert_eq!(seconds(&["--seconds", "600"]), Some(600));
        for (typed, taken) in [("19", None), ("20", Some(20)), ("300", Some(300)), ("301", None)] {
            assert_eq!(seconds(&["--group", "3", "--seconds", typed]), taken);
        }
        let error = demo(&["--seconds", "600", "--group", "3"]).unwrap_err().to_string();
        assert!(error.contains("--seconds 600") && error.contains("20 to 300 seconds"), "{error}");
    }
}
