//! Whole-system tests.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod attack_accept;
mod attack_before_offer;
mod attack_certificate;
mod attack_client_hello_race;
mod attack_fingerprint;
mod attack_forged_packet;
mod attack_old_offer;
mod attack_padding;
mod attack_replay;
mod attack_source_flood;
mod attack_srtcp_in_clear;
mod attacks;
mod device;
mod driver;
mod hostile_peer;
mod log_capture;
mod mallory;
mod man_in_the_middle;
mod outage;
mod prekeys;
mod ratchet_differential;
mod scene;
mod whole_call;
