#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod aead;
mod base_key;
mod clear_bytes;
mod commitment;
mod crypto;
mod epoch;
mod error;
mod frame_keys;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
#[cfg(feature = "glass")]
mod glass;
mod group;
mod header;
mod key_bytes;
mod key_id;
mod keyring;
mod media_key;
mod message;
mod opener;
mod replay;
mod roster;
mod sas;
mod sealer;
mod sframe_key;
mod suite;

#[doc(hidden)]
pub use aead::{aead_open, aead_seal};
pub use base_key::{BaseKey, FrameSecret, MAX_IDENTITY_LEN, pair_base_key};
pub use clear_bytes::{FrameCodec, MAX_CLEAR_BYTES};
pub use commitment::KeyCommitment;
pub use epoch::Epoch;
pub use error::Error;
pub use frame_keys::{FRAME_SUITE, FrameKeys, PairRole};
#[cfg(feature = "glass")]
pub use glass::Exposed;
pub use group::{
    GroupCounters, GroupEvent, GroupFailure, GroupInput, GroupKeys, GroupOutput, UNREACHABLE_AFTER,
};
pub use header::{MAX_HEADER_LEN, SframeHeader};
pub use key_id::{KeyId, MediaKind, StreamId};
pub use keyring::{FrameKeyring, OLD_EPOCH_LIFETIME};
pub use media_key::MediaKey;
pub use message::{KeyMessage, MAX_KEY_MESSAGE_LEN};
pub use opener::{FrameOpener, OpenedFrame};
pub use replay::FRAME_REPLAY_WINDOW;
pub use roster::{MAX_MEMBER_INFO, MAX_MEMBERS, MAX_ROSTER_LEN, Roster};
pub use sas::{
    Emoji, MAX_SAS_MESSAGE_LEN, Sas, SasEvent, SasMessage, SasRefusal, ShortAuthenticationString,
};
pub use sealer::{FrameSealer, MAX_FRAMES_PER_KEY};
pub use sframe_key::{MAX_FRAME_LEN, MAX_METADATA_LEN, SframeKey};
pub use suite::{CipherSuite, ShortTag};
