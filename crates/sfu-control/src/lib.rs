#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod error;
mod frames;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
pub mod limits;
mod participant;
mod token;

pub use error::Error;
pub use frames::{ClientFrame, GoneReason, Medium, RefusedCode, ServerFrame, Slot, Token, Wish};
pub use participant::ParticipantSecret;
pub use token::{TokenClaims, TokenSigner, TokenVerifier};
