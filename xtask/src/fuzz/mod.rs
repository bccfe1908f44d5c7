//! The fuzz targets of every layer: build them, run each for a while, say what was reached.

mod build;
mod campaign;
mod inputs;
mod outcome;
mod targets;
pub(crate) mod tidy;

use std::path::{Path, PathBuf};

use self::campaign::Campaign;
use self::targets::Target;
use crate::shell::{self, Failure, Outcome};

/// Fuzz the parsers and state machines of the layers with libFuzzer.
///
/// Builds every target of crates/*/fuzz (installing the nightly toolchain and cargo-fuzz if they are missing), runs each for
/// the given time and prints a table of executions and coverage. What a run finds anew is kept in target/fuzz-corpus and is where
/// the next begins. A crash is printed with the command that repeats it, and makes the command exit with 1.
///
/// By hand, for one crate: cargo +nightly fuzz build -s none --target-dir target/fuzz --fuzz-dir crates/CRATE/fuzz
#[derive(clap::Args)]
pub(crate) struct Fuzz {
    /// Run each target for this many seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    seconds: u32,
    /// A quick look: the same, under a name that says so.
    #[arg(long, value_name = "SECONDS", conflicts_with = "seconds")]
    smoke: Option<u32>,
    /// Only targets whose name is or begins with this, or all of a crate; may be given more than once.
    #[arg(long = "target", value_name = "NAME")]
    only: Vec<String>,
    /// So many targets at a time.
    #[arg(long, default_value_t = 1)]
    jobs: usize,
    /// A folder of vectors of other projects: each target begins with those that its Cargo.toml names.
    #[arg(long, value_name = "DIR")]
    vectors: Option<PathBuf>,
    /// What the compiler watches for beside panics. The layers forbid unsafe code, so `address` is for the C libraries.
    #[arg(long, value_name = "NAME", default_value = "none", value_parser = ["none", "address", "leak", "memory", "thread"])]
    sanitizer: String,
    /// Longest input in bytes.
    #[arg(long, value_name = "BYTES", default_value_t = 4_096)]
    max_len: usize,
    /// List the targets and stop.
    #[arg(long)]
    list: bool,
    /// Build and stop.
    #[arg(long)]
    build_only: bool,
    /// Also put every target, stripped, and the inputs that it begins with into this folder.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Build nothing: run what an earlier `--out` has put into this folder.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["out", "build_only", "vectors"])]
    from: Option<PathBuf>,
}

impl Fuzz {
    pub(crate) fn run(self) -> Outcome {
        let targets = self.targets()?;
        if self.list {
            targets.iter().for_each(|target| println!("{:<24} {}", target.name, target.package));
            return Ok(());
        }
        if self.from.is_none() {
            build::build(&targets, &self.sanitizer)?;
            inputs::prepare(&targets, self.vectors.as_deref())?;
        }
        if let Some(out) = &self.out {
            build::export(&targets, out)?;
        }
        if self.build_only { Ok(()) } else { self.campaign().run(&targets) }
    }

    fn targets(&self) -> Result<Vec<Target>, Failure> {
        let all = match &self.from {
            Some(folder) => targets::exported(&absolute(folder))?,
            None => targets::all()?,
        };
        let chosen: Vec<_> = all.into_iter().filter(|target| self.wants(target)).collect();
        if chosen.is_empty() {
            return Err(Failure::new("there is no such fuzz target; --list names them"));
        }
        Ok(chosen)
    }

    fn wants(&self, target: &Target) -> bool {
        let layer = target.package.trim_start_matches("zentalk-").trim_end_matches("-fuzz");
        self.only.is_empty()
            || self.only.iter().any(|name| target.name.starts_with(name) || layer == name)
    }

    fn campaign(&self) -> Campaign {
        Campaign {
            seconds: self.smoke.unwrap_or(self.seconds),
            jobs: self.jobs.max(1),
            max_len: self.max_len,
            work: self.from.as_deref().map_or_else(|| shell::root().join("target"), absolute),
        }
    }
}

/// Creates `folder` and what is above it.
fn create(folder: &Path) -> Outcome {
    std::fs::create_dir_all(folder)
        .map_err(|error| Failure::new(format!("cannot create {}: {error}", folder.display())))
}

/// Targets run in folders of their own.
fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf())
}
