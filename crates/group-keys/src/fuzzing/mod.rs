//! The doors of the fuzz targets: each takes any bytes and must return, whatever they are.
//!
//! `cargo xtask fuzz` drives them with libFuzzer, the tests below with random bytes, the committed seeds and every input that once
//! broke something.
#![allow(clippy::panic, clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)] // Asserting is their job.

mod frames;
mod group;
mod header;
mod key_message;
mod sas;

pub use self::frames::ops_frames;
pub use self::group::engine_group_keys;
pub use self::header::parse_sframe_header;
pub use self::key_message::{parse_key_message, parse_sas_message};
pub use self::sas::engine_sas;

#[cfg(test)]
mod tests;
