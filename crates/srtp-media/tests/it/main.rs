//! The crate through its public interface.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod rtcp;
mod rtp;
mod srtp;
