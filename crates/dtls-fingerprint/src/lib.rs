#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod certificate;
mod cipher_suite;
mod config;
mod endpoint;
mod error;
mod event;
mod failure;
mod fingerprint;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
mod gate;
mod path;
mod proof;
mod reassembly;
mod remote_fingerprints;
mod session;
mod settings;
mod srtp;
mod stats;
mod wire;

pub use certificate::Certificate;
pub use cipher_suite::CipherSuite;
pub use config::{DangerousConfig, DtlsConfig, DtlsRole, DtlsVersion, DtlsVersions};
pub use endpoint::DtlsEndpoint;
pub use error::Error;
pub use event::{Event, HandshakeSummary, Input, Output};
pub use failure::FailureReason;
pub use fingerprint::{Fingerprint, LocalFingerprint};
pub use path::Path;
pub use proof::FingerprintVerified;
pub use remote_fingerprints::RemoteFingerprints;
pub use srtp::{SrtpKeyingMaterial, SrtpMasterSecret, SrtpProfile};
pub use stats::DtlsStats;

/// The sizes that a peer can drive, each with its bound.
pub mod limits {
    pub use crate::config::{DEFAULT_MTU, HANDSHAKE_TIMEOUT, MTU_RANGE};
    pub use crate::endpoint::MAX_DATAGRAM_LEN;
    pub use crate::path::MAX_PATHS;
    pub use crate::reassembly::{
        MAX_PARTIAL_MESSAGES, MAX_PLAINTEXT_MESSAGE_LEN, MAX_PLAINTEXT_MESSAGE_SEQ,
    };
    pub use crate::remote_fingerprints::MAX_FINGERPRINTS;
}
