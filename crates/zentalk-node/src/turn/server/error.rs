use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use super::super::core::InvalidRealm;
use super::super::credentials::CredentialError;
use crate::tls::TlsError;

/// Why a TURN server cannot start, or stopped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TurnError {
    // Addresses.
    /// Another program listens there.
    #[error("{0} is in use by another program: stop it or pass another address to listen on")]
    AddressInUse(SocketAddr),
    /// The address is not this machine's, the port needs privileges, or the like.
    #[error("cannot listen on {address}: {source}. Pass another address to listen on")]
    AddressUnavailable {
        /// Where the server was to listen.
        address: SocketAddr,
        /// What the operating system says.
        source: io::Error,
    },
    /// There is nowhere to listen.
    #[error("there is no address to listen on: pass --udp, --tcp or --tls")]
    NoListener,
    /// Every listening address is a wildcard, so it does not tell where to relay from.
    #[error("no address to relay from: pass --relay-ip with an address of this machine")]
    NoRelayAddress,
    /// The first port of relayed addresses is after the last one.
    #[error("there is no port to relay from: pass a --max-port that is not below --min-port")]
    NoRelayPort,
    /// No relay socket can be opened there.
    #[error("cannot relay from {address}: {source}. Pass another --relay-ip")]
    RelayAddress {
        /// The address.
        address: IpAddr,
        /// What the operating system says.
        source: io::Error,
    },

    // Secrets.
    /// The file cannot be read.
    #[error("the secrets in {} cannot be read: {source}. Pass another --secret-file", path.display())]
    SecretFile {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// Everybody on this machine could mint credentials.
    #[error("{} can be read by every user of this machine: run chmod 600 on it", .0.display())]
    SecretFileOpen(PathBuf),
    /// Not one or two secrets.
    #[error(
        "{} must have one or two lines: the secret in use, and the one before it",
        .0.display()
    )]
    SecretFileLines(PathBuf),
    /// A secret cannot be used.
    #[error("a secret cannot be used: {0}")]
    Secret(#[from] CredentialError),
    /// The realm cannot be used.
    #[error(transparent)]
    Realm(#[from] InvalidRealm),

    // TLS.
    /// Certificate and key cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),

    // Inside.
    /// The operating system refused something that the server needs.
    #[error("the TURN server cannot go on: {0}")]
    System(#[from] io::Error),
}

impl TurnError {
    /// The exit code of a program that ends for this reason: 3 for addresses, 4 for secrets and realm, 5 for TLS, 1 for the
    /// rest.
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::AddressInUse(_)
            | Self::AddressUnavailable { .. }
            | Self::NoListener
            | Self::NoRelayAddress
            | Self::NoRelayPort
            | Self::RelayAddress { .. } => 3,
            Self::SecretFile { .. }
            | Self::SecretFileOpen(_)
            | Self::SecretFileLines(_)
            | Self::Secret(_)
            | Self::Realm(_) => 4,
            Self::Tls(_) => 5,
            Self::System(_) => 1,
        }
    }
}
