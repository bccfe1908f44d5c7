use std::path::PathBuf;
use std::time::Duration;

use zentalk_cli::files::FileError;

/// Why a run cannot be judged. What is judged and found bad is no error but a failed row.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// A peer's program cannot be started.
    #[error("cannot start `{command}`: {source}")]
    Start { command: String, source: std::io::Error },
    /// A peer's program ended by itself.
    #[error("{who} ended by itself ({status}); its log: {}", log.display())]
    Ended { who: &'static str, status: String, log: PathBuf },
    /// A peer's door did not open.
    #[error("{who} did not open its door within {} s; its log: {}", after.as_secs(), log.display())]
    Closed { who: &'static str, after: Duration, log: PathBuf },
    /// A door refused or broke.
    #[error("{who}: {request}: {cause}")]
    Door { who: &'static str, request: String, cause: String },
    /// Both had their descriptions, and yet no connection came.
    #[error("not connected after {} s: we are {ours}, the peer is {theirs}", after.as_secs())]
    NotConnected { after: Duration, ours: String, theirs: String },
    /// A file cannot be read or written.
    #[error("{}: {source}", path.display())]
    Io { path: PathBuf, source: std::io::Error },
    /// A media file is not what it should be.
    #[error(transparent)]
    File(#[from] FileError),
    /// A picture of another size or kind than its file says.
    #[error("{}: {source}", path.display())]
    Picture { path: PathBuf, source: zentalk_codec::Error },
    /// There is no port left on 127.0.0.1.
    #[error("no free port on 127.0.0.1: {0}")]
    Port(std::io::Error),
    /// Somebody asked to stop.
    #[error("stopped")]
    Stopped,
}

impl Error {
    pub(crate) fn io(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { path, source }
    }
}
