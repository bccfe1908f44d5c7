//! A relay over real WebSockets on loopback, in this process and as the real binary.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::indexing_slicing,
    missing_docs
)]

mod binary;
mod certificate;
mod credentials;
mod faults;
mod mailboxes;
mod operator;
mod prekeys;
mod privacy;
mod sfu;
mod sfu_tokens;
mod support;
mod tls;
mod turn;

// The client is a module of the driver of calls; here it meets the real relay.
#[allow(dead_code, unreachable_pub, unused_imports)]
#[path = "../../../zentalk-call/src/driver/relay/mod.rs"]
mod client;
