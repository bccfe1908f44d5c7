//! The configuration file. Options of the command line go before it.

use std::net::{IpAddr, SocketAddr};
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::time::Duration;

use zentalk_sfu::SfuConfig;

use super::error::SfuError;
use crate::sfu_key::public_from_text;
use crate::toml_file::{self, Fault, FileProblem, Section};

/// What a configuration file says; what it does not say is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SfuFile {
    /// Where control connections come in.
    pub listen: Option<SocketAddr>,
    /// Where media comes in.
    pub media: Option<SocketAddr>,
    /// What participants are told instead; port 0 stands for that of `media`.
    pub advertise: Vec<SocketAddr>,
    /// Whose tokens are taken.
    pub keys: Vec<[u8; 32]>,
    /// The certificate chain.
    pub tls_cert: Option<PathBuf>,
    /// Its private key.
    pub tls_key: Option<PathBuf>,
    /// Threads for media.
    pub workers: Option<NonZero<usize>>,
    /// How long calls may go on once the server is told to stop.
    pub drain: Option<Duration>,
    /// Control connections at a time.
    pub max_connections: Option<usize>,
    /// Those of one address.
    pub connections_per_address: Option<u32>,
    /// What each worker allows.
    pub core: SfuConfig,
}

impl SfuFile {
    /// Reads a TOML file; `zentalk-node sfu --help` shows one.
    ///
    /// # Errors
    /// [`SfuError`] with the line and what to write there.
    pub fn read(path: &Path) -> Result<Self, SfuError> {
        let unreadable = |source| SfuError::Unreadable { path: path.to_owned(), source };
        let text = toml_file::read_text(path).map_err(unreadable)?;
        parse(&text, path).map_err(|fault| SfuError::Line {
            path: path.to_owned(),
            line: fault.line(&text),
            problem: fault.problem,
        })
    }
}

/// An address with or without a port; without one it stands for that of the media port.
pub fn advertised(text: &str) -> Option<SocketAddr> {
    text.parse().ok().or_else(|| Some(SocketAddr::new(text.parse::<IpAddr>().ok()?, 0)))
}

fn parse(text: &str, path: &Path) -> Result<SfuFile, Fault> {
    let document = toml_file::parse(text)?;
    let file = Section::new(&document, KEYS)?;
    let mut found = SfuFile {
        listen: address(&file, "listen")?,
        media: address(&file, "media")?,
        advertise: list(&file, "advertise", ADVERTISE, advertised)?,
        keys: list(&file, "keys", PUBLIC_KEYS, public_from_text)?,
        tls_cert: beside(&file, path, "tls_cert")?,
        tls_key: beside(&file, path, "tls_key")?,
        workers: number(&file, "workers", 1, 1_024)?.and_then(|count| NonZero::new(count as usize)),
        drain: number(&file, "drain_seconds", 0, 3_600)?.map(|n| Duration::from_secs(n.into())),
        max_connections: number(&file, "max_connections", 1, 1_000_000)?.map(|n| n as usize),
        connections_per_address: number(&file, "connections_per_address", 1, 1_000_000)?,
        core: SfuConfig::default(),
    };
    let core = &mut found.core;
    set(&mut core.max_rooms, number(&file, "max_rooms", 1, 1_000_000)?.map(|n| n as usize));
    set(&mut core.max_participants, number(&file, "max_participants", 2, 16)?.map(|n| n as usize));
    let kilobits = number(&file, "max_kilobits_per_second", 100, 1_000_000)?;
    set(&mut core.max_bit_rate, kilobits.map(|n| u64::from(n) * 1_000));
    set(&mut core.max_packet_rate, number(&file, "max_packets_per_second", 100, 1_000_000)?);
    let assumed = number(&file, "assumed_kilobits_per_second", 100, 1_000_000)?;
    set(&mut core.assumed_bit_rate, assumed.map(|n| u64::from(n) * 1_000));
    let silence = number(&file, "silence_seconds", 2, 60)?;
    set(&mut core.silence, silence.map(|n| Duration::from_secs(n.into())));
    Ok(found)
}

fn set<T>(figure: &mut T, said: Option<T>) {
    if let Some(said) = said {
        *figure = said;
    }
}

/// A number with its range in the message.
fn number(
    file: &Section<'_>,
    key: &'static str,
    least: u32,
    most: u32,
) -> Result<Option<u32>, Fault> {
    let range =
        RANGES.iter().find(|(of, _)| *of == key).map_or("a whole number", |(_, text)| *text);
    file.integer(key, least..=most, range)
}

fn address(file: &Section<'_>, key: &'static str) -> Result<Option<SocketAddr>, Fault> {
    let Some(text) = file.text(key)? else { return Ok(None) };
    let wrong = || {
        let expected = "an address with a port, such as \"0.0.0.0:443\"";
        Fault::new(file.span_of(key), FileProblem::Value { key, expected })
    };
    text.parse().map(Some).map_err(|_| wrong())
}

