//! The file of a relay's SFUs.

use std::path::Path;
use std::time::Duration;

use super::SfuTokenConfig;
use super::error::{SfuTokenConfigError, SfuTokenConfigProblem as Problem};
use crate::sfu_key::{self, SfuKeyError};
use crate::toml_file::{self, Fault, Section};

pub(super) fn read(path: &Path) -> Result<SfuTokenConfig, SfuTokenConfigError> {
    let unreadable = |source| SfuTokenConfigError::Unreadable { path: path.to_owned(), source };
    let text = toml_file::read_text(path).map_err(unreadable)?;
    parse(&text, path).map_err(|error| match error {
        Error::At(fault) => {
            let line = fault.line(&text);
            SfuTokenConfigError::Line { path: path.to_owned(), line, problem: fault.problem }
        }
        Error::Key(error) => error.into(),
    })
}

enum Error {
    At(Fault<Problem>),
    Key(SfuKeyError),
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        Self::At(fault.map(Problem::File))
    }
}

fn parse(text: &str, path: &Path) -> Result<SfuTokenConfig, Error> {
    const URLS: &str = "a list of 1 to 4 texts such as \"wss://sfu.example:8443/v1\"";
    let document = toml_file::parse(text)?;
    let file = Section::new(&document, &["key_file", "lifetime_seconds", "urls"])?;
    let lifetime = file.integer("lifetime_seconds", 60..=3_600, "60 to 3600 seconds")?;
    let urls = file.texts("urls", URLS)?.ok_or_else(|| file.missing("urls"))?;
    let urls = urls.into_iter().map(str::to_owned).collect();
    let name = file.text("key_file")?.ok_or_else(|| file.missing("key_file"))?;
    let beside = path.parent().unwrap_or(Path::new(""));
    let signer = sfu_key::read(&beside.join(name)).map_err(Error::Key)?;
    let lifetime = lifetime.map(|seconds| Duration::from_secs(seconds.into()));
    let lifetime = lifetime.unwrap_or(SfuTokenConfig::DEFAULT_LIFETIME);
    let at = |problem| Error::At(Fault::new(file.span_of("urls"), problem));
    SfuTokenConfig::new(signer, lifetime, urls).map_err(at)
}

#[cfg(test)]
mod tests;
