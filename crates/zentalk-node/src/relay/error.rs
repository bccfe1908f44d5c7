use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use super::sfu::SfuTokenConfigError;
use super::turn::TurnConfigError;
use crate::tls::TlsError;

/// Why a relay cannot start, or stopped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RelayError {
    // The address.
    /// Another program listens there.
    #[error("{0} is in use by another program: stop it or pass another --listen")]
    AddressInUse(SocketAddr),
    /// The address is not this machine's, the port needs privileges, or the like.
    #[error("cannot listen on {address}: {source}. Pass another --listen")]
    AddressUnavailable {
        /// Where the relay was to listen.
        address: SocketAddr,
        /// What the operating system says.
        source: io::Error,
    },

    // The data directory.
    /// The data directory cannot be made or written.
    #[error("the data directory {} cannot be used: {source}. Pass another --data", path.display())]
    DataDirectory {
        /// The directory.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// Another relay has the store open.
    #[error("the store in {} is in use by another relay: stop it or pass another --data", .0.display())]
    StoreLocked(PathBuf),
    /// The store was written by a newer version of this program.
    #[error(
        "the store in {} has format {found}, this program knows formats up to {known}: use the newer \
         program, or pass another --data",
        path.display()
    )]
    StoreNewer {
        /// The directory.
        path: PathBuf,
        /// The format of the store.
        found: u64,
        /// The newest format that this program knows.
        known: u64,
    },
    /// The store was written by an older version of this program, whose file tells when each blob came, and does so on
    /// its unused pages even after a conversion.
    #[error(
        "the store in {} has format {found}, which writes down when each message came; this program knows format \
         {known}. Let the older program run until what waits is fetched (seven days at most), stop it, delete relay.redb \
         and start this one: what still waits is lost, clients publish their prekeys anew",
        path.display()
    )]
    StoreOlder {
        /// The directory.
        path: PathBuf,
        /// The format of the store.
        found: u64,
        /// The format that this program knows.
        known: u64,
    },
    /// The file is no store, or is damaged.
    #[error("the store in {} cannot be read: it is damaged or no store of this program", .0.display())]
    StoreUnreadable(PathBuf),

    // TLS.
    /// Certificate and key cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),

    // TURN.
    /// The TURN configuration cannot be used.
    #[error(transparent)]
    TurnConfig(#[from] TurnConfigError),

    // SFUs.
    /// The SFU configuration cannot be used.
    #[error(transparent)]
    SfuConfig(#[from] SfuTokenConfigError),

    // Inside.
    /// The operating system refused something that a relay needs.
    #[error("the relay cannot go on: {0}")]
    System(#[from] io::Error),
    /// The store failed while the relay was being stopped; what was answered with `stored` is safe.
    #[error("the store could not be closed properly")]
    StoreFailed,
}

impl RelayError {
    /// The exit code of a program that ends for this reason: 3 for the address, 4 for the data
    /// directory, 5 for TLS, 6 for the TURN configuration, 7 for the SFU configuration, 1 for the rest.
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::AddressInUse(_) | Self::AddressUnavailable { .. } => 3,
            Self::DataDirectory { .. }
            | Self::StoreLocked(_)
            | Self::StoreNewer { .. }
            | Self::StoreOlder { .. }
            | Self::StoreUnreadable(_) => 4,
            Self::Tls(_) => 5,
            Self::TurnConfig(_) => 6,
            Self::SfuConfig(_) => 7,
            Self::System(_) | Self::StoreFailed => 1,
        }
    }
}