fn list<T>(
    file: &Section<'_>,
    key: &'static str,
    expected: &'static str,
    read: impl Fn(&str) -> Option<T>,
) -> Result<Vec<T>, Fault> {
    let texts = file.texts(key, expected)?.unwrap_or_default();
    let read: Option<Vec<T>> = texts.into_iter().map(read).collect();
    read.ok_or_else(|| Fault::new(file.span_of(key), FileProblem::Value { key, expected }))
}

/// A path, from the folder of the file that names it.
fn beside(file: &Section<'_>, path: &Path, key: &'static str) -> Result<Option<PathBuf>, Fault> {
    let folder = path.parent().unwrap_or(Path::new(""));
    Ok(file.text(key)?.map(|name| folder.join(name)))
}

const KEYS: &[&str] = &[
    "listen",
    "media",
    "advertise",
    "keys",
    "tls_cert",
    "tls_key",
    "workers",
    "drain_seconds",
    "max_connections",
    "connections_per_address",
    "max_rooms",
    "max_participants",
    "max_kilobits_per_second",
    "max_packets_per_second",
    "assumed_kilobits_per_second",
    "silence_seconds",
];
const ADVERTISE: &str =
    "a list of addresses, such as [\"198.51.100.7\"] or [\"198.51.100.7:4400\"]";
const PUBLIC_KEYS: &str = "a list of public keys as `zentalk-node sfu-key` prints them";
/// What each number takes; the ranges themselves stand where the numbers are read.
const RANGES: &[(&str, &str)] = &[
    ("workers", "1 to 1024 threads"),
    ("drain_seconds", "0 to 3600 seconds"),
    ("max_connections", "1 to 1000000 connections"),
    ("connections_per_address", "1 to 1000000 connections"),
    ("max_rooms", "1 to 1000000 rooms of each worker"),
    ("max_participants", "2 to 16 people"),
    ("max_kilobits_per_second", "100 to 1000000 kilobits"),
    ("max_packets_per_second", "100 to 1000000 packets"),
    ("assumed_kilobits_per_second", "100 to 1000000 kilobits"),
    ("silence_seconds", "2 to 60 seconds"),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<SfuFile, String> {
        let path = Path::new("/etc/zentalk/sfu.toml");
        parse(text, path).map_err(|fault| format!("line {}: {}", fault.line(text), fault.problem))
    }

    #[test]
    fn every_key_is_taken() {
        let key = "ab".repeat(32);
        let file = read(&format!(
            "listen = \"0.0.0.0:443\"\nmedia = \"[::]:4400\"\nadvertise = [\"198.51.100.7\", \"[2001:db8::7]:9\"]\n\
             keys = [\"{key}\"]\ntls_cert = \"chain.pem\"\ntls_key = \"/keys/key.pem\"\nworkers = 3\n\
             drain_seconds = 5\nmax_connections = 7\nconnections_per_address = 2\nmax_rooms = 9\n\
             max_participants = 4\nmax_kilobits_per_second = 900\nmax_packets_per_second = 800\n\
             assumed_kilobits_per_second = 700\nsilence_seconds = 6\n"
        ));
        let file = file.unwrap();
        assert_eq!(file.listen, Some("0.0.0.0:443".parse().unwrap()));
        assert_eq!(file.media, Some("[::]:4400".parse().unwrap()));
        let told = ["198.51.100.7:0", "[2001:db8::7]:9"].map(|address| address.parse().unwrap());
        assert_eq!(file.advertise, told);
        assert_eq!(file.keys, [[0xab; 32]]);
        assert_eq!(file.tls_cert, Some("/etc/zentalk/chain.pem".into()));
        assert_eq!(file.tls_key, Some("/keys/key.pem".into()));
        assert_eq!(file.workers, NonZero::new(3));
        assert_eq!(file.drain, Some(Duration::from_secs(5)));
        assert_eq!((file.max_connections, file.connections_per_address), (Some(7), Some(2)));
        let core = SfuConfig {
            max_rooms: 9,
            max_participants: 4,
            max_bit_rate: 900_000,
            max_packet_rate: 800,
            assumed_bit_rate: 700_000,
            silence: Duration::from_secs(6),
            ..SfuConfig::default()
        };
        assert_eq!(file.core, core);
        assert_eq!(read(""), Ok(SfuFile::default()));
    }

    #[test]
    fn a_mistake_is_told_with_its_line_key_and_cure() {
        for (text, expected) in [
            ("listen = \"443\"", "line 1: `listen` must be an address with a port"),
            ("\nmedia = 4400", "line 2: `media` must be a text in quotes"),
            ("advertise = [\"here\"]", "line 1: `advertise` must be a list of addresses"),
            (
                "keys = [\"abc\"]",
                "line 1: `keys` must be a list of public keys as `zentalk-node sfu-key`",
            ),
            ("workers = 0", "line 1: `workers` must be 1 to 1024 threads"),
            ("max_participants = 17", "line 1: `max_participants` must be 2 to 16 people"),
            ("silence_seconds = 1", "line 1: `silence_seconds` must be 2 to 60 seconds"),
            ("rooms = 3", "line 1: `rooms` is not known here"),
            ("listen", "line 1: this is not TOML"),
        ] {
            let said = read(text).unwrap_err();
            assert!(said.starts_with(expected), "{text}: {said}");
        }
    }
}
