//! Whole-system tests.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod attacks;
mod log_capture;
mod man_in_the_middle;
mod ratchet_differential;
mod scene;
mod whole_call;
