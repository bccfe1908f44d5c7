//! The doors of the fuzz targets: each takes any bytes and must return, whatever they are.
//!
//! `cargo xtask fuzz` drives them with libFuzzer, the tests below with random bytes, the committed seeds and every input that once
//! broke something.
#![allow(clippy::panic, clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)] // Asserting is their job.

mod frame;
mod token;

pub use self::frame::parse_sfu_frame;
pub use self::token::parse_sfu_token;

#[cfg(test)]
mod tests;
