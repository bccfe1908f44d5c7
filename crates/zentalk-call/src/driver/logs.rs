//! Logs without secrets.
//!
//! Our own layers log neither addresses nor identities nor keys. Some dependencies do at their more
//! talkative levels; a subscriber should leave them out, as [`filter`] does.

use tracing_subscriber::EnvFilter;

/// Dependencies whose logs hold addresses, ufrags, names or passwords.
pub const TALKATIVE: &[&str] = &[
    "is",
    "str0m_proto",
    "dimpl",
    "stun_types",
    "stun_proto",
    "turn_types",
    "turn_client_proto",
    "turn_client_rustls",
    "turn_server_proto",
    "rustls",
    "tungstenite",
    "tokio_tungstenite",
    "if_watch",
    "rtnetlink",
    "netlink_proto",
    "netlink_sys",
    "netlink_packet_core",
    "netlink_packet_route",
    "simple_dns",
];

/// What `directives` ask for (the syntax of `RUST_LOG`), with [`TALKATIVE`] switched off whatever they say.
pub fn filter(directives: &str) -> EnvFilter {
    let harmless: Vec<_> = directives.split(',').filter(|one| is_harmless(one)).collect();
    TALKATIVE
        .iter()
        .filter_map(|target| format!("{target}=off").parse().ok())
        .fold(EnvFilter::builder().parse_lossy(harmless.join(",")), EnvFilter::add_directive)
}

/// Whether a directive opens none of [`TALKATIVE`]: one for a module in it would win over the crate's own, and one for spans would
/// open every crate that has such spans.
fn is_harmless(directive: &str) -> bool {
    let target = directive.trim().split(['[', '=']).next().unwrap_or_default();
    let root = target.split("::").next().unwrap_or_default();
    let spans = directive.contains('[') && !root.starts_with("zentalk");
    !spans && !TALKATIVE.contains(&root)
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write};
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);

    impl Write for Log {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What is written under these directives by code that speaks.
    fn written(directives: &str, speak: fn()) -> String {
        let log = Log::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_env_filter(filter(directives))
            .with_writer(move || writer.clone())
            .finish();
        tracing::subscriber::with_default(subscriber, speak);
        let bytes = log.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    /// Speaks as each of these crates, and as a module in it.
    macro_rules! speak {
        ($($target:literal)*) => {{
            const SPOKEN: &[&str] = &[$($target),*];
            assert_eq!(SPOKEN, TALKATIVE, "each of them must be tried");
            $(tracing::error!(target: $target, "192.0.2.1");
            tracing::error!(target: concat!($target, "::module"), "192.0.2.1");
            tracing::error_span!(target: $target, "span", address = "192.0.2.1").in_scope(|| {
                tracing::error!(target: $target, "192.0.2.1");
            });)*
            tracing::trace!(target: "zentalk_call::driver", "harmless");
        }};
    }

    fn everybody() {
        speak! {
            "is" "str0m_proto" "dimpl" "stun_types" "stun_proto" "turn_types" "turn_client_proto" "turn_client_rustls"
            "turn_server_proto" "rustls" "tungstenite" "tokio_tungstenite" "if_watch" "rtnetlink" "netlink_proto" "netlink_sys"
            "netlink_packet_core" "netlink_packet_route" "simple_dns"
        }
    }

    #[test]
    fn talkative_dependencies_are_silent_whatever_is_asked_for() {
        for directives in [
            "trace",
            "trace,is=trace",
            "trace, turn_client_proto::module=trace",
            "trace,[span]=trace",
            "trace,rustls[span]=trace",
            "trace,[span{address}]=trace",
        ] {
            let log = written(directives, everybody);
            assert!(log.contains("harmless"), "{directives}");
            assert!(!log.contains("192.0.2.1"), "{directives}: {log}");
        }
    }

    #[test]
    fn spans_of_ours_may_be_asked_for() {
        assert!(is_harmless("zentalk_call[call]=trace"));
        assert!(is_harmless("info"));
    }
}
