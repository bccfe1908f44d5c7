//! The doors of the fuzz targets: each takes any bytes and must return, whatever they are.
//!
//! `cargo xtask fuzz` drives them with libFuzzer, the tests below with random bytes, the committed seeds and every input that once
//! broke something.
#![allow(clippy::panic, clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)] // Asserting is their job.

mod engine;
mod link;
mod parsers;
mod reassembly;

pub use self::engine::engine_dtls;
pub use self::parsers::{parse_fingerprint, parse_handshake, parse_record};
pub use self::reassembly::ops_reassembly;

#[cfg(test)]
mod tests;
