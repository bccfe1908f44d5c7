//! The doors of the fuzz targets: each takes any bytes and must return, whatever they are.
//!
//! `cargo xtask fuzz` drives them with libFuzzer, the tests below with random bytes, the committed seeds and every input that once
//! broke something.
#![allow(clippy::panic, clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)] // Asserting is their job.

mod opus;
mod playout;
mod vp8;
mod vp8_assembler;

pub use self::opus::{engine_opus_decoder, parse_opus};
pub use self::playout::ops_playout;
pub use self::vp8::{engine_vp8_decoder, parse_vp8};
pub use self::vp8_assembler::ops_vp8_assembler;

#[cfg(test)]
mod tests;
