#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod answer;
mod capabilities;
mod codec;
mod description;
mod direction;
mod document;
mod error;
mod extension;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
mod grammar;
mod limits;
mod line;
mod local;
mod media;
mod negotiated;
mod offer;
mod read;
mod sfu;
mod simulcast;
mod source;
mod transport;
mod write;

pub use answer::Answer;
pub use capabilities::{Capabilities, CodecCapability};
pub use codec::{Codec, Feedback};
pub use description::SessionDescription;
pub use direction::Direction;
pub use document::Document;
pub use error::Error;
pub use extension::{Extension, uri};
pub use limits::{
    MAX_CANDIDATES, MAX_FINGERPRINTS, MAX_MEDIA_SECTIONS, MAX_MID_BYTES, MAX_RID_BYTES, MAX_RIDS,
    MAX_SDP_BYTES, MAX_SOURCES,
};
pub use line::Line;
pub use local::{LocalMedia, LocalSession};
pub use media::{MediaKind, MediaSection};
pub use negotiated::{Negotiated, NegotiatedMedia, Side, negotiated};
pub use offer::Offer;
pub use sfu::{
    MAX_SFU_LAYERS, MAX_SFU_SLOTS, SFU_RIDS, SfuAgreed, SfuAnswer, SfuExtensions, SfuLayer,
    SfuLocal, SfuOffer, SfuSlot, SfuSlotSource, SfuUplink,
};
pub use simulcast::Simulcast;
pub use source::Source;
pub use transport::{DtlsParameters, Fingerprint, IceParameters, Setup};
