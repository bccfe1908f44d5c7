use std::io;
use std::path::PathBuf;

use crate::exit::Exit;
use crate::files::FileError;

/// Why the demo did not succeed. Each message names the cause and the cure.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DemoError {
    /// The relay's program is not there.
    #[error(
        "{} is not there; build it with: cargo build {}-p zentalk-node -p zentalk-cli",
        path.display(), if *release { "--release " } else { "" }
    )]
    NoRelayProgram {
        /// Where it was looked for: beside this program.
        path: PathBuf,
        /// Whether this program is a release build.
        release: bool,
    },
    /// The folder with the media files is not there.
    #[error("the demo's media are not at {}: run it in the repository, or name their folder with --media", .0.display())]
    NoMedia(PathBuf),
    /// The output folder cannot be used.
    #[error("{}: {source}. Name another folder with --out", path.display())]
    Output {
        /// Which file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The relay's port is taken.
    #[error(
        "port {port} on 127.0.0.1 is in use by another program: name another with --relay-port, or leave the \
         option out to take a free one"
    )]
    PortTaken {
        /// Which port.
        port: u16,
    },
    /// The relay did not start.
    #[error("the relay did not start: {said}")]
    RelayFailed {
        /// What it said.
        said: String,
    },
    /// A forwarding server, or what it needs, did not start.
    #[error("the forwarding server did not start: {said}")]
    ServerFailed {
        /// What it said.
        said: String,
    },
    /// Somebody did not hear somebody else in time.
    #[error("{0}")]
    NotHeard(String),
    /// A process could not be started.
    #[error("{}: {source}", path.display())]
    Start {
        /// Which program.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The UDP relay could not be set up.
    #[error("no UDP sockets on 127.0.0.1: {0}")]
    Sockets(#[source] io::Error),
    /// The attacker could not be set up.
    #[error("the attacker could not be set up")]
    Attacker,
    /// Somebody's program did not get ready.
    #[error("{who}'s program did not get ready: {said}")]
    NotReady {
        /// Whose.
        who: String,
        /// What it said.
        said: String,
    },
    /// The call did not end in time.
    #[error("the call took longer than {seconds} seconds altogether and was stopped")]
    TooLong {
        /// How long was waited.
        seconds: u64,
    },
    /// A media file cannot be used.
    #[error(transparent)]
    File(#[from] FileError),
    /// The call took place, but it is not what it should be.
    #[error("the demo failed: {}", .0.join("; "))]
    Failed(Vec<String>),
    /// The user ended it.
    #[error("interrupted; everything is stopped and cleaned up")]
    Interrupted,
    /// The judgement crashed.
    #[error("internal error")]
    Broken,
}

impl DemoError {
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::File(_) | Self::NoMedia(_) => Exit::BadMedia,
            Self::Interrupted => Exit::Interrupted,
            _ => Exit::Failure,
        }
    }
}
