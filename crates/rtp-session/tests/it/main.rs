//! The crate through its public interface: two sessions over a simulated link, in virtual time.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod attack;
mod bounds;
mod congestion;
mod keyframes;
mod link;
mod recovery;
mod reports;
mod robustness;
mod streams;
