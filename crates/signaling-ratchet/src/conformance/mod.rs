//! What the conformance vectors of others ask for, and no call needs: a ratchet with another suite, bare derivations with
//! given secrets. Behind the feature `conformance`, for this project's own tools: no stable interface.
#![allow(clippy::indexing_slicing, reason = "nothing here is open to the network")]

mod derivation;
mod transcript;

#[cfg(test)]
mod tests;

pub use derivation::{handshake_secret, ml_kem_768_decapsulate};
pub use transcript::{Sent, TranscriptSide};
