#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod aead;
mod base_key;
mod clear_bytes;
mod commitment;
mod crypto;
mod error;
mod frame_keys;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
mod header;
mod key_id;
mod opener;
mod replay;
mod sealer;
mod sframe_key;
mod suite;

#[doc(hidden)]
pub use aead::{aead_open, aead_seal};
pub use base_key::{BaseKey, FrameSecret, MAX_IDENTITY_LEN, pair_base_key};
pub use clear_bytes::{FrameCodec, MAX_CLEAR_BYTES};
pub use commitment::KeyCommitment;
pub use error::Error;
pub use frame_keys::{FRAME_SUITE, FrameKeys, PairRole};
pub use header::{MAX_HEADER_LEN, SframeHeader};
pub use key_id::{KeyId, MediaKind, StreamId};
pub use opener::{FrameOpener, OpenedFrame};
pub use replay::FRAME_REPLAY_WINDOW;
pub use sealer::{FrameSealer, MAX_FRAMES_PER_KEY};
pub use sframe_key::{MAX_FRAME_LEN, MAX_METADATA_LEN, SframeKey};
pub use suite::{CipherSuite, ShortTag};
