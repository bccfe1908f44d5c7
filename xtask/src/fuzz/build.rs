//! Building the targets with cargo-fuzz, and the tools that takes.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::create;
use super::targets::Target;
use crate::setup;
use crate::shell::{self, Failure, Outcome};

/// Builds `targets`, package by package.
pub(super) fn build(targets: &[Target], sanitizer: &str) -> Outcome {
    setup::ensure()?;
    ensure_nightly()?;
    ensure_cargo_fuzz()?;
    let folders: BTreeSet<_> = targets.iter().map(|target| &target.folder).collect();
    for folder in folders {
        let here: Vec<_> = targets.iter().filter(|target| target.folder == *folder).collect();
        println!("fuzz: building {} targets of {}", here.len(), relative(folder).display());
        shell::run(&mut cargo_fuzz_build(folder, sanitizer))?;
    }
    Ok(())
}

fn cargo_fuzz_build(folder: &Path, sanitizer: &str) -> Command {
    let mut command = nightly(&["cargo", "fuzz", "build", "--sanitizer", sanitizer]);
    command.arg("--target-dir").arg(shell::root().join("target/fuzz"));
    command.arg("--fuzz-dir").arg(folder);
    command
}

/// Puts the built `targets`, stripped, and their inputs into `out`.
pub(super) fn export(targets: &[Target], out: &Path) -> Outcome {
    let bin = out.join("bin");
    create(&bin)?;
    for target in targets {
        let to = bin.join(&target.name);
        let mut strip = Command::new("strip");
        shell::run(strip.arg("-o").arg(&to).arg(&target.binary))
            .or_else(|_| copy(&target.binary, &to))?;
        export_inputs(target, &out.join("inputs").join(&target.name))?;
    }
    println!("fuzz: {} targets in {}", targets.len(), bin.display());
    Ok(())
}

fn export_inputs(target: &Target, to: &Path) -> Outcome {
    create(to)?;
    let folders = target.inputs.iter().flat_map(std::fs::read_dir);
    for file in folders.flatten().flatten() {
        copy(&file.path(), &to.join(file.file_name()))?;
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Outcome {
    std::fs::copy(from, to)
        .map(drop)
        .map_err(|error| Failure::new(format!("cannot copy {}: {error}", from.display())))
}

/// libFuzzer's instrumentation exists in the nightly compiler only.
fn ensure_nightly() -> Outcome {
    if shell::output(&mut nightly(&["rustc", "--version"])).is_some() {
        return Ok(());
    }
    if !shell::works("rustup", &["--version"]) {
        return Err(Failure::new(
            "fuzzing needs the nightly toolchain and therefore rustup: https://rustup.rs",
        ));
    }
    println!("fuzz: installing the nightly toolchain");
    let mut install = Command::new("rustup");
    shell::run(install.args(["toolchain", "install", "nightly", "--profile", "minimal"]))
}

fn ensure_cargo_fuzz() -> Outcome {
    if shell::output(&mut shell::cargo(&["fuzz", "--version"])).is_some() {
        return Ok(());
    }
    println!("fuzz: installing cargo-fuzz (about a minute)");
    shell::run(&mut shell::cargo(&["install", "--quiet", "--locked", "--debug", "cargo-fuzz"]))
        .map_err(|failure| {
            Failure::new(format!("{}\nrun: cargo install cargo-fuzz", failure.message))
        })
}

/// A command of the nightly toolchain, in the workspace's root.
fn nightly(words: &[&str]) -> Command {
    let mut command = Command::new("rustup");
    command.args(["run", "nightly"]).args(words).current_dir(shell::root());
    // Ours is another toolchain's.
    command.env_remove("CARGO").env_remove("RUSTC");
    command
}

fn relative(path: &Path) -> PathBuf {
    path.strip_prefix(shell::root()).unwrap_or(path).to_path_buf()
}
