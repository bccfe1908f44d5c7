//! The doors of the fuzz targets: each takes any bytes and must return, whatever they are.
//!
//! `cargo xtask fuzz` drives them with libFuzzer, the tests below with random bytes, the committed seeds and every input that once
//! broke something.
#![allow(clippy::panic, clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)] // Asserting is their job.

mod client;
pub(crate) mod sfu_reception;
mod turn_server;

pub use self::sfu_reception::engine_sfu_reception;
pub use self::turn_server::engine_turn_server;

#[cfg(test)]
mod tests;
