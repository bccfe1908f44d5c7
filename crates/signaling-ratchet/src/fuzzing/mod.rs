//! The doors of the fuzz targets: each takes any bytes and must return, whatever they are.
//!
//! `cargo xtask fuzz` drives them with libFuzzer, the tests below with random bytes, the committed seeds and every input that once
//! broke something.
#![allow(clippy::panic, clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)] // Asserting is their job.

mod card;
mod message;
mod postbox;
mod prekeys;
mod ratchet;
mod storage;

pub use self::card::parse_card;
pub use self::message::{parse_call_message, parse_header};
pub use self::postbox::ops_postbox;
pub use self::prekeys::parse_prekeys;
pub use self::ratchet::ops_ratchet;
pub use self::storage::parse_storage;

#[cfg(test)]
mod tests;

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

/// The generator of everything that an input does not decide.
fn rng(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}
