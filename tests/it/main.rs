//! Whole-system tests.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    // What was measured is part of what a test has to say.
    clippy::print_stdout
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
mod attack_restart;
mod attack_source_flood;
mod attack_srtcp_in_clear;
mod attacks;
mod device;
mod driver;
mod driver_relayed;
mod group_call;
mod group_evil_scene;
mod group_evil_sfu;
mod group_evil_sfu_forgeries;
mod group_evil_sfu_lies;
mod group_evil_sfu_reports;
mod group_evil_sfu_silence;
mod group_failover;
mod group_inviter;
mod group_privacy;
mod group_relay_only;
mod group_relay_only_strangers;
mod group_scene;
mod group_way_back;
mod hostile_peer;
mod log_capture;
mod mallory;
mod man_in_the_middle;
mod nat_matrix;
mod outage;
mod prekeys;
mod ratchet_differential;
mod reconnect;
mod relay_only;
mod relay_only_logs;
mod relays_of_a_call;
mod roaming;
mod scene;
mod turn_renewal;
mod turn_renewal_servers;
mod two_phase;
mod two_phase_names;
mod whole_call;
