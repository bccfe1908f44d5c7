//! The doors of the fuzz targets: each takes any bytes and must return, whatever they are.
//!
//! `cargo xtask fuzz` drives them with libFuzzer, the tests below with random bytes, the committed seeds and every input that once
//! broke something.
#![allow(clippy::panic, clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)] // Asserting is their job.

mod candidate;
mod engine;
mod link;
mod relays;
mod stun;
mod turn;

pub use self::candidate::parse_candidate;
pub use self::engine::engine_ice;
pub use self::relays::engine_relays;
pub use self::stun::parse_stun;
pub use self::turn::engine_turn;

#[cfg(test)]
mod tests;
