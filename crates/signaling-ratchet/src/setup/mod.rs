//! Session set-up after Signal's PQXDH, with labels of our own and the initiator hidden from the relay.
//!
//! 1. The initiator has the responder's prekey bundle: identity, signed X25519 and ML-KEM-768 prekeys, perhaps a
//!    one-time X25519 prekey.
//! 2. It draws an ephemeral key, encapsulates, and agrees: DH1 (its identity, signed prekey), DH2 (ephemeral,
//!    responder's identity), DH3 (ephemeral, signed prekey), DH4 (ephemeral, one-time prekey), SS (ML-KEM).
//! 3. Its own identity goes into the set-up header encrypted under a key from DH2, which the responder can
//!    compute from the ephemeral key alone.
//! 4. HKDF-SHA256 over `FF*32 | DH1 | DH2 | DH3 | [DH4] | SS` gives the root key and the first two header keys; its
//!    info binds both identities and the clear part of the header.
//! 5. Every message repeats the header until the responder's first answer has come.

mod agreement;
mod header;
mod initiate;
mod respond;

#[cfg(test)]
mod tests;

#[cfg(any(test, feature = "conformance"))]
pub(crate) use agreement::formula;
pub(crate) use header::SetupHeader;
pub(crate) use initiate::{Initiated, initiate};
pub(crate) use respond::{Accepted, respond};
