//! The doors of the fuzz targets: each takes any bytes and must return, whatever they are.
//!
//! `cargo xtask fuzz` drives them with libFuzzer, the tests below with random bytes, the committed seeds and every input that once
//! broke something.
#![allow(clippy::panic, clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)] // Asserting is their job.

mod replay;
mod rtcp;
mod rtcp_writer;
mod rtp;
mod srtp;

pub use self::replay::ops_replay;
pub use self::rtcp::parse_rtcp;
pub use self::rtcp_writer::ops_rtcp_writer;
pub use self::rtp::parse_rtp;
pub use self::srtp::{ops_srtp, parse_srtp};

#[cfg(test)]
mod tests;
