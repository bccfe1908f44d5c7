//! Vectors that others wrote, run through the layers by the binary `conformance` of the package
//! `zentalk-tests`.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::setup;
use crate::shell::{self, Outcome};

/// Run conformance vectors: the repository's own, and those of other folders.
///
/// Prints a table of layer, suite and passed/total, the unsupported cases with their reasons, and the
/// failures; the last line is `N passed, N failed, N skipped`. Exits with 1 on any failure, and where
/// fewer cases pass than tests/conformance-floor.json says.
#[derive(clap::Args, Default)]
pub(crate) struct Conformance {
    /// Only this layer's suites.
    #[arg(long)]
    layer: Option<String>,
    /// Another folder of vectors; may be given more than once.
    #[arg(long, value_name = "DIR")]
    vectors: Vec<PathBuf>,
    /// Write the results there as JSON.
    #[arg(long, value_name = "OUT")]
    json: Option<PathBuf>,
    /// Spoil every expected value: each must make its case fail, and the run with it. A case that
    /// passes all the same makes it end with 2.
    #[arg(long = "break")]
    spoil: bool,
    /// Write what has passed into tests/conformance-floor.json, where it is more than stands there.
    #[arg(long, conflicts_with = "spoil")]
    raise_floor: bool,
}

impl Conformance {
    pub(crate) fn run(self) -> Outcome {
        setup::ensure()?;
        shell::replace_with(self.runner())
    }

    fn runner(&self) -> Command {
        let mut command = shell::cargo(&[
            "run",
            "--quiet",
            "--locked",
            "-p",
            "zentalk-tests",
            "--bin",
            "conformance",
            "--",
        ]);
        for folder in &self.vectors {
            command.arg("--vectors").arg(absolute(folder));
        }
        if let Some(layer) = &self.layer {
            command.arg("--layer").arg(layer);
        }
        if let Some(path) = &self.json {
            command.arg("--json").arg(absolute(path));
        }
        command.args(self.spoil.then_some("--break"));
        command.args(self.raise_floor.then_some("--raise-floor"));
        command
    }
}

/// The repository's vectors, and those in the folder that `ZENTALK_VECTORS` names.
pub(crate) fn all() -> Outcome {
    let folder = std::env::var_os("ZENTALK_VECTORS").filter(|folder| !folder.is_empty());
    let vectors = folder.into_iter().map(PathBuf::from).collect();
    shell::run(&mut Conformance { vectors, ..Conformance::default() }.runner())
}

/// As seen from here: the runner starts in the workspace's root.
fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf())
}
