#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod id;
mod redacted;
mod secret;
mod time;
mod transmit;

#[cfg(not(target_arch = "wasm32"))]
mod std_clock;

pub use id::{CallId, DeviceId, MailboxId, ParticipantId, RoomId};
pub use redacted::Redacted;
pub use secret::Secret;
#[cfg(not(target_arch = "wasm32"))]
pub use std_clock::StdClock;
pub use time::{Instant, UnixTime};
pub use transmit::Transmit;
