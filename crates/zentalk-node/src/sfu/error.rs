use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use crate::tls::TlsError;
use crate::toml_file::FileProblem;

/// Why an SFU cannot start, or stopped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SfuError {
    // Addresses.
    /// Another program listens there.
    #[error("{0} is in use by another program: stop it or pass another --listen or --media")]
    AddressInUse(SocketAddr),
    /// The address is not this machine's, the port needs privileges, or the like.
    #[error("cannot listen on {address}: {source}. Pass another --listen or --media")]
    AddressUnavailable {
        /// Where the server was to listen.
        address: SocketAddr,
        /// What the operating system says.
        source: io::Error,
    },
    /// The address to tell participants is a wildcard, which does not tell where they are to send.
    #[error(
        "no address to tell participants: pass --advertise with one that they reach, such as 198.51.100.7"
    )]
    NoAdvertisedAddress,
    /// Participants check each of them.
    #[error("too many addresses to tell participants: pass --advertise 8 times at most")]
    TooManyAdvertised,

    // Keys.
    /// Nobody can be let in without a key, and nobody is by more than the protocol allows.
    #[error(
        "1 to 8 public keys are needed: pass --key with the one that `zentalk-node sfu-key` printed for the relay"
    )]
    Keys,

    // TLS.
    /// Without TLS whoever is between can take a participant's place.
    #[error(
        "control connections need TLS: pass --tls-cert and --tls-key, or --plain on a loopback address for tests"
    )]
    PlainRefused,
    /// Certificate and key cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),

    // The configuration file.
    /// The file is not there, or may not be read.
    #[error("the configuration {} cannot be read: {source}. Pass another --config", path.display())]
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
        problem: FileProblem,
    },
    /// A figure makes no sense to the forwarding core.
    #[error("{0}: `zentalk-node sfu --help` has its range")]
    Figure(#[from] zentalk_sfu::Error),

    // Inside.
    /// The operating system refused something that the server needs.
    #[error("the SFU cannot go on: {0}")]
    System(#[from] io::Error),
    /// A certificate for the media could not be made.
    #[error("the certificate for media could not be made")]
    Certificate,
}

impl SfuError {
    /// The exit code of a program that ends for this reason: 3 for addresses, 4 for keys, 5 for TLS, 6 for the
    /// configuration file, 1 for the rest.
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::AddressInUse(_)
            | Self::AddressUnavailable { .. }
            | Self::NoAdvertisedAddress
            | Self::TooManyAdvertised => 3,
            Self::Keys => 4,
            Self::PlainRefused | Self::Tls(_) => 5,
            Self::Unreadable { .. } | Self::Line { .. } | Self::Figure(_) => 6,
            Self::System(_) | Self::Certificate => 1,
        }
    }
}
