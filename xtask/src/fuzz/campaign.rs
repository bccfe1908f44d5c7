//! Running targets one after the other, or several at a time.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::create;
use super::outcome::{Report, table};
use super::targets::Target;
use crate::shell::{self, Failure, Outcome};

/// What one input may take; more is a finding.
const TIMEOUT_SECONDS: u32 = 10;
const MEMORY_MEBIBYTES: u32 = 2_048;

/// How targets are run.
pub(super) struct Campaign {
    pub(super) seconds: u32,
    pub(super) jobs: usize,
    pub(super) max_len: usize,
    /// The folder below which corpora, logs and artifacts are kept.
    pub(super) work: PathBuf,
}

impl Campaign {
    /// Runs every target and prints what came of it.
    pub(super) fn run(&self, targets: &[Target]) -> Outcome {
        println!("fuzz: {} targets, {} s each", targets.len(), self.seconds);
        let (next, reports) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
        std::thread::scope(|scope| {
            for _ in 0..self.jobs {
                scope.spawn(|| {
                    while let Some(target) = targets.get(next.fetch_add(1, Ordering::Relaxed)) {
                        let report = self.run_one(target);
                        let Ok(mut reports) = reports.lock() else { return };
                        reports.push(report);
                        if let Some(report) = reports.last() {
                            println!("[{}/{}] {}", reports.len(), targets.len(), report.line());
                        }
                    }
                });
            }
        });
        let mut reports = reports.into_inner().unwrap_or_default();
        reports.sort_by(|a, b| a.name.cmp(&b.name));
        print!("\n{}", table(&reports));
        let failed = reports.iter().filter(|report| report.finding.is_some()).count();
        if failed == 0 && reports.len() == targets.len() {
            return Ok(());
        }
        reports
            .iter()
            .filter_map(|report| report.finding.as_deref())
            .for_each(|text| print!("{text}"));
        Err(Failure::new(format!("{failed} of {} fuzz targets failed", targets.len())))
    }

    fn run_one(&self, target: &Target) -> Report {
        let artifacts = self.work.join("fuzz-artifacts").join(&target.name);
        let before = files(&artifacts);
        let output = self.command(target, &artifacts).and_then(|mut command| {
            command
                .stdin(Stdio::null())
                .output()
                .map_err(|error| Failure::new(format!("cannot start {}: {error}", target.name)))
        });
        let output = match output {
            Ok(output) => output,
            Err(failure) => return Report::broken(&target.name, &failure.message),
        };
        let log = String::from_utf8_lossy(&output.stderr);
        let mut report = Report::read(&target.name, &log);
        if !output.status.success() {
            let new: Vec<_> = files(&artifacts).difference(&before).cloned().collect();
            report.finding = Some(finding(target, &new, &log));
        }
        report
    }

    fn command(&self, target: &Target, artifacts: &Path) -> Result<Command, Failure> {
        let corpus = self.work.join("fuzz-corpus").join(&target.name);
        create(&corpus)?;
        create(artifacts)?;
        let mut command = Command::new(&target.binary);
        command
            .current_dir(artifacts)
            .arg(format!("-max_total_time={}", self.seconds))
            .arg(format!("-timeout={TIMEOUT_SECONDS}"))
            .arg(format!("-rss_limit_mb={MEMORY_MEBIBYTES}"))
            .arg(format!("-max_len={}", self.max_len))
            .arg(format!("-artifact_prefix={}/", artifacts.display()))
            .args(["-print_final_stats=1", "-reload=0"])
            .arg(corpus)
            .args(target.inputs.iter().filter(|folder| folder.is_dir()));
        Ok(command)
    }
}

fn files(folder: &Path) -> BTreeSet<PathBuf> {
    std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect()
}

/// What a person needs to know about a failure: the last words, the input, how to repeat and where to keep it.
fn finding(target: &Target, artifacts: &[PathBuf], log: &str) -> String {
    let words: Vec<_> = log.lines().filter(|line| is_telling(line)).take(8).collect();
    let mut text = format!("\n{}: FAILED\n  {}\n", target.name, words.join("\n  "));
    for artifact in artifacts {
        let keep = target.folder.join("regressions").join(&target.name);
        let keep = keep.strip_prefix(shell::root()).unwrap_or(&keep);
        text.push_str(&format!(
            "  input:  {input}\n  repeat: {binary} {input}\n  keep:   cp {input} {keep}/NAME_OF_THE_DEFECT\n",
            input = artifact.display(),
            binary = target.binary.display(),
            keep = keep.display(),
        ));
    }
    text
}

fn is_telling(line: &str) -> bool {
    let marks = ["panicked at", "assertion", "  left:", " right:", "ERROR:", "SUMMARY:"];
    marks.iter().any(|mark| line.contains(mark))
}
