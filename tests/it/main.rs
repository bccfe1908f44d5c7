//! Whole-system tests.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod attacks;
mod driver;
mod hostile_peer;
mod log_capture;
mod man_in_the_middle;
mod outage;
mod prekeys;
mod ratchet_differential;
mod scene;
mod whole_call;
