#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod addresses;
mod burst;
mod config;
mod error;
mod event;
pub mod forward;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
mod key;
mod label;
pub mod limits;
mod member;
mod offer;
mod outbox;
mod rate;
mod room;
mod seeded;
mod sfu;
mod stats;
pub mod stun;

pub use addresses::AddressClaim;
pub use burst::Burst;
pub use config::SfuConfig;
pub use error::{Error, Refusal};
pub use event::{GoneReason, Notice, SfuEvent, SlotState};
pub use key::ParticipantKey;
pub use label::Label;
pub use offer::{
    Encoding, ExtensionIds, Medium, ParticipantAnswer, ParticipantOffer, PayloadTypes, SlotAnswer,
    SlotOffer, Uplink, Wish,
};
pub use sfu::Sfu;
pub use stats::SfuStats;
pub use stun::worker_of;
