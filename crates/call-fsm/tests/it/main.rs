//! The call state machine from the outside.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod acceptance;
mod calls;
mod common;
mod ends;
mod glare;
mod registry;
mod table;
mod timers;
