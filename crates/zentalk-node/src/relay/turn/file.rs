//! The file: every mistake is told with its line and its cure, and no message shows a value.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read};
use std::ops::Range;
use std::path::Path;
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeFloat, DeInteger, DeTable, DeValue};
use zentalk_onion_relay::frames::{TurnLocation, TurnServerEntry};
use zeroize::Zeroizing;

use super::TurnConfig;
use super::error::{TurnConfigError, TurnConfigProblem as Problem};
use crate::turn::credentials::{DEFAULT_LIFETIME, RestSecret, RestSecrets};
use crate::turn::{self, TurnError};

pub(super) fn read(path: &Path) -> Result<TurnConfig, TurnConfigError> {
    let unreadable = |source| TurnConfigError::Unreadable { path: path.to_owned(), source };
    let text = read_text(path).map_err(unreadable)?;
    parse(&text, path).map_err(|error| match error {
        Error::At(span, problem) => {
            let before = text.get(..span.start).unwrap_or_default();
            let line = before.matches('\n').count() + 1;
            TurnConfigError::Line { path: path.to_owned(), line, problem }
        }
        Error::Secrets(error) => error.into(),
    })
}

enum Error {
    At(Range<usize>, Problem),
    Secrets(TurnError),
}

type Parsed<T> = Result<T, Error>;

fn parse(text: &str, path: &Path) -> Parsed<TurnConfig> {
    let document = DeTable::parse(text).map_err(|error| {
        let problem = Problem::Syntax(error.message().to_owned());
        Error::At(error.span().unwrap_or_default(), problem)
    })?;
    let file = Section::new(&document, &["lifetime_seconds", "secrets", "secret_file", "server"])?;
    let lifetime = file.integer("lifetime_seconds", 60..=86_400, "60 to 86400 seconds")?;
    let servers = match file.get("server") {
        None => return Err(file.error(Problem::Missing("[[server]]"))),
        Some(list) => servers(list)?,
    };
    let secrets = secrets(&file, path)?;
    let lifetime = lifetime.map_or(DEFAULT_LIFETIME, |seconds| Duration::from_secs(seconds.into()));
    TurnConfig::new(secrets, lifetime, servers).map_err(|problem| file.error(problem))
}

fn secrets(file: &Section<'_>, path: &Path) -> Parsed<RestSecrets> {
    match (file.get("secrets"), file.text("secret_file")?) {
        (Some(list), None) => {
            warn_if_exposed(path);
            listed_secrets(list)
        }
        (None, Some(name)) => {
            let beside = path.parent().unwrap_or(Path::new(""));
            turn::read_secrets(&beside.join(name)).map_err(Error::Secrets)
        }
        _ => Err(file.error(Problem::SecretsOrFile)),
    }
}

fn listed_secrets(list: &Spanned<DeValue<'_>>) -> Parsed<RestSecrets> {
    let expected = "a list of one or two texts: the secret, and the one before it";
    let wrong = || Error::At(list.span(), Problem::Value { key: "secrets", expected });
    let values = list.get_ref().as_array().ok_or_else(wrong)?;
    let mut texts = values.iter().map(|value| value.get_ref().as_str().ok_or_else(wrong));
    let (Some(current), previous, None) = (texts.next(), texts.next(), texts.next()) else {
        return Err(wrong());
    };
    let secret = |text: &str| {
        RestSecret::new(Zeroizing::new(text.as_bytes().to_vec()))
            .map_err(|cause| Error::At(list.span(), cause.into()))
    };
    let previous = previous.transpose()?.map(secret).transpose()?;
    Ok(RestSecrets::new(secret(current?)?, previous))
}

fn servers(list: &Spanned<DeValue<'_>>) -> Parsed<Vec<TurnServerEntry>> {
    let tables =
        list.get_ref().as_array().ok_or_else(|| Error::At(list.span(), Problem::Servers))?;
    tables.iter().map(server).collect()
}

fn server(value: &Spanned<DeValue<'_>>) -> Parsed<TurnServerEntry> {
    let table = value.get_ref().as_table();
    let table = table.ok_or_else(|| Error::At(value.span(), Problem::Servers))?;
    let keys = ["host", "udp", "tcp", "tls", "latitude", "longitude"];
    let server = Section::of(table, value.span(), &keys)?;
    let host = server.text("host")?.ok_or_else(|| server.error(Problem::Missing("host")))?;
    let port = |key| Ok(server.integer(key, 1..=65_535, "a port from 1 to 65535")?.unwrap_or(0));
    let entry = TurnServerEntry {
        host: host.to_owned(),
        udp_port: truncated(port("udp")?),
        tcp_port: truncated(port("tcp")?),
        tls_port: truncated(port("tls")?),
        location: location(&server)?,
    };
    // Alone, so that the line is this server's.
    if entry.is_valid() { Ok(entry) } else { Err(server.error(Problem::Servers)) }
}

