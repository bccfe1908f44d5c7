//! Integration tests of the public interface.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod card;
mod identity;
mod postbox;
mod schedule;
