//! Everything that must hold before a change lands.

use std::time::{Duration, Instant};

use crate::boundaries::Boundaries;
use crate::shell::{self, Failure, Outcome};
use crate::tidy::Tidy;
use crate::{conformance, docs, setup};

/// Set up, then check formatting, lints, boundaries, every test, the vectors, the documentation and the dependencies.
#[derive(clap::Args)]
pub(crate) struct Test {}

type Step = (&'static str, fn() -> Outcome);

/// Cheap checks first, so that a slip is found in seconds.
const STEPS: &[Step] = &[
    ("set-up", setup::ensure),
    ("formatting", || shell::run(&mut shell::cargo(&["fmt", "--all", "--check"]))),
    ("boundaries", || Boundaries {}.run()),
    ("tidy", || Tidy {}.run()),
    ("documents", docs::check),
    ("clippy", clippy),
    ("tests", tests),
    ("glass", glass),
    ("generated documents", docs::check_generated),
    ("conformance", conformance::all),
    ("documentation", documentation),
    ("dependencies", dependencies),
    ("advisories", advisories),
];

impl Test {
    pub(crate) fn run(self) -> Outcome {
        let mut times = Vec::new();
        for (name, step) in STEPS {
            println!("── {name}");
            let start = Instant::now();
            step().map_err(|failure| Failure::new(format!("{name}: {}", failure.message)))?;
            times.push((name, start.elapsed()));
        }
        println!("── all passed");
        for (name, time) in &times {
            println!("{name:>14}  {:>6.1} s", time.as_secs_f64());
        }
        let total: Duration = times.iter().map(|(_, time)| *time).sum();
        println!("{:>14}  {:>6.1} s", "total", total.as_secs_f64());
        Ok(())
    }
}

/// Benchmarks and rivals have commands of their own and no tests; clippy sees them.
fn tests() -> Outcome {
    let mut command = shell::cargo(&["test", "--workspace", "--locked"]);
    shell::run(command.args(["--exclude", "zentalk-bench", "--exclude", "zentalk-peers"]))
}

fn clippy() -> Outcome {
    let arguments = ["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"];
    shell::run(&mut shell::cargo(&arguments))
}

/// The doors for demonstrations, which no ordinary build has: they compile, and show what they are there to show.
fn glass() -> Outcome {
    let lint = ["clippy", "-p", "zentalk-cli", "--all-targets", "--features", "glass", "--locked"];
    shell::run(shell::cargo(&lint).args(["--", "-D", "warnings"]))?;
    let test = ["test", "-p", "zentalk-cli", "--features", "glass", "--locked"];
    shell::run(&mut shell::cargo(&test))
}

fn documentation() -> Outcome {
    let mut command = shell::cargo(&["doc", "--workspace", "--no-deps", "--locked"]);
    shell::run(command.env("RUSTDOCFLAGS", "-D warnings"))
}

fn dependencies() -> Outcome {
    setup::ensure_cargo_deny()?;
    shell::run(&mut shell::cargo(&["deny", "--locked", "check", "bans", "licenses", "sources"]))
}

/// The advisory database is fetched from the network: where it cannot be, that is said and is no failure.
fn advisories() -> Outcome {
    let output = shell::cargo(&["deny", "--locked", "check", "advisories"])
        .output()
        .map_err(|error| Failure::new(format!("cannot start cargo deny: {error}")))?;
    let report = String::from_utf8_lossy(&output.stderr);
    if output.status.success() {
        println!("advisories: none");
        Ok(())
    } else if report.contains("failed to fetch advisory database") {
        println!("advisories: SKIPPED (the advisory database cannot be fetched from here)");
        Ok(())
    } else {
        Err(Failure::new(report.into_owned()))
    }
}
