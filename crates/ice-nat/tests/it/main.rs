//! The agent against another one, over a network that exists in memory and in virtual time.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod attacks;
mod checks;
mod connect;
mod consent;
mod fallback;
mod names;
mod nat;
mod phases;
mod regions;
mod relays;
mod restart;
mod roaming;
mod servers;
mod switch;
mod turn;
mod world;
