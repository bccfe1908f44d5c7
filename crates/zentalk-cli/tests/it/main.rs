//! The program itself, run as people run it: real processes, real files, real UDP on loopback.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod calls;
mod certificate;
mod contacts;
mod demo;
mod doctor;
mod groups;
mod help;
mod programs;
mod relayed;
