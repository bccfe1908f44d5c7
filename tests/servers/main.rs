//! What relay, SFU and TURN server keep of a call: nothing that tells when it was, how long, or who was in it.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod log;
mod no_call_duration;
mod people;
mod search;
mod site;
mod tap;
