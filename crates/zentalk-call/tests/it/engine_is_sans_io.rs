//! The engine shares a crate with the driver, so clippy cannot forbid it sockets and clocks. This does.

use std::path::{Path, PathBuf};

/// What only the driver may touch.
const FORBIDDEN: &[&str] = &[
    "std::time",
    "std::net::UdpSocket",
    "std::thread",
    "std::fs",
    "SystemTime",
    "SysRng",
    "getrandom",
    "tokio",
    "crate::driver",
];

pub(crate) fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] }).collect()
}

#[test]
fn the_engine_owns_no_socket_no_clock_and_no_randomness() {
    let engine = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/engine");
    let files = sources(&engine);
    assert!(files.len() > 10, "the engine is not where it was");
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        for word in FORBIDDEN {
            assert!(!text.contains(word), "{}: {word}", file.display());
        }
    }
}
