#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod accept;
mod action;
mod counters;
pub mod docs;
mod end_reason;
mod error;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
mod glare;
mod input;
mod machine;
mod public_state;
mod registry;
mod state;
mod table;
mod timers;
mod trigger;

pub use accept::{LocalAccept, MediaPermit};
pub use action::{Action, Devices, Event, Output, Warning};
pub use counters::Counters;
pub use end_reason::EndReason;
pub use error::Error;
pub use glare::{Glare, resolve_glare};
pub use input::{Command, Elsewhere, Input, LossCause, Message, Report};
pub use machine::CallMachine;
pub use public_state::{Detail, PublicState};
pub use registry::{CallRegistry, MAX_REMEMBERED_CALLS, RegistryInput, RegistryOutput, Sender};
pub use state::{Acceptance, Connectivity, State};
pub use table::{Effect, Entry, Ignored, entry};
pub use timers::{OFFER_MAX_AGE, RECONNECT_TIMEOUT, RING_TIMEOUT};
pub use trigger::{ReportKind, Trigger};
