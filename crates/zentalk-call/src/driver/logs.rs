//! Logs without secrets.
//!
//! Our own layers log neither addresses nor identities nor keys. Some dependencies do at their more
//! talkative levels; a subscriber should leave them out, as [`filter`] does.

use tracing_subscriber::EnvFilter;

/// Dependencies whose logs hold addresses, ufrags or passwords.
pub const TALKATIVE: &[&str] =
    &["is", "str0m_proto", "dimpl", "stun_types", "tungstenite", "tokio_tungstenite"];

/// What `directives` ask for (the syntax of `RUST_LOG`), with [`TALKATIVE`] switched off whatever they say.
pub fn filter(directives: &str) -> EnvFilter {
    TALKATIVE
        .iter()
        .filter_map(|target| format!("{target}=off").parse().ok())
        .fold(EnvFilter::builder().parse_lossy(directives), EnvFilter::add_directive)
}
