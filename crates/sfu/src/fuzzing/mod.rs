//! The doors of the fuzz targets: each takes any bytes and must return, whatever they are.
//!
//! `cargo xtask fuzz` drives them with libFuzzer, the tests below with random bytes, the committed seeds and every input that once
//! broke something.
#![allow(clippy::panic, clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)] // Asserting is their job.

mod call;
mod flood;
mod forward;
mod hostile;
mod stun;

pub use self::flood::engine_sfu_flood;
pub use self::forward::ops_forward;
pub use self::hostile::engine_sfu_hostile;
pub use self::stun::parse_stun_check;

#[cfg(test)]
mod tests;
