//! The doors of the fuzz targets: each takes any bytes and must return, whatever they are.
//!
//! `cargo xtask fuzz` drives them with libFuzzer, the tests below with random bytes, the committed seeds and every input that once
//! broke something.
#![allow(clippy::panic, clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)] // Asserting is their job.

mod call;
mod edit;
mod group;
#[cfg(feature = "mdns")]
mod mdns;
mod path;
mod peer;
mod victim;

pub use self::call::engine_call;
pub use self::group::engine_group;
#[cfg(feature = "mdns")]
pub use self::mdns::engine_mdns;
pub use self::path::engine_path;

#[cfg(test)]
mod tests;
