//! Whole rooms on a virtual clock: real ICE agents, DTLS and SRTP of participants on one side, the SFU on the other.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod attacks;
mod checks;
mod client;
mod floods;
mod forged_addresses;
mod layers;
mod media;
mod members;
mod rest;
mod robustness;
mod stun_kit;
mod world;
