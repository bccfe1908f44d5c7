//! Offers and answers from the outside.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod browser_sfu;
mod chromium;
mod common;
mod limits;
mod offer_answer;
mod privacy;
mod refusals;
mod round_trip;
mod sfu;
