//! What a participant and an SFU agree on: one section for each medium that the participant sends, and
//! one *slot* for each that it may receive. What a slot carries changes by the SFU's control channel,
//! never by another offer.

mod agreed;
mod answer;
mod offer;

pub use agreed::{SfuAgreed, SfuExtensions, SfuLayer, SfuSlot, SfuUplink};
pub use answer::{SfuAnswer, SfuSlotSource};
pub use offer::{SfuLocal, SfuOffer};

/// The layers of our offers, from a quarter of the picture's side length over half of it to the whole.
pub const SFU_RIDS: [&str; 3] = ["l", "m", "h"];

/// The most layers of one medium that an SFU takes.
pub const MAX_SFU_LAYERS: usize = 3;

/// The most people whose media one participant can receive at a time: each takes two sections of
/// [`MAX_MEDIA_SECTIONS`](crate::MAX_MEDIA_SECTIONS), and so does the participant.
pub const MAX_SFU_SLOTS: usize = 15;
