//! The doors of the fuzz targets: each takes any bytes and must return, whatever they are.
//!
//! `cargo xtask fuzz` drives them with libFuzzer, the tests below with random bytes, the committed seeds and every input that once
//! broke something.
#![allow(clippy::panic, clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)] // Asserting is their job.

mod call;
mod edit;
mod peer;
mod victim;

pub use self::call::engine_call;

#[cfg(test)]
mod tests;
