//! The file of a relay's TURN servers.

use std::path::Path;
use std::time::Duration;

use toml::Spanned;
use toml::de::DeValue;
use zentalk_onion_relay::frames::{TurnLocation, TurnServerEntry};
use zeroize::Zeroizing;

use super::TurnConfig;
use super::error::{TurnConfigError, TurnConfigProblem as Problem};
use crate::toml_file::{self, Fault, FileProblem, Section};
use crate::turn::credentials::{DEFAULT_LIFETIME, RestSecret, RestSecrets};
use crate::turn::{self, TurnError};

pub(super) fn read(path: &Path) -> Result<TurnConfig, TurnConfigError> {
    let unreadable = |source| TurnConfigError::Unreadable { path: path.to_owned(), source };
    let text = toml_file::read_text(path).map_err(unreadable)?;
    parse(&text, path).map_err(|error| match error {
        Error::At(fault) => {
            let line = fault.line(&text);
            TurnConfigError::Line { path: path.to_owned(), line, problem: fault.problem }
        }
        Error::Secrets(error) => error.into(),
    })
}

enum Error {
    At(Fault<Problem>),
    Secrets(TurnError),
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        Self::At(fault.map(Problem::File))
    }
}

type Parsed<T> = Result<T, Error>;

fn parse(text: &str, path: &Path) -> Parsed<TurnConfig> {
    let document = toml_file::parse(text)?;
    let file = Section::new(&document, &["lifetime_seconds", "secrets", "secret_file", "server"])?;
    let lifetime = file.integer("lifetime_seconds", 60..=86_400, "60 to 86400 seconds")?;
    let servers = servers(file.get("server").ok_or_else(|| file.missing("[[server]]"))?)?;
    let secrets = secrets(&file, path)?;
    let lifetime = lifetime.map_or(DEFAULT_LIFETIME, |seconds| Duration::from_secs(seconds.into()));
    TurnConfig::new(secrets, lifetime, servers).map_err(|problem| Error::At(file.fault(problem)))
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
        _ => Err(Error::At(file.fault(Problem::SecretsOrFile))),
    }
}

fn listed_secrets(list: &Spanned<DeValue<'_>>) -> Parsed<RestSecrets> {
    let expected = "a list of one or two texts: the secret, and the one before it";
    let value = FileProblem::Value { key: "secrets", expected };
    let wrong = || Error::from(Fault::new(list.span(), value.clone()));
    let values = list.get_ref().as_array().ok_or_else(wrong)?;
    let mut texts = values.iter().map(|value| value.get_ref().as_str().ok_or_else(wrong));
    let (Some(current), previous, None) = (texts.next(), texts.next(), texts.next()) else {
        return Err(wrong());
    };
    let secret = |text: &str| {
        RestSecret::new(Zeroizing::new(text.as_bytes().to_vec()))
            .map_err(|cause| Error::At(Fault::new(list.span(), cause.into())))
    };
    let previous = previous.transpose()?.map(secret).transpose()?;
    Ok(RestSecrets::new(secret(current?)?, previous))
}

fn servers(list: &Spanned<DeValue<'_>>) -> Parsed<Vec<TurnServerEntry>> {
    let tables = list.get_ref().as_array();
    let tables = tables.ok_or_else(|| Error::At(Fault::new(list.span(), Problem::Servers)))?;
    tables.iter().map(server).collect()
}

fn server(value: &Spanned<DeValue<'_>>) -> Parsed<TurnServerEntry> {
    let table = value.get_ref().as_table();
    let table = table.ok_or_else(|| Error::At(Fault::new(value.span(), Problem::Servers)))?;
    let keys = ["host", "udp", "tcp", "tls", "latitude", "longitude"];
    let server = Section::of(table, value.span(), &keys)?;
    let host = server.text("host")?.ok_or_else(|| server.missing("host"))?;
    let port = |key| server.integer(key, 1..=65_535, "a port from 1 to 65535").map(port);
    let entry = TurnServerEntry {
        host: host.to_owned(),
        udp_port: port("udp")?,
        tcp_port: port("tcp")?,
        tls_port: port("tls")?,
        location: location(&server)?,
    };
    // Alone, so that the line is this server's.
    if entry.is_valid() { Ok(entry) } else { Err(Error::At(server.fault(Problem::Servers))) }
}

/// What was found, which is in range; 0 for none.
fn port(found: Option<u32>) -> u16 {
    found.and_then(|port| u16::try_from(port).ok()).unwrap_or(0)
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
        (Some(_), None) => Err(server.missing("longitude").into()),
        (None, Some(_)) => Err(server.missing("latitude").into()),
    }
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

#[cfg(test)]
mod tests;
