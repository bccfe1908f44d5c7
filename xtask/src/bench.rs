//! Benchmarks: the package `zentalk-bench`, with the peers in C that this machine can have.

use std::path::PathBuf;
use std::process::Command;

use crate::setup;
use crate::shell::{self, Failure, Outcome};

/// Time layers beside their primitives and their peers, and print one table of ratios.
///
/// Peers are other crates, Debian's libsrtp2 and OpenSSL, and coturn; what they need is installed. A libsrtp2 of your own is used with
/// LIBSRTP2_DIR=PREFIX, where PREFIX/lib/pkgconfig/libsrtp2.pc is.
#[derive(clap::Args)]
pub(crate) struct Bench {
    /// The layers: srtp, rtp, frames, stun, ratchet, dtls, sfu.
    #[arg(value_name = "LAYER", required_unless_present = "all")]
    layers: Vec<String>,
    /// Every layer.
    #[arg(long, conflicts_with = "layers")]
    all: bool,
    /// Also write the numbers to this folder, as `LAYER.json`.
    #[arg(long, value_name = "DIR")]
    json: Option<PathBuf>,
    /// Exit with 1 where a goal is missed.
    #[arg(long)]
    check: bool,
    /// A twentieth of the rounds: to see that it works, not to compare.
    #[arg(long)]
    quick: bool,
}

impl Bench {
    pub(crate) fn run(self) -> Outcome {
        setup::ensure_bench_peers()?;
        let mut command = self.command();
        if let Some(prefix) = std::env::var_os("LIBSRTP2_DIR").filter(|prefix| !prefix.is_empty()) {
            use_libsrtp2_of(&mut command, &PathBuf::from(prefix))?;
        }
        shell::replace_with(command)
    }

    fn command(&self) -> Command {
        let features = ["--features", "libsrtp2,openssl"];
        let mut command = shell::cargo(&["run", "--quiet", "--locked", "--profile", "bench"]);
        command.args(["-p", "zentalk-bench"]).args(features).arg("--").args(&self.layers);
        if let Some(folder) = &self.json {
            // As seen from here: the benchmark starts in the workspace's root.
            let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.clone());
            command.arg("--json").arg(folder);
        }
        command.args(self.check.then_some("--check"));
        command.args(self.quick.then_some("--quick"));
        command
    }
}

/// Has the build find that libsrtp2, and the loader after it.
fn use_libsrtp2_of(command: &mut Command, prefix: &std::path::Path) -> Outcome {
    let libraries = prefix.join("lib");
    let pkgconfig = libraries.join("pkgconfig");
    if !pkgconfig.join("libsrtp2.pc").is_file() {
        let message = format!("LIBSRTP2_DIR: there is no {}/libsrtp2.pc", pkgconfig.display());
        return Err(Failure::new(message));
    }
    for (variable, folder) in [("PKG_CONFIG_PATH", pkgconfig), ("LD_LIBRARY_PATH", libraries)] {
        let others = std::env::var_os(variable).unwrap_or_default();
        let folders = std::iter::once(folder).chain(std::env::split_paths(&others));
        let joined = std::env::join_paths(folders.filter(|folder| !folder.as_os_str().is_empty()))
            .map_err(|error| Failure::new(format!("LIBSRTP2_DIR: {error}")))?;
        command.env(variable, joined);
    }
    Ok(())
}
