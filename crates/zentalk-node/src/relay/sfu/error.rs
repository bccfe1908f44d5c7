use std::io;
use std::path::PathBuf;

use crate::sfu_key::SfuKeyError;
use crate::toml_file::FileProblem;

/// Why an SFU configuration cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SfuTokenConfigError {
    /// The file is not there, or may not be read.
    #[error("the SFU configuration {} cannot be read: {source}. Pass another --sfu-config", path.display())]
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
        problem: SfuTokenConfigProblem,
    },
    /// The key that the configuration names cannot be used.
    #[error("`key_file`: {0}")]
    Key(#[from] SfuKeyError),
}

/// What is wrong in an SFU configuration. No message shows a value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SfuTokenConfigProblem {
    /// The form of the file.
    #[error(transparent)]
    File(#[from] FileProblem),
    /// The URLs cannot be handed out.
    #[error(
        "`urls` must be a list of 1 to 4 texts such as \"wss://sfu.example:8443/v1\", 256 bytes each at most"
    )]
    Urls,
}
