//! The doors of the fuzz targets: each takes any bytes and must return, whatever they are.
//!
//! `cargo xtask fuzz` drives them with libFuzzer, the tests below with random bytes, the committed seeds and every input that once
//! broke something.
#![allow(clippy::panic, clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)] // Asserting is their job.

mod offer_answer;
mod sdp;

pub use self::offer_answer::ops_offer_answer;
pub use self::sdp::parse_sdp;

#[cfg(test)]
mod tests;
