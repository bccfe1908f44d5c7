#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod error;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
pub mod rtcp;
pub mod rtp;
mod srtp;
mod wire_error;

pub use error::Error;
pub use srtp::{
    DEFAULT_MAX_STREAMS, DangerousSrtpOptions, HeaderExtensionCipher, KeyLabel, MAX_MKI_LEN,
    MAX_PACKET_LEN, MAX_TRAILER, REPLAY_WINDOW, RtcpProtection, SessionKeyParts, SessionKeys,
    SrtpMasterKey, SrtpMasterKeyPair, SrtpOptions, SrtpProfile, SrtpReceiver, SrtpSender,
    aes_cm_counter_block, aes_cm_keystream, derive_session_key, estimate_index,
};
pub use wire_error::WireError;
