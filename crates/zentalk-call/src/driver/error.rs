use std::net::SocketAddr;

use super::relay::RelayError;
use super::store::StoreError;

/// Why the driver cannot go on. Each message names the cause and the cure.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DriverError {
    /// A UDP address is taken or does not exist here.
    #[error("cannot open UDP address {address}: {source}")]
    Bind {
        /// Which address.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// There is no usable network interface.
    #[error(
        "no network: no interface is up but loopback (both sides on this machine? use loopback)"
    )]
    NoNetwork,
    /// The interfaces cannot be listed.
    #[error("cannot list the network interfaces: {source}")]
    Interfaces {
        /// What the system said.
        source: std::io::Error,
    },
    /// A new identity needs a relay for its mailbox.
    #[error("a new identity needs a relay: name one, such as wss://relay.example/v1")]
    NoRelay,
    /// The relay cannot be used.
    #[error(transparent)]
    Relay(#[from] RelayError),
    /// The store cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The snapshot in the store cannot be opened: another key, damage, or a newer version.
    #[error("the saved keys and sessions cannot be opened: {0}")]
    Snapshot(#[source] crate::Error),
    /// The engine refused what was asked.
    #[error(transparent)]
    Engine(#[from] crate::Error),
    /// The file for the keys cannot be written.
    #[cfg(feature = "glass")]
    #[error("the file for the keys cannot be written: {0}")]
    Glass(#[source] std::io::Error),
    /// The driver has stopped; its last error has been reported.
    #[error("the calls have been shut down")]
    Stopped,
}

impl DriverError {
    /// What the system said, for logs: messages name addresses.
    pub(super) fn kind(&self) -> Option<std::io::ErrorKind> {
        match self {
            Self::Bind { source, .. } | Self::Interfaces { source } => Some(source.kind()),
            _ => None,
        }
    }
}
