//! Calls through NATs in network namespaces, by the runner of the package `zentalk-lab`.

use std::path::PathBuf;
use std::process::Command;

use crate::setup;
use crate::shell::{self, Failure, Outcome};

/// Real calls between network namespaces, behind NATs, judged from outside. Needs root.
///
/// Builds two hosts, two NATs and a public segment with a TURN server and a signalling relay, proves by probes
/// that the NATs are what they should be, runs `zentalk` in the hosts, and measures on their wires. Prints a
/// table; the last line is `N passed, N failed`. Exits with 1 on any failure. docs/lab.md has the picture.
/// Reports, logs, recordings and captures are in target/lab.
#[derive(clap::Args)]
#[command(group = clap::ArgGroup::new("what").required(true))]
pub(crate) struct Lab {
    /// Every kind of NAT with every other, IPv6 only, and dual stack: each call by the path that theory
    /// allows.
    #[arg(long, group = "what")]
    matrix: bool,
    /// The caller goes to another network in mid-call: how long media stop, at both ends. The median must
    /// be below 1.5 s.
    #[arg(long, group = "what")]
    roam: bool,
    /// The caller's wire is cut for so many seconds: below 30 the call comes back, above it ends.
    #[arg(long, group = "what", value_name = "SECONDS")]
    outage: Option<u64>,
    /// Both use relays only; every packet of both is captured and checked. A direct call must fail this
    /// check.
    #[arg(long, group = "what", requires = "capture")]
    relay_only: bool,
    /// Keep what was captured as pcap files.
    #[arg(long, requires = "relay_only")]
    capture: bool,
    /// How long after the accept media come, with a path that is warm by then and without.
    #[arg(long, group = "what")]
    pickup: bool,
    /// Two hosts of one network that hide their addresses behind mDNS names.
    #[arg(long, group = "what")]
    mdns: bool,
    /// The TURN servers: coturn, embedded or both [default: both for --matrix and --relay-only, embedded
    /// for the others]
    #[arg(long)]
    turn: Option<String>,
    /// Only these pairs of the matrix: full-cone, address-restricted, port-restricted, symmetric,
    /// udp-blocked, ipv6 or dual for each side.
    #[arg(long, value_name = "A:B,…", requires = "matrix")]
    pairs: Option<String>,
    /// How often [default: 10 for --roam and --pickup, else 1]
    #[arg(long)]
    runs: Option<u32>,
    /// Labs at a time [default: 3]
    #[arg(long)]
    jobs: Option<u32>,
    /// Delay of each host's wire, one way, in milliseconds [default: 20]
    #[arg(long, value_name = "MS")]
    delay: Option<u64>,
    /// How far the delay varies, either way, in milliseconds [default: 0]
    #[arg(long, value_name = "MS")]
    jitter: Option<u64>,
    /// The share of frames that each wire loses, each way [default: 0]
    #[arg(long, value_name = "PERCENT")]
    loss: Option<f64>,
    /// How many frames are lost in a row, on average [default: 1]
    #[arg(long, value_name = "FRAMES")]
    burst: Option<f64>,
    /// The share of frames that come twice [default: 0]
    #[arg(long, value_name = "PERCENT")]
    duplicate: Option<f64>,
    /// The share of frames that overtake all others [default: 0]
    #[arg(long, value_name = "PERCENT")]
    reorder: Option<f64>,
    /// What each wire carries, each way, in kbit/s [default: no limit]
    #[arg(long, value_name = "KBIT")]
    rate: Option<u64>,
    /// Where the reports go [default: target/lab]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// What is built: the programs that the lab runs, and the lab.
const PACKAGES: &[&str] = &["-p", "zentalk-cli", "-p", "zentalk-node", "-p", "zentalk-lab"];

impl Lab {
    pub(crate) fn run(self) -> Outcome {
        // Before minutes of building.
        if shell::output(Command::new("id").arg("-u")).is_none_or(|uid| uid.trim() != "0") {
            return Err(Failure::new(NOT_ROOT));
        }
        setup::ensure_lab()?;
        shell::run(shell::cargo(&["build", "--release", "--locked"]).args(PACKAGES))?;
        shell::replace_with(self.runner())
    }

    fn runner(&self) -> Command {
        let programs = shell::target().join("release");
        let mut command = Command::new(programs.join("lab"));
        command.current_dir(shell::root());
        command.arg("--zentalk").arg(programs.join("zentalk"));
        command.arg("--node").arg(programs.join("zentalk-node"));
        for (option, is_set) in [
            ("--matrix", self.matrix),
            ("--roam", self.roam),
            ("--relay-only", self.relay_only),
            ("--capture", self.capture),
            ("--pickup", self.pickup),
            ("--mdns", self.mdns),
        ] {
            command.args(is_set.then_some(option));
        }
        for (option, value) in self.values() {
            command.args(value.iter().flat_map(|value| [option, value]));
        }
        let out = self.out.clone().unwrap_or_else(|| shell::target().join("lab"));
        // As seen from here: the runner starts in the workspace's root.
        command.arg("--out").arg(std::path::absolute(&out).unwrap_or(out));
        command
    }

    fn values(&self) -> [(&'static str, Option<String>); 12] {
        fn text(value: Option<impl ToString>) -> Option<String> {
            value.map(|value| value.to_string())
        }
        [
            ("--outage", text(self.outage)),
            ("--turn", self.turn.clone()),
            ("--pairs", self.pairs.clone()),
            ("--runs", text(self.runs)),
            ("--jobs", text(self.jobs)),
            ("--delay", text(self.delay)),
            ("--jitter", text(self.jitter)),
            ("--loss", text(self.loss)),
            ("--burst", text(self.burst)),
            ("--duplicate", text(self.duplicate)),
            ("--reorder", text(self.reorder)),
            ("--rate", text(self.rate)),
        ]
    }
}

const NOT_ROOT: &str = "the lab makes network namespaces, which only root may: run\n  \
    sudo -E env \"PATH=$PATH\" cargo xtask lab …\n\
    or run it in a container with /dev/net/tun and the capabilities NET_ADMIN, NET_RAW and SYS_ADMIN";
