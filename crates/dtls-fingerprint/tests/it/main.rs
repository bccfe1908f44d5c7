//! Integration tests: whole handshakes on a virtual network, attacks on them, and OpenSSL as a peer.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod attacks;
mod closing;
mod fingerprints;
mod fragments;
mod handshake;
mod loss;
mod openssl;
mod paths;
mod robustness;
mod world;
