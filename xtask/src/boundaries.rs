//! Which crate may use which: the arrows of `docs/architecture.md`, checked against `cargo metadata`.

use cargo_metadata::{DependencyKind, MetadataCommand, Package};

use crate::shell::{self, Failure, Outcome};

/// Check that crates depend on each other only as docs/architecture.md allows.
#[derive(clap::Args)]
pub(crate) struct Boundaries {}

/// The layers: each may use `zentalk-primitives`, and no other layer but those in [`EXCEPTIONS`].
const LAYERS: &[&str] = &[
    "zentalk-signaling-ratchet",
    "zentalk-dtls-fingerprint",
    "zentalk-srtp-media",
    "zentalk-rtp-session",
    "zentalk-ice-nat",
    "zentalk-codec",
    "zentalk-session-description",
    "zentalk-group-keys",
    "zentalk-call-fsm",
    "zentalk-onion-relay",
    "zentalk-sfu-control",
    "zentalk-sfu",
];

/// Layer to layer, with the reason.
const EXCEPTIONS: &[(&str, &str)] = &[
    // The session counts and repeats packets whose wire format srtp-media defines.
    ("zentalk-rtp-session", "zentalk-srtp-media"),
    // The SFU is an end of the path to each participant: it answers checks, shakes hands, protects and paces.
    ("zentalk-sfu", "zentalk-srtp-media"),
    ("zentalk-sfu", "zentalk-rtp-session"),
    ("zentalk-sfu", "zentalk-dtls-fingerprint"),
];

/// What no layer may take: sockets, runtimes, clocks and the operating system's randomness.
const FORBIDDEN_IN_LAYERS: &[&str] =
    &["tokio", "getrandom", "if-addrs", "redb", "async-std", "mio", "socket2", "rand"];

impl Boundaries {
    pub(crate) fn run(self) -> Outcome {
        let metadata = MetadataCommand::new()
            .current_dir(shell::root())
            .no_deps()
            .exec()
            .map_err(|error| Failure::new(format!("cargo metadata: {error}")))?;
        let broken: Vec<_> = metadata.packages.iter().flat_map(violations).collect();
        if broken.is_empty() {
            println!("boundaries: {} packages, every edge allowed", metadata.packages.len());
            Ok(())
        } else {
            Err(Failure::new(format!("boundaries:\n  {}", broken.join("\n  "))))
        }
    }
}

/// The forbidden edges that start at `package`. Tests may use what they like.
fn violations(package: &Package) -> Vec<String> {
    package
        .dependencies
        .iter()
        .filter(|dependency| dependency.kind != DependencyKind::Development)
        .filter(|dependency| !allowed(&package.name, &dependency.name))
        .map(|dependency| format!("{} must not depend on {}", package.name, dependency.name))
        .collect()
}

fn allowed(from: &str, to: &str) -> bool {
    let is_ours = to.starts_with("zentalk-");
    match from {
        "zentalk-primitives" => !is_ours && !FORBIDDEN_IN_LAYERS.contains(&to),
        "zentalk-call" => !is_ours || is_layer(to),
        "zentalk-node" | "zentalk-cli" => !is_ours || is_layer(to) || to == "zentalk-call",
        "zentalk-tests" | "zentalk-bench" | "zentalk-interop" | "zentalk-lab" | "zentalk-peers" => {
            true
        }
        "xtask" | "zentalk-fuzz-doors" => !is_ours,
        layer if LAYERS.contains(&layer) => {
            let ours_allowed = to == "zentalk-primitives" || EXCEPTIONS.contains(&(layer, to));
            if is_ours { ours_allowed } else { !FORBIDDEN_IN_LAYERS.contains(&to) }
        }
        // A new crate must be given its place here first.
        _ => false,
    }
}

fn is_layer(name: &str) -> bool {
    name == "zentalk-primitives" || LAYERS.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_do_not_depend_on_each_other() {
        assert!(!allowed("zentalk-srtp-media", "zentalk-dtls-fingerprint"));
        assert!(!allowed("zentalk-srtp-media", "zentalk-rtp-session"));
        assert!(allowed("zentalk-rtp-session", "zentalk-srtp-media"));
        assert!(allowed("zentalk-ice-nat", "zentalk-primitives"));
    }

    #[test]
    fn layers_own_no_socket_and_no_runtime() {
        assert!(!allowed("zentalk-ice-nat", "tokio"));
        assert!(allowed("zentalk-call", "tokio"));
    }

    #[test]
    fn an_unknown_crate_has_no_place() {
        assert!(!allowed("zentalk-new", "thiserror"));
    }
}
