//! The Double Ratchet with header encryption (Signal's specification, §3 and §4).
//!
//! 1. Both sides hold a root key and two header keys from the set-up.
//! 2. Sending: the chain gives a message key; the header is sealed under the chain's header key, the body
//!    under the message key. The first message after a receive step draws a new ratchet key (a send step).
//! 3. Receiving: the header key that opens the header tells the chain: current, next (a receive step) or old.
//! 4. One step of every round trip mixes an ML-KEM secret into the root beside the Diffie-Hellman result (`kem`).
//! 5. Everything is computed beside the state, and committed when the body has opened.

mod chain;
#[cfg(feature = "bench")]
mod classical;
mod header;
mod kem;
mod secrets;
mod skipped;
mod state;
mod suite;

#[cfg(test)]
mod tests;

#[cfg(feature = "bench")]
pub use classical::Classical;
pub use header::Header;
pub use secrets::{ChainKey, HeaderKey, MessageKey, RootKey, SessionSecrets};
pub use state::DoubleRatchet;
pub use suite::{ChainStep, RootStep, Suite, Zentalk};

pub(crate) use kem::KemLoad;
#[cfg(any(test, feature = "conformance"))]
pub(crate) use suite::Sealed;
pub(crate) use suite::split_keys;
