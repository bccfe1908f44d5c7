use std::io;
use std::path::PathBuf;
use std::time::Duration;

use zentalk_cli::files::FileError;

/// Why the lab cannot go on. What is measured and found bad is no error but a failed row.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// Namespaces belong to root.
    #[error("the lab makes network namespaces, which only root may")]
    NotRoot,
    /// A tool of the system is not there, or does not do what it was asked.
    #[error("`{command}` failed: {said}")]
    Tool { command: String, said: String },
    /// The kernel refused something inside a namespace.
    #[error("{what} in the namespace {namespace}: {source}")]
    Kernel { what: String, namespace: String, source: io::Error },
    /// A server or client of ours cannot be started.
    #[error("cannot start {}: {source}", program.display())]
    Start { program: PathBuf, source: io::Error },
    /// A server did not begin to serve.
    #[error("{who} did not get ready within {} s; its log: {}", within.as_secs(), log.display())]
    NotReady { who: &'static str, within: Duration, log: PathBuf },
    /// A client ended while it was needed.
    #[error("{who} ended ({status}) before {before}; its log: {}", log.display())]
    Ended { who: String, status: String, before: String, log: PathBuf },
    /// Something that should have happened did not.
    #[error("{who}: no {what} within {} s; its log: {}", within.as_secs(), log.display())]
    Missed { who: String, what: String, within: Duration, log: PathBuf },
    /// A NAT is not of the kind that it was made to be.
    #[error("the NAT of {side} should be {wanted}, but probes found {found}")]
    NotThatKind { side: char, wanted: String, found: String },
    /// A certificate for the TURN server cannot be made.
    #[error("cannot make the test certificate: {0}")]
    Certificate(#[from] rcgen::Error),
    /// A file cannot be read or written.
    #[error("{}: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
    /// A recording or the speech is not what it should be.
    #[error(transparent)]
    File(#[from] FileError),
    /// Part of the lab itself broke.
    #[error("the lab itself broke: {0}")]
    Broken(&'static str),
}

impl Error {
    pub(crate) fn io(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { path, source }
    }
}
