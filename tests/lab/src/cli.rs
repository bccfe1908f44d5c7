use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgGroup, Parser};

use crate::bridge::Impairment;
use crate::nat::NatKind;
use crate::servers::TurnKind;
use crate::topology::{Families, Site};

/// Real calls between network namespaces, judged from outside.
#[derive(Parser)]
#[command(name = "lab", max_term_width = 100)]
#[command(group = ArgGroup::new("what").required(true))]
pub(crate) struct Cli {
    /// Every kind of NAT with every other, IPv6 only, and dual stack: each call by the path that theory allows.
    #[arg(long, group = "what")]
    pub(crate) matrix: bool,
    /// The caller goes to another network in mid-call: how long the media stop, at both ends.
    #[arg(long, group = "what")]
    pub(crate) roam: bool,
    /// The caller's wire is cut for so many seconds: below 30 the call comes back, above it ends.
    #[arg(long, group = "what", value_name = "SECONDS")]
    pub(crate) outage: Option<u64>,
    /// Both use relays only; every packet of both is captured and checked. A direct call must fail this check.
    #[arg(long, group = "what", requires = "capture")]
    pub(crate) relay_only: bool,
    /// Keep what was captured as pcap files.
    #[arg(long, requires = "relay_only")]
    pub(crate) capture: bool,
    /// How long after the accept media come, with a path that is warm by then and without.
    #[arg(long, group = "what")]
    pub(crate) pickup: bool,
    /// Two hosts of one network that hide their addresses behind mDNS names.
    #[arg(long, group = "what")]
    pub(crate) mdns: bool,

    /// The TURN servers [default: both for --matrix and --relay-only, embedded for the others]
    #[arg(long, value_enum)]
    pub(crate) turn: Option<TurnChoice>,
    /// Only these pairs of the matrix: A:B, with a kind of NAT, `ipv6` or `dual` for each.
    #[arg(long, value_name = "A:B,…", value_delimiter = ',', value_parser = pair, requires = "matrix")]
    pub(crate) pairs: Vec<[Site; 2]>,
    /// How often [default: 10 for --roam and --pickup, else 1]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub(crate) runs: Option<u32>,
    /// Labs at a time.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=16))]
    pub(crate) jobs: u32,

    /// Delay of each host's wire, one way, in milliseconds.
    #[arg(long, value_name = "MS", default_value_t = 20, value_parser = clap::value_parser!(u64).range(0..=1_000))]
    delay: u64,
    /// How far the delay varies, either way, in milliseconds.
    #[arg(long, value_name = "MS", default_value_t = 0, value_parser = clap::value_parser!(u64).range(0..=1_000))]
    jitter: u64,
    /// The share of frames that each wire loses, each way.
    #[arg(long, value_name = "PERCENT", default_value_t = 0.0, value_parser = percent)]
    pub(crate) loss: f64,
    /// How many frames are lost in a row, on average.
    #[arg(long, value_name = "FRAMES", default_value_t = 1.0)]
    burst: f64,
    /// The share of frames that come twice.
    #[arg(long, value_name = "PERCENT", default_value_t = 0.0, value_parser = percent)]
    duplicate: f64,
    /// The share of frames that overtake all others.
    #[arg(long, value_name = "PERCENT", default_value_t = 0.0, value_parser = percent)]
    reorder: f64,
    /// What each wire carries, each way, in kbit/s.
    #[arg(long, value_name = "KBIT")]
    rate: Option<u64>,

    /// Where logs, journals, recordings, captures and the report go.
    #[arg(long, value_name = "DIR", default_value = "target/lab")]
    pub(crate) out: PathBuf,
    /// The program for people.
    #[arg(long, value_name = "FILE", default_value = "target/release/zentalk")]
    pub(crate) zentalk: PathBuf,
    /// The program for operators.
    #[arg(long, value_name = "FILE", default_value = "target/release/zentalk-node")]
    pub(crate) node: PathBuf,
    /// The folder of the test media.
    #[arg(long, value_name = "DIR", default_value = "tests/media")]
    pub(crate) media: PathBuf,
}

/// Which TURN servers a command is run with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum TurnChoice {
    Coturn,
    Embedded,
    Both,
}

impl Cli {
    pub(crate) fn impairment(&self) -> Impairment {
        Impairment {
            delay: Duration::from_millis(self.delay),
            jitter: Duration::from_millis(self.jitter),
            loss: self.loss,
            burst: self.burst,
            duplicate: self.duplicate,
            reorder: self.reorder,
            rate: self.rate.map(|kbit| kbit.saturating_mul(1_000)),
        }
    }

    pub(crate) fn turn_kinds(&self, default: TurnChoice) -> &'static [TurnKind] {
        match self.turn.unwrap_or(default) {
            TurnChoice::Coturn => &[TurnKind::Coturn],
            TurnChoice::Embedded => &[TurnKind::Embedded],
            TurnChoice::Both => &[TurnKind::Coturn, TurnKind::Embedded],
        }
    }
}

fn percent(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(percent) if (0.0..=100.0).contains(&percent) => Ok(percent / 100.0),
        _ => Err("a number from 0 to 100".to_owned()),
    }
}

fn pair(text: &str) -> Result<[Site; 2], String> {
    let (a, b) = text.split_once(':').ok_or("two names with a colon in between")?;
    Ok([site(a)?, site(b)?])
}

fn site(text: &str) -> Result<Site, String> {
    match text {
        "ipv6" => Ok(Site::IPV6),
        "dual" => Ok(Site::DUAL),
        name => {
            let nat = <NatKind as clap::ValueEnum>::from_str(name, true).map_err(|_| {
                "full-cone, address-restricted, port-restricted, symmetric, udp-blocked, ipv6 or dual"
            })?;
            Ok(Site { nat, families: Families::V4 })
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definitions_hold_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_pair_is_two_sites() {
        let [a, b] = pair("udp-blocked:ipv6").unwrap();
        assert_eq!(a, Site { nat: NatKind::UdpBlocked, families: Families::V4 });
        assert_eq!(b.families, Families::V6);
        assert!(pair("symmetric").is_err() && pair("cone:cone").is_err());
    }
}