fn truncated(port: u32) -> u16 {
    u16::try_from(port).unwrap_or_default()
}

fn location(server: &Section<'_>) -> Parsed<Option<TurnLocation>> {
    const LATITUDE: &str = "degrees from -90 to 90, north positive, beside a longitude";
    const LONGITUDE: &str = "degrees from -180 to 180, east positive, beside a latitude";
    let (latitude, longitude) = (
        server.degrees("latitude", 90.0, LATITUDE)?,
        server.degrees("longitude", 180.0, LONGITUDE)?,
    );
    match (latitude, longitude) {
        (Some(latitude), Some(longitude)) => Ok(TurnLocation::new(latitude, longitude)),
        (None, None) => Ok(None),
        (Some(_), None) => Err(server.error(Problem::Missing("longitude"))),
        (None, Some(_)) => Err(server.error(Problem::Missing("latitude"))),
    }
}

/// The text, wiped when dropped. No buffer grows on the way, so none is left behind.
fn read_text(path: &Path) -> io::Result<Zeroizing<String>> {
    let mut text = Zeroizing::new(String::with_capacity(MAX_LEN));
    let read = File::open(path)?.take(MAX_LEN as u64).read_to_string(&mut text)?;
    if read == MAX_LEN { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(text) }
}

/// Says so if the file is not its owner's alone.
#[cfg(unix)]
fn warn_if_exposed(path: &Path) {
    use std::os::unix::fs::PermissionsExt;

    let mode = std::fs::metadata(path).map_or(0, |found| found.permissions().mode());
    if mode & 0o077 != 0 {
        let path = path.display();
        tracing::warn!(
            "{path} holds a secret, and others on this machine may read it: chmod 600 {path}"
        );
    }
}

/// There are no modes here.
#[cfg(not(unix))]
fn warn_if_exposed(_path: &Path) {}

/// The longest file in bytes, and one more: sixteen servers have a tenth of it.
const MAX_LEN: usize = 64 * 1024;

/// A table whose keys are all known.
struct Section<'t> {
    table: &'t DeTable<'t>,
    span: Range<usize>,
}

impl<'t> Section<'t> {
    fn new(table: &'t Spanned<DeTable<'t>>, keys: &[&str]) -> Parsed<Self> {
        Self::of(table.get_ref(), table.span(), keys)
    }

    fn of(table: &'t DeTable<'t>, span: Range<usize>, keys: &[&str]) -> Parsed<Self> {
        let known: BTreeSet<_> = keys.iter().copied().collect();
        match table.keys().find(|key| !known.contains(key.get_ref().as_ref())) {
            None => Ok(Self { table, span }),
            Some(key) => {
                let problem = Problem::UnknownKey(key.get_ref().escape_default().to_string());
                Err(Error::At(key.span(), problem))
            }
        }
    }

    /// Something is wrong with the table as a whole.
    fn error(&self, problem: Problem) -> Error {
        Error::At(self.span.clone(), problem)
    }

    fn get(&self, key: &str) -> Option<&'t Spanned<DeValue<'t>>> {
        self.table.get(key)
    }

    fn read<T>(
        &self,
        key: &'static str,
        expected: &'static str,
        read: impl FnOnce(&'t DeValue<'t>) -> Option<T>,
    ) -> Parsed<Option<T>> {
        let Some(value) = self.get(key) else { return Ok(None) };
        let wrong = || Error::At(value.span(), Problem::Value { key, expected });
        read(value.get_ref()).map(Some).ok_or_else(wrong)
    }

    fn text(&self, key: &'static str) -> Parsed<Option<&'t str>> {
        self.read(key, "a text in quotes", DeValue::as_str)
    }

    fn integer(
        &self,
        key: &'static str,
        range: std::ops::RangeInclusive<u32>,
        expected: &'static str,
    ) -> Parsed<Option<u32>> {
        self.read(key, expected, |value| {
            let integer = value.as_integer()?;
            let number = u32::from_str_radix(integer.as_str(), integer.radix()).ok()?;
            range.contains(&number).then_some(number)
        })
    }

    fn degrees(&self, key: &'static str, most: f64, expected: &'static str) -> Parsed<Option<f64>> {
        self.read(key, expected, |value| {
            let whole = value.as_integer().map(DeInteger::as_str);
            let text = whole.or_else(|| value.as_float().map(DeFloat::as_str))?;
            text.parse().ok().filter(|degrees| (-most..=most).contains(degrees))
        })
    }
}

#[cfg(test)]
mod tests;
