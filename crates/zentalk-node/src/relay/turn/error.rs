use std::io;
use std::path::PathBuf;

use crate::toml_file::FileProblem;
use crate::turn::TurnError;
use crate::turn::credentials::CredentialError;

/// Why a TURN configuration cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TurnConfigError {
    /// The file is not there, or may not be read.
    #[error("the TURN configuration {} cannot be read: {source}. Pass another --turn-config", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// Something in the file is wrong.
    #[error("{}, line {line}: {problem}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// What is wrong there.
        problem: TurnConfigProblem,
    },
    /// The file of secrets that the configuration names is not there, or may not be read.
    #[error("the TURN secrets in {} cannot be read: {source}. Name another `secret_file`", path.display())]
    SecretFile {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// That file cannot be used.
    #[error("the TURN secrets cannot be used: {0}")]
    Secrets(#[source] TurnError),
}

impl From<TurnError> for TurnConfigError {
    fn from(error: TurnError) -> Self {
        match error {
            TurnError::SecretFile { path, source } => Self::SecretFile { path, source },
            other => Self::Secrets(other),
        }
    }
}

/// What is wrong in a TURN configuration. No message shows a value: it may be a secret that stands in the wrong place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TurnConfigProblem {
    /// The form of the file.
    #[error(transparent)]
    File(#[from] FileProblem),
    /// Neither or both of the two keys for secrets.
    #[error("write either `secrets = [\"…\"]` or `secret_file = \"PATH\"`")]
    SecretsOrFile,
    /// A secret is too short or too long.
    #[error("{0}")]
    Secret(#[from] CredentialError),
    /// The servers cannot be handed out.
    #[error(
        "1 to 16 [[server]] tables are needed, each with a host (a DNS name or an IP address, without port or scheme) and one of udp, tcp and tls"
    )]
    Servers,
}
